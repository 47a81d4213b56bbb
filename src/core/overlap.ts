/** What happens where segments of an image overlap. */
import { equalBytes, formatAddress } from './bytes.js';
import { FormatError } from './errors.js';
import { IndexSet } from './index-set.js';
import type { Range } from './range.js';
import { clipSegment, describeSegment, type Segment, segmentEnd } from './segment.js';

/**
 * refuse: any overlap is an error. identical: equal bytes may overlap. last-wins: the later segment replaces.
 */
export type OverlapPolicy = 'refuse' | 'identical' | 'last-wins';

export interface Overlap extends Range {
  readonly first: Segment;
  readonly second: Segment;
  readonly identical: boolean;
}

export interface ImageOptions {
  /** Default: refuse. */
  readonly overlap?: OverlapPolicy;
  /** Told about every overlap that the policy lets pass. */
  readonly onOverlap?: (overlap: Overlap) => void;
}

/**
 * Places segments one by one over what is already there and returns the disjoint rest in address order. Every cut is at
 * the start or end of some segment, so the places are known beforehand; that keeps it O(n log n) for any input.
 * @throws FormatError IMAGE_OVERLAP when the policy refuses.
 */
export function resolveOverlaps(segments: readonly Segment[], options: ImageOptions): Segment[] {
  const cuts = sortedCuts(segments);
  const placed = new Array<Segment | undefined>(cuts.length);
  const occupied = new IndexSet(cuts.length);
  const put = (segment: Segment): void => {
    const place = indexOfCut(cuts, segment.address);
    placed[place] = segment;
    occupied.add(place);
  };
  for (const segment of segments) {
    const { address: start } = segment;
    const end = segmentEnd(segment);
    const before = occupied.previous(indexOfCut(cuts, start));
    let place = before ?? occupied.next(0);
    while (place !== undefined && (cuts[place] as number) < end) {
      const following = occupied.next(place + 1);
      const earlier = placed[place] as Segment;
      const earlierEnd = segmentEnd(earlier);
      if (earlierEnd > start) {
        judgeOverlap(earlier, segment, options);
        occupied.delete(place);
        if (earlier.address < start) put(clipSegment(earlier, { start: earlier.address, end: start }));
        if (earlierEnd > end) put(clipSegment(earlier, { start: end, end: earlierEnd }));
      }
      place = following;
    }
    put(segment);
  }
  const rest: Segment[] = [];
  for (let place = occupied.next(0); place !== undefined; place = occupied.next(place + 1)) {
    rest.push(placed[place] as Segment);
  }
  return rest;
}

/** Every address at which a segment starts or ends, ascending, each once. */
function sortedCuts(segments: readonly Segment[]): Float64Array {
  const all = new Float64Array(segments.length * 2);
  for (const [index, segment] of segments.entries()) {
    all[index * 2] = segment.address;
    all[index * 2 + 1] = segmentEnd(segment);
  }
  return all.sort().filter((address, index, sorted) => index === 0 || address !== sorted[index - 1]);
}

/** Binary search; the address is one of the cuts. */
function indexOfCut(cuts: Float64Array, address: number): number {
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cuts[middle] as number) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function judgeOverlap(first: Segment, second: Segment, { overlap: policy = 'refuse', onOverlap }: ImageOptions): void {
  if (policy === 'last-wins' && onOverlap === undefined) return;
  const shared = {
    start: Math.max(first.address, second.address),
    end: Math.min(segmentEnd(first), segmentEnd(second)),
  };
  const identical = equalBytes(clipSegment(first, shared).bytes, clipSegment(second, shared).bytes);
  if (policy === 'refuse' || (policy === 'identical' && !identical)) {
    throw new FormatError({
      code: 'IMAGE_OVERLAP',
      what: identical ? 'the same addresses are given twice' : 'two inputs give different bytes for the same addresses',
      where: `${formatAddress(shared.start)}-${formatAddress(shared.end - 1)}`,
      got: `${describeSegment(first)} and ${describeSegment(second)}`,
      address: shared.start,
      help: 'Leave one of the two out, or move or crop it so that they no longer overlap.',
    });
  }
  onOverlap?.({ ...shared, first, second, identical });
}
