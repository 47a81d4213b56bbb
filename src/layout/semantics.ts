/** What a schema cannot say about chips and boards: names that must resolve, ranges that must fit. */
import { formatAddress } from '../core/bytes.js';
import { containsRange, overlaps, type Range, sizeOf } from '../core/range.js';
import { checkDfu } from './dfu-check.js';
import { type Located, type ProblemDetails, Problems } from './fields.js';
import { complete, inheritBoard, inheritChip, readChip } from './inherit.js';
import type { Library } from './library.js';
import { nearest } from './nearest.js';
import { type BoardParts, parseBoard, parseChip } from './parse.js';
import { moduleFunctions, platformOf } from './platforms.js';
import type { Memory, Region, Variant } from './types.js';

/** Problems of a chip file beyond its form. */
export function chipProblems(file: unknown, origin: string, library: Library): ProblemDetails[] {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return [];
  const problems = new Problems('collect');
  const own = parseChip(file, origin, problems);
  uniqueIds(own.memories, 'memory', problems);
  const chip = inheritChip(own, library, problems);
  if (!chip) return problems.found;
  for (const key of ['name', 'vendor', 'family', 'core'] as const) complete(chip[key], key, own.where, problems);
  if (problems.wellFormed) {
    complete(chip.memories.length > 0 ? chip.memories : undefined, 'memories', own.where, problems);
  }
  checkMemories(chip.memories, problems);
  return problems.found;
}

/** Problems of a board file beyond its form. `decoders` are the names a region may give. */
export function boardProblems(
  file: unknown,
  origin: string,
  decoders: readonly string[],
  library: Library,
): ProblemDetails[] {
  if (typeof file !== 'object' || file === null || Array.isArray(file)) return [];
  const problems = new Problems('collect');
  const own = parseBoard(file, origin, problems);
  uniqueIds(own.variants, 'variant', problems);
  const board = inheritBoard(own, library, problems);
  if (!board) return problems.found;
  for (const key of ['name', 'vendor'] as const) complete(board[key], key, own.where, problems);
  const chipId = complete(board.chip, 'chip', own.where, problems);
  const memories = chipId ? readChip(chipId, library, problems)?.memories : undefined;
  checkPlatform(board, problems);
  // An entry of the wrong form is not among those read; names that lead to it would be reported for nothing.
  if (problems.wellFormed) {
    complete(board.regions.length > 0 ? board.regions : undefined, 'regions', own.where, problems);
    checkDefaultVariant(board, problems);
    for (const region of board.regions) checkReferences(region, board, problems);
  }
  checkFunctions(board, problems);
  for (const region of board.regions) checkDecoder(region, decoders, problems);
  if (memories) for (const region of board.regions) checkPlace(region, memories, problems);
  checkOverlaps(own, board, problems);
  if (board.dfu) checkDfu(board.dfu, memories, problems);
  return problems.found;
}

function uniqueIds(entries: readonly Located<{ readonly id: string }>[], what: string, problems: Problems): void {
  const seen = new Map<string, string>();
  for (const { value, where } of entries) {
    const first = seen.get(value.id);
    if (first === undefined) seen.set(value.id, where);
    else duplicate(`the ${what} id "${value.id}" is used twice`, where, first, problems);
  }
}

function duplicate(what: string, where: string, first: string, problems: Problems): void {
  problems.wrong({
    code: 'LAYOUT_DUPLICATE_ID',
    what: `${what}, first at ${first}`,
    where,
    help: 'Give one of them another id.',
  });
}

function checkMemories(memories: readonly Located<Memory>[], problems: Problems): void {
  memories.forEach(({ value, where }, index) => {
    if (value.kind === 'flash' && value.sectors.length === 0) {
      problems.wrong({
        code: 'LAYOUT_NO_SECTORS',
        what: `the flash memory "${value.id}" has no sectors`,
        where,
        help: 'Add "sectors": nothing can be erased or planned without them.',
      });
    }
    const next = memories.slice(index + 1).find((other) => overlaps(value, other.value));
    if (next)
      overlap(`the memory "${value.id}" ${place(value)}`, `"${next.value.id}" ${place(next.value)}`, where, problems);
  });
}

