/**
 * The emulated EEPROM of P1, Photon and Electron, decoded: what firmware reads, why, what it would do at its next start,
 * what came before, and what else the pages still hold.
 */
import { isFilledWith } from '../../core/bytes.js';
import type { Part } from '../../core/part.js';
import { mergeRanges, type Range, subtractRanges } from '../../core/range.js';
import { type Authorship, findAuthor } from './generation.js';
import { findInterruptions, type Interruption } from './interruptions.js';
import {
  CAPACITY,
  continuesParkedModule,
  describePage,
  type EepromPage,
  type Generation,
  HEADER_BYTES,
  PAGE1_ADDRESS,
  PAGE1_BYTES,
  PAGE2_ADDRESS,
  PAGE2_BYTES,
  type PageNumber,
} from './pages.js';
import { buildParts } from './parts.js';
import { type ListEnd, type Pages, type Reading, readAs } from './read.js';
import { type EepromRecord, olderRecords, RECORD_BYTES, recordsBetween } from './records.js';
import { type Recovery, recover } from './recover.js';
import { type StartUp, startUpCurrent, startUpLegacy } from './start-up.js';

export interface EepromInput {
  /** Bytes of sector 3 from its first address on; undefined when the image holds none of them. */
  readonly page1: Uint8Array | undefined;
  /** Bytes of sector 4, likewise. */
  readonly page2: Uint8Array | undefined;
  /** Default: 0x0800C000. */
  readonly address1?: number;
  /** Default: 0x08010000. */
  readonly address2?: number;
  /** Sector sizes in bytes. Defaults: 16384 and 65536. */
  readonly size1?: number;
  readonly size2?: number;
  /**
   * Whose rules to read by: `legacy` for system firmware up to 0.4.9, `current` from 0.5.0 on. `auto` (default) takes
   * the generation whose signs the bytes carry, and `current` where they carry none.
   */
  readonly reader?: Generation | 'auto';
  /** Bytes a program can store. Default: 2048; 0.5.0 alone has 2047. */
  readonly capacity?: number;
}

export interface EepromCoverage {
  readonly decoded: readonly Range[];
  readonly erased: readonly Range[];
  readonly unknown: readonly Range[];
}

export interface Eeprom {
  /** Whose rules were used, or null when neither sector holds EEPROM. */
  readonly format: Generation | null;
  /** Who wrote the records, as far as they show it. */
  readonly author: Authorship;
  readonly page1: EepromPage;
  readonly page2: EepromPage;
  readonly activePage: PageNumber | null;
  readonly activeReason: string;
  readonly capacity: number;
  /** What firmware reads, in address order. */
  readonly records: readonly EepromRecord[];
  /** Null when no page is active. */
  readonly end: ListEnd | null;
  /** Index to byte, ascending; indices below the capacity whose byte is not 255. */
  readonly values: ReadonlyMap<number, number>;
  /** The content as a program sees it: `capacity` bytes, 255 where nothing is stored. */
  readonly logical: Uint8Array;
  /** Records that are read but that no program can have written. */
  readonly beyondCapacity: readonly EepromRecord[];
  /** Older records of each index that has any, oldest first. */
  readonly history: ReadonlyMap<number, readonly EepromRecord[]>;
  readonly interruptions: readonly Interruption[];
  /** What firmware of either generation would do at its next start. */
  readonly startUp: Readonly<Record<Generation, StartUp>>;
  /** What either generation would read, before its start-up repairs. */
  readonly readings: Readonly<Record<Generation, Reading>>;
  /** What firmware does not read and the pages still hold. */
  readonly recovered: readonly Recovery[];
  /** Names for every byte of both pages. */
  parts(): readonly Part[];
  coverage(): EepromCoverage;
}

