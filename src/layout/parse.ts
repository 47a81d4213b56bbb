/** From the JSON of one file to numbers and names, before anything is inherited. */
import { ADDRESS_SPACE_END, type Range, rangeOf } from '../core/range.js';
import { Field, type Located, type Problems } from './fields.js';
import type {
  DfuAlternate,
  DfuProfile,
  DfuRefusal,
  Memory,
  MemoryKind,
  Region,
  RegionRole,
  Sector,
  Variant,
} from './types.js';

export const MEMORY_KINDS = [
  'flash',
  'ram',
  'backup-ram',
  'system-memory',
  'otp',
  'otp-lock',
  'unique-id',
  'flash-size',
  'option-bytes',
  'external-flash',
] as const satisfies readonly MemoryKind[];

export const REGION_ROLES = [
  'bootloader',
  'dct',
  'eeprom',
  'system-part',
  'user',
  'ota',
  'factory',
  'firmware',
] as const satisfies readonly RegionRole[];

export const BOOT_WORDS = ['required', 'conditional', 'not-required'] as const;
export const DFU_SPACES = ['flash', 'dct-application', 'external-flash'] as const;
/** Largest number of equal sectors in one run. */
export const MAX_SECTOR_RUN = 4096;

/** What a chip file says itself. */
export interface ChipParts {
  readonly where: string;
  readonly id: string;
  readonly extends: Located<string> | undefined;
  readonly name: string | undefined;
  readonly vendor: string | undefined;
  readonly family: string | undefined;
  readonly core: string | undefined;
  readonly deviceId: number | undefined;
  /** Ids of inherited entries this file drops. */
  readonly without: readonly Located<string>[];
  readonly memories: readonly Located<Memory>[];
}

/** What a board file says itself. */
export interface BoardParts {
  readonly where: string;
  readonly id: string;
  readonly extends: Located<string> | undefined;
  readonly name: string | undefined;
  readonly vendor: string | undefined;
  readonly chip: Located<string> | undefined;
  readonly platform: Located<{ readonly id: number; readonly name: string }> | undefined;
  readonly without: readonly Located<string>[];
  readonly variants: readonly Located<Variant>[];
  readonly regions: readonly Located<Region>[];
  readonly dfu: Located<DfuProfile> | undefined;
}

export function parseChip(file: unknown, origin: string, problems: Problems): ChipParts {
  const root = new Field(file, `${origin}#`, problems);
  root.required('source').text();
  return {
    where: root.where,
    id: root.required('id').text(),
    extends: located(root.optional('extends')),
    name: root.optional('name')?.text(),
    vendor: root.optional('vendor')?.text(),
    family: root.optional('family')?.text(),
    core: root.optional('core')?.text(),
    deviceId: root.optional('deviceId')?.hex(),
    without: names(root.optional('without')),
    memories: root.optional('memories')?.entries((entry) => parseMemory(entry, problems)) ?? [],
  };
}

export function parseBoard(file: unknown, origin: string, problems: Problems): BoardParts {
  const root = new Field(file, `${origin}#`, problems);
  root.required('source').text();
  const platform = root.optional('platform');
  const dfu = root.optional('dfu');
  return {
    where: root.where,
    id: root.required('id').text(),
    extends: located(root.optional('extends')),
    name: root.optional('name')?.text(),
    vendor: root.optional('vendor')?.text(),
    chip: located(root.optional('chip')),
    platform: platform && {
      value: { id: platform.required('id').integer(0, 0xffff), name: platform.required('name').text() },
      where: platform.where,
    },
    without: names(root.optional('without')),
    variants: root.optional('variants')?.entries(parseVariant) ?? [],
    regions: root.optional('regions')?.entries((entry) => parseRegion(entry, problems)) ?? [],
    dfu: dfu && { value: parseDfu(dfu, problems), where: dfu.where },
  };
}

function located(field: Field | undefined): Located<string> | undefined {
  return field && { value: field.text(), where: field.where };
}

function names(field: Field | undefined): readonly Located<string>[] {
  return field?.entries((entry) => entry.text()) ?? [];
}

