/**
 * Option bytes of STM32F2: read protection, write protection, brown-out reset and watchdog, from the register FLASH_OPTCR
 * or from the option memory, and back (RM0033; layouts/stm32f2-option-bytes.json names the bits and their sources).
 */
import { formatHex, readU16, u32, writeU16 } from '../core/bytes.js';
import { BuildError, FormatError } from '../core/errors.js';
import type { Range } from '../core/range.js';
import type {
  BrownOut,
  BrownOutLevel,
  OptionByteLayout,
  OptionFieldName,
  ProtectionPattern,
  ReadProtectionLevel,
} from '../layout/option-bytes.js';

/** A sector, as far as write protection needs it. `Sector` of layout/types.ts fits. */
export interface ProtectableSector extends Range {
  readonly number: number;
}

/** A region of the board. `Region` of layout/types.ts fits. */
export interface NamedRegion extends Range {
  readonly id: string;
}

export interface OptionByteContext {
  readonly layout: OptionByteLayout;
  /** Default: none. */
  readonly sectors?: readonly ProtectableSector[];
  readonly regions?: readonly NamedRegion[];
  /** What DFU of the board's boot loader refuses to erase or write; undefined: the board has no DFU of its own. */
  readonly refusals?: readonly Range[] | undefined;
  /** Patterns of the board's firmware, to recognise the write protection it leaves. */
  readonly patterns?: readonly ProtectionPattern[];
}

export interface SectorProtection extends Range {
  readonly number: number;
  readonly protected: boolean;
  /** Ids of the regions that lie in the sector, wholly or in part. */
  readonly regions: readonly string[];
  /** Whether DFU of the board's boot loader unlocks and writes the sector; null: the board has no DFU of its own. */
  readonly dfuWrites: boolean | null;
}

export interface FieldValue {
  readonly name: OptionFieldName;
  readonly value: number;
  readonly default: number;
}

export interface OptionBytes {
  /** Where the word came from: the register, or the read view in option memory. */
  readonly source: 'register' | 'memory';
  /** The word as given. */
  readonly raw: number;
  /** What is stored: the word without lock, start and reserved bits. This is what to write. */
  readonly optcr: number;
  readonly readProtection: { readonly level: ReadProtectionLevel; readonly value: number };
  readonly brownOut: BrownOut;
  readonly watchdog: 'software' | 'hardware';
  /** True: entering Stop or Standby resets the chip. */
  readonly resetOnStop: boolean;
  readonly resetOnStandby: boolean;
  /** Bit n is 0 when sector n is protected. */
  readonly nwrp: number;
  readonly sectors: readonly SectorProtection[];
  /** What Particle firmware leaves and this chip shows, or null. */
  readonly pattern: ProtectionPattern | null;
  /** Fields that differ from the chip's default. */
  readonly changed: readonly FieldValue[];
  /** Bits that are reserved and set, in the word as given. */
  readonly reserved: number;
  /** Register only: whether OPTLOCK and OPTSTRT are set. */
  readonly locked: boolean | null;
  readonly started: boolean | null;
  /** Memory only: complements that match confirm the value; others say nothing. */
  readonly complement: 'confirms' | 'no-information' | null;
  /** Reasons to doubt that the word is an option word at all, as sentences. */
  readonly doubts: readonly string[];
}

/**
 * Decodes a value of FLASH_OPTCR. Any 32-bit value has a result; see `doubts`.
 * @throws FormatError OPTION_WORD when the value is no 32-bit number.
 */
export function decodeOptionRegister(word: number, context: OptionByteContext): OptionBytes {
  if (!Number.isInteger(word) || word < 0 || word > 0xffffffff) {
    throw new FormatError({
      code: 'OPTION_WORD',
      what: 'option word is not a 32-bit value',
      expected: '0x00000000 to 0xFFFFFFFF',
      got: `${word}`,
      help: 'Give the value of FLASH_OPTCR, for example 0x0FFFAAED.',
    });
  }
  const { layout } = context;
  const described = describe(storedBits(word, layout), context);
  return {
    ...described,
    source: 'register',
    raw: word,
    reserved: u32(word & ~knownBits(layout)),
    locked: fieldOf(word, 'OPTLOCK', layout) === 1,
    started: fieldOf(word, 'OPTSTRT', layout) === 1,
    complement: null,
    doubts: registerDoubts(word, layout),
  };
}

