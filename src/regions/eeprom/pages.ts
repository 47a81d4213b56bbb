/**
 * Pages of Particle's emulated EEPROM: what the first word of each says, and whether a sector is an EEPROM page at all.
 *
 * Two generations share the sectors. Current: device-os 0.5.0 and later, `services/inc/eeprom_emulation.h`, a 32-bit word.
 * Legacy: 0.4.2 to 0.4.9, `hal/src/stm32f2xx/eeprom_hal.c`, a 16-bit word. The low half of the current word is the
 * legacy one, so that either can read what the other wrote.
 */
import { formatHex, isFilledWith, lengthWithout, readU16, readU32 } from '../../core/bytes.js';
import { classifySlot, RECORD_BYTES } from './records.js';

export type Generation = 'current' | 'legacy';
export type PageNumber = 1 | 2;

/** absent: the image holds no byte of the page's first word. */
export type PageState = 'erased' | 'copy' | 'active' | 'inactive' | 'invalid' | 'absent';
export type LegacyPageState = 'erased' | 'receiving' | 'valid' | 'invalid' | 'absent';

/**
 * What a sector holds, whatever its first word says. eeprom: records. erased: nothing but 0xFF. parked-module: a user
 * module that waits for its first start. other: something else, which must not be read as EEPROM.
 */
export type PageContent = 'eeprom' | 'erased' | 'parked-module' | 'other' | 'absent';

/** Bytes before the first record. */
export const HEADER_BYTES = 4;
/** Sizes on STM32F205 (device-os `eeprom_emulation_impl.h`): sectors 3 and 4. */
export const PAGE1_BYTES = 0x4000;
export const PAGE2_BYTES = 0x10000;
/** Legacy code uses 16 KiB of either sector, although sector 4 has 64 KiB (`PAGE_SIZE` in eeprom_hal.c). */
export const LEGACY_PAGE_BYTES = 0x4000;
export const PAGE1_ADDRESS = 0x0800c000;
export const PAGE2_ADDRESS = 0x08010000;
/** Bytes a program can store, 0.4.2 to 0.4.9 and 0.5.1 to 3.3.1; 0.5.0 alone has 2047. */
export const CAPACITY = 2048;
export const CAPACITY_0_5_0 = 2047;

/** `PageHeader` of eeprom_emulation.h. Each state follows from the one before by clearing bits. */
export const PAGE_WORD = { erased: 0xffffffff, copy: 0xffffeeee, active: 0xffff0000, inactive: 0xcccc0000 } as const;
/** `ERASED`, `RECEIVE_DATA` and `VALID_PAGE` of eeprom_hal.c. */
export const LEGACY_WORD = { erased: 0xffff, receiving: 0xeeee, valid: 0x0000 } as const;

/** A module in sector 3 that firmware 0.4.9 to 1.3.x moves to the user region at start (`HAL_Core_Setup_finalize`). */
export const PARKED_MODULE = { start: 0x080a0000, maxBytes: 80 * 1024, userPart: 5, headerBytes: 24 } as const;

export interface EepromPage {
  readonly number: PageNumber;
  readonly address: number;
  /** Size of the sector in bytes; `bytes` may hold less. */
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Bytes up to the last one that is not 0xFF; 0 for an erased page. */
  readonly usedBytes: number;
  readonly state: PageState;
  readonly legacyState: LegacyPageState;
  readonly content: PageContent;
  /** The first word as a number, or null when the image does not hold it. */
  readonly word: number | null;
  /** One sentence: what the sector holds. */
  readonly description: string;
}

export function pageState(bytes: Uint8Array): PageState {
  if (bytes.length < HEADER_BYTES) return 'absent';
  const word = readU32(bytes, 0);
  if (word === PAGE_WORD.erased) return 'erased';
  if (word === PAGE_WORD.copy) return 'copy';
  if (word === PAGE_WORD.active) return 'active';
  return word === PAGE_WORD.inactive ? 'inactive' : 'invalid';
}

