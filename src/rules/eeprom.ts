/**
 * Rules about the emulated EEPROM. Normal life gives no finding: erased pages, a page waiting to be erased, older records.
 * A loss of EEPROM content never keeps a board from starting, so nothing here is more than a warning.
 */
import { formatAddress, formatHex } from '../core/bytes.js';
import { type Finding, sortFindings } from '../core/finding.js';
import type { Range } from '../core/range.js';
import type { Eeprom, EepromPage, Generation, PageNumber } from '../regions/eeprom/index.js';
import { logicalBytes, PARKED_MODULE } from '../regions/eeprom/index.js';
import { defineRule, report } from './rule.js';

const REGIONS = { 1: 'eeprom1', 2: 'eeprom2' } as const satisfies Record<PageNumber, string>;
const REBUILD = 'Save the recovered values, build a fresh EEPROM image from them and write both sectors.';

/** `1 record`, `5 records`. */
function countRecords(records: number): string {
  return records === 1 ? '1 record' : `${records} records`;
}

type SectorContent = { page: number; word: string; holds: string; firmwareUses: boolean };

const sectorMessage = (e: SectorContent): string =>
  `${e.holds}${e.firmwareUses ? ' Firmware erases the sector before it uses it.' : ''}`;

export const notEeprom = defineRule({
  id: 'eeprom/not-eeprom',
  severity: 'note',
  title: 'EEPROM sector holds something else',
  about: 'A sector meant for EEPROM holds something else.',
  why: 'Firmware erases the sector when it starts to use the EEPROM, and what is there is lost.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  message: sectorMessage,
});

export const parkedModule = defineRule({
  id: 'eeprom/parked-module',
  severity: 'note',
  title: 'Parked user module',
  about: 'A user module lies in an EEPROM sector until firmware moves it.',
  why: 'Firmware 0.4.9 to 1.3.x installs it at its first start and overwrites the application that is there.',
  source: 'HAL_Core_Setup_finalize in hal/src/photon/core_hal.c @ v1.3.1',
  message: sectorMessage,
});

type AbandonedModule = SectorContent & { systemVersion: number; formatted: boolean; place: string };

export const abandonedModule = defineRule({
  id: 'eeprom/abandoned-module',
  severity: 'warning',
  title: 'Parked module that nobody installs',
  about: 'A user module lies in an EEPROM sector, and the installed firmware erases it instead of moving it.',
  why: 'Only firmware 0.4.9 to 1.3.x moves a parked module; any other erases it with the sector.',
  source: 'HAL_Core_Setup_finalize in hal/src/photon/core_hal.c @ v1.3.1 and v1.4.0',
  message: (e: AbandonedModule) =>
    `Not EEPROM: a user module waits here for its first start, but only firmware 0.4.9 to 1.3.x moves it to the user region. The installed firmware (system version ${e.systemVersion}) does not: it erases the sector ${e.formatted ? 'at its next start' : 'when it next needs it'}, and the module is lost.`,
  remedy: (e) =>
    `Save the module from this sector before the board starts, and flash it to ${e.place} if it is the application the board should run.`,
});

export const pageWord = defineRule({
  id: 'eeprom/page-word',
  severity: 'warning',
  title: 'Wrong page state',
  about: 'A page holds records, but its first word is no page state.',
  why: 'Firmware takes the page for unused and formats it: the values in it are lost.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  message: (e: { page: number; word: string; expected: string }) =>
    `EEPROM page ${e.page} holds records, but its first word ${e.word} is no page state, so that firmware does not use it.`,
  remedy: () => REBUILD,
});

type ListStop = { offset: number; hiddenRecords: number; differingValues: number; at: string };

