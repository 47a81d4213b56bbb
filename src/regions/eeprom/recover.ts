/**
 * What an offline tool can still get out of the pages beside what firmware reads: older and hidden records stay in flash
 * until their page is erased.
 */
import { type EepromPage, HEADER_BYTES } from './pages.js';
import { type Pages, pageOf, type Reading } from './read.js';
import { type EepromRecord, latestValues, recordsBetween } from './records.js';

/**
 * behind-the-end: valid records in the page in use that its reader does not reach. receiving-page: the page that was
 * being filled. other-page: a superseded page. unmarked-page: records under a first word that is no page state.
 */
export type RecoverySource = 'behind-the-end' | 'receiving-page' | 'other-page' | 'unmarked-page';

export interface Recovery {
  readonly source: RecoverySource;
  readonly page: 1 | 2;
  readonly records: readonly EepromRecord[];
  /** What would be read if these records counted: index to byte, 255 included. */
  readonly values: ReadonlyMap<number, number>;
  /** Indices whose byte differs from what firmware reads, ascending. */
  readonly differs: readonly number[];
  /** One sentence: what the records are and how far to trust them. */
  readonly message: string;
}

export function recover(pages: Pages, reading: Reading): Recovery[] {
  const found: Recovery[] = [];
  if (reading.activePage !== null && reading.end) {
    const page = pageOf(pages, reading.activePage);
    const seen = new Set(reading.records.map((record) => record.offset));
    const hidden = validRecords(page, reading.end.offset).filter((record) => !seen.has(record.offset));
    if (hidden.length > 0) {
      found.push(
        recovery('behind-the-end', page, hidden, new Map([...reading.stored, ...latestValues(hidden)]), reading),
      );
    }
  }
  for (const page of [pages.page1, pages.page2]) {
    if (page.number === reading.activePage || page.content !== 'eeprom') continue;
    const records = validRecords(page, HEADER_BYTES);
    if (records.length > 0) found.push(recovery(sourceOf(page), page, records, latestValues(records), reading));
  }
  return found;
}

function validRecords(page: EepromPage, start: number): EepromRecord[] {
  return recordsBetween(page, start, page.bytes.length).filter((record) => record.state === 'valid');
}

function sourceOf(page: EepromPage): RecoverySource {
  if (page.state === 'copy' || page.legacyState === 'receiving') return 'receiving-page';
  return page.state === 'active' || page.state === 'inactive' ? 'other-page' : 'unmarked-page';
}

const MESSAGES: Readonly<Record<RecoverySource, string>> = {
  'behind-the-end':
    'Records behind the point where the reader stops: values written later, or a block whose write never finished.',
  'receiving-page':
    'Records in the page that was being filled when power failed: complete only when the old page was erased already.',
  'other-page':
    'Records in the page that is not in use: the state before the last swap, or after it when both are active.',
  'unmarked-page': 'Records under a first word that is no page state: nothing says whether they are older or newer.',
};

function recovery(
  source: RecoverySource,
  page: EepromPage,
  records: readonly EepromRecord[],
  values: ReadonlyMap<number, number>,
  reading: Reading,
): Recovery {
  const indices = new Set([...values.keys(), ...(source === 'behind-the-end' ? [] : reading.stored.keys())]);
  const differs = [...indices]
    .filter((index) => (values.get(index) ?? 0xff) !== (reading.stored.get(index) ?? 0xff))
    .sort((a, b) => a - b);
  return { source, page: page.number, records, values, differs, message: MESSAGES[source] };
}
