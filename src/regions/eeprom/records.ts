/**
 * Records: four bytes each, one per stored byte, appended from page offset 4 upwards. Data, status (0x00: valid), index.
 * A legacy record is a 16-bit value (0 to 255) and an index: the same bytes. (`Record` in eeprom_emulation.h)
 */
import type { PageNumber } from './pages.js';

export const RECORD_BYTES = 4;
export const EMPTY_INDEX = 0xffff;

/**
 * half-written: `vv 00 FF FF`, a legacy record whose value was programmed and whose index was not.
 * invalid: anything else that is neither empty nor valid.
 */
export type SlotState = 'empty' | 'valid' | 'half-written' | 'invalid';

export interface EepromRecord {
  readonly page: PageNumber;
  readonly address: number;
  /** Bytes from the start of the page. */
  readonly offset: number;
  readonly state: Exclude<SlotState, 'empty'>;
  readonly index: number;
  readonly data: number;
}

/** State of the slot at `offset`; the caller makes sure that all four bytes exist. */
export function classifySlot(bytes: Uint8Array, offset: number): SlotState {
  const status = bytes[offset + 1];
  const noIndex = bytes[offset + 2] === 0xff && bytes[offset + 3] === 0xff;
  if (!noIndex) return status === 0 ? 'valid' : 'invalid';
  if (status === 0xff && bytes[offset] === 0xff) return 'empty';
  return status === 0 ? 'half-written' : 'invalid';
}

export interface RecordPlace {
  readonly number: PageNumber;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Bytes up to the last one that is not 0xFF. */
  readonly usedBytes: number;
}

export function recordAt(page: RecordPlace, offset: number, state: EepromRecord['state']): EepromRecord {
  const { bytes } = page;
  return {
    page: page.number,
    address: page.address + offset,
    offset,
    state,
    index: (bytes[offset + 2] as number) | ((bytes[offset + 3] as number) << 8),
    data: bytes[offset] as number,
  };
}

/** Every slot between two offsets that is not empty, in address order. */
export function recordsBetween(page: RecordPlace, start: number, end: number): EepromRecord[] {
  const records: EepromRecord[] = [];
  const limit = Math.min(end, page.bytes.length) - RECORD_BYTES;
  for (let offset = start; offset <= limit && offset < page.usedBytes; offset += RECORD_BYTES) {
    const state = classifySlot(page.bytes, offset);
    if (state !== 'empty') records.push(recordAt(page, offset, state));
  }
  return records;
}

/** Index to byte, later records winning. */
export function latestValues(records: Iterable<EepromRecord>): Map<number, number> {
  const values = new Map<number, number>();
  for (const record of records) values.set(record.index, record.data);
  return values;
}

/** Older records of each index that has any, in the order they were written. */
export function olderRecords(records: readonly EepromRecord[]): Map<number, EepromRecord[]> {
  const latest = new Map<number, EepromRecord>();
  const older = new Map<number, EepromRecord[]>();
  for (const record of records) {
    const previous = latest.get(record.index);
    if (previous) {
      const list = older.get(record.index);
      if (list) list.push(previous);
      else older.set(record.index, [previous]);
    }
    latest.set(record.index, record);
  }
  return older;
}
