/**
 * The field table of the DCT: layouts/particle-dct.json as types and look-ups. Sections, fields and records are data;
 * this file only finds them. Offsets of fields are relative to their section, offsets in records to the record.
 */
import { readData } from '#data';
import { FormatError, LayoutError, UsageError } from '../../core/errors.js';
import { compareReleases as compareReleaseNames } from '../../layout/catalog.js';

/** Size of one copy: a whole 16 KiB sector. */
export const DCT_COPY_BYTES = 16_384;

/** @throws FormatError DCT_BAD_SIZE unless the copy is one whole sector. */
export function requireCopySize(number: 1 | 2, copy: Uint8Array): void {
  if (copy.length === DCT_COPY_BYTES) return;
  throw new FormatError({
    code: 'DCT_BAD_SIZE',
    what: 'a DCT copy is not one whole sector',
    where: `copy ${number}`,
    expected: `${DCT_COPY_BYTES} bytes`,
    got: `${copy.length} bytes`,
    help: 'Give the whole sectors 1 and 2 (0x08004000 to 0x0800BFFF); a file read over DFU alternate 1 is not a sector.',
  });
}

/** Where the two copies lie: the WICED store of P1 and Photon, or the store of the Electron. */
export type DctStore = 'wiced' | 'electron';

export type DctSectionName =
  | 'header'
  | 'mfg_info'
  | 'security'
  | 'wifi'
  | 'application'
  | 'network'
  | 'version'
  | 'dcd_header'
  | 'dcd_footer';

/** How a field is read and put in words. */
export type DctFieldKind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i16'
  | 'bits'
  | 'bytes'
  | 'record'
  | 'text'
  | 'length-text'
  | 'host-names'
  | 'pem'
  | 'mac'
  | 'ipv4'
  | 'port'
  | 'padding'
  | 'reserved'
  | 'security'
  | 'wiced-country'
  | 'country'
  | 'key-private'
  | 'key-public'
  | 'server-address'
  | 'ip-config'
  | 'ota-flag'
  | 'feature-flags'
  | 'system-flags'
  | 'claim-code'
  | 'claimed'
  | 'device-code'
  | 'device-id'
  | 'device-secret'
  | 'radio-flags'
  | 'module-slots'
  | 'product-store'
  | 'button-mirror'
  | 'led-mirror'
  | 'led-theme'
  | 'eap'
  | 'power-config'
  | 'clock-flag';

/** Releases from `since` up to, not including, `until`; null: no end. */
export interface ReleaseSpan {
  readonly since: string;
  readonly until: string | null;
}

export interface DctSection extends ReleaseSpan {
  readonly name: DctSectionName;
  readonly store: DctStore;
  /** From the start of the copy. */
  readonly offset: number;
  readonly size: number;
  readonly title: string;
  readonly about: string;
  readonly source: string;
}

/** What fields and record members have in common. */
export interface DctLeaf {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly kind: DctFieldKind;
  /** Name of the record the bytes hold, and how many of them. */
  readonly record?: string;
  readonly count?: number;
  /** Words for values; keys are decimal numbers. */
  readonly values?: Readonly<Record<string, string>>;
  /** Words for set bits; keys are bit numbers. */
  readonly bits?: Readonly<Record<string, string>>;
  readonly secret?: boolean;
}

export interface DctField extends DctLeaf, ReleaseSpan {
  readonly section: DctSectionName;
  readonly secret: boolean;
  readonly title: string;
  readonly about: string;
  readonly source: string;
  /** Releases inside the span that do not have the field. */
  readonly absent?: readonly { readonly since: string; readonly until: string }[];
  /** Names the field had before a release. */
  readonly earlierNames?: readonly { readonly name: string; readonly until: string }[];
  /** The field this one lies inside. */
  readonly parent?: string;
  /** Fields it shares bytes with. */
  readonly overlays?: readonly string[];
}

export interface DctRecord {
  readonly name: string;
  readonly size: number;
  readonly source: string;
  readonly fields: readonly DctLeaf[];
}

export interface DctTable {
  readonly title: string;
  readonly copySize: number;
  readonly copies: readonly { readonly copy: number; readonly address: string }[];
  readonly source: string;
  readonly sections: readonly DctSection[];
  readonly fields: readonly DctField[];
  readonly records: readonly DctRecord[];
}

let loaded: DctTable | undefined;

/** The table of the package. @throws LayoutError DCT_TABLE_MISSING when the installation has no such file. */
export function dctTable(): DctTable {
  if (loaded) return loaded;
  const data = readData('particle-dct.json');
  if (!isTable(data)) {
    throw new LayoutError({
      code: 'DCT_TABLE_MISSING',
      what: 'the DCT field table cannot be used',
      where: 'layouts/particle-dct.json',
      expected: 'sections, fields and records',
      got: data === undefined ? 'no such file' : 'other content',
      help: 'Install the package again; the file belongs to it.',
    });
  }
  loaded = data;
  return loaded;
}

