/** Values written into the emulated EEPROM of a dump or of its sectors, exactly as the firmware would; fresh pages. */
import { isFilledWith } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { sizeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import { systemVersionRelease } from '../../layout/catalog.js';
import type { Board, Region } from '../../layout/types.js';
import { compareReleases } from '../../regions/dct/index.js';
import {
  buildEeprom,
  CAPACITY,
  CAPACITY_0_5_0,
  decodeEeprom,
  type Eeprom,
  type EepromOperation,
  type Generation,
  writeEeprom,
} from '../../regions/eeprom/index.js';
import { type ConfigurationSource, configurationMissing, openConfiguration } from '../configuration/source.js';
import { regionPair } from '../inspect/configuration.js';
import type { InspectInput } from '../inspect/inspect.js';
import { replaced } from '../replace.js';
import type { EepromPut } from './eeprom-words.js';

/** The EEPROM of an input, ready to be written. */
export interface EepromFile {
  readonly source: ConfigurationSource;
  readonly regions: readonly [Region, Region];
  readonly pages: readonly [Uint8Array, Uint8Array];
  /** The sector that the input does not hold; taken for erased. */
  readonly missing: 1 | 2 | null;
  readonly generation: Generation;
  readonly release: string | null;
  readonly capacity: number;
  readonly eeprom: Eeprom;
}

export interface EepromOpenOptions {
  /** Release of the firmware that writes. Default: what the system parts in the input, else the records, show. */
  readonly release?: string | undefined;
  readonly generation?: Generation | undefined;
}

/** @throws FormatError CONFIGURATION_MISSING; UsageError DCT_BAD_RELEASE */
export function openEeprom(input: InspectInput, board: Board, options: EepromOpenOptions = {}): EepromFile {
  const source = openConfiguration(input, board, true);
  const regions = source.eepromRegions;
  const placed = source.input.base !== null && source.form !== 'dct-sector' && source.form !== 'dct-sectors';
  const found = regions && placed ? regions.map((region) => source.image.bytes(region)) : [];
  if (!regions || found.every((page) => page === undefined)) throw configurationMissing('EEPROM', source);
  const [page1 = erasedPage(regions[0]), page2 = erasedPage(regions[1])] = found;
  const version = source.generation.systemVersion;
  const known = version === null ? undefined : systemVersionRelease(version, board.platform?.id ?? -1);
  const release = options.release ?? known ?? null;
  const capacity = release !== null && /^v?0\.5\.0(-|$)/.test(release) ? CAPACITY_0_5_0 : CAPACITY;
  const asked = options.generation ?? (release === null ? source.generation.eepromReader : generationOf(release));
  const eeprom = decode([page1, page2], regions, asked, capacity);
  const generation = asked === 'auto' ? (eeprom.format ?? 'current') : asked;
  const missing = found[0] === undefined ? 1 : found[1] === undefined ? 2 : null;
  return { source, regions, pages: [page1, page2], missing, generation, release, capacity, eeprom };
}

function generationOf(release: string): Generation {
  return compareReleases(release, '0.5.0-rc.1') < 0 ? 'legacy' : 'current';
}

function erasedPage(region: Region): Uint8Array {
  return new Uint8Array(sizeOf(region)).fill(0xff);
}

function decode(
  [page1, page2]: readonly [Uint8Array, Uint8Array],
  [first, second]: readonly [Region, Region],
  reader: Generation | 'auto',
  capacity: number,
): Eeprom {
  const places = { address1: first.start, address2: second.start, size1: page1.length, size2: page2.length };
  return decodeEeprom({ page1, page2, ...places, reader, capacity });
}

export interface EepromEdited {
  readonly file: EepromFile;
  readonly image: MemoryImage;
  readonly after: Eeprom;
  readonly changes: readonly EepromChange[];
  /** Page in use before and after; null: there was none. */
  readonly pageBefore: 1 | 2 | null;
  readonly pageAfter: 1 | 2 | null;
  /** Program and erase operations the firmware would need. */
  readonly flashOperations: number;
}

export interface EepromChange {
  readonly index: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Starts the firmware on the pages and lets it write the blocks, one after the other.
 * @param erasePending let it also erase the page it no longer uses
 * @throws BuildError EEPROM_OTHER_CONTENT, EEPROM_NO_ROOM, EEPROM_SECTOR_MISSING
 */
export function putEeprom(file: EepromFile, puts: readonly EepromPut[], erasePending = false): EepromEdited {
  const { pages, generation, capacity, eeprom } = file;
  requireEeprom(file);
  for (const { index, data } of puts) if (index + data.length > capacity) throw noRoom(file, index, data.length);
  const operations: EepromOperation[] = [
    { operation: 'init' },
    ...puts.map(({ index, data }): EepromOperation => ({ operation: 'put', index, data })),
    ...(erasePending && generation === 'current' ? [{ operation: 'perform-pending-erase' } as const] : []),
  ];
  const { page1, page2, steps } = writeEeprom(pages[0], pages[1], operations, { generation, capacity });
  const failed = steps.find(({ result }) => result !== 'done');
  if (failed?.operation.operation === 'put') throw noRoom(file, failed.operation.index, failed.operation.data.length);
  const after = decode([page1, page2], file.regions, generation, capacity);
  return {
    file,
    image: withPages(file, [page1, page2]),
    after,
    changes: changesBetween(eeprom.logical, after.logical),
    pageBefore: eeprom.activePage,
    pageAfter: after.activePage,
    flashOperations: steps.reduce((sum, step) => sum + step.flashOperations, 0),
  };
}

/** Firmware formats what it does not know: whatever else lies there would be lost. */
function requireEeprom({ eeprom, source, pages }: EepromFile): void {
  const erased = pages.every((page) => isFilledWith(page, 0xff));
  if (eeprom.format !== null || erased) return;
  throw new BuildError({
    code: 'EEPROM_OTHER_CONTENT',
    what: 'the EEPROM sectors hold something else',
    where: source.input.path,
    expected: 'EEPROM pages, or erased sectors',
    got: [eeprom.page1, eeprom.page2].map(({ description }) => description.replace(/\.$/, '')).join('; '),
    help: 'The firmware would erase it. To do the same, use: flashatlas eeprom build FILE -o OUT',
  });
}

function noRoom({ capacity, source }: EepromFile, index: number, size: number): BuildError {
  return new BuildError({
    code: 'EEPROM_NO_ROOM',
    what: 'the firmware would refuse this block',
    where: `${source.input.path}, index ${index}`,
    expected: `bytes that end before index ${capacity}`,
    got: `${formatCount(size)} byte${size === 1 ? '' : 's'} from index ${index}`,
    help: 'Store fewer bytes, or begin at a lower index.',
  });
}

function withPages(file: EepromFile, next: readonly [Uint8Array, Uint8Array]): MemoryImage {
  let { image } = file.source;
  for (const [index, page] of next.entries()) {
    const region = file.regions[index];
    if (!region) continue;
    if (file.missing !== index + 1) image = replaced(image, region, page);
    else if (!isFilledWith(page, 0xff)) throw sectorMissing(file, region);
  }
  return image;
}

function sectorMissing({ source, missing }: EepromFile, region: Region): BuildError {
  return new BuildError({
    code: 'EEPROM_SECTOR_MISSING',
    what: 'the firmware would write to the sector that is not in the input',
    where: source.input.path,
    expected: `page ${missing} as well (${region.title})`,
    got: 'one EEPROM sector',
    help: 'Read both sectors: 0x0800C000 to 0x0801FFFF.',
  });
}

function changesBetween(before: Uint8Array, after: Uint8Array): EepromChange[] {
  const changes: EepromChange[] = [];
  for (const [index, value] of after.entries()) {
    if (before[index] !== value) changes.push({ index, before: before[index] ?? 0xff, after: value });
  }
  return changes;
}

/** Fresh pages with this content and no history, in the order every release reads. @throws BuildError EEPROM_INDEX, EEPROM_TOO_MANY */
export function freshPages(
  puts: readonly EepromPut[],
  regions?: readonly [Region, Region],
): readonly [Uint8Array, Uint8Array] {
  const values = new Map<number, number>();
  for (const { index, data } of puts) for (const [offset, byte] of data.entries()) values.set(index + offset, byte);
  const sizes = regions ? { size1: sizeOf(regions[0]), size2: sizeOf(regions[1]) } : {};
  const { page1, page2 } = buildEeprom(values, sizes);
  return [page1, page2];
}

/** Both sectors at their place on the board. @throws BuildError EEPROM_NO_SECTORS and as freshPages */
export function newEeprom(board: Board, puts: readonly EepromPut[]): MemoryImage {
  const regions = regionPair(board.regions, 'eeprom');
  if (!regions) {
    throw new BuildError({
      code: 'EEPROM_NO_SECTORS',
      what: `${board.name} has no EEPROM sectors`,
      where: board.id,
      help: 'Choose another board with --board.',
    });
  }
  const [page1, page2] = freshPages(puts, regions);
  return MemoryImage.fromSegments([
    { address: regions[0].start, bytes: page1 },
    { address: regions[1].start, bytes: page2 },
  ]);
}

/** The same in the place of whatever the input holds there. @throws as newEeprom, EEPROM_SECTOR_MISSING */
export function newEepromInto(file: EepromFile, puts: readonly EepromPut[]): EepromEdited {
  const pages = freshPages(puts, file.regions);
  const after = decode(pages, file.regions, 'current', CAPACITY);
  return {
    file,
    image: withPages(file, pages),
    after,
    changes: changesBetween(file.eeprom.logical, after.logical),
    pageBefore: file.eeprom.activePage,
    pageAfter: after.activePage,
    flashOperations: 0,
  };
}