/**
 * Decodes the option memory: 16 bytes at 0x1FFFC000. Reserved bits read as anything and are left out. Manuals call the
 * bytes beside each half-word reserved; where they hold its complement, that confirms it.
 * @throws FormatError OPTION_MEMORY_SIZE when there are fewer bytes than that.
 */
export function decodeOptionMemory(bytes: Uint8Array, context: OptionByteContext): OptionBytes {
  const { memory } = context.layout;
  if (bytes.length < memory.size) {
    throw new FormatError({
      code: 'OPTION_MEMORY_SIZE',
      what: 'option memory is cut off',
      where: formatHex(memory.start, 8),
      expected: `${memory.size} bytes`,
      got: `${bytes.length} bytes`,
      address: memory.start,
      help: `Read ${memory.size} bytes from ${formatHex(memory.start, 8)}, or give the value of FLASH_OPTCR.`,
    });
  }
  let word = 0;
  let confirmed = true;
  for (const { offset, shift, mask } of memory.words) {
    const half = readU16(bytes, offset);
    word = u32(word | ((half & mask) << shift));
    confirmed &&= readU16(bytes, offset + 2) === (~half & 0xffff);
  }
  const view = bytes.subarray(0, memory.size);
  const constant = view.every((byte) => byte === view[0]);
  return {
    ...describe(word, context),
    source: 'memory',
    raw: word,
    reserved: 0,
    locked: null,
    started: null,
    complement: confirmed ? 'confirms' : 'no-information',
    doubts: constant
      ? [`All ${memory.size} bytes are ${formatHex(view[0] ?? 0, 2)}: most likely the read failed.`]
      : [],
  };
}

/** Bits that are stored: all named fields but the lock and the start bit. */
function storedBits(word: number, layout: OptionByteLayout): number {
  const { OPTLOCK, OPTSTRT } = layout.fields;
  return u32(word & knownBits(layout) & ~OPTLOCK.mask & ~OPTSTRT.mask);
}

function knownBits(layout: OptionByteLayout): number {
  return Object.values(layout.fields).reduce((bits, field) => u32(bits | field.mask), 0);
}

function fieldOf(word: number, name: OptionFieldName, layout: OptionByteLayout): number {
  const { mask, shift } = layout.fields[name];
  return u32(word & mask) >>> shift;
}

type Described = Pick<
  OptionBytes,
  | 'optcr'
  | 'readProtection'
  | 'brownOut'
  | 'watchdog'
  | 'resetOnStop'
  | 'resetOnStandby'
  | 'nwrp'
  | 'sectors'
  | 'pattern'
  | 'changed'
>;

function describe(optcr: number, context: OptionByteContext): Described {
  const { layout, sectors = [], patterns = [] } = context;
  const field = (name: OptionFieldName): number => fieldOf(optcr, name, layout);
  const nwrp = field('nWRP');
  return {
    optcr,
    readProtection: { level: layout.readProtection.levels.get(field('RDP')) ?? 1, value: field('RDP') },
    brownOut: brownOutOf(field('BOR_LEV'), layout),
    watchdog: field('WDG_SW') === 1 ? 'software' : 'hardware',
    resetOnStop: field('nRST_STOP') === 0,
    resetOnStandby: field('nRST_STDBY') === 0,
    nwrp,
    sectors: sectors.map((sector) => sectorProtection(sector, nwrp, context)),
    pattern: patterns.find((pattern) => pattern.nwrp === nwrp) ?? null,
    changed: changedFields(optcr, layout),
  };
}