export function legacyPageState(bytes: Uint8Array): LegacyPageState {
  if (bytes.length < HEADER_BYTES) return 'absent';
  const word = readU16(bytes, 0);
  if (word === LEGACY_WORD.erased) return 'erased';
  if (word === LEGACY_WORD.receiving) return 'receiving';
  return word === LEGACY_WORD.valid ? 'valid' : 'invalid';
}

/** Length in bytes of a user module parked in sector 3 (its CRC included), or undefined when there is none. */
export function parkedModuleLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < PARKED_MODULE.headerBytes) return undefined;
  const start = readU32(bytes, 0);
  const length = readU32(bytes, 4) - start + 4;
  if (start !== PARKED_MODULE.start || bytes[14] !== PARKED_MODULE.userPart) return undefined;
  return length > PARKED_MODULE.headerBytes && length < PARKED_MODULE.maxBytes ? length : undefined;
}

/** Records from the first slot on, each with an index below the capacity, and nothing but 0xFF behind them. */
export function looksLikeRecords(bytes: Uint8Array): boolean {
  let offset = HEADER_BYTES;
  while (offset + RECORD_BYTES <= bytes.length) {
    const state = classifySlot(bytes, offset);
    if (state === 'empty') break;
    if (state === 'invalid' || (state === 'valid' && readU16(bytes, offset + 2) >= CAPACITY)) return false;
    offset += RECORD_BYTES;
  }
  return offset > HEADER_BYTES && (offset >= bytes.length || isFilledWith(bytes, 0xff, offset));
}

function contentOf(bytes: Uint8Array, usedBytes: number, state: PageState): PageContent {
  if (state === 'absent') return 'absent';
  if (usedBytes === 0) return 'erased';
  // The legacy word for a valid page is zero, and so is everything in a dump that failed: no page is all zero.
  if (isFilledWith(bytes, 0)) return 'other';
  if (state === 'active' || state === 'copy' || state === 'inactive') return 'eeprom';
  if (parkedModuleLength(bytes) !== undefined) return 'parked-module';
  return looksLikeRecords(bytes) ? 'eeprom' : 'other';
}

function describe(content: PageContent, state: PageState, word: number | null): string {
  if (content === 'absent') return 'The page is not in the image.';
  if (content === 'erased') return 'Nothing but 0xFF: erased or never used.';
  if (content === 'parked-module') {
    return 'Not EEPROM: a user module waits here for its first start. Firmware 0.4.9 to 1.3.x moves it to the user region and erases the sector.';
  }
  const first = word === null ? 'none' : formatHex(word, 8);
  if (content === 'other' && state === 'erased') {
    return 'Not EEPROM: the first word is erased, but no run of records follows.';
  }
  if (content === 'other') {
    return `Not EEPROM: the first word ${first} is none of the page states and no run of records follows.`;
  }
  if (state === 'invalid') return `Records, but the first word ${first} is none of the page states.`;
  if (state === 'erased') return 'Records under an erased first word: left by an interrupted erase or write.';
  return `EEPROM page, ${state}.`;
}

/** Looks at one sector. `bytes` beyond `size` are ignored. */
export function describePage(
  number: PageNumber,
  address: number,
  size: number,
  given: Uint8Array | undefined,
): EepromPage {
  const bytes = (given ?? new Uint8Array(0)).subarray(0, size);
  const state = pageState(bytes);
  const usedBytes = lengthWithout(bytes, 0xff);
  const content = contentOf(bytes, usedBytes, state);
  const word = state === 'absent' ? null : readU32(bytes, 0);
  const legacyState = legacyPageState(bytes);
  return {
    number,
    address,
    size,
    bytes,
    usedBytes,
    state,
    legacyState,
    content,
    word,
    description: describe(content, state, word),
  };
}

/** A module longer than sector 3 runs on into sector 4, which is then no more EEPROM than sector 3 is. */
export function continuesParkedModule(page1: EepromPage): boolean {
  return (parkedModuleLength(page1.bytes) ?? 0) > page1.size;
}