function overlap(one: string, other: string, where: string, problems: Problems, help?: string): void {
  problems.wrong({
    code: 'LAYOUT_OVERLAP',
    what: `${one} overlaps ${other}`,
    where,
    help: help ?? 'Correct "start" or "size" of one of them.',
  });
}

function checkPlatform(board: BoardParts, problems: Problems): void {
  if (!board.platform) return;
  const { value, where } = board.platform;
  const known = platformOf(value.id);
  if (!known || known.name === value.name) return;
  problems.wrong({
    code: 'LAYOUT_PLATFORM_NAME',
    what: `platform ${value.id} has another name`,
    where: `${where}/name`,
    expected: JSON.stringify(known.name),
    got: JSON.stringify(value.name),
    help: 'Correct the id or the name.',
  });
}

function checkDefaultVariant(board: BoardParts, problems: Problems): void {
  const defaults = board.variants.filter((variant) => variant.value.detect === null);
  if (board.variants.length > 0 && defaults.length !== 1) {
    problems.wrong({
      code: 'LAYOUT_DEFAULT_VARIANT',
      what: 'exactly one variant has no "detect" and is the default map',
      where: defaults[1]?.where ?? board.where,
      expected: '1',
      got: String(defaults.length),
      help: 'Leave "detect" out of the map that holds when nothing speaks for another, and give it to the rest.',
    });
  }
}

/** Module functions are those of the module header, by name. */
function checkFunctions(board: BoardParts, problems: Problems): void {
  const known = moduleFunctions().map((entry) => entry.name);
  const check = (name: string, where: string): void => {
    if (!known.includes(name)) unknownName('module function', name, known, where, problems);
  };
  for (const { value, where } of board.variants) {
    value.detect?.forEach((sign, index) => {
      check(sign.function, `${where}/detect/${index}/function`);
    });
  }
  for (const { value, where } of board.regions) {
    if (value.module) check(value.module.function, `${where}/module/function`);
  }
}

function unknownName(what: string, name: string, known: readonly string[], where: string, problems: Problems): void {
  const near = nearest(name, known);
  problems.wrong({
    code: 'LAYOUT_UNKNOWN_NAME',
    what: `there is no ${what} of this name`,
    where,
    expected: known.length > 0 ? `one of ${known.join(', ')}` : 'none: the board has no such entries',
    got: JSON.stringify(name.slice(0, 64)),
    help: near ? `Did you mean "${near}"?` : 'Use one of the names listed above.',
  });
}

function checkReferences({ value, where }: Located<Region>, board: BoardParts, problems: Problems): void {
  const variants = board.variants.map((variant) => variant.value.id);
  const regions = [...new Set(board.regions.map((region) => region.value.id))];
  value.variants?.forEach((name, index) => {
    if (!variants.includes(name)) unknownName('variant', name, variants, `${where}/variants/${index}`, problems);
  });
  value.overlays.forEach((name, index) => {
    if (!regions.includes(name)) unknownName('region', name, regions, `${where}/overlays/${index}`, problems);
  });
}

function checkDecoder({ value, where }: Located<Region>, decoders: readonly string[], problems: Problems): void {
  if (value.decoder === null || decoders.includes(value.decoder)) return;
  unknownName('decoder', value.decoder, decoders, `${where}/decoder`, problems);
}

