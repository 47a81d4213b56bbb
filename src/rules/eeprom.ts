/**
 * Findings about the emulated EEPROM. Normal life gives none: erased pages, a page waiting to be erased, older records.
 * A loss of EEPROM content never keeps a board from starting, so nothing here is more than a warning.
 */
import { formatAddress, formatHex } from '../core/bytes.js';
import { type Finding, sortFindings } from '../core/finding.js';
import type { Range } from '../core/range.js';
import type { Eeprom, EepromPage, Generation, PageNumber } from '../regions/eeprom/index.js';
import { logicalBytes } from '../regions/eeprom/index.js';

const REGIONS = { 1: 'eeprom1', 2: 'eeprom2' } as const satisfies Record<PageNumber, string>;
const REBUILD = 'Save the recovered values, build a fresh EEPROM image from them and write both sectors.';

/** All findings, in address order. */
export function checkEeprom(eeprom: Eeprom): Finding[] {
  return sortFindings([
    ...pageFindings(eeprom),
    ...listFindings(eeprom),
    ...startFindings(eeprom),
    ...bothActive(eeprom),
    ...beyondCapacity(eeprom),
  ]);
}

function headerOf(page: EepromPage): Range & { region: string } {
  return { start: page.address, end: page.address + 4, region: REGIONS[page.number] };
}

function pageAt(eeprom: Eeprom, number: PageNumber): EepromPage {
  return number === 1 ? eeprom.page1 : eeprom.page2;
}

function pageFindings(eeprom: Eeprom): Finding[] {
  return [eeprom.page1, eeprom.page2].flatMap((page): Finding[] => {
    const whole = { start: page.address, end: page.address + page.bytes.length, region: REGIONS[page.number] };
    const evidence = { page: page.number, word: formatHex(page.word ?? 0, 8) };
    if (page.content === 'parked-module' || page.content === 'other') {
      const rule = page.content === 'other' ? 'eeprom/not-eeprom' : 'eeprom/parked-module';
      const harmless = eeprom.activePage !== null ? ' Firmware erases the sector before it uses it.' : '';
      return [{ rule, severity: 'note', message: `${page.description}${harmless}`, ...whole, evidence }];
    }
    if (page.content !== 'eeprom') return [];
    if (page.state === 'invalid') {
      const message = `EEPROM page ${page.number} holds records, but its first word ${evidence.word} is no page state, so that firmware does not use it.`;
      const expected = '0xFFFFFFFF, 0xFFFFEEEE, 0xFFFF0000 or 0xCCCC0000';
      const at = { ...headerOf(page), evidence: { ...evidence, expected } };
      return [{ rule: 'eeprom/page-word', severity: 'warning', message, ...at, remedy: REBUILD }];
    }
    return [];
  });
}

/** What stops the reader, and what it hides. */
function listFindings(eeprom: Eeprom): Finding[] {
  const { end, readings } = eeprom;
  if (!end || eeprom.format === 'legacy') return newerReaderLoses(eeprom);
  const hidden = eeprom.recovered.find((entry) => entry.source === 'behind-the-end');
  const records = hidden?.records.length ?? 0;
  const at = { start: end.address, end: end.address + 4, region: REGIONS[end.page] };
  const evidence = { offset: end.offset, hiddenRecords: records, differingValues: hidden?.differs.length ?? 0 };
  const place = formatAddress(end.address);
  if (end.reason === 'half-written-record') {
    const severity = evidence.differingValues > 0 ? 'warning' : 'note';
    const message = `A half-written legacy record at ${place} ends the list for firmware from 0.5.0 on and hides ${count(records)} behind it.`;
    const remedy =
      severity === 'warning' ? 'Read the pages by legacy rules and build a fresh EEPROM image.' : undefined;
    return [{ rule: 'eeprom/half-written-record', severity, message, ...at, evidence, remedy }];
  }
  if (end.reason === 'invalid-record') {
    const severity = evidence.differingValues > 0 ? 'warning' : 'note';
    const message = `The record at ${place} is neither valid nor empty; it ends the list and hides ${count(records)} behind it. The next write swaps pages and drops them.`;
    const remedy = severity === 'warning' ? REBUILD : undefined;
    return [{ rule: 'eeprom/invalid-record', severity, message, ...at, evidence, remedy }];
  }
  if (end.reason === 'empty' && records > 0 && readings.current.activePage !== null) {
    const message = `${count(records)} behind the empty slot at ${place}: a write that lost its power. The old values count.`;
    return [{ rule: 'eeprom/unfinished-write', severity: 'note', message, ...at, evidence }];
  }
  return [];
}

