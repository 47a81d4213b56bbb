/**
 * MemoryImage: bytes at target addresses, sparse and immutable. Absent is not erased: an address that no segment covers
 * has no value at all, and only an explicit `fill` gives it one.
 */
import { equalBytes, formatAddress } from './bytes.js';
import { FormatError } from './errors.js';
import { type ImageOptions, resolveOverlaps } from './overlap.js';
import { ADDRESS_SPACE_END, isEmpty, mergeRanges, type Range, sizeOf, subtractRanges } from './range.js';
import { clipSegment, type Segment, type SegmentSource, segmentEnd, segmentRange } from './segment.js';

export type { ImageOptions, Overlap, OverlapPolicy } from './overlap.js';
export type { Segment, SegmentSource } from './segment.js';

/** How a range is filled. All numbers are bytes; present + absent is the size of the range. */
export interface FillStatistics {
  readonly size: number;
  readonly present: number;
  readonly absent: number;
  readonly erased: number;
  readonly zero: number;
  /** The one value all present bytes have, or undefined when they differ or none is present. */
  readonly constant: number | undefined;
}

export class MemoryImage {
  /** Sorted by address, disjoint, never empty. Touching segments are one when they share a source. */
  readonly segments: readonly Segment[];
  private runs: readonly Range[] | undefined;

  private constructor(segments: readonly Segment[]) {
    this.segments = segments;
  }

  static readonly empty = new MemoryImage([]);

  /**
   * One run of bytes. The image keeps the array: do not change it afterwards.
   * @throws FormatError IMAGE_ADDRESS_RANGE when it does not fit the 32-bit address space.
   */
  static fromBytes(bytes: Uint8Array, address: number, source?: SegmentSource): MemoryImage {
    return MemoryImage.fromSegments([{ address, bytes, source }]);
  }

  /**
   * @throws FormatError IMAGE_ADDRESS_RANGE, or IMAGE_OVERLAP with both ranges and sources when the policy refuses.
   */
  static fromSegments(segments: Iterable<Segment>, options: ImageOptions = {}): MemoryImage {
    const list = [...segments].filter((segment) => segment.bytes.length > 0);
    for (const segment of list) requireAddressRange(segment);
    // Stable, so that "last" among equal addresses is the later one of the input.
    const sorted = list.map((segment, order) => ({ segment, order }));
    sorted.sort((a, b) => a.segment.address - b.segment.address || a.order - b.order);
    const disjoint = sorted.some((entry, index) => {
      const next = sorted[index + 1];
      return next !== undefined && segmentEnd(entry.segment) > next.segment.address;
    })
      ? resolveOverlaps(list, options)
      : sorted.map((entry) => entry.segment);
    return new MemoryImage(joinTouching(disjoint));
  }

  /** Number of bytes that are present. */
  get byteCount(): number {
    return this.segments.reduce((total, segment) => total + segment.bytes.length, 0);
  }

  /** First to last present address, or undefined for an empty image. */
  get span(): Range | undefined {
    const first = this.segments[0];
    const last = this.segments.at(-1);
    return first && last ? { start: first.address, end: segmentEnd(last) } : undefined;
  }

  /** Maximal runs of present addresses, whatever their sources. */
  ranges(): readonly Range[] {
    this.runs ??= mergeRanges(this.segments.map(segmentRange));
    return this.runs;
  }

  /** The present parts of a range, as views, in address order. */
  parts(range: Range): Segment[] {
    const found: Segment[] = [];
    if (isEmpty(range)) return found;
    for (let index = this.firstSegmentFrom(range.start); index < this.segments.length; index++) {
      const segment = this.segments[index] as Segment;
      if (segment.address >= range.end) break;
      found.push(clipSegment(segment, range));
    }
    return found;
  }

  byteAt(address: number): number | undefined {
    const segment = this.segments[this.firstSegmentFrom(address)];
    return segment && segment.address <= address ? segment.bytes[address - segment.address] : undefined;
  }

  /** All bytes of a range, or undefined when any of them is absent. A view where one segment holds them all. */
  bytes(range: Range): Uint8Array | undefined {
    const parts = this.parts(range);
    const only = parts[0];
    if (parts.length === 1 && only && only.bytes.length === sizeOf(range)) return only.bytes;
    if (parts.reduce((total, part) => total + part.bytes.length, 0) < sizeOf(range)) return undefined;
    return copyParts(parts, range, 0);
  }

  /** A copy of a range with `fill` where nothing is present. */
  read(range: Range, fill: number): Uint8Array {
    return copyParts(this.parts(range), range, fill);
  }

  /** The stretches of a range that are absent. */
  gaps(range: Range): Range[] {
    return subtractRanges(range, this.parts(range).map(segmentRange));
  }