/** A region lies in one memory and, where that has sectors, begins and ends with one. */
function checkPlace({ value, where }: Located<Region>, memories: readonly Located<Memory>[], problems: Problems): void {
  const memory = memories.find((candidate) => containsRange(candidate.value, value))?.value;
  if (!memory) {
    problems.wrong({
      code: 'LAYOUT_OUTSIDE_MEMORY',
      what: `the region "${value.id}" ${place(value)} does not lie inside one memory of the chip`,
      where,
      help: 'Correct "start" or "size" of the region, or choose the chip the board really has.',
    });
    return;
  }
  if (memory.sectors.length === 0) return;
  const starts = memory.sectors.some((sector) => sector.start === value.start);
  const ends = memory.sectors.some((sector) => sector.end === value.end);
  if (starts && ends) return;
  problems.wrong({
    code: 'LAYOUT_SECTOR_BOUNDARY',
    what: `the region "${value.id}" ${place(value)} does not ${starts ? 'end' : 'begin'} on a sector boundary`,
    where,
    help: 'Flash is erased in whole sectors: let the region begin and end with one.',
  });
}

interface Pair {
  readonly a: Located<Region>;
  readonly b: Located<Region>;
  /** A map both belong to; undefined for a board with one map. */
  readonly map: string | undefined;
}

/** Pairs of regions that belong to one map. */
function* pairsInOneMap(regions: readonly Located<Region>[], variants: readonly Located<Variant>[]): Generator<Pair> {
  const [firstVariant] = variants;
  const maps = regions.map(({ value }) => value.variants && new Set(value.variants));
  for (const [index, a] of regions.entries()) {
    for (let other = index + 1; other < regions.length; other++) {
      const b = regions[other];
      const mapsOfB = maps[other];
      if (!b) continue;
      const map = a.value.variants
        ? a.value.variants.find((name) => !mapsOfB || mapsOfB.has(name))
        : (b.value.variants?.[0] ?? firstVariant?.value.id);
      if (map !== undefined || !firstVariant) yield { a, b, map };
    }
  }
}

/** Ids are unique in a map; regions of a map overlap only where one of them says so, and then they really do. */
function checkOverlaps(own: BoardParts, board: BoardParts, problems: Problems): void {
  for (const { a, b } of pairsInOneMap(own.regions, board.variants)) {
    if (a.value.id === b.value.id) duplicateRegion(a, b, problems);
  }
  const met = new Set<string>();
  for (const { a, b, map } of pairsInOneMap(board.regions, board.variants)) {
    const declared = a.value.overlays.includes(b.value.id) || b.value.overlays.includes(a.value.id);
    const touching = overlaps(a.value, b.value);
    if (declared && touching) {
      met.add(`${a.where} ${b.value.id}`).add(`${b.where} ${a.value.id}`);
    } else if (a.value.id === b.value.id) {
      // In one file that is a duplicate, told above; here only an inherited region can meet a new one of its name.
      if (!own.regions.includes(a) || !own.regions.includes(b)) duplicateRegion(a, b, problems);
    } else if (touching) {
      overlap(
        `the region "${b.value.id}" ${place(b.value)}`,
        `"${a.value.id}" ${place(a.value)}${map === undefined ? '' : ` in the map "${map}"`} without saying so`,
        b.where,
        problems,
        `Correct "start" or "size", or add "overlays": ["${a.value.id}"] if it is meant.`,
      );
    }
  }
  if (problems.wellFormed) reportIdleOverlays(board, met, problems);
}

function duplicateRegion(a: Located<Region>, b: Located<Region>, problems: Problems): void {
  duplicate(`the region id "${b.value.id}" is used twice in one map`, b.where, a.where, problems);
}

function reportIdleOverlays(board: BoardParts, met: ReadonlySet<string>, problems: Problems): void {
  const ids = new Set(board.regions.map((region) => region.value.id));
  for (const { value, where } of board.regions) {
    value.overlays.forEach((name, index) => {
      if (met.has(`${where} ${name}`) || !ids.has(name)) return;
      problems.wrong({
        code: 'LAYOUT_IDLE_OVERLAY',
        what: `the region "${value.id}" ${place(value)} does not lie over "${name}" in any map`,
        where: `${where}/overlays/${index}`,
        help: 'Remove the entry, or correct the ranges.',
      });
    });
  }
}

function place(range: Range): string {
  return `(${formatAddress(range.start)}, ${sizeOf(range)} bytes)`;
}
