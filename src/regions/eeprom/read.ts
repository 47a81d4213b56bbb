/**
 * What firmware of either generation reads from the two pages, without the repairs it makes at start (start-up.ts).
 *
 * Current (`forEachValidRecord` in eeprom_emulation.h): from the first slot upwards, stopping at the first record that is
 * not valid. Legacy (`EEPROM_ReadVariable` in eeprom_hal.c): from the page end downwards, stopping at nothing.
 */
import { formatAddress } from '../../core/bytes.js';
import { type EepromPage, type Generation, HEADER_BYTES, LEGACY_PAGE_BYTES, type PageNumber } from './pages.js';
import {
  classifySlot,
  type EepromRecord,
  EMPTY_INDEX,
  latestValues,
  RECORD_BYTES,
  recordAt,
  recordsBetween,
} from './records.js';

export type EndReason =
  | 'empty'
  | 'half-written-record'
  | 'invalid-record'
  | 'page-end'
  /** The image ends inside the page. */
  | 'image-end';

/** Where the list of records ends. */
export interface ListEnd {
  readonly page: PageNumber;
  readonly address: number;
  /** Bytes from the start of the page. */
  readonly offset: number;
  readonly reason: EndReason;
  readonly message: string;
}

/** The pages as one generation of firmware reads them. */
export interface Reading {
  readonly generation: Generation;
  readonly activePage: PageNumber | null;
  /** One sentence: why this page, or why none. */
  readonly activeReason: string;
  /** In address order. */
  readonly records: readonly EepromRecord[];
  /** Null when no page is active. */
  readonly end: ListEnd | null;
  /** Every index with a record, values of 255 and indices beyond the capacity included. */
  readonly stored: ReadonlyMap<number, number>;
}

export interface Pages {
  readonly page1: EepromPage;
  readonly page2: EepromPage;
}

export function pageOf(pages: Pages, number: PageNumber): EepromPage {
  return number === 1 ? pages.page1 : pages.page2;
}

export function readAs(generation: Generation, pages: Pages): Reading {
  const { activePage, activeReason } = generation === 'current' ? chooseCurrent(pages) : chooseLegacy(pages);
  if (activePage === null) {
    return { generation, activePage, activeReason, records: [], end: null, stored: new Map() };
  }
  const page = pageOf(pages, activePage);
  const { records, end } = generation === 'current' ? walkCurrent(page) : walkLegacy(page);
  return { generation, activePage, activeReason, records, end, stored: latestValues(records) };
}

interface Choice {
  readonly activePage: PageNumber | null;
  readonly activeReason: string;
}

function chooseCurrent({ page1, page2 }: Pages): Choice {
  if (page1.state === 'active') {
    const both = page2.state === 'active' ? ' Page 2 is marked active too; page 1 is looked at first.' : '';
    return { activePage: 1, activeReason: `Page 1 is marked active (0xFFFF0000).${both}` };
  }
  if (page2.state === 'active') {
    const caveat =
      page1.state === 'absent'
        ? 'page 1 is not in the image and would be preferred if it were active too'
        : `page 1 is ${page1.state}`;
    return { activePage: 2, activeReason: `Page 2 is marked active (0xFFFF0000) and ${caveat}.` };
  }
  return {
    activePage: null,
    activeReason: `Page 1 is ${page1.state} and page 2 is ${page2.state}: neither is active.`,
  };
}

function chooseLegacy({ page1, page2 }: Pages): Choice {
  for (const page of [page1, page2]) {
    if (page.legacyState !== 'valid') continue;
    if (page.content === 'parked-module' || page.content === 'other') continue;
    const other = page.number === 1 ? page2 : page1;
    const both =
      page.number === 1 && other.legacyState === 'valid' ? ' Page 2 is valid too; page 1 is looked at first.' : '';
    return { activePage: page.number, activeReason: `Page ${page.number} has the status valid (0x0000).${both}` };
  }
  return {
    activePage: null,
    activeReason: `Page 1 is ${page1.legacyState} and page 2 is ${page2.legacyState}: neither can be read.`,
  };
}

function walkCurrent(page: EepromPage): { records: EepromRecord[]; end: ListEnd } {
  const records: EepromRecord[] = [];
  let offset = HEADER_BYTES;
  for (; offset + RECORD_BYTES <= page.bytes.length; offset += RECORD_BYTES) {
    const state = classifySlot(page.bytes, offset);
    if (state === 'valid') {
      records.push(recordAt(page, offset, state));
      continue;
    }
    const reason: EndReason =
      state === 'empty' ? 'empty' : state === 'half-written' ? 'half-written-record' : 'invalid-record';
    return { records, end: listEnd(page, offset, reason) };
  }
  return { records, end: listEnd(page, offset, page.bytes.length < page.size ? 'image-end' : 'page-end') };
}

/** The reader finds every slot with an index; the end is where the next record would be written. */
function walkLegacy(page: EepromPage): { records: EepromRecord[]; end: ListEnd } {
  const size = Math.min(page.size, LEGACY_PAGE_BYTES);
  const limit = Math.min(size, page.bytes.length);
  const records = recordsBetween(page, HEADER_BYTES, limit).filter((record) => record.index !== EMPTY_INDEX);
  for (let offset = HEADER_BYTES; offset + RECORD_BYTES <= limit; offset += RECORD_BYTES) {
    if (classifySlot(page.bytes, offset) === 'empty') return { records, end: listEnd(page, offset, 'empty') };
  }
  return { records, end: listEnd(page, limit, limit < size ? 'image-end' : 'page-end') };
}

const END_MESSAGES: Readonly<Record<EndReason, string>> = {
  empty: 'the first empty slot',
  'half-written-record': 'a legacy record whose value was programmed and whose index was not',
  'invalid-record': 'a record that is neither valid nor empty',
  'page-end': 'the end of the page',
  'image-end': 'the end of the bytes in the image; the page goes on',
};

function listEnd(page: EepromPage, offset: number, reason: EndReason): ListEnd {
  const address = page.address + offset;
  const message = `The list ends at ${formatAddress(address)}, ${END_MESSAGES[reason]}.`;
  return { page: page.number, address, offset, reason, message };
}
