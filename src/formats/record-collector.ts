/**
 * Gathers the data of a record file. All data bytes go, in file order, into one buffer; consecutive addresses become one
 * extent of it. Overlaps are resolved at the end in time proportional to the data, however many records collide.
 */
import { FormatError } from '../core/errors.js';
import { MemoryImage, type Segment } from '../core/image.js';
import { mergeRanges, type Range } from '../core/range.js';

/** A firmware file has a handful of pieces; this many means that the input is not one. */
const MAX_SEGMENTS = 0x10_0000;

export interface Conflict {
  readonly address: number;
  /** Line of the record that repeats the address. */
  readonly line: number;
}

export interface Collected {
  readonly image: MemoryImage;
  /** First address that is given twice with equal bytes. */
  readonly duplicate: Conflict | null;
  /** First repetition, in file order, with other bytes. The image holds the later ones. */
  readonly conflict: Conflict | null;
}

export class RecordCollector {
  /** Data bytes in file order; readers write at `used` and then call `commit`. */
  data: Uint8Array;
  used = 0;

  private readonly extentAddress: number[] = [];
  private readonly extentOffset: number[] = [];
  private nextAddress = -1;

  // Runs of records of equal size on consecutive lines.
  private readonly runLine: number[] = [];
  private readonly runOffset: number[] = [];
  private readonly runWidth: number[] = [];
  private nextLine = -1;
  private width = -1;

  private order: number[] = [];

  /** `capacity` is the most data the input can hold; memory that is never written costs nothing. */
  constructor(capacity: number) {
    this.data = new Uint8Array(capacity);
  }

  /** Makes room for `length` more bytes, for inputs that can say more than they hold. `data` may be another array then. */
  reserve(length: number): void {
    if (this.used + length <= this.data.length) return;
    const data = new Uint8Array(Math.max(this.data.length * 2, this.used + length));
    data.set(this.data.subarray(0, this.used));
    this.data = data;
  }

  /** Takes over `count` records of `length` bytes that were written at `used`. They lie at `address` and begin on `line`. */
  commit(address: number, length: number, line: number, count = 1): void {
    if (address !== this.nextAddress) {
      this.extentAddress.push(address);
      this.extentOffset.push(this.used);
    }
    this.nextAddress = address + length * count;
    if (line !== this.nextLine || length !== this.width) {
      this.runLine.push(line);
      this.runOffset.push(this.used);
      this.runWidth.push(length);
      this.width = length;
    }
    this.nextLine = line + count;
    this.used += length * count;
  }

  /** Line of an address, after `finish`. */
  lineOf(address: number): number | undefined {
    const extent = this.extentOf(address);
    if (extent === undefined) return undefined;
    return this.lineOfData(this.offsetAt(extent) + address - this.addressAt(extent));
  }

  /** @throws FormatError RECORDS_TOO_SCATTERED. */
  finish(name: string): Collected {
    this.order = this.extentAddress.map((_, index) => index);
    this.order.sort((a, b) => this.addressAt(a) - this.addressAt(b) || a - b);
    const data = this.used * 2 < this.data.length ? this.data.slice(0, this.used) : this.data;
    if (this.isDisjoint()) {
      this.requireFewSegments(this.order.length, name);
      const segments = this.order.map((index): Segment => {
        const offset = this.offsetAt(index);
        return {
          address: this.addressAt(index),
          bytes: data.subarray(offset, this.offsetAt(index + 1)),
          source: { name },
        };
      });
      return { image: MemoryImage.fromSegments(segments), duplicate: null, conflict: null };
    }
    return this.resolve(data, name);
  }

  private addressAt(extent: number): number {
    return this.extentAddress[extent] as number;
  }

  /** Data offset of an extent; for one past the last extent the end of the data. */
  private offsetAt(extent: number): number {
    return this.extentOffset[extent] ?? this.used;
  }

  private endAt(extent: number): number {
    return this.addressAt(extent) + this.offsetAt(extent + 1) - this.offsetAt(extent);
  }

  private isDisjoint(): boolean {
    for (let index = 1; index < this.order.length; index++) {
      if (this.endAt(this.order[index - 1] as number) > this.addressAt(this.order[index] as number)) return false;
    }
    return true;
  }

  /** Paints the extents in file order over the merged ranges; total size of those is at most the size of the data. */
  private resolve(data: Uint8Array, name: string): Collected {
    const extents = this.extentAddress.map((start, index): Range => ({ start, end: this.endAt(index) }));
    const ranges = mergeRanges(extents);
    this.requireFewSegments(ranges.length, name);
    const painted = ranges.map((range) => ({
      range,
      bytes: new Uint8Array(range.end - range.start),
      present: new Uint8Array(range.end - range.start),
    }));
    let duplicate: Conflict | null = null;
    let conflict: Conflict | null = null;
    for (const [index, extent] of extents.entries()) {
      const target = painted[lastStartingAt(ranges, extent.start)] as (typeof painted)[number];
      const from = this.offsetAt(index);
      let position = extent.start - target.range.start;
      for (let offset = from; offset < this.offsetAt(index + 1); offset++, position++) {
        const byte = data[offset] as number;
        if (target.present[position] === 0) {
          target.present[position] = 1;
        } else if (!conflict && target.bytes[position] !== byte) {
          conflict = { address: target.range.start + position, line: this.lineOfData(offset) };
        } else if (!duplicate) {
          duplicate = { address: target.range.start + position, line: this.lineOfData(offset) };
        }
        target.bytes[position] = byte;
      }
    }
    const segments = painted.map(({ range, bytes }): Segment => ({ address: range.start, bytes, source: { name } }));
    return { image: MemoryImage.fromSegments(segments), duplicate, conflict };
  }

  private requireFewSegments(count: number, name: string): void {
    if (count <= MAX_SEGMENTS) return;
    throw new FormatError({
      code: 'RECORDS_TOO_SCATTERED',
      what: 'the data lies in too many separate pieces',
      where: name,
      expected: `at most ${MAX_SEGMENTS} pieces`,
      got: `${count}`,
      help: 'This is not a firmware image. Check what wrote the file.',
    });
  }

  private lineOfData(offset: number): number {
    let low = 0;
    let high = this.runOffset.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.runOffset[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const into = offset - (this.runOffset[low] as number);
    return (this.runLine[low] as number) + Math.floor(into / (this.runWidth[low] as number));
  }

  private extentOf(address: number): number | undefined {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.addressAt(this.order[middle] as number) <= address) low = middle + 1;
      else high = middle;
    }
    const nearest = this.order[low - 1];
    if (nearest !== undefined && address < this.endAt(nearest)) return nearest;
    // Only where extents overlap can an earlier, longer one hold the address; the last one written counts.
    for (let extent = this.extentAddress.length - 1; extent >= 0; extent--) {
      if (this.addressAt(extent) <= address && address < this.endAt(extent)) return extent;
    }
    return undefined;
  }
}

/** Index of the last range that starts at or before the address. */
function lastStartingAt(ranges: readonly Range[], address: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((ranges[middle] as Range).start <= address) low = middle;
    else high = middle - 1;
  }
  return low;
}
