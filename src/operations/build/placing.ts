/** Puts the parts of a recipe where they belong. */
import { formatAddress } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { intersect, type Range, sizeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import { nearest } from '../../layout/nearest.js';
import type { Board, Region } from '../../layout/types.js';
import { readModule } from '../../regions/module/decode.js';
import { moduleTitle } from '../../regions/module/words.js';
import type { RecipePart } from './recipe.js';
import type { Sources } from './sources.js';

/** Bytes at their place, with where they came from. */
export interface PlacedPart extends Range {
  /** What they are: "bootloader version 1006", "DCT copy 1"; null where only their place says it. */
  readonly title: string | null;
  /** The file they came from, or "the recipe". */
  readonly source: string;
  /** "recipe.yaml, line 7, parts[2]" */
  readonly where: string;
  readonly bytes: Uint8Array;
}

/** More than any flash; a fill of this size is a mistake in a number. */
const MAX_FILL_BYTES = 64 * 1024 * 1024;

/** @throws BuildError BUILD_NOT_A_MODULE, BUILD_NO_ADDRESS, BUILD_HAS_ADDRESSES, BUILD_UNKNOWN_REGION, BUILD_ABSENT, … */
export function placePart(part: RecipePart, sources: Sources, board: Board): PlacedPart[] {
  switch (part.kind) {
    case 'module':
    case 'any':
      return placeByContent(part, sources, board);
    case 'image':
      return placeImageFile(part, sources);
    case 'raw':
      return [placeRaw(part, sources.bytes(part.file))];
    case 'at':
      return [placeRaw(part, contentOf(part, sources))];
    case 'region':
      return placeRegion(part, sources, board);
    case 'range': {
      const { image } = sources.placed(part.from);
      return [cut(image, part.range, { file: part.from.file, where: part.where })];
    }
    case 'fill': {
      const size = sizeOf(part.range);
      if (size > MAX_FILL_BYTES) {
        throw new BuildError({
          code: 'BUILD_FILL_TOO_LARGE',
          what: 'there is too much to fill',
          where: part.where,
          expected: `at most ${formatCount(MAX_FILL_BYTES)} bytes`,
          got: formatCount(size),
          help: 'Correct the range.',
        });
      }
      const title = `fill of 0x${part.value.toString(16).toUpperCase().padStart(2, '0')}`;
      const bytes = new Uint8Array(size).fill(part.value);
      return [{ ...part.range, title, source: 'the recipe', where: part.where, bytes }];
    }
  }
}

type Part<Kind extends RecipePart['kind']> = Extract<RecipePart, { kind: Kind }>;

/** A module goes where its header says; a file that carries addresses keeps them. */
function placeByContent(part: Part<'module'> | Part<'any'>, sources: Sources, board: Board): PlacedPart[] {
  const { file, where } = part;
  const { image, baseSource, baseReason } = sources.placed({ file });
  if (baseSource === 'header' || baseSource === 'file') {
    const placed = pieces(image, { file, where });
    if (part.kind === 'any' || placed.every(({ bytes, start }) => readModule(bytes, start))) return placed;
  }
  if (part.kind === 'any' && baseSource === 'inferred' && !baseReason.startsWith('it begins like a module')) {
    return pieces(image, { file, where });
  }
  const damaged = baseSource === 'inferred' && baseReason.startsWith('it begins like a module');
  throw new BuildError({
    code: part.kind === 'module' ? 'BUILD_NOT_A_MODULE' : 'BUILD_NO_ADDRESS',
    what: damaged
      ? 'the module has a damaged header, so its place is not certain'
      : 'this is no module with an address in its header, and the file carries no addresses',
    where: `${where}: ${file}`,
    help:
      part.kind === 'module'
        ? `Say where it goes for ${board.name}: "raw: ${file}" with "at: 0x…".`
        : `Say where it goes: 0x080A0000:${file}. A DCT or EEPROM goes with --dct-from or --eeprom-from; the name of a recipe ends in .yaml.`,
  });
}

function placeImageFile({ file, where }: Part<'image'>, sources: Sources): PlacedPart[] {
  const { image, addressSource } = sources.read({ file });
  if (addressSource === 'file') return pieces(image, { file, where });
  throw new BuildError({
    code: 'BUILD_NO_ADDRESSES',
    what: 'the file carries no addresses',
    where: `${where}: ${file}`,
    expected: 'Intel HEX, S-records, ELF or DfuSe',
    help: `Write "module: ${file}" for a module, or "raw: ${file}" with "at: 0x…".`,
  });
}

function placeRaw({ file, address, where }: Part<'raw'> | Part<'at'>, bytes: Uint8Array): PlacedPart {
  if (address + bytes.length <= 2 ** 32) {
    const source = { title: titleOf(bytes, address), source: file, where, bytes };
    return { start: address, end: address + bytes.length, ...source };
  }
  throw new BuildError({
    code: 'BUILD_PAST_END',
    what: 'a part runs past the end of the address space',
    where: `${where}: ${file}`,
    got: `${formatCount(bytes.length)} bytes at ${formatAddress(address)}`,
    help: 'Correct the address.',
  });
}

/** What the file holds when it has no addresses of its own: unpacked, without a suffix. */
function contentOf({ file, address, where }: Part<'at'>, sources: Sources): Uint8Array {
  const { image, addressSource } = sources.read({ file });
  const { span } = image;
  if (addressSource !== 'file') return span ? image.read(span, 0) : new Uint8Array(0);
  throw new BuildError({
    code: 'BUILD_HAS_ADDRESSES',
    what: 'an address was given for a file that carries its own',
    where: `${where}: ${file}`,
    got: formatAddress(address),
    help: 'Leave the address out, or move the image first with convert.',
  });
}

function placeRegion({ region: id, from, where }: Part<'region'>, sources: Sources, board: Board): PlacedPart[] {
  const { regions } = sources.survey(from);
  const region = regions.find((candidate) => candidate.id === id);
  if (!region) {
    const ids = regions.map((candidate) => candidate.id);
    const near = nearest(id, ids);
    throw new BuildError({
      code: 'BUILD_UNKNOWN_REGION',
      what: `${board.name} has no such region`,
      where,
      expected: ids.join(', '),
      got: JSON.stringify(id),
      help: near ? `Did you mean ${near}?` : 'Name one of the regions listed.',
    });
  }
  return [cut(sources.placed(from).image, region, { file: from.file, where })];
}

/** All bytes of a range. @throws BuildError BUILD_ABSENT naming the first gap */
export function cut(
  image: MemoryImage,
  range: Range,
  { file, where }: { readonly file: string; readonly where: string },
): PlacedPart {
  const bytes = image.bytes(range);
  if (bytes) {
    const title = titleOf(bytes, range.start);
    return { start: range.start, end: range.end, title, source: file, where, bytes };
  }
  const [gap] = image.gaps(range);
  const missing = gap ?? range;
  throw new BuildError({
    code: 'BUILD_ABSENT',
    what: 'the source does not hold all of these addresses',
    where: `${where}: ${file}`,
    expected: show(range),
    got: `nothing at ${show(missing)}`,
    address: missing.start,
    help: 'Take a dump of the whole flash, or name a smaller range. A raw file that begins elsewhere needs its base.',
  });
}

/** One part per run of bytes. */
function pieces(image: MemoryImage, { file, where }: { readonly file: string; readonly where: string }): PlacedPart[] {
  return image.ranges().map((range) => {
    const bytes = image.read(range, 0);
    return { ...range, title: wholeTitle(bytes, range.start), source: file, where, bytes };
  });
}

/** The module that bytes are, in words; a dump begins with one and is more. */
function wholeTitle(bytes: Uint8Array, address: number): string | null {
  const module = readModule(bytes, address);
  if (!module) return null;
  return `${moduleTitle(module)}${module.length < bytes.length / 2 ? ' and what follows' : ''}`;
}

/** The module that bytes begin with, in words. */
export function titleOf(bytes: Uint8Array, address: number): string | null {
  const module = readModule(bytes, address);
  return module ? moduleTitle(module) : null;
}

export function show({ start, end }: Range): string {
  return `${formatAddress(start)}-${formatAddress(end - 1)}`;
}

/** The parts as one image. @throws BuildError BUILD_OVERLAP with both ranges and both sources */
export function mergeParts(parts: readonly PlacedPart[]): MemoryImage {
  const sorted = [...parts].sort((a, b) => a.start - b.start || a.end - b.end);
  let last: PlacedPart | undefined;
  for (const part of sorted) {
    const shared = last && intersect(last, part);
    if (last && shared) throw overlapError(last, part, shared);
    if (!last || part.end > last.end) last = part;
  }
  const segments = sorted.map(({ start, bytes, source }) => ({ address: start, bytes, source: { name: source } }));
  return MemoryImage.fromSegments(segments);
}

function overlapError(first: PlacedPart, second: PlacedPart, shared: Range): BuildError {
  const describe = (part: PlacedPart): string =>
    `${part.title ?? 'data'} (${part.source}, ${part.where}) at ${show(part)}`;
  return new BuildError({
    code: 'BUILD_OVERLAP',
    what: 'two parts want the same addresses',
    where: show(shared),
    got: `${describe(first)} and ${describe(second)}`,
    address: shared.start,
    help: 'Leave one of the two out, or take only a range of it.',
  });
}

/** The region a range begins in: the one that begins there, else the smallest around it. */
export function regionOf(range: Range, regions: readonly Region[]): Region | undefined {
  const around = regions.filter(({ start, end }) => range.start >= start && range.start < end);
  return around.find(({ start }) => start === range.start) ?? around.sort((a, b) => sizeOf(a) - sizeOf(b))[0];
}