export const halfWrittenRecord = defineRule({
  id: 'eeprom/half-written-record',
  severity: 'warning',
  title: 'Half-written legacy record',
  about: 'A half-written legacy record ends the list for newer firmware.',
  why: 'Newer firmware stops reading at this record, and the next swap of pages drops everything behind it.',
  source: 'services/inc/eeprom_emulation.h @ v0.5.0, hal/src/stm32f2xx/eeprom_hal.c @ v0.4.9',
  message: (e: ListStop) =>
    `A half-written legacy record at ${e.at} ends the list for firmware from 0.5.0 on and hides ${countRecords(e.hiddenRecords)} behind it.`,
  remedy: (e) => (e.differingValues > 0 ? 'Read the pages by legacy rules and build a fresh EEPROM image.' : undefined),
});

export const invalidRecord = defineRule({
  id: 'eeprom/invalid-record',
  severity: 'warning',
  title: 'Invalid record',
  about: 'A record that is neither valid nor empty ends the list.',
  why: 'Reading ends here: programs see older values, and the next swap of pages drops the newer ones.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  message: (e: ListStop) =>
    `The record at ${e.at} is neither valid nor empty; it ends the list and hides ${countRecords(e.hiddenRecords)} behind it. The next write swaps pages and drops them.`,
  remedy: (e) => (e.differingValues > 0 ? REBUILD : undefined),
});

export const unfinishedWrite = defineRule({
  id: 'eeprom/unfinished-write',
  severity: 'note',
  title: 'Unfinished write',
  about: 'A write lost its power, and the old values count.',
  why: 'The value that was being written is not stored; the old one counts.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  message: (e: ListStop) =>
    `${countRecords(e.hiddenRecords)} behind the empty slot at ${e.at}: a write that lost its power. The old values count.`,
});

export const lostByNewerReader = defineRule({
  id: 'eeprom/lost-by-newer-reader',
  severity: 'warning',
  title: 'Values lost by an update',
  about: 'Firmware from 0.5.0 on reads other values than the firmware that wrote them.',
  why: 'Firmware from 0.5.0 on reads the pages by other rules, and a program finds other values after the update.',
  source: 'services/inc/eeprom_emulation.h @ v0.5.0, hal/src/stm32f2xx/eeprom_hal.c @ v0.4.9',
  message: (e: { indices: string; count: number; reason: string }) =>
    `Firmware up to 0.4.9 reads ${e.count === 1 ? 'a byte' : `${e.count} bytes`} that firmware from 0.5.0 on reads differently: an update would lose them.`,
  remedy: () => 'Before an update, build a fresh EEPROM image from the values and write both sectors.',
});

export const wouldBeFormatted = defineRule({
  id: 'eeprom/would-be-formatted',
  severity: 'warning',
  title: 'EEPROM would be formatted',
  about: 'Firmware erases both pages at its next start, although they hold records.',
  why: 'Firmware finds no valid page and erases both at its next start.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  message: (e: { page1: string; page2: string }) =>
    `At its next start firmware erases both EEPROM pages, and the records in them are lost: page 1 is ${e.page1}, page 2 is ${e.page2}.`,
  remedy: () => REBUILD,
});

export const lostByNewerStart = defineRule({
  id: 'eeprom/lost-by-newer-start',
  severity: 'warning',
  title: 'EEPROM lost by an update',
  about: 'Firmware from 0.5.0 on would erase pages that older firmware repairs.',
  why: 'What older firmware repairs at its start, firmware from 0.5.0 on erases.',
  source: 'services/inc/eeprom_emulation.h @ v0.5.0, hal/src/stm32f2xx/eeprom_hal.c @ v0.4.9',
  message: (_: { page1: string; page2: string }) =>
    'Firmware up to 0.4.9 repairs these pages at its next start; firmware from 0.5.0 on erases them, and the records are lost.',
  remedy: () => REBUILD,
});

