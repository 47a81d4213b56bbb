/** The tree of names from a page down to a record's index: built only when somebody asks for an address. */
import { formatAddress, formatHex, toHex } from '../../core/bytes.js';
import type { Part } from '../../core/part.js';
import { type EepromPage, HEADER_BYTES } from './pages.js';
import type { Pages, Reading } from './read.js';
import { classifySlot, type EepromRecord, EMPTY_INDEX, RECORD_BYTES, recordAt } from './records.js';

export function buildParts(pages: Pages, reading: Reading): Part[] {
  const latest = new Map<number, number>();
  for (const record of reading.records) latest.set(record.index, record.offset);
  const visible = new Set(reading.records.map((record) => record.offset));
  return [pages.page1, pages.page2]
    .filter((page) => page.bytes.length > 0)
    .map((page) => pagePart(page, { reading, latest, visible }));
}

interface Context {
  readonly reading: Reading;
  /** Offset of the newest record of each index, in the page in use. */
  readonly latest: ReadonlyMap<number, number>;
  /** Offsets of the records that firmware reads, in the page in use. */
  readonly visible: ReadonlySet<number>;
}

function pagePart(page: EepromPage, context: Context): Part {
  const part = {
    name: `page${page.number}`,
    start: page.address,
    end: page.address + page.bytes.length,
    value: page.state,
    about: page.description,
  };
  return page.content === 'eeprom' ? { ...part, parts: () => slotParts(page, context) } : part;
}

function headerPart(page: EepromPage): Part {
  const value = `${formatHex(page.word ?? 0, 8)} ${page.state}`;
  return {
    name: 'status',
    start: page.address,
    end: page.address + HEADER_BYTES,
    value,
    about: 'state of the page; each step clears bits',
  };
}

function slotParts(page: EepromPage, context: Context): Part[] {
  const parts = [headerPart(page)];
  const { bytes, address } = page;
  let offset = HEADER_BYTES;
  while (offset < bytes.length) {
    const start = offset;
    if (offset + RECORD_BYTES > bytes.length) {
      parts.push({ name: 'rest', start: address + offset, end: address + bytes.length, about: 'less than one record' });
      break;
    }
    const state = classifySlot(bytes, offset);
    if (state !== 'empty') {
      parts.push(recordPart(page, recordAt(page, offset, state), context));
      offset += RECORD_BYTES;
      continue;
    }
    while (offset < page.usedBytes && classifySlot(bytes, offset) === 'empty') offset += RECORD_BYTES;
    if (offset >= page.usedBytes) offset = bytes.length;
    parts.push({ name: 'unused', start: address + start, end: address + offset, value: 'erased' });
  }
  return parts;
}

function standing(page: EepromPage, record: EepromRecord, { reading, latest, visible }: Context): string {
  if (record.state === 'half-written') return 'half-written: value without index';
  if (record.state === 'invalid') return 'invalid: neither a record nor empty';
  if (page.number !== reading.activePage) return `in page ${page.number}, which is not in use`;
  if (!visible.has(record.offset)) return 'hidden: behind the end of the list';
  const newest = latest.get(record.index) ?? record.offset;
  return newest === record.offset ? 'current' : `superseded by ${formatAddress(page.address + newest)}`;
}

function recordPart(page: EepromPage, record: EepromRecord, context: Context): Part {
  const { address: start } = record;
  const end = start + RECORD_BYTES;
  const state = standing(page, record, context);
  const name = `record[${(record.offset - HEADER_BYTES) / RECORD_BYTES}]`;
  if (record.state === 'invalid') {
    const raw = toHex(page.bytes.subarray(record.offset, record.offset + RECORD_BYTES));
    return { name, start, end, value: `${raw}, ${state}` };
  }
  const index = record.index === EMPTY_INDEX ? 'none' : `${record.index}`;
  return {
    name,
    start,
    end,
    value: `index ${index} = ${record.data}, ${state}`,
    parts: () => [
      { name: 'data', start, end: start + 1, value: formatHex(record.data, 2) },
      { name: 'status', start: start + 1, end: start + 2, value: '0x00', about: 'valid; high byte of a legacy value' },
      { name: 'index', start: start + 2, end, value: index },
    ],
  };
}