  /** The part of the image inside a range. */
  slice(range: Range): MemoryImage {
    return new MemoryImage(this.parts(range));
  }

  /** The image without a range. */
  without(range: Range): MemoryImage {
    if (isEmpty(range)) return this;
    return new MemoryImage([
      ...this.parts({ start: 0, end: range.start }),
      ...this.parts({ start: range.end, end: ADDRESS_SPACE_END }),
    ]);
  }

  /** The image moved by `delta` bytes. @throws FormatError IMAGE_ADDRESS_RANGE. */
  shift(delta: number): MemoryImage {
    return MemoryImage.fromSegments(this.segments.map((segment) => ({ ...segment, address: segment.address + delta })));
  }

  /** Both images together. @throws FormatError IMAGE_OVERLAP when the policy refuses. */
  merge(other: MemoryImage, options: ImageOptions = {}): MemoryImage {
    return MemoryImage.fromSegments([...this.segments, ...other.segments], options);
  }

  /** Whole pages of `size` bytes that hold at least one present byte, aligned to multiples of `size`. */
  *pages(size: number): Generator<Range> {
    let next = 0;
    for (const range of this.ranges()) {
      for (let start = Math.max(next, Math.floor(range.start / size) * size); start < range.end; start += size) {
        yield { start, end: start + size };
        next = start + size;
      }
    }
  }

  statistics(range: Range): FillStatistics {
    let present = 0;
    let erased = 0;
    let zero = 0;
    let first: number | undefined;
    let constant = true;
    for (const { bytes } of this.parts(range)) {
      first ??= bytes[0];
      present += bytes.length;
      for (let offset = 0; offset < bytes.length; offset++) {
        const byte = bytes[offset];
        if (byte === 0xff) erased++;
        else if (byte === 0) zero++;
        if (byte !== first) constant = false;
      }
    }
    const size = Math.max(sizeOf(range), 0);
    return { size, present, absent: size - present, erased, zero, constant: constant ? first : undefined };
  }

  /** True when both images have the same bytes at the same addresses; sources do not matter. */
  equals(other: MemoryImage): boolean {
    const ranges = this.ranges();
    const others = other.ranges();
    return (
      ranges.length === others.length &&
      ranges.every((range, index) => {
        const twin = others[index];
        if (!twin || twin.start !== range.start || twin.end !== range.end) return false;
        return equalBytes(this.read(range, 0), other.read(range, 0));
      })
    );
  }

  /** The input an address came from, with its offset there when known. */
  sourceOf(address: number): SegmentSource | undefined {
    const segment = this.segments[this.firstSegmentFrom(address)];
    if (!segment?.source || segment.address > address) return undefined;
    return clipSegment(segment, { start: address, end: address + 1 }).source;
  }

  /** Index of the first segment that ends after `address` (binary search). */
  private firstSegmentFrom(address: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (segmentEnd(this.segments[middle] as Segment) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function copyParts(parts: readonly Segment[], range: Range, fill: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(sizeOf(range), 0));
  if (fill !== 0) bytes.fill(fill);
  for (const part of parts) bytes.set(part.bytes, part.address - range.start);
  return bytes;
}

function requireAddressRange(segment: Segment): void {
  const end = segmentEnd(segment);
  if (Number.isInteger(segment.address) && segment.address >= 0 && end <= ADDRESS_SPACE_END) return;
  throw new FormatError({
    code: 'IMAGE_ADDRESS_RANGE',
    what: 'data lies outside the 32-bit address space',
    where: segment.source?.name,
    expected: 'addresses between 0x00000000 and 0xFFFFFFFF',
    got: `${segment.address < 0 ? segment.address : formatAddress(segment.address)} with ${segment.bytes.length} bytes`,
    address: segment.address,
    help: 'Check the base address or offset that was given for this input.',
  });
}

/** Joins neighbours from the same source; `offset` must run on too when the source has one. */
function joinTouching(sorted: readonly Segment[]): Segment[] {
  const groups: Segment[][] = [];
  for (const segment of sorted) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && segmentEnd(last) === segment.address && continuesSource(last, segment)) group.push(segment);
    else groups.push([segment]);
  }
  return groups.map((group) => {
    const first = group[0] as Segment;
    const last = group.at(-1) as Segment;
    if (group.length === 1) return first;
    const range = { start: first.address, end: segmentEnd(last) };
    return { address: first.address, bytes: copyParts(group, range, 0), source: first.source };
  });
}

function continuesSource(a: Segment, b: Segment): boolean {
  if (a.source?.name !== b.source?.name) return false;
  if (a.source?.offset === undefined && b.source?.offset === undefined) return true;
  return a.source?.offset !== undefined && a.source.offset + a.bytes.length === b.source?.offset;
}
