/**
 * Which modules an image holds, where, and in which role. Modules are expected where the board says (region starts) and
 * where flash can be erased (sector starts); everything else is scanned with the CRC as the judge.
 */
import { equalBytes, isFilledWith } from '../../core/bytes.js';
import { LayoutError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { ADDRESS_SPACE_END, containsAddress, intersect, type Range, subtractRanges } from '../../core/range.js';
import { moduleFunctionCode, moduleFunctionName } from '../../layout/platforms.js';
import type { Board, Memory, Region } from '../../layout/types.js';
import { chooseVariant, type FoundModule, regionsOf } from '../../layout/variant.js';
import {
  type DamagedHeader,
  moduleAt,
  type ParticleModule,
  readDamagedHeader,
  readForeignModule,
  readModule,
  readModuleInfo,
} from './decode.js';
import { CRC_BYTES, HEADER_AFTER_VECTORS, MODULE_INFO } from './format.js';
import { scanForModules } from './scan.js';

/**
 * main: at its own address. factory: the copy a factory reset installs. ota: at the place of downloaded updates.
 * parked: a user module waiting in EEPROM page 1 (0.4.9 to 1.3.x installs it at start-up). foreign: for another platform.
 * other: anywhere else.
 */
export type ModuleRole = 'main' | 'factory' | 'ota' | 'parked' | 'foreign' | 'other';

export interface LocatedModule {
  readonly module: ParticleModule;
  readonly region: Region | null;
  readonly role: ModuleRole;
}

export interface EmbeddedModule {
  readonly inside: LocatedModule;
  readonly module: ParticleModule;
}

/** A region that should begin with a module and does not. */
export interface EmptyPlace {
  readonly region: Region;
  readonly state: 'absent' | 'erased' | 'damaged' | 'other';
  readonly damaged: DamagedHeader | null;
}

export interface ModuleSurvey {
  readonly variant: string | null;
  readonly regions: readonly Region[];
  readonly modules: readonly LocatedModule[];
  readonly embedded: readonly EmbeddedModule[];
  readonly emptyPlaces: readonly EmptyPlace[];
  readonly scanComplete: boolean;
}

const WHOLE_ADDRESS_SPACE: Range = { start: 0, end: ADDRESS_SPACE_END };

export function flashOf(board: Board): Memory {
  const flash = board.chip.memories.find((memory) => memory.kind === 'flash');
  if (flash) return flash;
  throw new LayoutError({
    code: 'CHIP_WITHOUT_FLASH',
    what: `chip ${board.chip.id} has no flash memory`,
    expected: 'a memory of kind flash',
    help: 'Add the flash to the chip file.',
  });
}

export interface SurveyOptions {
  /** Modules that were verified before: one with the same bytes is recognised by comparison, not checked again. */
  readonly known?: readonly ParticleModule[];
  /** Look for modules carried inside others. Default true. */
  readonly inside?: boolean;
}

export function surveyModules(image: MemoryImage, board: Board, options: SurveyOptions = {}): ModuleSurvey {
  const { known = [], inside = true } = options;
  const flash = flashOf(board);
  const variant = chooseVariant(board, signs(image, board, flash));
  const regions = regionsOf(board, variant);
  const placed = readPlaces(image, board, regions, flash, known);
  const loose = scanRest(image, placed, flash);
  const modules = [...placed, ...loose.modules]
    .sort((a, b) => a.address - b.address)
    .map((module) => locate(module, regions, board));
  const embedded = inside ? scanInside(modules, board, flash) : { modules: [], complete: true };
  return {
    variant: variant?.id ?? null,
    regions,
    modules,
    embedded: embedded.modules,
    emptyPlaces: emptyPlaces(image, board, regions, modules),
    scanComplete: loose.complete && embedded.complete,
  };
}

/** False when the place of a bootloader or a system part is here, but not its module. Absent places are not known. */
export function canStart({ emptyPlaces, modules }: ModuleSurvey): boolean {
  const needed = ({ module }: Region): boolean => module !== null && module.function !== 'user-part';
  const empty = emptyPlaces.some(({ region, state }) => state !== 'absent' && needed(region));
  const taken = modules.some(
    ({ module, region }) => region && needed(region) && region.start === module.address && !isMeantFor(module, region),
  );
  return !empty && !taken;
}

/** The bytes from an address to the end of their run or of the flash. */
function bytesFrom(image: MemoryImage, address: number, flash: Range): Uint8Array | undefined {
  const run = image.ranges().find((range) => containsAddress(range, address));
  const range = run && intersect({ start: address, end: run.end }, flash);
  return range && image.bytes(range);
}

/** The modules at the places that tell one map from another. */
function signs(image: MemoryImage, board: Board, flash: Range): FoundModule[] {
  const places = new Set(board.variants.flatMap((variant) => (variant.detect ?? []).map((sign) => sign.address)));
  return [...places].flatMap((address) => {
    const bytes = bytesFrom(image, address, flash);
    const info = bytes && readModuleInfo(bytes);
    if (!info) return [];
    const { moduleFunction, moduleIndex: index, moduleVersion: version } = info;
    return [{ address, function: moduleFunctionName(moduleFunction), index, version }];
  });
}

function readPlaces(
  image: MemoryImage,
  board: Board,
  regions: readonly Region[],
  flash: Memory,
  known: readonly ParticleModule[],
): ParticleModule[] {
  const starts = new Set(regions.map((region) => region.start));
  const first = image.span?.start;
  const places = [...starts, ...flash.sectors.map((sector) => sector.start), ...(first === undefined ? [] : [first])];
  const accepted: ParticleModule[] = [];
  for (const place of [...new Set(places)].sort((a, b) => a - b)) {
    // A place inside a sound module holds that module's payload.
    if (accepted.some((module) => module.crc === 'ok' && place > module.address && place < module.end)) continue;
    const bytes = bytesFrom(image, place, place === first ? WHOLE_ADDRESS_SPACE : flash);
    // Only the beginning of a file can be a module of a platform with another layout.
    const module =
      bytes &&
      (recognise(bytes, place, known) ??
        readModule(bytes, place) ??
        (place === first ? readForeignModule(bytes, place) : undefined));
    if (module && isCredible(module, board, starts)) accepted.push(module);
  }
  return trimOverlaps(accepted);
}

/** The module that was verified before and has the same bytes, moved to a place. Comparing stops at the first difference. */
function recognise(bytes: Uint8Array, address: number, known: readonly ParticleModule[]): ParticleModule | undefined {
  for (const module of known) {
    // Other header places are only looked at where a file begins.
    const standard = module.headerOffset === 0 || module.headerOffset === HEADER_AFTER_VECTORS;
    if (!standard || module.missing > 0 || module.length > bytes.length) continue;
    const body = bytes.subarray(0, module.length);
    if (equalBytes(body, module.bytes)) return moduleAt(module, address, body);
  }
  return undefined;
}

/** A wrong CRC leaves only the header as evidence: it must name this place, or the place of another region (a copy). */
function isCredible(module: ParticleModule, board: Board, regionStarts: ReadonlySet<number>): boolean {
  if (module.crc === 'ok' || module.crc === 'placeholder') return true;
  const { moduleStartAddress, platformId } = module.info;
  if (moduleStartAddress === module.address) return true;
  return regionStarts.has(moduleStartAddress) && platformId === board.platform?.id;
}

/** A damaged module that another one was written over ends where the newer one begins. */
function trimOverlaps(modules: readonly ParticleModule[]): ParticleModule[] {
  return modules.map((module, index) => {
    const next = modules[index + 1];
    if (!next || next.address >= module.end) return module;
    return { ...module, end: next.address };
  });
}

function scanRest(image: MemoryImage, placed: readonly ParticleModule[], flash: Memory) {
  const claimed = placed.map(({ address, end }) => ({ start: address, end }));
  const modules: ParticleModule[] = [];
  let complete = true;
  for (const run of image.ranges()) {
    for (const rest of subtractRanges(run, claimed)) {
      const range = intersect(rest, flash);
      const bytes = range && image.bytes(range);
      if (!range || !bytes) continue;
      const result = scanForModules(bytes, range.start, { flash });
      modules.push(...result.modules);
      complete &&= result.complete;
    }
  }
  return { modules, complete };
}

/** A carried module is meant to be installed, so its header names a place that the board's map has. */
function scanInside(modules: readonly LocatedModule[], board: Board, flash: Memory) {
  const starts = [...new Set(board.regions.flatMap((region) => (region.module ? [region.start] : [])))];
  const found: EmbeddedModule[] = [];
  let complete = true;
  for (const inside of modules) {
    const { module } = inside;
    const from = module.headerOffset + MODULE_INFO.size;
    const result = scanForModules(module.bytes, module.address, { flash, from, starts });
    for (const carried of result.modules) {
      // Inside a module with a wrong CRC, what begins at a sector has been found by itself.
      if (modules.some(({ module: { address } }) => address === carried.address)) continue;
      found.push({ inside, module: carried });
    }
    complete &&= result.complete;
  }
  return { modules: found, complete };
}

function locate(module: ParticleModule, regions: readonly Region[], board: Board): LocatedModule {
  const region = regionAt(regions, module.address);
  return { module, region, role: roleOf(module, region, regions, board) };
}

/** The region that begins at an address, else the smallest one around it. */
export function regionAt(regions: readonly Region[], address: number): Region | null {
  const around = regions.filter((region) => containsAddress(region, address));
  return (
    around.find((region) => region.start === address) ??
    around.sort((a, b) => a.end - a.start - (b.end - b.start))[0] ??
    null
  );
}

function roleOf(module: ParticleModule, region: Region | null, regions: readonly Region[], board: Board): ModuleRole {
  if (board.platform && module.info.platformId !== board.platform.id) return 'foreign';
  if (module.combined && module.info.moduleStartAddress !== module.address) return 'factory';
  if (!region && isFactoryPlace(module, board)) return 'factory';
  if (!region) return module.address === module.info.moduleStartAddress ? 'main' : 'other';
  if (region.role === 'ota' || region.role === 'factory') return region.role;
  if (isParked(module, region, regions)) return 'parked';
  return module.address === region.start && isMeantFor(module, region) ? 'main' : 'other';
}

/** Whether a region is for modules of this function and index, wherever this one is linked. */
export function isMeantFor(module: ParticleModule, { module: wanted }: Region): boolean {
  return module.function === wanted?.function && module.info.moduleIndex === wanted.index;
}

/** The installer looks at the start of the first page only, and copies to where the module is linked. */
function isParked(module: ParticleModule, region: Region, regions: readonly Region[]): boolean {
  if (module.function !== 'user-part' || regions.find(({ role }) => role === 'eeprom') !== region) return false;
  const target = regions.find(({ start }) => start === module.info.moduleStartAddress);
  return module.address === region.start && target !== undefined && isMeantFor(module, target);
}

/**
 * The start address that modules of this function and index have on the board; null when this one has it, or when the
 * board has no place for such a module.
 */
export function properStart(module: ParticleModule, board: Board): number | null {
  if (board.platform && module.info.platformId !== board.platform.id) return null;
  const places = board.regions.filter((region) => isMeantFor(module, region));
  if (places.some(({ start }) => start === module.info.moduleStartAddress)) return null;
  return places[0]?.start ?? null;
}

/** Whether another of the board's maps keeps the factory copy of this module here: early factory images mix the maps. */
function isFactoryPlace(module: ParticleModule, board: Board): boolean {
  return board.regions.some(
    (region) =>
      region.role === 'factory' && region.start === module.address && region.module?.function === module.function,
  );
}

function emptyPlaces(
  image: MemoryImage,
  board: Board,
  regions: readonly Region[],
  modules: readonly LocatedModule[],
): EmptyPlace[] {
  const places: EmptyPlace[] = [];
  for (const region of regions) {
    if (!region.module || region.role === 'factory') continue;
    if (modules.some(({ module }) => module.address === region.start)) continue;
    const size = HEADER_AFTER_VECTORS + MODULE_INFO.size + CRC_BYTES;
    const head = image.parts({ start: region.start, end: Math.min(region.end, region.start + size) })[0];
    if (!head || head.address !== region.start) {
      places.push({ region, state: 'absent', damaged: null });
      continue;
    }
    if (isFilledWith(head.bytes, 0xff)) {
      places.push({ region, state: 'erased', damaged: null });
      continue;
    }
    const damaged = readDamagedHeader(head.bytes, {
      start: region.start,
      functionId: moduleFunctionCode(region.module.function) ?? -1,
      index: region.module.index,
      platformId: board.platform?.id ?? -1,
    });
    places.push({ region, state: damaged ? 'damaged' : 'other', damaged: damaged ?? null });
  }
  return places;
}