function brownOutOf(value: number, layout: OptionByteLayout): BrownOut {
  const found = layout.brownOut.find((level) => level.value === value);
  if (found) return found;
  throw new FormatError({
    code: 'OPTION_BROWN_OUT',
    what: 'brown-out level is not described',
    where: layout.id,
    got: `BOR_LEV ${value}`,
    help: 'Add the level to the description of the option bytes.',
  });
}

function sectorProtection(sector: ProtectableSector, nwrp: number, context: OptionByteContext): SectorProtection {
  const { number, start, end } = sector;
  const { regions = [], refusals } = context;
  const touches = (range: Range): boolean => range.start < end && start < range.end;
  const inside = regions.filter(touches).map((region) => region.id);
  const dfuWrites = refusals ? !refusals.some(touches) : null;
  return { number, start, end, protected: ((nwrp >>> number) & 1) === 0, regions: inside, dfuWrites };
}

function changedFields(optcr: number, layout: OptionByteLayout): FieldValue[] {
  const normal = storedBits(layout.register.default, layout);
  return Object.values(layout.fields)
    .map(({ name }) => ({ name, value: fieldOf(optcr, name, layout), default: fieldOf(normal, name, layout) }))
    .filter((field) => field.value !== field.default);
}

function registerDoubts(word: number, layout: OptionByteLayout): string[] {
  const text = formatHex(word, 8);
  if (word === 0 || word === 0xffffffff) return [`${text} is what a failed read gives.`];
  const reserved = u32(word & ~knownBits(layout));
  return reserved === 0
    ? []
    : [`Reserved bits are set (${formatHex(reserved, 8)}); ${layout.register.name} keeps them 0.`];
}

/** Settings to encode; what is left out keeps the chip's default. */
export interface OptionSettings {
  /** Level 1 stores `readProtectionValue`, or 0x55. Level 2 is refused. */
  readonly readProtection?: ReadProtectionLevel;
  /** Value of RDP for level 1. */
  readonly readProtectionValue?: number;
  /** 0: off. */
  readonly brownOut?: BrownOutLevel;
  readonly watchdog?: 'software' | 'hardware';
  readonly resetOnStop?: boolean;
  readonly resetOnStandby?: boolean;
  /** Numbers of the sectors to protect; all others are writable. */
  readonly protectedSectors?: readonly number[];
}

/**
 * The word to write to FLASH_OPTCR; lock, start and reserved bits are 0.
 * @throws BuildError OPTION_RDP_LEVEL_2 for read protection level 2, OPTION_RDP_VALUE for a value that is not level 1,
 * OPTION_BROWN_OUT for a level the chip has not, OPTION_SECTOR for a sector without protection bit.
 */
export function encodeOptionRegister(settings: OptionSettings, layout: OptionByteLayout): number {
  const normal = storedBits(layout.register.default, layout);
  const values: Partial<Record<OptionFieldName, number>> = {};
  values.RDP = readProtectionByte(settings, layout) ?? fieldOf(normal, 'RDP', layout);
  if (settings.brownOut !== undefined) values.BOR_LEV = brownOutValue(settings.brownOut, layout);
  if (settings.watchdog !== undefined) values.WDG_SW = settings.watchdog === 'software' ? 1 : 0;
  if (settings.resetOnStop !== undefined) values.nRST_STOP = settings.resetOnStop ? 0 : 1;
  if (settings.resetOnStandby !== undefined) values.nRST_STDBY = settings.resetOnStandby ? 0 : 1;
  if (settings.protectedSectors) values.nWRP = protectionBits(settings.protectedSectors, layout);

  let word = normal;
  for (const [name, value] of Object.entries(values) as [OptionFieldName, number][]) {
    const { mask, shift } = layout.fields[name];
    word = u32((word & ~mask) | (value << shift));
  }
  return word;
}