function isTable(data: unknown): data is DctTable {
  if (typeof data !== 'object' || data === null) return false;
  const table = data as Partial<Record<keyof DctTable, unknown>>;
  return Array.isArray(table.sections) && Array.isArray(table.fields) && Array.isArray(table.records);
}

/** Results of look-ups in the newest layout; reports make thousands of them. */
const found = new Map<string, unknown>();

function remember<V>(key: string, release: string | undefined, look: () => V): V {
  if (release !== undefined) return look();
  if (found.has(key)) return found.get(key) as V;
  const result = look();
  if (result !== undefined) found.set(key, result);
  return result;
}

/** Sections of a store in address order, as the given release (default: the newest) lays them out. */
export function dctSections(store: DctStore, release?: string): readonly DctSection[] {
  return remember(`sections ${store}`, release, () =>
    dctTable()
      .sections.filter((section) => section.store === store && isInSpan(section, release))
      .sort((a, b) => a.offset - b.offset),
  );
}

/** @throws UsageError DCT_NO_SECTION. */
export function dctSection(store: DctStore, name: DctSectionName, release?: string): DctSection {
  const section = dctSections(store, release).find((candidate) => candidate.name === name);
  if (section) return section;
  throw new UsageError({
    code: 'DCT_NO_SECTION',
    what: `this DCT has no section ${name}`,
    expected: dctSections(store, release)
      .map((candidate) => candidate.name)
      .join(', '),
    help: 'Name one of these sections.',
  });
}

/** Fields of a section in address order; a field that lies in another one follows it. */
export function dctFields(section: DctSectionName, release?: string): readonly DctField[] {
  return remember(`fields ${section}`, release, () =>
    dctTable()
      .fields.filter((field) => field.section === section && isInSpan(field, release))
      .sort((a, b) => a.offset - b.offset || b.size - a.size),
  );
}

/** `device_private_key` for the application section, `wifi.mac_address` elsewhere: the name of a field in reports. */
export function fieldKey(field: DctField): string {
  return field.section === 'application' ? field.name : `${field.section}.${field.name}`;
}

/** Finds a field by its key. @throws UsageError DCT_NO_FIELD. */
export function dctField(key: string, release?: string): DctField {
  const field = remember(`field ${key}`, release, () =>
    dctTable().fields.find((candidate) => fieldKey(candidate) === key && isInSpan(candidate, release)),
  );
  if (field) return field;
  throw new UsageError({
    code: 'DCT_NO_FIELD',
    what: `the DCT has no field ${key}`,
    got: key,
    help: 'Use a name of the field table, such as device_private_key or wifi.stored_ap_list.',
  });
}

/** @throws LayoutError DCT_NO_RECORD. */
export function dctRecord(name: string): DctRecord {
  const record = remember(`record ${name}`, undefined, () =>
    dctTable().records.find((candidate) => candidate.name === name),
  );
  if (record) return record;
  throw new LayoutError({
    code: 'DCT_NO_RECORD',
    what: `the field table names a record ${name} it does not describe`,
    where: 'layouts/particle-dct.json',
    help: 'Describe the record, or correct its name.',
  });
}

/** A member of a record. @throws LayoutError DCT_NO_RECORD. */
export function recordMember(record: string, member: string): DctLeaf {
  const leaf = dctRecord(record).fields.find((candidate) => candidate.name === member);
  if (leaf) return leaf;
  throw new LayoutError({
    code: 'DCT_NO_RECORD',
    what: `the record ${record} has no member ${member}`,
    where: 'layouts/particle-dct.json',
    help: 'Describe the member, or correct its name.',
  });
}

function isInSpan(entry: ReleaseSpan & Pick<DctField, 'absent'>, release: string | undefined): boolean {
  if (release === undefined) return entry.until === null;
  if (compareReleases(release, entry.since) < 0) return false;
  if (entry.until !== null && compareReleases(release, entry.until) >= 0) return false;
  return !entry.absent?.some(
    (gap) => compareReleases(release, gap.since) >= 0 && compareReleases(release, gap.until) < 0,
  );
}

const RELEASE = /^v?(\d{1,5}\.\d{1,5}\.\d{1,5})(?:-(alpha|beta|rc)\.?(\d{1,5}))?$/;

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`: the order of the catalogue, for names that
 * a person may have mistyped. @throws UsageError DCT_BAD_RELEASE.
 */
export function compareReleases(a: string, b: string): number {
  return compareReleaseNames(plainRelease(a), plainRelease(b));
}

/** One spelling for every release, `0.7.0-rc.1` for `v0.7.0-rc1`. */
function plainRelease(release: string): string {
  const match = RELEASE.exec(release);
  if (!match) {
    throw new UsageError({
      code: 'DCT_BAD_RELEASE',
      what: 'this is not a Device OS release',
      expected: 'a release such as 2.3.1 or 0.7.0-rc.1',
      got: JSON.stringify(release.slice(0, 40)),
      help: 'Give the release as the Device OS repository tags it.',
    });
  }
  const [, numbers = '', stage, candidate] = match;
  const plain = numbers.split('.').map(Number).join('.');
  return stage ? `${plain}-${stage}.${Number(candidate)}` : plain;
}
