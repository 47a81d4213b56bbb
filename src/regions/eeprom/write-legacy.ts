/** How firmware up to 0.4.9 writes (eeprom_hal.c): byte by byte, two half-word operations each, value before index. */
import { readU16, readU32 } from '../../core/bytes.js';
import type { FlashModel } from './flash-model.js';
import { CAPACITY, HEADER_BYTES, LEGACY_PAGE_BYTES, LEGACY_WORD, type PageNumber } from './pages.js';
import { RECORD_BYTES } from './records.js';

function status(flash: FlashModel, page: PageNumber): number {
  return readU16(flash.page(page), 0);
}

function setStatus(flash: FlashModel, page: PageNumber, word: number): void {
  flash.program(page, 0, word, 2);
}

function readPage(flash: FlashModel): PageNumber | null {
  if (status(flash, 1) === LEGACY_WORD.valid) return 1;
  return status(flash, 2) === LEGACY_WORD.valid ? 2 : null;
}

/** The page new records go to: the receiving one while a transfer runs. Page 2 is asked first. */
function writePage(flash: FlashModel): PageNumber | null {
  if (status(flash, 2) === LEGACY_WORD.valid) return status(flash, 1) === LEGACY_WORD.receiving ? 1 : 2;
  if (status(flash, 1) === LEGACY_WORD.valid) return status(flash, 2) === LEGACY_WORD.receiving ? 2 : 1;
  return null;
}

/** Newest 16-bit value of every index below the capacity, as a search from the page end finds it. */
function readAll(flash: FlashModel): Map<number, number> {
  const values = new Map<number, number>();
  const number = readPage(flash);
  if (number === null) return values;
  const page = flash.page(number);
  for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= pageEnd(page); offset += RECORD_BYTES) {
    const index = readU16(page, offset + 2);
    if (index < CAPACITY) values.set(index, readU16(page, offset));
  }
  return values;
}

function pageEnd(page: Uint8Array): number {
  return Math.min(page.length, LEGACY_PAGE_BYTES);
}

/** False when the page is full or none is valid. `from` is an offset below which no word is empty. */
class Appender {
  private from = 0;
  private readonly number: PageNumber | null;

  constructor(private readonly flash: FlashModel) {
    this.number = writePage(flash);
  }

  append(index: number, value: number): boolean {
    if (this.number === null) return false;
    const page = this.flash.page(this.number);
    for (; this.from + RECORD_BYTES <= pageEnd(page); this.from += RECORD_BYTES) {
      if (readU32(page, this.from) !== 0xffffffff) continue;
      this.flash.program(this.number, this.from, value, 2);
      this.flash.program(this.number, this.from + 2, index, 2);
      return true;
    }
    return false;
  }
}

/** Writes one byte, changed or not. */
export function writeLegacy(flash: FlashModel, index: number, value: number): void {
  if (writePage(flash) === null) return;
  if (!new Appender(flash).append(index, value)) transfer(flash, index, value);
}

/** `EEPROM_PageTransfer`: the old page is erased before the new one is marked valid. */
function transfer(flash: FlashModel, index: number, value: number): void {
  const old = readPage(flash);
  if (old === null) return;
  const next = old === 1 ? 2 : 1;
  setStatus(flash, next, LEGACY_WORD.receiving);
  const appender = new Appender(flash);
  if (!appender.append(index, value)) return;
  if (!copyValues(flash, appender, index)) return;
  flash.erase(old);
  setStatus(flash, next, LEGACY_WORD.valid);
}

function copyValues(flash: FlashModel, appender: Appender, except: number): boolean {
  const values = readAll(flash);
  for (let index = 0; index < CAPACITY; index++) {
    const value = values.get(index);
    if (value !== undefined && index !== except && !appender.append(index, value)) return false;
  }
  return true;
}

/** `EEPROM_Init` as from 0.4.8-rc.2 to 0.4.9. */
export function initLegacy(flash: FlashModel): void {
  const name = (page: PageNumber): string => {
    const word = status(flash, page);
    if (word === LEGACY_WORD.erased) return 'erased';
    if (word === LEGACY_WORD.receiving) return 'receiving';
    return word === LEGACY_WORD.valid ? 'valid' : 'invalid';
  };
  switch (`${name(1)} ${name(2)}`) {
    case 'valid erased':
    case 'erased valid':
      break;
    case 'erased receiving':
      setStatus(flash, 2, LEGACY_WORD.valid);
      break;
    case 'receiving erased':
      setStatus(flash, 1, LEGACY_WORD.valid);
      break;
    case 'receiving valid':
      repeatTransfer(flash, 2, 1);
      break;
    case 'valid receiving':
      repeatTransfer(flash, 1, 2);
      break;
    case 'valid valid':
      flash.erase(1);
      break;
    default:
      formatLegacy(flash);
  }
}

/** All values but the first one of the receiving page, which is the newest; here the mark comes before the erase. */
function repeatTransfer(flash: FlashModel, from: PageNumber, to: PageNumber): void {
  const first = readU16(flash.page(to), HEADER_BYTES + 2);
  if (!copyValues(flash, new Appender(flash), first)) return;
  setStatus(flash, to, LEGACY_WORD.valid);
  flash.erase(from);
}

export function formatLegacy(flash: FlashModel): void {
  flash.erase(1);
  setStatus(flash, 1, LEGACY_WORD.valid);
  flash.erase(2);
}
