/** The difference region by region: what is in each, and what became of it. */
import { equalBytes, isFilledWith } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange, mergeRanges, overlaps, type Range, rangesWithin, sizeOf } from '../../core/range.js';
import { bytesWords } from '../../core/words.js';
import type { Board, Region, RegionRole } from '../../layout/types.js';
import { type DeltaKind, type DeltaRange, type ImageDelta, rangesIn } from './delta.js';
import type { ModuleDifference } from './modules.js';
import type { Side } from './side.js';

export interface ChangedRange extends Range {
  readonly kind: DeltaKind;
  /** How many of its bytes differ; the others lie between two that do. */
  readonly bytes: number;
}

/** absent: the input holds nothing of it. partial: a part of it. */
export type RegionState = 'absent' | 'partial' | 'erased' | 'used';

export interface RegionDifference extends Range {
  /** Id of the board's region, or of the memory for what lies outside the flash. */
  readonly id: string;
  readonly title: string;
  readonly role: RegionRole | null;
  readonly changed: boolean;
  /** Bytes that both hold and that differ. */
  readonly bytes: number;
  /** Bytes that only one holds. */
  readonly onlyA: number;
  readonly onlyB: number;
  readonly a: RegionState;
  readonly b: RegionState;
  readonly ranges: readonly ChangedRange[];
  /** What is different, as a clause; null when nothing is. */
  readonly text: string | null;
  /** Differing bytes outside every module. */
  readonly outsideModules: number;
}

type Place = Pick<RegionDifference, 'id' | 'title' | 'role' | 'start' | 'end'>;

/** @param delta cut at the borders of regions and memories. */
export function compareRegions(
  a: Side,
  b: Side,
  delta: ImageDelta,
  modules: readonly ModuleDifference[],
): RegionDifference[] {
  return placesOf(a, b, delta).map((place) => compareRegion(place, a, b, delta, modules));
}

/** The regions of both maps, and what the difference touches beyond them. */
function placesOf(a: Side, b: Side, { ranges }: ImageDelta): Place[] {
  if (a.kind === 'dct-section' || b.kind === 'dct-section') {
    const end = Math.max(a.placed.image.span?.end ?? 0, b.placed.image.span?.end ?? 0);
    return [{ id: 'dct-application', title: 'DCT application section', role: 'dct', start: 0, end }];
  }
  const places: Place[] = [...a.survey.regions];
  for (const region of b.survey.regions) {
    if (!places.some(({ id, start, end }) => id === region.id && start === region.start && end === region.end)) {
      places.push(region);
    }
  }
  // Ranges end at the borders of regions and memories, so each lies in one of them or in none.
  const isLeft = (range: Range): boolean => !places.some((place) => containsRange(place, range));
  const rest = ranges.filter(isLeft);
  for (const memory of memoriesOf(a.board)) {
    if (rest.some((range) => overlaps(range, memory))) places.push(memory);
  }
  const outside = rest.filter(isLeft);
  const [first, last] = [outside[0], outside.at(-1)];
  if (first && last) {
    places.push({ id: 'other', title: 'Outside every memory', role: null, start: first.start, end: last.end });
  }
  return places.sort((one, two) => one.start - two.start || two.end - one.end);
}

function memoriesOf({ chip }: Board): Place[] {
  return chip.memories.map(({ kind, title, start, end }) => ({ id: kind, title, role: null, start, end }));
}