function count(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}

/** Legacy content that firmware from 0.5.0 on would not read: what an update would lose. */
function newerReaderLoses(eeprom: Eeprom): Finding[] {
  const { legacy, current } = eeprom.readings;
  if (eeprom.format !== 'legacy' || legacy.activePage === null || current.activePage === null) return [];
  const before = logicalBytes(legacy, eeprom.capacity);
  const after = logicalBytes(current, eeprom.capacity);
  const lost = [...before.keys()].filter((index) => before[index] !== after[index]);
  if (lost.length === 0) return [];
  const page = pageAt(eeprom, current.activePage);
  const start = current.end?.address ?? page.address;
  return [
    {
      rule: 'eeprom/lost-by-newer-reader',
      severity: 'warning',
      message: `Firmware up to 0.4.9 reads ${lost.length === 1 ? 'a byte' : `${lost.length} bytes`} that firmware from 0.5.0 on reads differently: an update would lose them.`,
      start,
      end: start + 4,
      region: REGIONS[page.number],
      evidence: {
        indices: lost.slice(0, 16).join(', '),
        count: lost.length,
        reason: current.end?.reason ?? 'both valid',
      },
      remedy: 'Before an update, build a fresh EEPROM image from the values and write both sectors.',
    },
  ];
}

/** Which generation's start would format although there are records. */
function startFindings(eeprom: Eeprom): Finding[] {
  const generation: Generation = eeprom.format ?? 'current';
  const start = eeprom.startUp[generation];
  const newer = eeprom.startUp.current;
  const at = headerOf(eeprom.page1);
  const evidence = { page1: eeprom.page1.state, page2: eeprom.page2.state };
  if (start.outcome === 'format' && start.dataLost) {
    const message = `At its next start firmware erases both EEPROM pages, and the records in them are lost: page 1 is ${evidence.page1}, page 2 is ${evidence.page2}.`;
    return [{ rule: 'eeprom/would-be-formatted', severity: 'warning', message, ...at, evidence, remedy: REBUILD }];
  }
  if (generation === 'legacy' && newer.outcome === 'format' && newer.dataLost) {
    const message =
      'Firmware up to 0.4.9 repairs these pages at its next start; firmware from 0.5.0 on erases them, and the records are lost.';
    return [{ rule: 'eeprom/lost-by-newer-start', severity: 'warning', message, ...at, evidence, remedy: REBUILD }];
  }
  return [];
}

function bothActive(eeprom: Eeprom): Finding[] {
  const { page1, page2 } = eeprom;
  if (page1.state !== 'active' || page2.state !== 'active') return [];
  const differs = eeprom.recovered.find((entry) => entry.source === 'other-page')?.differs.length ?? 0;
  const tail = differs === 0 ? 'Both hold the same values.' : `${differs} values differ.`;
  return [
    {
      rule: 'eeprom/both-active',
      severity: differs === 0 ? 'note' : 'warning',
      message: `Both EEPROM pages are active: firmware from 0.5.0 on uses page 1, firmware up to 0.4.9 keeps page 2. ${tail}`,
      ...headerOf(page2),
      evidence: { differingValues: differs },
      remedy: differs === 0 ? undefined : 'Compare the two sets of values and rebuild from the one that is right.',
    },
  ];
}

function beyondCapacity(eeprom: Eeprom): Finding[] {
  const first = eeprom.beyondCapacity[0];
  if (!first) return [];
  const indices = [...new Set(eeprom.beyondCapacity.map((record) => record.index))];
  return [
    {
      rule: 'eeprom/index-beyond-capacity',
      severity: 'warning',
      message: `${count(eeprom.beyondCapacity.length)} with an index of ${eeprom.capacity} or more, which firmware never writes: damaged, or not written by device-os.`,
      start: first.address,
      end: first.address + 4,
      region: REGIONS[first.page],
      evidence: { indices: indices.slice(0, 16).join(', '), count: indices.length, capacity: eeprom.capacity },
      remedy: 'Compare the values with what the program stores; rebuild the image if they are not its own.',
    },
  ];
}
