/** Segments: runs of bytes at a target address, with the input they came from. The pieces a MemoryImage is made of. */
import { formatAddress } from './bytes.js';
import type { Range } from './range.js';

/** Where a segment's bytes came from. */
export interface SegmentSource {
  /** File name, or another label a person recognises. */
  readonly name: string;
  /** Offset in that input of the segment's first byte, where file and memory run in step (binary, ELF, DfuSe). */
  readonly offset?: number | undefined;
}

export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly source?: SegmentSource | undefined;
}

export function segmentEnd(segment: Segment): number {
  return segment.address + segment.bytes.length;
}

export function segmentRange(segment: Segment): Range {
  return { start: segment.address, end: segmentEnd(segment) };
}

/** The part of a segment inside a range that overlaps it; a view of the same bytes. */
export function clipSegment(segment: Segment, range: Range): Segment {
  const start = Math.max(segment.address, range.start);
  const end = Math.min(segmentEnd(segment), range.end);
  if (start === segment.address && end === segmentEnd(segment)) return segment;
  const skipped = start - segment.address;
  const { source } = segment;
  return {
    address: start,
    bytes: segment.bytes.subarray(skipped, end - segment.address),
    source: source?.offset === undefined ? source : { name: source.name, offset: source.offset + skipped },
  };
}

/** `0x08000000-0x08003FFF from bootloader.bin`. */
export function describeSegment(segment: Segment): string {
  const { start, end } = segmentRange(segment);
  const name = segment.source ? ` from ${segment.source.name}` : '';
  return `${formatAddress(start)}-${formatAddress(end - 1)}${name}`;
}