export const bothActive = defineRule({
  id: 'eeprom/both-active',
  severity: 'warning',
  title: 'Two active pages',
  about: 'Both pages are active, and firmware generations differ in which they use.',
  why: 'After an update or a downgrade programs may read the values of the other page.',
  source: 'services/inc/eeprom_emulation.h @ v0.5.0, hal/src/stm32f2xx/eeprom_hal.c @ v0.4.9',
  message: (e: { differingValues: number }) =>
    `Both EEPROM pages are active: firmware from 0.5.0 on uses page 1, firmware up to 0.4.9 keeps page 2. ${e.differingValues === 0 ? 'Both hold the same values.' : `${e.differingValues} ${e.differingValues === 1 ? 'value differs' : 'values differ'}.`}`,
  remedy: (e) =>
    e.differingValues === 0 ? undefined : 'Compare the two sets of values and rebuild from the one that is right.',
});

export const indexBeyondCapacity = defineRule({
  id: 'eeprom/index-beyond-capacity',
  severity: 'warning',
  title: 'Index beyond the capacity',
  about: 'Records have an index that no firmware writes.',
  why: 'No program can read these records; they only fill the page.',
  source: 'services/inc/eeprom_emulation.h @ v2.3.1',
  // `count` counts indices; `records` is there when several records have the same one.
  message: (e: { indices: string; count: number; capacity: number; records?: number }) =>
    `${countRecords(e.records ?? e.count)} with an index of ${e.capacity} or more, which firmware never writes: damaged, or not written by device-os.`,
  remedy: () => 'Compare the values with what the program stores; rebuild the image if they are not its own.',
});

export const eepromRules = [
  notEeprom,
  parkedModule,
  abandonedModule,
  pageWord,
  halfWrittenRecord,
  invalidRecord,
  unfinishedWrite,
  lostByNewerReader,
  wouldBeFormatted,
  lostByNewerStart,
  bothActive,
  indexBeyondCapacity,
] as const;

/** What the system firmware in the same flash does with a parked user module. */
export interface InstalledSystem {
  readonly systemVersion: number | null;
  readonly leavesParkedModule: boolean;
}

/** All findings, in address order. */
export function checkEeprom(eeprom: Eeprom, installed?: InstalledSystem): Finding[] {
  return sortFindings([
    ...checkPages(eeprom, installed),
    ...checkList(eeprom),
    ...checkStart(eeprom),
    ...checkBothActive(eeprom),
    ...checkCapacity(eeprom),
  ]);
}

/** A word of a page. */
function wordAt(start: number): Range {
  return { start, end: start + 4 };
}

function checkPages(eeprom: Eeprom, installed: InstalledSystem | undefined): Finding[] {
  return [eeprom.page1, eeprom.page2].flatMap((page) => {
    return page.content === 'parked-module' && installed?.leavesParkedModule
      ? [reportAbandoned(eeprom, page, installed.systemVersion ?? -1)]
      : checkPage(page, eeprom.activePage !== null);
  });
}

function reportAbandoned({ startUp, activePage }: Eeprom, page: EepromPage, systemVersion: number): Finding {
  const { number, address, description: holds } = page;
  const content = { page: number, word: formatHex(page.word ?? 0, 8), holds, firmwareUses: activePage !== null };
  const place = formatAddress(PARKED_MODULE.start);
  const evidence = { ...content, systemVersion, formatted: startUp.current.outcome === 'format', place };
  return report(abandonedModule, { start: address, end: address + page.bytes.length }, evidence, {
    region: REGIONS[number],
  });
}

function checkPage(page: EepromPage, firmwareUses: boolean): Finding[] {
  const { content, number, address } = page;
  const evidence = { page: number, word: formatHex(page.word ?? 0, 8) };
  const region = REGIONS[number];
  if (content === 'parked-module' || content === 'other') {
    const rule = content === 'other' ? notEeprom : parkedModule;
    const whole = { start: address, end: address + page.bytes.length };
    return [report(rule, whole, { ...evidence, holds: page.description, firmwareUses }, { region })];
  }
  if (content !== 'eeprom' || page.state !== 'invalid') return [];
  const expected = '0xFFFFFFFF, 0xFFFFEEEE, 0xFFFF0000 or 0xCCCC0000';
  return [report(pageWord, wordAt(address), { ...evidence, expected }, { region })];
}

