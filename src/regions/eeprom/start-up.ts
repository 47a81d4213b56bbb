/**
 * What firmware does with the two pages at its next start. Current: `EEPROMEmulation::init`. Legacy: `EEPROM_Init` as
 * from 0.4.8-rc.2 to 0.4.9; earlier releases erased the erased page once more and formatted when both pages were valid.
 */
import type { EepromPage, Generation, LegacyPageState, PageNumber } from './pages.js';
import { HEADER_BYTES } from './pages.js';
import { type Pages, pageOf, type Reading } from './read.js';
import { recordsBetween } from './records.js';

/**
 * normal: reads on. pending-erase: reads on, the old page is erased at the next swap or on request. repair: legacy code
 * finishes an interrupted transfer. format: both pages are erased. unknown: the image does not hold what decides.
 */
export type StartUpOutcome = 'normal' | 'pending-erase' | 'repair' | 'format' | 'unknown';

export interface StartUp {
  readonly generation: Generation;
  readonly outcome: StartUpOutcome;
  /** The page in use afterwards. */
  readonly page: PageNumber | null;
  /** Records that can be read now, in either page, are gone afterwards. */
  readonly dataLost: boolean;
  /** One sentence. */
  readonly message: string;
}

export function startUpCurrent(pages: Pages, reading: Reading): StartUp {
  const generation = 'current';
  const page = reading.activePage;
  if (page !== null) {
    const other = pageOf(pages, page === 1 ? 2 : 1);
    if (other.state === 'erased' || other.state === 'absent') {
      return { generation, outcome: 'normal', page, dataLost: false, message: `Page ${page} is used as it is.` };
    }
    const message = `Page ${page} is used; page ${other.number} (${other.state}) waits to be erased, at the next swap or when a program asks for it.`;
    return { generation, outcome: 'pending-erase', page, dataLost: false, message };
  }
  if (pages.page1.state === 'absent' || pages.page2.state === 'absent') return unknown(generation);
  return format(generation, pages);
}

/** Outcomes of `EEPROM_Init`, by page 1 and page 2; every pair that is not listed formats. */
const LEGACY_START: Readonly<
  Record<string, { outcome: StartUpOutcome; page: PageNumber; message: string } | undefined>
> = {
  'valid erased': { outcome: 'normal', page: 1, message: 'Page 1 is used as it is.' },
  'erased valid': { outcome: 'normal', page: 2, message: 'Page 2 is used as it is.' },
  'erased receiving': {
    outcome: 'repair',
    page: 2,
    message: 'The transfer had finished: page 2 is marked valid and used.',
  },
  'receiving erased': {
    outcome: 'repair',
    page: 1,
    message: 'The transfer had finished: page 1 is marked valid and used.',
  },
  'valid receiving': { outcome: 'repair', page: 2, message: 'The transfer from page 1 is repeated; page 2 is used.' },
  'receiving valid': { outcome: 'repair', page: 1, message: 'The transfer from page 2 is repeated; page 1 is used.' },
  'valid valid': { outcome: 'repair', page: 2, message: 'Both pages are valid: page 1 is erased and page 2 is used.' },
};

export function startUpLegacy(pages: Pages): StartUp {
  const generation = 'legacy';
  const key: `${LegacyPageState} ${LegacyPageState}` = `${pages.page1.legacyState} ${pages.page2.legacyState}`;
  if (key.includes('absent')) return unknown(generation);
  const known = LEGACY_START[key];
  if (!known) return format(generation, pages);
  // Only "both valid" drops a page that was readable; a page without records loses nothing.
  const dataLost = key === 'valid valid' && hasRecords(pages.page1);
  return { generation, ...known, dataLost };
}

function unknown(generation: Generation): StartUp {
  const message = 'Cannot say: no page is active in the image, and one page is not in it.';
  return { generation, outcome: 'unknown', page: null, dataLost: false, message };
}

function format(generation: Generation, pages: Pages): StartUp {
  const dataLost = hasRecords(pages.page1) || hasRecords(pages.page2);
  const message = dataLost
    ? 'No page can be used: both are erased and formatted, and the records in them are lost.'
    : 'No page is in use: both are erased and page 1 is marked active, as at the first start.';
  return { generation, outcome: 'format', page: 1, dataLost, message };
}

function hasRecords(page: EepromPage): boolean {
  if (page.content !== 'eeprom') return false;
  return recordsBetween(page, HEADER_BYTES, page.bytes.length).some((record) => record.state === 'valid');
}
