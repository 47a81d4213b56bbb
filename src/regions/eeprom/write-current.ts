/**
 * How firmware from 0.5.0 on writes (`EEPROMEmulation` in eeprom_emulation.h): blocks are all or nothing, whenever the
 * power fails.
 */
import { isFilledWith, readU32 } from '../../core/bytes.js';
import type { FlashModel } from './flash-model.js';
import { HEADER_BYTES, PAGE_WORD, type PageNumber } from './pages.js';
import { classifySlot, EMPTY_INDEX, RECORD_BYTES } from './records.js';

/** The page firmware uses: the first active one. */
export function activePageOf(flash: FlashModel): PageNumber | null {
  if (readU32(flash.page1, 0) === PAGE_WORD.active) return 1;
  return readU32(flash.page2, 0) === PAGE_WORD.active ? 2 : null;
}

function otherPage(page: PageNumber): PageNumber {
  return page === 1 ? 2 : 1;
}

export function initCurrent(flash: FlashModel): void {
  if (activePageOf(flash) === null) clearCurrent(flash);
}

export function clearCurrent(flash: FlashModel): void {
  flash.erase(1);
  flash.erase(2);
  flash.program(1, 0, PAGE_WORD.active, 4);
}

/** Erases the page that is not in use when its first word is not erased. */
export function erasePendingCurrent(flash: FlashModel, active: PageNumber): void {
  const other = otherPage(active);
  if (readU32(flash.page(other), 0) !== PAGE_WORD.erased) flash.erase(other);
}

/** Writes a block whose indices lie inside the capacity. False when the values do not fit. */
export function putCurrent(flash: FlashModel, active: PageNumber, index: number, data: Uint8Array): boolean {
  const scan = scanPage(flash.page(active), index, data.length);
  if (!scan.invalid && appendChanged(flash, active, scan, index, data)) return true;
  return swapCurrent(flash, active, index, data);
}

interface Scan {
  /** What the block's indices hold now. */
  readonly existing: Uint8Array;
  /** Offset of the first empty slot, or the page size. */
  readonly empty: number;
  readonly invalid: boolean;
}

function scanPage(page: Uint8Array, first: number, length: number): Scan {
  const existing = new Uint8Array(length).fill(0xff);
  for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= page.length; offset += RECORD_BYTES) {
    const state = classifySlot(page, offset);
    if (state === 'empty') return { existing, empty: offset, invalid: false };
    if (state !== 'valid') return { existing, empty: page.length, invalid: true };
    const index = indexAt(page, offset);
    if (index >= first && index < first + length) existing[index - first] = page[offset] as number;
  }
  return { existing, empty: page.length, invalid: false };
}

function indexAt(page: Uint8Array, offset: number): number {
  return (page[offset + 2] as number) | ((page[offset + 3] as number) << 8);
}

/**
 * Changed bytes only, from the highest slot down, so that the gap hides them until the lowest one is programmed. False
 * when they do not fit, the slot behind them is not empty, or one does not read back.
 */
function appendChanged(flash: FlashModel, page: PageNumber, scan: Scan, first: number, data: Uint8Array): boolean {
  const bytes = flash.page(page);
  const changed = [...data.keys()].filter((position) => data[position] !== scan.existing[position]);
  if (changed.length === 0) return true;
  let offset = scan.empty + changed.length * RECORD_BYTES;
  if (offset < bytes.length && classifySlot(bytes, offset) !== 'empty') return false;
  for (const position of changed) {
    offset -= RECORD_BYTES;
    if (!writeRecord(flash, page, offset, first + position, data[position] as number)) return false;
  }
  return true;
}

function writeRecord(flash: FlashModel, page: PageNumber, offset: number, index: number, data: number): boolean {
  if (offset + RECORD_BYTES > flash.page(page).length) return false;
  return flash.program(page, offset, ((index << 16) | data) >>> 0, 4);
}

/**
 * Copies the newest value of every index to the other page and adds the new block there. Tried twice: flash that reads
 * as erased may still fail to program.
 */
export function swapCurrent(flash: FlashModel, source: PageNumber, index: number, data: Uint8Array): boolean {
  const destination = otherPage(source);
  for (const secondTry of [false, true]) {
    if (secondTry || !isFilledWith(flash.page(destination), 0xff)) flash.erase(destination);
    const done =
      flash.program(destination, 0, PAGE_WORD.copy, 4) &&
      copyInto(flash, source, destination, index, data) &&
      flash.program(destination, 0, PAGE_WORD.active, 4) &&
      flash.program(source, 0, PAGE_WORD.inactive, 4);
    if (done) return true;
  }
  return false;
}

function copyInto(
  flash: FlashModel,
  source: PageNumber,
  destination: PageNumber,
  first: number,
  data: Uint8Array,
): boolean {
  let offset = HEADER_BYTES;
  const append = (index: number, value: number): boolean => {
    if (value === 0xff) return true;
    const done = writeRecord(flash, destination, offset, index, value);
    offset += RECORD_BYTES;
    return done;
  };
  for (const [index, value] of latestAscending(flash.page(source))) {
    const replaced = index >= first && index < first + data.length;
    if (!replaced && !append(index, value)) return false;
  }
  for (const [position, value] of data.entries()) if (!append(first + position, value)) return false;
  return true;
}

/** (`forEachUniqueValidRecord`; its own loop never ends for indices from 65408 on, here they are copied like others.) */
function latestAscending(page: Uint8Array): [number, number][] {
  const values = new Map<number, number>();
  for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= page.length; offset += RECORD_BYTES) {
    if (classifySlot(page, offset) !== 'valid') break;
    const index = indexAt(page, offset);
    if (index !== EMPTY_INDEX) values.set(index, page[offset] as number);
  }
  return [...values].sort((a, b) => a[0] - b[0]);
}