/** Decodes the two EEPROM sectors. Never throws: anything at all has a result, and sectors that hold something else say so. */
export function decodeEeprom(input: EepromInput): Eeprom {
  const pages = describePages(input);
  const capacity = Math.max(0, Math.min(0xffff, Math.trunc(input.capacity ?? CAPACITY) || 0));
  const readings = { current: readAs('current', pages), legacy: readAs('legacy', pages) };
  const author = findAuthor(pages, readings.current);
  const generation = chooseReader(input.reader ?? 'auto', author);
  const reading = readings[generation];
  const present = pages.page1.content === 'eeprom' || pages.page2.content === 'eeprom';
  const logical = logicalBytes(reading, capacity);

  return {
    format: present ? generation : null,
    author,
    ...pages,
    activePage: reading.activePage,
    activeReason: reading.activeReason,
    capacity,
    records: reading.records,
    end: reading.end,
    values: valuesOf(logical),
    logical,
    beyondCapacity: reading.records.filter((record) => record.index >= capacity),
    history: olderRecords(reading.records),
    interruptions: findInterruptions(pages, reading),
    startUp: { current: startUpCurrent(pages, readings.current), legacy: startUpLegacy(pages) },
    readings,
    recovered: recover(pages, reading),
    parts: () => buildParts(pages, reading),
    coverage: () => coverageOf(pages),
  };
}

function chooseReader(reader: Generation | 'auto', author: Authorship): Generation {
  if (reader !== 'auto') return reader;
  return author.generation === 'legacy' ? 'legacy' : 'current';
}

function describePages(input: EepromInput): Pages {
  const page1 = describePage(1, input.address1 ?? PAGE1_ADDRESS, input.size1 ?? PAGE1_BYTES, input.page1);
  const page2 = describePage(2, input.address2 ?? PAGE2_ADDRESS, input.size2 ?? PAGE2_BYTES, input.page2);
  if (!continuesParkedModule(page1) || page2.content === 'absent' || page2.content === 'erased')
    return { page1, page2 };
  const description = 'Not EEPROM: the rest of the user module that starts in page 1.';
  return { page1, page2: { ...page2, content: 'parked-module', description } };
}

/** Bytes a program sees when `reading` is what firmware reads. */
export function logicalBytes(reading: Reading, capacity: number): Uint8Array {
  const bytes = new Uint8Array(capacity).fill(0xff);
  for (const [index, value] of reading.stored) if (index < capacity) bytes[index] = value;
  return bytes;
}

function valuesOf(logical: Uint8Array): Map<number, number> {
  const values = new Map<number, number>();
  for (const [index, value] of logical.entries()) if (value !== 0xff) values.set(index, value);
  return values;
}

function coverageOf(pages: Pages): EepromCoverage {
  const all = [pages.page1, pages.page2].map((page) => {
    if (page.content === 'eeprom') return coverageOfPage(page);
    const whole = [{ start: page.address, end: page.address + page.bytes.length }];
    return isFilledWith(page.bytes, 0xff)
      ? { decoded: [], erased: whole, unknown: [] }
      : { decoded: [], erased: [], unknown: whole };
  });
  return {
    decoded: mergeRanges(all.flatMap((page) => page.decoded)),
    erased: mergeRanges(all.flatMap((page) => page.erased)),
    unknown: mergeRanges(all.flatMap((page) => page.unknown)),
  };
}

/** Decoded: the first word when it is a page state, and every record that can be read as one. Empty slots are erased. */
function coverageOfPage(page: EepromPage): EepromCoverage {
  const decoded: Range[] = [];
  const unknown: Range[] = [];
  (page.state === 'invalid' ? unknown : decoded).push({ start: page.address, end: page.address + HEADER_BYTES });
  for (const record of recordsBetween(page, HEADER_BYTES, page.bytes.length)) {
    const range = { start: record.address, end: record.address + RECORD_BYTES };
    (record.state === 'invalid' ? unknown : decoded).push(range);
  }
  const end = page.address + page.bytes.length;
  const rest = page.bytes.length % RECORD_BYTES;
  if (rest > 0 && !isFilledWith(page.bytes, 0xff, page.bytes.length - rest)) unknown.push({ start: end - rest, end });
  const erased = subtractRanges({ start: page.address, end }, [...decoded, ...unknown]);
  return { decoded, erased, unknown };
}
