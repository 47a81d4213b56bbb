/** Which generation of firmware wrote the records, from what only one of the two does. */
import { formatAddress } from '../../core/bytes.js';
import { type Generation, HEADER_BYTES, LEGACY_PAGE_BYTES } from './pages.js';
import type { Pages, Reading } from './read.js';
import { type EepromRecord, recordsBetween } from './records.js';

export interface Authorship {
  /** either: nothing in the pages is particular to one generation. */
  readonly generation: Generation | 'either';
  /** The signs, as sentences. */
  readonly evidence: readonly string[];
}

/**
 * Signs of the current generation win: its firmware reads what legacy firmware left, so old signs may remain on a board
 * that was updated since.
 */
export function findAuthor(pages: Pages, current: Reading): Authorship {
  const newer = currentSigns(pages);
  if (newer.length > 0) return { generation: 'current', evidence: newer };
  const old = legacySigns(pages, current);
  return old.length > 0 ? { generation: 'legacy', evidence: old } : { generation: 'either', evidence: [] };
}

function currentSigns({ page1, page2 }: Pages): string[] {
  const signs: string[] = [];
  for (const page of [page1, page2]) {
    if (page.state === 'inactive')
      signs.push(`Page ${page.number} is marked inactive, which legacy firmware never does.`);
  }
  if (page2.content === 'eeprom' && recordsBetween(page2, LEGACY_PAGE_BYTES, page2.bytes.length).length > 0) {
    signs.push('Page 2 holds records beyond its first 16 KiB, which legacy firmware does not use.');
  }
  return signs;
}

function legacySigns({ page1, page2 }: Pages, current: Reading): string[] {
  const signs: string[] = [];
  for (const page of [page1, page2]) {
    if (page.content !== 'eeprom') continue;
    const half = recordsBetween(page, HEADER_BYTES, page.bytes.length).find(
      (record) => record.state === 'half-written',
    );
    if (half)
      signs.push(
        `The record at ${formatAddress(half.address)} has a value and no index: legacy firmware writes them one after the other.`,
      );
  }
  const states = `${page1.legacyState} ${page2.legacyState}`;
  if (states === 'erased receiving' || states === 'receiving erased') {
    signs.push(
      'One page is erased and the other still receiving: legacy firmware erases the old page before it marks the new one.',
    );
  }
  const unchanged = findUnchanged(current.records);
  if (unchanged) {
    signs.push(
      `The record at ${formatAddress(unchanged.address)} repeats the value its index had: only legacy firmware writes unchanged values.`,
    );
  }
  return signs;
}

/**
 * A record that changes nothing: the same value again, or 255 where nothing was stored. Only records before the end of
 * the list count, because an unfinished block of the current generation may repeat behind it what was written since.
 */
function findUnchanged(records: readonly EepromRecord[]): EepromRecord | undefined {
  const values = new Map<number, number>();
  for (const record of records) {
    if ((values.get(record.index) ?? 0xff) === record.data) return record;
    values.set(record.index, record.data);
  }
  return undefined;
}