/** What stops the reader, and what it hides. */
function checkList(eeprom: Eeprom): Finding[] {
  const { end, readings } = eeprom;
  if (!end || eeprom.format === 'legacy') return checkNewerReader(eeprom);
  const hidden = eeprom.recovered.find((entry) => entry.source === 'behind-the-end');
  const hiddenRecords = hidden?.records.length ?? 0;
  const differingValues = hidden?.differs.length ?? 0;
  const evidence = { offset: end.offset, hiddenRecords, differingValues, at: formatAddress(end.address) };
  const place = wordAt(end.address);
  const region = REGIONS[end.page];
  if (end.reason === 'half-written-record' || end.reason === 'invalid-record') {
    const rule = end.reason === 'invalid-record' ? invalidRecord : halfWrittenRecord;
    return [report(rule, place, evidence, { region, severity: differingValues > 0 ? 'warning' : 'note' })];
  }
  if (end.reason === 'empty' && hiddenRecords > 0 && readings.current.activePage !== null) {
    return [report(unfinishedWrite, place, evidence, { region })];
  }
  return [];
}

/** Legacy content that firmware from 0.5.0 on would not read: what an update would lose. */
function checkNewerReader(eeprom: Eeprom): Finding[] {
  const { legacy, current } = eeprom.readings;
  if (eeprom.format !== 'legacy' || legacy.activePage === null || current.activePage === null) return [];
  const before = logicalBytes(legacy, eeprom.capacity);
  const after = logicalBytes(current, eeprom.capacity);
  const lost = [...before.keys()].filter((index) => before[index] !== after[index]);
  if (lost.length === 0) return [];
  const page = current.activePage === 1 ? eeprom.page1 : eeprom.page2;
  const indices = lost.slice(0, 16).join(', ');
  const evidence = { indices, count: lost.length, reason: current.end?.reason ?? 'both valid' };
  const place = wordAt(current.end?.address ?? page.address);
  return [report(lostByNewerReader, place, evidence, { region: REGIONS[page.number] })];
}

/** Which generation's start would format although there are records. */
function checkStart(eeprom: Eeprom): Finding[] {
  const { page1, page2 } = eeprom;
  const generation: Generation = eeprom.format ?? 'current';
  const start = eeprom.startUp[generation];
  const newer = eeprom.startUp.current;
  const lost = start.outcome === 'format' && start.dataLost;
  const lostLater = generation === 'legacy' && newer.outcome === 'format' && newer.dataLost;
  if (!lost && !lostLater) return [];
  const evidence = { page1: page1.state, page2: page2.state };
  return [
    report(lost ? wouldBeFormatted : lostByNewerStart, wordAt(page1.address), evidence, {
      region: REGIONS[page1.number],
    }),
  ];
}

function checkBothActive({ page1, page2, recovered }: Eeprom): Finding[] {
  if (page1.state !== 'active' || page2.state !== 'active') return [];
  const differingValues = recovered.find((entry) => entry.source === 'other-page')?.differs.length ?? 0;
  const more = { region: REGIONS[page2.number], severity: differingValues === 0 ? 'note' : 'warning' } as const;
  return [report(bothActive, wordAt(page2.address), { differingValues }, more)];
}

function checkCapacity({ beyondCapacity, capacity }: Eeprom): Finding[] {
  const first = beyondCapacity[0];
  if (!first) return [];
  const records = beyondCapacity.length;
  const distinct = [...new Set(beyondCapacity.map((record) => record.index))];
  const evidence = { indices: distinct.slice(0, 16).join(', '), count: distinct.length, capacity };
  return [
    report(
      indexBeyondCapacity,
      wordAt(first.address),
      { ...evidence, ...(records === distinct.length ? {} : { records }) },
      { region: REGIONS[first.page] },
    ),
  ];
}