function compareRegion(
  { id, title, role, start, end }: Place,
  a: Side,
  b: Side,
  delta: ImageDelta,
  modules: readonly ModuleDifference[],
): RegionDifference {
  const place = { id, title, role, start, end };
  const ranges = rangesIn(delta, place);
  const sum = (kind: DeltaKind): number =>
    ranges.reduce((total, range) => (range.kind === kind ? total + range.bytes : total), 0);
  const states = { a: stateOf(a.placed.image, place), b: stateOf(b.placed.image, place) };
  const bytes = sum('changed');
  const [onlyA, onlyB] = [sum('only-a'), sum('only-b')];
  const spans = mergeRanges(
    modules.flatMap(({ a: one, b: two }) => [one, two].flatMap((side) => (side ? [spanOf(side)] : []))),
  );
  const outsideModules = ranges
    .filter(({ kind }) => kind === 'changed')
    .reduce((total, range) => total + (rangesWithin(spans, range).length > 0 ? 0 : range.bytes), 0);
  const difference = { ...place, changed: ranges.length > 0, bytes, onlyA, onlyB, ...states, outsideModules };
  return {
    ...difference,
    ranges: joinTouching(ranges),
    text: ranges.length === 0 ? null : textOf(difference, modules),
  };
}

/** Ranges were cut at the borders of parts of modules; nobody wants to see that. */
function joinTouching(ranges: readonly DeltaRange[]): ChangedRange[] {
  const joined: ChangedRange[] = [];
  for (const { start, end, kind, bytes } of ranges) {
    const last = joined.at(-1);
    if (last?.end === start && last.kind === kind) {
      joined[joined.length - 1] = { ...last, end, bytes: last.bytes + bytes };
    } else joined.push({ start, end, kind, bytes });
  }
  return joined;
}

function spanOf({ address, length }: { readonly address: number; readonly length: number }): Range {
  return { start: address, end: address + length };
}

function stateOf(image: MemoryImage, place: Range): RegionState {
  const parts = image.parts(place);
  if (parts.length === 0) return 'absent';
  const present = parts.reduce((total, { bytes }) => total + bytes.length, 0);
  if (parts.every(({ bytes }) => isFilledWith(bytes, 0xff))) return present < sizeOf(place) ? 'partial' : 'erased';
  return present < sizeOf(place) ? 'partial' : 'used';
}

type Untold = Omit<RegionDifference, 'text' | 'ranges'>;

function textOf(region: Untold, modules: readonly ModuleDifference[]): string {
  if (region.a === 'absent' || region.b === 'absent') return plainText(region);
  const here = modules.filter(
    ({ change, a, b }) => change !== 'same' && (a?.region === region.id || b?.region === region.id),
  );
  const texts = here.map(({ text }) => text);
  if (here.length > 0 && region.outsideModules > 0)
    texts.push(`${bytesWords(region.outsideModules)} outside modules differ`);
  if (here.length > 0) return texts.join('; ');
  return plainText(region);
}

function plainText({ a, b, bytes, onlyA, onlyB }: Untold): string {
  if (b === 'absent') return `only a holds it${a === 'erased' ? ', erased' : ''}`;
  if (a === 'absent') return `only b holds it${b === 'erased' ? ', erased' : ''}`;
  const parts: string[] = [];
  if (bytes > 0 && a === 'erased') parts.push(`erased in a, ${bytesWords(bytes)} written in b`);
  else if (bytes > 0 && b === 'erased') parts.push(`${bytesWords(bytes)} of a, erased in b`);
  else if (bytes > 0) parts.push(`${bytesWords(bytes)} ${bytes === 1 ? 'differs' : 'differ'}`);
  if (onlyA > 0) parts.push(`${bytesWords(onlyA)} only in a`);
  if (onlyB > 0) parts.push(`${bytesWords(onlyB)} only in b`);
  return parts.join(', ');
}

/** Regions that hold in b what another region of the same size held in a. */
export interface MovedRegion {
  readonly from: string;
  readonly to: string;
}

export function movedRegions(a: Side, b: Side, regions: readonly RegionDifference[]): MovedRegion[] {
  const candidates: readonly Region[] = a.survey.regions;
  return regions.flatMap((region) => {
    if (region.bytes === 0 || region.b !== 'used') return [];
    const content = b.placed.image.bytes(region);
    if (!content) return [];
    const source = candidates.find((other) => {
      if (other.start === region.start || sizeOf(other) !== sizeOf(region)) return false;
      const held = a.placed.image.bytes(other);
      return held !== undefined && equalBytes(held, content);
    });
    return source ? [{ from: source.id, to: region.id }] : [];
  });
}
