/** Secrets that a copy which is no longer in use still holds. They are named and compared, never shown. */
import { equalBytes } from '../../core/bytes.js';
import { dctField, dctFields, fieldKey } from '../../regions/dct/table.js';
import { fillState, memberNumber } from '../../regions/dct/values.js';
import { bytesOf, type DctView, fieldBytes } from '../../regions/dct/view.js';
import { decodeNetworks } from '../../regions/dct/wifi.js';
import type { DctCopyView } from './dct.js';

export interface DctLeftover {
  readonly copy: 1 | 2;
  readonly field: string;
  /** "a passphrase for “Workshop”", "the device private key". */
  readonly what: string;
  /** Whether the copy in use holds the same; null when no copy is in use. */
  readonly same: boolean | null;
}

const NETWORKS = 'wifi.stored_ap_list';
const ENTERPRISE = 'eap_config';
const ACCESS_POINT = 'wiced_config_soft_ap_t';
const MAX_KEY_BYTES = 64;
const ACCESS_POINTS = ['wifi.soft_ap_settings', 'wifi.config_ap_settings'];

export function leftoversOf(copies: readonly DctCopyView[], chosen: DctCopyView | null): DctLeftover[] {
  return copies.flatMap(({ number, view }) => {
    if (!view || number === null || number === chosen?.number) return [];
    return [...secretFields(view, chosen?.view ?? null), ...networks(view, chosen?.view ?? null)].map((found) => ({
      copy: number,
      ...found,
    }));
  });
}

type Found = Omit<DctLeftover, 'copy'>;

function secretFields(view: DctView, current: DctView | null): Found[] {
  const found: Found[] = [];
  for (const name of view.sections.keys()) {
    for (const field of dctFields(name)) {
      const key = fieldKey(field);
      const bytes = fieldBytes(view, field);
      if (!bytes || !holdsSecret(key, field.secret, bytes)) continue;
      const other = current && fieldBytes(current, field);
      const what = key === ENTERPRISE ? 'WPA Enterprise credentials' : `${article(field.title)}`;
      found.push({ field: key, what, same: other && equalBytes(bytes, other) });
    }
  }
  return found;
}

function holdsSecret(key: string, secret: boolean, bytes: Uint8Array): boolean {
  if (fillState(bytes) !== 'set') return false;
  // A blank record has 0xFF as its lengths; used ones begin with the EAP type.
  return secret || (key === ENTERPRISE && bytes[0] !== 0xff && bytes[0] !== 0);
}

function article(title: string): string {
  return `the ${title.charAt(0).toLowerCase()}${title.slice(1)}`
    .replace(/^the eAP/, 'the EAP')
    .replace(/^the cooee/, 'the Cooee');
}

function networks(view: DctView, current: DctView | null): Found[] {
  const entries = networkKeys(view);
  const others = current && networkKeys(current);
  const stored = entries.map(({ ssid, key }) => ({
    field: NETWORKS,
    what: `a passphrase for “${ssid}”`,
    same: others?.some((other) => other.ssid === ssid && other.key === key) ?? null,
  }));
  const points = ACCESS_POINTS.flatMap((field): Found[] => {
    const bytes = bytesOf(view, field);
    if (!bytes || !keyLengthOf(bytes)) return [];
    const other = current && bytesOf(current, field);
    const what = `a passphrase in “${dctField(field).title}”`;
    return [{ field, what, same: other && equalBytes(bytes, other) }];
  });
  return [...stored, ...points];
}

function keyLengthOf(record: Uint8Array): boolean {
  const length = memberNumber(record, ACCESS_POINT, 'security_key_length');
  return length > 0 && length <= MAX_KEY_BYTES;
}

function networkKeys(view: DctView): { readonly ssid: string; readonly key: string }[] {
  const list = bytesOf(view, NETWORKS);
  if (!list) return [];
  return decodeNetworks(list, true).flatMap(({ ssid, keyLength, key = '' }) => (keyLength > 0 ? [{ ssid, key }] : []));
}
