/** Every field in words. Secret content is only counted unless the caller asked for it. */
import { formatAddress, formatHex, readU32, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { escapeText } from '../../core/text.js';
import type { KeyDescription } from '../keys/describe.js';
import { recognizeServerKey } from '../keys/known.js';
import type { PublicKey } from '../keys/parse.js';
import {
  decodeCountry,
  decodeDeviceCode,
  decodeDeviceId,
  decodeHostNames,
  decodeIpConfig,
  decodeLedTheme,
  decodeModuleSlots,
  decodeProduct,
  decodeServerAddress,
  featureFlagWords,
  isDeviceSecret,
  recordWords,
} from './application.js';
import { describePrivateField, describePublicField } from './key-fields.js';
import { type DctField, type DctLeaf, dctRecord } from './table.js';
import {
  type FieldState,
  fillState,
  ipv4WordText,
  leafNumber,
  lengthTextValue,
  macText,
  memberBytes,
  memberNumber,
  textValue,
  valueWord,
  withoutFiller,
} from './values.js';
import { decodeNetworks, wicedCountryText, wifiSecurityName } from './wifi.js';

const SOFT_AP = 'wiced_config_soft_ap_t';

export interface FieldWords {
  readonly state: FieldState;
  readonly value: string;
}

/** What a field, or a member of a record, holds. `name` is the field's own name; keys depend on it. */
export function leafWords(leaf: DctLeaf, bytes: Uint8Array, showSecrets: boolean): FieldWords {
  if (leaf.kind === 'key-private') return privateKeyWords(bytes, showSecrets);
  if (leaf.secret && !showSecrets) return maskedWords(bytes);
  const fill = fillState(bytes);
  if (leaf.kind === 'padding' || leaf.kind === 'reserved') return fillerWords(bytes, fill);
  const special = KIND_WORDS[leaf.kind];
  if (special) return special(leaf, bytes, showSecrets, fill);
  if (leaf.size <= 4 && leaf.kind !== 'bytes') return numberWords(leaf, bytes, fill);
  if (fill !== 'set') return fillWords(fill);
  return { state: 'set', value: toHex(withoutFiller(bytes)) };
}

/** blank or zero in words. */
function fillWords(fill: 'blank' | 'zero'): FieldWords {
  return { state: fill, value: fill === 'blank' ? 'blank' : 'all zero' };
}

/** Presence and length of a secret, never its content. */
function maskedWords(bytes: Uint8Array): FieldWords {
  const fill = fillState(bytes);
  if (fill !== 'set') return fillWords(fill);
  const size = withoutFiller(bytes).length;
  return { state: 'set', value: `set, ${size} byte${size === 1 ? '' : 's'}` };
}

/** Content where none is expected may be anything, so only its fingerprint is told. */
export function fillerWords(bytes: Uint8Array, fill = fillState(bytes)): FieldWords {
  if (fill !== 'set') return fillWords(fill);
  return { state: 'set', value: `${bytes.length} bytes of unknown content, SHA-256 ${toHex(sha256(bytes))}` };
}

function numberWords(leaf: DctLeaf, bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const value = leafNumber(leaf, bytes);
  const word = valueWord(leaf, value);
  if (word !== undefined) return { state: fill, value: word };
  if (fill === 'blank') return fillWords(fill);
  return { state: fill, value: leaf.size > 1 && leaf.kind === 'u32' ? formatHex(value, 8) : String(value) };
}

type KindWords = (leaf: DctLeaf, bytes: Uint8Array, showSecrets: boolean, fill: 'blank' | 'zero' | 'set') => FieldWords;

/** Words of a decoder that gives null when there is no value; `none` says what the firmware does then. */
function orElse(value: string | null, fill: 'blank' | 'zero' | 'set', invalid: string): FieldWords {
  if (value !== null) return { state: 'set', value };
  return fill === 'set' ? { state: 'invalid', value: invalid } : fillWords(fill);
}

const KIND_WORDS: Partial<Record<DctLeaf['kind'], KindWords>> = {
  text: (_leaf, bytes, _show, fill) => orElse(textValue(bytes), fill, 'no text'),
  'length-text': (_leaf, bytes, _show, fill) => orElse(lengthTextValue(bytes), fill, `length ${bytes[0]} does not fit`),
  mac: (_leaf, bytes, _show, fill) => (fill === 'set' ? { state: fill, value: macText(bytes) } : fillWords(fill)),
  ipv4: (_leaf, bytes, _show, fill) =>
    fill === 'blank' ? fillWords(fill) : { state: fill, value: ipv4WordText(bytes) },
  port: (leaf, bytes, _show, fill) =>
    fill === 'set' ? { state: fill, value: String(leafNumber(leaf, bytes)) } : { state: fill, value: 'default port' },
  security: (leaf, bytes, _show, fill) =>
    fill === 'blank' ? fillWords(fill) : { state: fill, value: wifiSecurityName(leafNumber(leaf, bytes)) },
  bits: (leaf, bytes, _show, fill) => bitWords(leaf, bytes, fill),
  pem: (_leaf, bytes, show, fill) => pemWords(bytes, show, fill),
  'wiced-country': (_leaf, bytes, _show, fill) => orElse(wicedCountryText(bytes), fill, 'no country'),
  country: (_leaf, bytes, _show, fill) => countryWords(bytes, fill),
  'key-public': (leaf, bytes) => publicKeyWords(leaf, bytes),
  'server-address': (_leaf, bytes) => addressWords(bytes),
  'ip-config': (_leaf, bytes, _show, fill) => ipConfigWords(bytes, fill),
  'ota-flag': (leaf, bytes, _show, fill) => numberWords(leaf, bytes, fill),
  'feature-flags': (_leaf, bytes, _show, fill) =>
    fill === 'blank' ? { state: fill, value: 'default' } : { state: fill, value: featureFlagWords(bytes) },
  'system-flags': (leaf, bytes, _show, fill) => recordFieldWords(leaf, bytes, fill),
  'claim-code': (_leaf, bytes, _show, fill) => orElse(textValue(bytes), fill, 'cleared, the rest is still there'),
  claimed: (_leaf, bytes, _show, fill) => ({ state: fill, value: bytes[0] === 0x31 ? 'claimed' : 'not claimed' }),
  'device-code': (_leaf, bytes, _show, fill) => orElse(decodeDeviceCode(bytes), fill, 'not text; a new code is made'),
  'device-id': (_leaf, bytes, _show, fill) => orElse(decodeDeviceId(bytes), fill, 'the first byte is 0xFF'),
  'device-secret': (_leaf, bytes, _show, fill) =>
    orElse(isDeviceSecret(bytes) ? escapeText(bytes) : null, fill, 'not printable; the copy in OTP is used'),
  'host-names': (_leaf, bytes, _show, fill) => orElse(decodeHostNames(bytes).join(', ') || null, fill, 'no host name'),
  'radio-flags': (_leaf, bytes, _show, fill) => ({
    state: fill,
    value: ((bytes[0] ?? 0) & 3) === 2 ? 'sleep clock output disabled' : 'sleep clock output enabled',
  }),
  'module-slots': (_leaf, bytes, _show, fill) => slotWords(bytes, fill),
  'product-store': (_leaf, bytes, _show, fill) => productWords(bytes, fill),
  'button-mirror': (leaf, bytes, _show, fill) => recordFieldWords(leaf, bytes, fill),
  'led-mirror': (leaf, bytes, _show, fill) => recordFieldWords(leaf, bytes, fill),
  'power-config': (leaf, bytes, _show, fill) => recordFieldWords(leaf, bytes, fill),
  'led-theme': (_leaf, bytes, _show, fill) => ledThemeWords(bytes, fill),
  eap: (leaf, bytes, show, fill) => eapWords(leaf, bytes, show, fill),
  'clock-flag': (leaf, bytes, _show, fill) => clockWords(leaf, bytes, fill),
  record: (leaf, bytes, show, fill) => recordFieldWords(leaf, bytes, fill, show),
};

function privateKeyWords(bytes: Uint8Array, showSecrets: boolean): FieldWords {
  const key = describePrivateField(bytes);
  if (key.kind === 'blank') return { state: 'blank', value: key.reason ?? 'blank' };
  if (key.kind === 'zero') return fillWords('zero');
  const size = key.size ?? withoutFiller(bytes).length;
  const content = showSecrets ? `: ${toHex(bytes.subarray(0, size))}` : '';
  if (key.kind === 'invalid') return { state: 'invalid', value: `invalid, ${size} bytes: ${key.reason}${content}` };
  return { state: 'set', value: `set, ${size} bytes (${key.kind})${content}` };
}

function publicKeyWords(leaf: DctLeaf, bytes: Uint8Array): FieldWords {
  const key = describePublicField(bytes, leaf.name);
  if (key.kind === 'blank') return { state: 'blank', value: key.reason ?? 'blank' };
  if (key.kind === 'zero') return fillWords('zero');
  if (key.kind === 'invalid') return { state: 'invalid', value: `invalid: ${key.reason}` };
  return { state: 'set', value: publicKeyText(leaf, key) };
}

function publicKeyText(leaf: DctLeaf, key: KeyDescription<PublicKey>): string {
  const known = leaf.name.includes('server') && key.fingerprint ? recognizeServerKey(key) : 'other';
  const owner = known === 'other' ? '' : `${known}, `;
  return `${owner}${key.kind}, ${key.size} bytes, SHA-256 ${key.fingerprint}`;
}

function addressWords(bytes: Uint8Array): FieldWords {
  const { state, address, port, reason } = decodeServerAddress(bytes);
  if (state === 'blank') return fillWords('blank');
  if (address === null) return { state: 'invalid', value: `invalid: ${reason}` };
  return { state, value: port === null ? `${address}, default port` : `${address}, port ${port}` };
}

function pemWords(bytes: Uint8Array, showSecrets: boolean, fill: 'blank' | 'zero' | 'set'): FieldWords {
  if (fill !== 'set') return fillWords(fill);
  const size = withoutFiller(bytes).length;
  return { state: 'set', value: showSecrets ? (textValue(bytes) ?? toHex(bytes)) : `set, ${size} bytes` };
}

function countryWords(bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const country = decodeCountry(bytes);
  if (!country) return { state: fill === 'set' ? 'invalid' : fill, value: 'not set (Japan)' };
  const revision = country.revision === null ? '' : `, revision ${country.revision}`;
  return { state: 'set', value: `${country.country}${revision}` };
}

function ipConfigWords(bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const config = decodeIpConfig(bytes);
  if (config.mode === 'dhcp') return { state: fill, value: 'DHCP' };
  const { host, netmask, gateway, dns1, dns2 } = config;
  return { state: 'set', value: `${host}, netmask ${netmask}, gateway ${gateway}, DNS ${dns1} and ${dns2}` };
}

function slotWords(bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const used = decodeModuleSlots(bytes).filter(({ state }) => state !== 'free' && state !== 'consumed');
  const words = used.map(({ slot, state, source, destination, length, function: kind }) =>
    state === 'ignored'
      ? `slot ${slot} ignored`
      : `slot ${slot} ${state}: ${kind}, ${formatAddress(source)} to ${formatAddress(destination)}, ${length} bytes`,
  );
  return { state: fill, value: words.join('; ') || 'all slots free' };
}

function productWords(bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const [id, version] = [decodeProduct(bytes, 'productId'), decodeProduct(bytes, 'productVersion')];
  return { state: fill, value: `product ${id ?? 'none'}, version ${version ?? 'none'}` };
}

function ledThemeWords(bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const theme = decodeLedTheme(bytes);
  if (!theme) return { state: fill === 'set' ? 'invalid' : fill, value: 'default theme' };
  return { state: 'set', value: theme.map(({ signal, color, pattern }) => `${signal} ${color} ${pattern}`).join(', ') };
}

function clockWords(leaf: DctLeaf, bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const word = valueWord(leaf, readU32(bytes, 0));
  return { state: fill, value: word ?? 'default (enabled)' };
}

function bitWords(leaf: DctLeaf, bytes: Uint8Array, fill: 'blank' | 'zero' | 'set'): FieldWords {
  const value = leafNumber(leaf, bytes);
  const names = Object.entries(leaf.bits ?? {}).filter(([bit]) => ((value >> Number(bit)) & 1) === 1);
  const known = names.map(([, name]) => name).join(', ');
  return { state: fill, value: `${formatHex(value, 2)}${known && fill !== 'blank' ? ` (${known})` : ''}` };
}

function eapWords(leaf: DctLeaf, bytes: Uint8Array, show: boolean, fill: 'blank' | 'zero' | 'set'): FieldWords {
  if (fill !== 'set') return fillWords(fill);
  const record = leaf.record ?? '';
  const type = memberNumber(bytes, record, 'type');
  const words = [dctRecord(record).fields.find(({ name }) => name === 'type')?.values?.[type] ?? `EAP type ${type}`];
  for (const [member, title] of [
    ['inner_identity', 'inner identity'],
    ['outer_identity', 'outer identity'],
    ['security_key', 'password'],
  ] as const) {
    const length = Math.min(memberNumber(bytes, record, `${member}_len`), 64);
    const content = memberBytes(bytes, record, member).subarray(0, length);
    if (length > 0) words.push(show ? `${title} ${escapeText(content)}` : `${title} set, ${length} bytes`);
  }
  const certificate = memberNumber(bytes, record, 'ca_certificate_len');
  if (certificate > 0) words.push(`CA certificate of ${certificate} bytes`);
  return { state: 'set', value: words.join(', ') };
}

function recordFieldWords(
  leaf: DctLeaf,
  bytes: Uint8Array,
  fill: 'blank' | 'zero' | 'set',
  showSecrets = false,
): FieldWords {
  if (fill !== 'set') return fillWords(fill);
  const record = leaf.record ?? '';
  if (record === 'wiced_config_ap_entry_t') return networkWords(bytes, showSecrets);
  if (record === SOFT_AP) return softApWords(bytes);
  const size = dctRecord(record).size;
  const words: string[] = [];
  for (let start = 0; start + size <= bytes.length; start += size) {
    const one = recordWords(record, bytes.subarray(start, start + size)).join(', ');
    if (one) words.push(size === bytes.length ? one : `${start / size}: ${one}`);
  }
  return { state: 'set', value: words.join('; ') || `set, ${withoutFiller(bytes).length} bytes` };
}

/** The access point of listening mode: `Photon-7H2K4C (OPEN, channel 11)`; members that are erased are left out. */
function softApWords(bytes: Uint8Array): FieldWords {
  const facts = dctRecord(SOFT_AP).fields.flatMap((leaf) => {
    if (fillState(memberBytes(bytes, SOFT_AP, leaf.name)) === 'blank') return [];
    const number = leaf.size <= 4 ? memberNumber(bytes, SOFT_AP, leaf.name) : 0;
    if (leaf.name === 'security') return [wifiSecurityName(number)];
    if (leaf.name === 'channel') return [`channel ${number}`];
    if (leaf.name === 'security_key_length' && number > 0) return [`key set, ${number} bytes`];
    return leaf.name === 'details_valid' && valueWord(leaf, number) === undefined ? ['not marked valid'] : [];
  });
  const ssid = lengthTextValue(memberBytes(bytes, SOFT_AP, 'SSID')) ?? 'no SSID';
  return { state: 'set', value: facts.length > 0 ? `${ssid} (${facts.join(', ')})` : ssid };
}

function networkWords(bytes: Uint8Array, showSecrets: boolean): FieldWords {
  const networks = decodeNetworks(bytes, showSecrets).map(({ ssid, security, keyLength, key }) => {
    const secret =
      key !== undefined && keyLength > 0 ? `key ${key}` : keyLength > 0 ? `key set, ${keyLength} bytes` : 'no key';
    return `${ssid} (${security}, ${secret})`;
  });
  return { state: 'set', value: networks.join('; ') || 'no network' };
}

/** True when a field holds bytes that must not be shown, itself or in a member of its record. */
export function isSecretField(field: DctField): boolean {
  return field.secret || (field.record !== undefined && hasSecretMember(field.record));
}

function hasSecretMember(record: string): boolean {
  return dctRecord(record).fields.some((member) => member.secret === true);
}