/** The settings that give these option bytes again. */
export function settingsOf(bytes: OptionBytes, layout: OptionByteLayout): OptionSettings {
  const width = 32 - Math.clz32(layout.fields.nWRP.mask >>> layout.fields.nWRP.shift);
  return {
    readProtection: bytes.readProtection.level,
    ...(bytes.readProtection.level === 1 ? { readProtectionValue: bytes.readProtection.value } : {}),
    brownOut: bytes.brownOut.level,
    watchdog: bytes.watchdog,
    resetOnStop: bytes.resetOnStop,
    resetOnStandby: bytes.resetOnStandby,
    protectedSectors: Array.from({ length: width }, (_, number) => number).filter(
      (number) => ((bytes.nwrp >>> number) & 1) === 0,
    ),
  };
}

function readProtectionByte(settings: OptionSettings, layout: OptionByteLayout): number | undefined {
  const { levels, levelOneValue } = layout.readProtection;
  const value = settings.readProtectionValue;
  if (settings.readProtection === 2 || (value !== undefined && levels.get(value) === 2)) throw levelTwo();
  if (settings.readProtection === 1) {
    const byte = value ?? levelOneValue;
    if (Number.isInteger(byte) && byte >= 0 && byte <= 0xff && !levels.has(byte)) return byte;
  } else if (value === undefined) {
    if (settings.readProtection === undefined) return undefined;
    for (const [byte, level] of levels) if (level === settings.readProtection) return byte;
  }
  throw new BuildError({
    code: 'OPTION_RDP_VALUE',
    what: 'value of RDP does not go with its level',
    expected: 'level 1 and a byte that is neither 0xAA nor 0xCC',
    got: `level ${settings.readProtection ?? 'not given'}, value ${value ?? 'not given'}`,
    help: 'Give the level alone; the usual value is written.',
  });
}

function levelTwo(): BuildError {
  return new BuildError({
    code: 'OPTION_RDP_LEVEL_2',
    what: 'read protection level 2 is never written',
    expected: 'level 0 or 1',
    got: 'level 2, which closes the debug port and freezes the option bytes for good',
    help: 'Use level 1 to keep the flash from being read; it can be undone, at the price of a mass erase.',
  });
}

function brownOutValue(level: BrownOutLevel, layout: OptionByteLayout): number {
  const found = layout.brownOut.find((candidate) => candidate.level === level);
  if (found) return found.value;
  throw new BuildError({
    code: 'OPTION_BROWN_OUT',
    what: 'brown-out level does not exist',
    expected: layout.brownOut.map((candidate) => candidate.level).join(', '),
    got: `${level}`,
    help: 'Give 0 (off) or a level from 1 to 3.',
  });
}

function protectionBits(sectors: readonly number[], layout: OptionByteLayout): number {
  const { mask, shift } = layout.fields.nWRP;
  const all = mask >>> shift;
  let bits = all;
  for (const number of sectors) {
    if (!Number.isInteger(number) || number < 0 || number > 31 || ((all >>> number) & 1) === 0) {
      throw new BuildError({
        code: 'OPTION_SECTOR',
        what: 'sector has no write protection bit',
        expected: `a sector from 0 to ${31 - Math.clz32(all)}`,
        got: `${number}`,
        help: 'Name the sectors by number, or leave them out to protect none.',
      });
    }
    bits &= ~(1 << number);
  }
  return u32(bits);
}

/**
 * The option memory that reads back as a word: reserved bits 1, a complement behind each half-word, 0xFF elsewhere. For
 * tools that hold the read view; the chip itself is written through the register.
 * @throws BuildError OPTION_RDP_LEVEL_2 when the word has read protection level 2.
 */
export function encodeOptionMemory(optcr: number, layout: OptionByteLayout): Uint8Array {
  if (layout.readProtection.levels.get(fieldOf(optcr, 'RDP', layout)) === 2) throw levelTwo();
  const bytes = new Uint8Array(layout.memory.size).fill(0xff);
  for (const { offset, shift, mask } of layout.memory.words) {
    const half = ((optcr >>> shift) & mask) | (~mask & 0xffff);
    writeU16(bytes, offset, half);
    writeU16(bytes, offset + 2, ~half & 0xffff);
  }
  return bytes;
}
