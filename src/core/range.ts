/**
 * Half-open address ranges: `start` belongs to the range, `end` does not.
 * Addresses are plain numbers between 0 and 2^32; `end` may be 2^32 itself.
 */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One past the last address of a 32-bit target. */
export const ADDRESS_SPACE_END = 0x1_0000_0000;

export function rangeOf(start: number, size: number): Range {
  return { start, end: start + size };
}

export function sizeOf(range: Range): number {
  return range.end - range.start;
}

export function isEmpty(range: Range): boolean {
  return range.end <= range.start;
}

export function containsAddress(range: Range, address: number): boolean {
  return address >= range.start && address < range.end;
}

/** True when `inner` lies entirely in `outer`. An empty range also lies in a range that ends where it starts. */
export function containsRange(outer: Range, inner: Range): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

/** True when both ranges share an address; an empty range shares none. */
export function overlaps(a: Range, b: Range): boolean {
  return Math.max(a.start, b.start) < Math.min(a.end, b.end);
}

/** The part both ranges share, or undefined when they share none. */
export function intersect(a: Range, b: Range): Range | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : undefined;
}

/** Sorted, disjoint ranges that cover exactly what the given ranges cover; ranges that touch are joined. */
export function mergeRanges(ranges: Iterable<Range>): Range[] {
  const sorted = [...ranges].filter((range) => !isEmpty(range)).sort((a, b) => a.start - b.start);
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last && range.start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else {
      merged.push({ start: range.start, end: range.end });
    }
  }
  return merged;
}

/** What is left of `whole` after taking every range of `holes` out of it. */
export function subtractRanges(whole: Range, holes: Iterable<Range>): Range[] {
  const rest: Range[] = [];
  let position = whole.start;
  for (const hole of mergeRanges(holes)) {
    if (hole.end <= position) continue;
    if (hole.start >= whole.end) break;
    if (hole.start > position) rest.push({ start: position, end: hole.start });
    position = Math.max(position, hole.end);
  }
  if (position < whole.end) rest.push({ start: position, end: whole.end });
  return rest;
}

/** Index of the first range that ends after `address` (binary search): the ranges are in address order and disjoint. */
export function firstEndingAfter(ranges: readonly Range[], address: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range).end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The ranges that share an address with `place`, found by halving: they are in address order and disjoint. */
export function rangesWithin<T extends Range>(ranges: readonly T[], place: Range): T[] {
  if (isEmpty(place)) return [];
  return ranges.slice(firstEndingAfter(ranges, place.start), firstStartingFrom(ranges, place.end));
}

function firstStartingFrom(ranges: readonly Range[], address: number): number {
  const index = firstEndingAfter(ranges, address);
  const across = ranges[index];
  return across && across.start < address ? index + 1 : index;
}

/** Total number of addresses in ranges that are known to be disjoint. */
export function totalSize(ranges: Iterable<Range>): number {
  let total = 0;
  for (const range of ranges) total += sizeOf(range);
  return total;
}
