/** The difference of two images as data, with contents, so that it can be applied. */
import { equalBytes, formatAddress } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import { MemoryImage, type Segment } from '../../core/image.js';
import { type Range, rangesWithin } from '../../core/range.js';
import { clipSegment, segmentEnd } from '../../core/segment.js';
import { differingRuns } from './runs.js';

/** changed: both have it. only-a, only-b: the other one has no bytes there at all, which is not the same as erased. */
export type DeltaKind = 'changed' | 'only-a' | 'only-b';

/** A stretch in which two images differ. `before` and `after` are contents: they may be secret and are never printed. */
export interface DeltaRange extends Range {
  readonly kind: DeltaKind;
  /** How many of its bytes differ. */
  readonly bytes: number;
  /** Null where a has nothing. */
  readonly before: Uint8Array | null;
  /** Null where b has nothing. */
  readonly after: Uint8Array | null;
}

export interface ImageDelta {
  /** In address order, disjoint. */
  readonly ranges: readonly DeltaRange[];
  /** Bytes that both have and that are equal, that differ, and that only one has. */
  readonly same: number;
  readonly changed: number;
  readonly onlyA: number;
  readonly onlyB: number;
}

/**
 * @param cuts addresses at which a range always ends, ascending: borders of sectors and of parts of modules. What lies
 * between two of them can then be summed up without looking at the bytes again.
 */
export function compareImages(a: MemoryImage, b: MemoryImage, cuts: readonly number[] = []): ImageDelta {
  const ranges: DeltaRange[] = [];
  const counts = { same: 0, changed: 0, onlyA: 0, onlyB: 0 };
  for (const { start, end, before, after } of cutPieces(alignedPieces(a, b), cuts)) {
    const size = end - start;
    if (before && after) {
      let changed = 0;
      for (const run of differingRuns(before, after)) {
        changed += run.bytes;
        ranges.push({
          start: start + run.start,
          end: start + run.end,
          kind: 'changed',
          bytes: run.bytes,
          before: before.subarray(run.start, run.end),
          after: after.subarray(run.start, run.end),
        });
      }
      counts.changed += changed;
      counts.same += size - changed;
    } else {
      const kind = before ? 'only-a' : 'only-b';
      counts[before ? 'onlyA' : 'onlyB'] += size;
      ranges.push({ start, end, kind, bytes: size, before, after });
    }
  }
  return { ranges, ...counts };
}

function* cutPieces(pieces: Iterable<Piece>, cuts: readonly number[]): Generator<Piece> {
  let index = 0;
  for (const piece of pieces) {
    let start = piece.start;
    while ((cuts[index] ?? Infinity) <= start) index++;
    for (; (cuts[index] ?? Infinity) < piece.end; index++) {
      const end = cuts[index] as number;
      yield partOf(piece, start, end);
      start = end;
    }
    yield start === piece.start ? piece : partOf(piece, start, piece.end);
  }
}

function partOf({ start: first, before, after }: Piece, start: number, end: number): Piece {
  const part = (bytes: Uint8Array | null): Uint8Array | null => bytes?.subarray(start - first, end - first) ?? null;
  return { start, end, before: part(before), after: part(after) };
}

/** The ranges that touch a place. */
export function rangesIn({ ranges }: ImageDelta, place: Range): readonly DeltaRange[] {
  return rangesWithin(ranges, place);
}

interface Piece extends Range {
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
}

/** Pieces in which either image has one run of bytes or none; stretches that both lack are left out. */
function* alignedPieces(a: MemoryImage, b: MemoryImage): Generator<Piece> {
  let [indexA, indexB, position] = [0, 0, 0];
  for (;;) {
    const one = a.segments[indexA];
    const two = b.segments[indexB];
    if (!one && !two) return;
    const start = Math.max(position, Math.min(one?.address ?? Infinity, two?.address ?? Infinity));
    const inOne = one !== undefined && one.address <= start;
    const inTwo = two !== undefined && two.address <= start;
    const end = Math.min(borderOf(one, inOne), borderOf(two, inTwo));
    yield {
      start,
      end,
      before: inOne ? one.bytes.subarray(start - one.address, end - one.address) : null,
      after: inTwo ? two.bytes.subarray(start - two.address, end - two.address) : null,
    };
    position = end;
    if (one && segmentEnd(one) <= end) indexA++;
    if (two && segmentEnd(two) <= end) indexB++;
  }
}

/** Where what a segment has at the current place ends: the segment, or the gap before it. */
function borderOf(segment: Segment | undefined, inside: boolean): number {
  if (!segment) return Infinity;
  return inside ? segmentEnd(segment) : segment.address;
}

/**
 * The image that the difference leads to: `applyDelta(compareImages(a, b), a)` is b, byte for byte.
 * @throws BuildError DIFF_DOES_NOT_APPLY when the image is not the one the difference was made from.
 */
export function applyDelta({ ranges }: ImageDelta, a: MemoryImage): MemoryImage {
  for (const range of ranges) {
    const present = a.parts(range);
    const fits = range.before ? equalBytes(a.bytes(range) ?? new Uint8Array(0), range.before) : present.length === 0;
    if (!fits) throw doesNotApply(range);
  }
  const contents = ranges.flatMap(({ start, after }): Segment[] => (after ? [{ address: start, bytes: after }] : []));
  return MemoryImage.fromSegments([...without(a, ranges), ...contents]);
}

function doesNotApply({ start, end }: Range): BuildError {
  return new BuildError({
    code: 'DIFF_DOES_NOT_APPLY',
    what: 'the difference was made from another image',
    where: `${formatAddress(start)}-${formatAddress(end - 1)}`,
    expected: 'the bytes that the first input had there',
    got: 'other bytes, or none',
    address: start,
    help: 'Apply it to the image it was made from.',
  });
}

/** The segments without some ranges, in one walk over both. */
function without(image: MemoryImage, holes: readonly Range[]): Segment[] {
  const kept: Segment[] = [];
  let first = 0;
  for (const segment of image.segments) {
    const end = segmentEnd(segment);
    let position = segment.address;
    while (first < holes.length && (holes[first] as Range).end <= position) first++;
    for (let index = first; index < holes.length; index++) {
      const hole = holes[index] as Range;
      if (hole.start >= end) break;
      if (hole.start > position) kept.push(clipSegment(segment, { start: position, end: hole.start }));
      position = Math.max(position, hole.end);
    }
    if (position < end) kept.push(clipSegment(segment, { start: position, end }));
  }
  return kept;
}