function parseRange(entry: Field, problems: Problems): Range {
  const start = entry.required('start').hex();
  const size = entry.required('size').hex();
  if (size === 0) {
    problems.malformed({
      code: 'LAYOUT_BAD_VALUE',
      what: 'the range is empty',
      where: `${entry.where}/size`,
      help: 'Give the number of bytes, such as "0x4000".',
    });
  }
  if (start + size > ADDRESS_SPACE_END) {
    problems.wrong({
      code: 'LAYOUT_ADDRESS_RANGE',
      what: 'the range runs past the 32-bit address space',
      where: entry.where,
      help: 'Correct "start" or "size".',
    });
  }
  return rangeOf(start, size);
}

function parseMemory(entry: Field, problems: Problems): Memory {
  const range = parseRange(entry, problems);
  return {
    id: entry.required('id').text(),
    kind: entry.required('kind').oneOf(MEMORY_KINDS),
    title: entry.required('title').text(),
    ...range,
    erasedByte: entry.optional('erasedByte')?.hex() ?? null,
    sectors: parseSectors(entry, range, problems),
    source: entry.required('source').text(),
  };
}

/** Expands `{ count, size }` runs; the runs must cover the memory exactly. */
function parseSectors(entry: Field, memory: Range, problems: Problems): Sector[] {
  const runs = entry.optional('sectors');
  if (!runs) return [];
  const sectors: Sector[] = [];
  let start = memory.start;
  for (const run of runs.list()) {
    const count = run.required('count').integer(1, MAX_SECTOR_RUN);
    const size = run.required('size').hex();
    for (let index = 0; index < count; index++) {
      sectors.push({ number: sectors.length, start, end: start + size, size });
      start += size;
    }
  }
  if (start !== memory.end) {
    problems.wrong({
      code: 'LAYOUT_SECTORS_SIZE',
      what: 'the sectors do not add up to the size of the memory',
      where: runs.where,
      expected: `${memory.end - memory.start} bytes`,
      got: `${start - memory.start} bytes`,
      help: 'Correct "count" and "size" of the sector runs, or the size of the memory.',
    });
  }
  return sectors;
}

function parseModule(field: Field): { function: string; index: number } {
  return { function: field.required('function').text(), index: field.required('index').integer(0, 255) };
}

function parseVariant(entry: Field): Variant {
  const detect = entry.optional('detect');
  return {
    id: entry.required('id').text(),
    title: entry.required('title').text(),
    detect:
      detect?.list().map((item) => ({
        address: item.required('address').hex(),
        ...parseModule(item),
        versionBelow: item.optional('versionBelow')?.integer(1, 0xffff) ?? null,
      })) ?? null,
    source: entry.required('source').text(),
  };
}

function parseRegion(entry: Field, problems: Problems): Region {
  const module = entry.optional('module');
  const about = entry.required('about');
  return {
    id: entry.required('id').text(),
    title: entry.required('title').text(),
    role: entry.required('role').oneOf(REGION_ROLES),
    ...parseRange(entry, problems),
    decoder: entry.optional('decoder')?.text() ?? null,
    module: module ? parseModule(module) : null,
    variants:
      entry
        .optional('variants')
        ?.list()
        .map((item) => item.text()) ?? null,
    overlays:
      entry
        .optional('overlays')
        ?.list()
        .map((item) => item.text()) ?? [],
    about: {
      content: about.required('content').text(),
      writer: about.required('writer').text(),
      boot: about.required('boot').oneOf(BOOT_WORDS),
      bootNote: about.required('bootNote').text(),
    },
    source: entry.required('source').text(),
  };
}

function parseDfu(field: Field, problems: Problems): DfuProfile {
  const values = <T>(key: string, read: (entry: Field) => T): T[] =>
    field
      .required(key)
      .entries(read)
      .map((entry) => entry.value);
  field.required('source').text();
  return {
    vendor: field.required('vendor').hex(),
    product: field.required('product').hex(),
    transferSize: field.required('transferSize').integer(1, 0xffff),
    alternates: values('alternates', parseAlternate),
    refusals: values('refusals', (entry) => parseRefusal(entry, problems)),
  };
}

function parseAlternate(entry: Field): DfuAlternate {
  return {
    number: entry.required('number').integer(0, 255),
    layout: entry.required('layout').text(),
    space: entry.required('space').oneOf(DFU_SPACES),
    source: entry.required('source').text(),
  };
}

function parseRefusal(entry: Field, problems: Problems): DfuRefusal {
  return {
    alternate: entry.required('alternate').integer(0, 255),
    ...parseRange(entry, problems),
    reason: entry.required('reason').text(),
    instead: entry.required('instead').text(),
    source: entry.required('source').text(),
  };
}
