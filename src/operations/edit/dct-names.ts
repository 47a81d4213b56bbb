/** Names of DCT fields as people write them: those of the JSON output, those of device-os, members of records, places. */
import { UsageError } from '../../core/errors.js';
import { nearest } from '../../layout/nearest.js';
import {
  type DctField,
  type DctLeaf,
  type DctSectionName,
  dctFields,
  dctRecord,
  dctSections,
  fieldKey,
} from '../../regions/dct/table.js';

/**
 * What an assignment is for: a field, a member of the record in a field, exact bytes at a place of a section, or the
 * list of networks.
 */
export type DctTarget =
  | { readonly kind: 'field'; readonly field: DctField }
  | {
      readonly kind: 'member';
      readonly field: DctField;
      readonly member: DctLeaf;
      /** From the start of the field. */
      readonly offset: number;
    }
  | { readonly kind: 'place'; readonly section: DctSectionName; readonly offset: number }
  | { readonly kind: 'wifi' };

/** Sections whose content is not the firmware's own. */
const SECTIONS: readonly DctSectionName[] = ['application', 'wifi', 'security', 'mfg_info', 'network'];

/** JSON names that are not simply another spelling of the device-os name. */
const JSON_NAMES: Readonly<Record<string, string>> = {
  country: 'country_code',
  antenna: 'antenna_selection',
  product: 'product_store',
  productId: 'product_store.productId',
  productVersion: 'product_store.productVersion',
  dns: 'dns_resolve',
  eap: 'eap_config',
  hostname: 'network.hostname',
};

/** Every field that can be set, by its key. */
export function settableFields(): DctField[] {
  const present = new Set(dctSections('wiced').map(({ name }) => name));
  return SECTIONS.filter((name) => present.has(name)).flatMap((name) => dctFields(name));
}

/** `serverAddress` for `server_address`, `wifi.macAddress` for `wifi.mac_address`. */
export function jsonName(field: DctField): string {
  const key = fieldKey(field);
  const special = Object.entries(JSON_NAMES).find(([, target]) => target === key)?.[0];
  return special ?? camelCase(key);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
}

/** @throws UsageError DCT_NO_FIELD with the nearest name. */
export function dctTarget(name: string): DctTarget {
  if (name === 'wifi') return { kind: 'wifi' };
  const place = /^([a-z_]{1,16})\+(0x[0-9a-f]{1,4}|\d{1,5})$/i.exec(name);
  const section = SECTIONS.find((candidate) => candidate === place?.[1]);
  if (place && section) return { kind: 'place', section, offset: Number(place[2]) };
  const target = findField(JSON_NAMES[name] ?? name);
  if (target) return target;
  throw unknownName(name);
}

function findField(name: string): DctTarget | undefined {
  const fields = settableFields();
  const field = fields.find((candidate) => fieldKey(candidate) === name || camelCase(fieldKey(candidate)) === name);
  return field ? { kind: 'field', field } : findMember(name, fields);
}

/** `product_store.productId`, `flash_modules[1].length`. */
function findMember(name: string, fields: readonly DctField[]): DctTarget | undefined {
  for (const field of fields) {
    if (field.record === undefined) continue;
    for (const key of [fieldKey(field), jsonName(field), camelCase(fieldKey(field))]) {
      if (!name.startsWith(key)) continue;
      const rest = /^(?:\[(\d{1,2})\])?\.(.+)$/.exec(name.slice(key.length));
      const index = Number(rest?.[1] ?? 0);
      const record = dctRecord(field.record);
      const member = record.fields.find(
        (candidate) => candidate.name === rest?.[2] || camelCase(candidate.name) === rest?.[2],
      );
      if (!member || index >= (field.count ?? 1)) continue;
      return { kind: 'member', field, member, offset: index * record.size + member.offset };
    }
  }
  return undefined;
}

/** All names a person may use, for suggestions. */
function allNames(): string[] {
  const fields = settableFields();
  return ['wifi', ...Object.keys(JSON_NAMES), ...fields.map(fieldKey), ...fields.map(jsonName)];
}

function unknownName(name: string): UsageError {
  // Where a name should stand may stand a passphrase, when the = was forgotten or comes later.
  const shown = /^[\w.[\]+]{1,48}$/.test(name) ? name : undefined;
  const best = shown === undefined ? undefined : nearest(shown, allNames());
  return new UsageError({
    code: 'DCT_NO_FIELD',
    what: shown === undefined ? 'this is not the name of a DCT field' : `the DCT has no field ${JSON.stringify(shown)}`,
    help: best
      ? `Did you mean ${best}? All fields: flashatlas dct show --all FILE`
      : 'All fields with their names: flashatlas dct show --all FILE',
  });
}
