/** Traces of a write, swap, transfer or erase that lost its power: each named, with its place. */
import { formatAddress } from '../../core/bytes.js';
import type { Range } from '../../core/range.js';
import { type EepromPage, HEADER_BYTES } from './pages.js';
import { type Pages, pageOf, type Reading } from './read.js';
import { RECORD_BYTES, recordsBetween } from './records.js';

/**
 * half-written-record: legacy, value without index. marginal-record: neither valid nor empty. unfinished-block: current,
 * a block whose lowest record was never programmed. swap: a page being filled beside an active one. swap-last-step: both
 * pages active. transfer-not-marked: legacy, old page erased, new page not yet valid. erase: an erased first word over
 * bytes that are not erased.
 */
export type InterruptionKind =
  | 'half-written-record'
  | 'marginal-record'
  | 'unfinished-block'
  | 'swap'
  | 'swap-last-step'
  | 'transfer-not-marked'
  | 'erase';

export interface Interruption extends Range {
  readonly kind: InterruptionKind;
  readonly message: string;
}

export function findInterruptions(pages: Pages, reading: Reading): Interruption[] {
  return [...recordInterruptions(pages, reading), ...pageInterruptions(pages)].sort((a, b) => a.start - b.start);
}

function recordInterruptions(pages: Pages, reading: Reading): Interruption[] {
  if (reading.activePage === null || !reading.end) return [];
  const page = pageOf(pages, reading.activePage);
  const found: Interruption[] = [];
  for (const record of recordsBetween(page, HEADER_BYTES, page.bytes.length)) {
    if (record.state === 'valid') continue;
    const at = { start: record.address, end: record.address + RECORD_BYTES };
    found.push(
      record.state === 'half-written'
        ? {
            ...at,
            kind: 'half-written-record',
            message: `The legacy record at ${formatAddress(record.address)} has a value and no index.`,
          }
        : {
            ...at,
            kind: 'marginal-record',
            message: `The record at ${formatAddress(record.address)} is neither valid nor empty.`,
          },
    );
  }
  const { offset, reason } = reading.end;
  if (reading.generation === 'current' && reason === 'empty' && page.usedBytes > offset) {
    const hidden = recordsBetween(page, offset, page.bytes.length);
    const last = hidden.at(-1);
    if (last) {
      const message =
        'Records lie behind an empty slot: a block is written from its end, and its first record is missing.';
      found.push({ start: page.address + offset, end: last.address + RECORD_BYTES, kind: 'unfinished-block', message });
    }
  }
  return found;
}

function header(page: EepromPage): Range {
  return { start: page.address, end: page.address + HEADER_BYTES };
}

function pageInterruptions({ page1, page2 }: Pages): Interruption[] {
  const found: Interruption[] = [];
  if (page1.state === 'active' && page2.state === 'active') {
    found.push({
      ...header(page2),
      kind: 'swap-last-step',
      message: 'Both pages are active: a swap stopped before the old page was marked inactive.',
    });
  }
  for (const [page, other] of [
    [page1, page2],
    [page2, page1],
  ] as const) {
    if (page.legacyState === 'receiving' && other.legacyState === 'valid') {
      const message = `Page ${page.number} was being filled from page ${other.number} when power failed.`;
      found.push({ ...header(page), kind: 'swap', message });
    }
    if (page.legacyState === 'receiving' && other.legacyState === 'erased') {
      const message = `Page ${page.number} was filled and page ${other.number} erased, but page ${page.number} was never marked valid.`;
      found.push({ ...header(page), kind: 'transfer-not-marked', message });
    }
    if (page.state === 'erased' && page.content === 'eeprom') {
      const message = `Page ${page.number} has an erased first word over bytes that are not erased.`;
      found.push({ start: page.address, end: page.address + page.bytes.length, kind: 'erase', message });
    }
  }
  return found;
}
