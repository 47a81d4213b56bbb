/** Fields of one DCT as edits for another: the keys of a dead board in the image for its successor. */
import { UsageError } from '../../core/errors.js';
import { type DctEdit, type DctSectionName, dctField, dctSection, fieldKey } from '../../regions/dct/index.js';
import type { DctFile } from './dct-edit.js';
import { currentCopy } from './dct-edit.js';
import { dctTarget } from './dct-names.js';

/** Words for fields that belong together. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  keys: ['device_private_key', 'device_public_key'],
  server: ['server_public_key'],
  claim: ['claim_code', 'claimed'],
  wifi: [],
};

/** Sections of the user's own; the firmware keeps the others. */
const COPIED: readonly DctSectionName[] = ['mfg_info', 'security', 'wifi', 'application', 'network'];

/**
 * Contents of the current copy of a DCT as edits.
 * @param names fields by either name, or keys, server, claim, wifi; empty: everything
 * @param to where they go: firmware before 0.7.0 has no network section
 * @throws UsageError DCT_NO_FIELD, DCT_NOTHING_TO_COPY
 */
export function copiedEdits(from: DctFile, names: readonly string[], to: CopyTarget): DctEdit[] {
  const copy = currentCopy(from);
  if (!copy) {
    throw new UsageError({
      code: 'DCT_NOTHING_TO_COPY',
      what: 'there is no usable DCT to copy from',
      where: from.source.input.path,
      expected: 'a copy with a complete header',
      got: 'none that the firmware would take',
      help: 'Look at what is left of it with: flashatlas dct show --copy 1 FILE',
    });
  }
  const places = names.length > 0 ? names.flatMap(placesOf) : wholeSections(from, to);
  for (const place of places) requirePresent(from, place);
  const source = names.length > 0 ? copy.bytes : withoutState(copy.bytes, to.current ?? null);
  return places.map(({ section, offset, size }) => {
    const start = dctSection('wiced', section).offset + offset;
    return { section, offset, bytes: source.slice(start, start + size) };
  });
}

export type CopyTarget = Pick<DctFile, 'rules' | 'shape'> & {
  /** The copy in use there; null or missing: none. */
  readonly current?: Uint8Array | null;
};

/** Fields that speak of what else lies in the flash of their board; an update that is pending there is none here. */
const STATE_FIELDS = ['system_flags', 'ota_update_flag', 'flash_modules'];

function withoutState(copy: Uint8Array, target: Uint8Array | null): Uint8Array {
  const result = copy.slice();
  for (const key of STATE_FIELDS) {
    const { section, offset, size } = dctField(key);
    const start = dctSection('wiced', section).offset + offset;
    if (target) result.set(target.subarray(start, start + size), start);
    else result.fill(0xff, start, start + size);
  }
  return result;
}

interface Place {
  readonly section: DctSectionName;
  readonly offset: number;
  readonly size: number;
}

function wholeSections(from: DctFile, to: CopyTarget): Place[] {
  const onlySection = from.shape === 'section' || to.shape === 'section';
  const names = COPIED.filter((name) => name === 'application' || !onlySection);
  const known = names.filter((name) => name !== 'network' || to.rules !== 'before-0.7.0');
  return known.map((section) => ({ section, offset: 0, size: dctSection('wiced', section).size }));
}

/** @throws UsageError DCT_NO_FIELD */
function placesOf(name: string): Place[] {
  if (name === 'wifi') return [{ section: 'wifi', offset: 0, size: dctSection('wiced', 'wifi').size }];
  const group = Object.hasOwn(GROUPS, name) ? GROUPS[name] : undefined;
  if (group) return group.map((key) => dctField(key));
  const target = dctTarget(name);
  if (target.kind === 'field') return [target.field];
  if (target.kind === 'member') {
    return [{ section: target.field.section, offset: target.field.offset + target.offset, size: target.member.size }];
  }
  throw new UsageError({
    code: 'DCT_NO_FIELD',
    what: 'a place has no end of its own',
    got: name.slice(0, 32),
    help: 'Name a field. All fields: flashatlas dct show --all.',
  });
}

function requirePresent({ shape, source }: DctFile, { section, offset, size }: Place): void {
  const length = source.image.segments[0]?.bytes.length ?? 0;
  if (shape !== 'section' || (section === 'application' && offset + size <= length)) return;
  throw new UsageError({
    code: 'DCT_NOTHING_TO_COPY',
    what: 'the file to copy from does not hold the field',
    where: source.input.path,
    expected: 'a field of the application section that the file reaches',
    got: section === 'application' ? 'a field behind the end of the file' : `a field of the section ${section}`,
    help: 'Name the fields to copy, or read the whole DCT sectors.',
  });
}

/**
 * Edits that leave fields as an erased sector does. Networks become an empty list, as the firmware clears them; the
 * server address inside the server key field stays.
 * @throws UsageError DCT_NO_FIELD
 */
export function erasedEdits(names: readonly string[]): DctEdit[] {
  return names.flatMap((name): DctEdit[] => {
    if (name === 'wifi' || name === 'wifi.stored_ap_list' || name === 'wifi.storedApList') {
      const list = dctField('wifi.stored_ap_list');
      return [{ field: fieldKey(list), bytes: new Uint8Array(list.size) }];
    }
    return placesOf(name).map(({ section, offset, size }) => {
      const key = dctField('server_public_key');
      const isServerKey = section === 'application' && offset === key.offset;
      const own = isServerKey ? dctField('server_address').offset - key.offset : size;
      return { section, offset, bytes: new Uint8Array(own).fill(0xff) };
    });
  });
}
