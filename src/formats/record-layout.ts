/**
 * The make-up of a record file, run-length: enough to write the same text again from the image. A regular file of any
 * size is a few items per 64 KiB; nothing of its data is kept here.
 */
import { concatBytes } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import { ADDRESS_SPACE_END, mergeRanges, type Range } from '../core/range.js';
import { pairView } from './hex-digits.js';

export type LineEnd = '' | '\n' | '\r\n' | '\r';

/** How records look, apart from their content. */
export interface LineStyle {
  /** Blanks before and after the record. */
  readonly lead: string;
  readonly trail: string;
  readonly end: LineEnd;
  readonly lowerCase: boolean;
  /** S-records: the letter S in lower case. */
  readonly lowerMark: boolean;
}

/** What most of a file looks like; a writer that cannot follow the layout follows this. */
export interface TextStyle {
  readonly recordBytes: number;
  readonly lineEnd: '\n' | '\r\n';
  readonly lowerCase: boolean;
  readonly addressBits: 16 | 20 | 24 | 32;
}

/** Equal, consecutive data records. */
export interface DataItem {
  readonly kind: 'data';
  /** Record type digit. */
  readonly type: number;
  /** Address of the base record in force (Intel HEX), else 0. */
  readonly base: number;
  /** The offset wraps at 64 KiB (Intel HEX type 02). */
  readonly segmented: boolean;
  /** Address field of the first record. */
  readonly offset: number;
  readonly width: number;
  count: number;
  readonly style: LineStyle;
}

/** One record that holds no image data. */
export interface RecordItem {
  readonly kind: 'record';
  readonly type: number;
  readonly address: number;
  readonly data: Uint8Array;
  readonly style: LineStyle;
}

/** Comments, blank lines, text after the end: as they are, with line ends. */
export interface TextItem {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
}

export type LayoutItem = DataItem | RecordItem | TextItem;
export type RecordLayout = readonly LayoutItem[];

/** Turns one record into text. */
export interface RecordCodec {
  /** Characters of a record without blanks and line end. */
  size(type: number, length: number): number;
  /** Writes a record at `position` and returns the position after it. */
  put(
    text: DataView,
    position: number,
    type: number,
    address: number,
    data: Uint8Array,
    from: number,
    length: number,
    style: LineStyle,
  ): number;
}

const MAX_ITEMS = 0x4_0000;
const MAX_TEXT_BYTES = 0x10_0000;
/** No array holds more on every platform. */
const MAX_OUTPUT_BYTES = 0x7fff_ffff;

/** Collects items while reading and gives up, instead of growing without limit, on files that have no regularity. */
export class LayoutRecorder {
  private items: LayoutItem[] | null = [];
  private run: DataItem | null = null;
  private textBytes = 0;

  /** The file cannot be written again as it was. */
  giveUp(): void {
    this.items = null;
    this.run = null;
  }

  data(type: number, base: number, segmented: boolean, offset: number, width: number, style: LineStyle): void {
    const { run } = this;
    if (
      run !== null &&
      run.width === width &&
      run.style === style &&
      run.base === base &&
      run.type === type &&
      run.segmented === segmented &&
      run.offset + run.count * run.width === offset
    ) {
      run.count++;
      return;
    }
    const item: DataItem = { kind: 'data', type, base, segmented, offset, width, count: 1, style };
    this.push(item);
    if (this.items) this.run = item;
  }

  record(type: number, address: number, data: Uint8Array, style: LineStyle): void {
    this.push({ kind: 'record', type, address, data, style });
  }

  text(bytes: Uint8Array): void {
    this.textBytes += bytes.length;
    if (this.textBytes > MAX_TEXT_BYTES) this.giveUp();
    else if (bytes.length > 0) this.push({ kind: 'text', bytes: bytes.slice() });
  }

  finish(): RecordLayout | null {
    return this.items;
  }

  private push(item: LayoutItem): void {
    this.run = null;
    if (!this.items) return;
    if (this.items.length >= MAX_ITEMS) this.giveUp();
    else this.items.push(item);
  }
}

/** True when the layout's data records cover exactly the bytes that the image holds. */
export function layoutFits(layout: RecordLayout, image: MemoryImage): boolean {
  const covered: Range[] = [];
  for (const item of layout) if (item.kind === 'data') covered.push(...itemRanges(item));
  const ranges = mergeRanges(covered);
  const present = image.ranges();
  return (
    ranges.length === present.length &&
    ranges.every((range, index) => range.start === present[index]?.start && range.end === present[index]?.end)
  );
}

/** The text of a layout, with the data bytes taken from the image. The layout must fit the image. */
export function encodeLayout(layout: RecordLayout, image: MemoryImage, codec: RecordCodec): Uint8Array {
  const size = layout.reduce((total, item) => total + itemSize(item, codec), 0);
  if (size > MAX_OUTPUT_BYTES) throw outputError(size);
  const bytes = new Uint8Array(size);
  const text = pairView(bytes);
  let position = 0;
  for (const item of layout) {
    if (item.kind === 'text') {
      bytes.set(item.bytes, position);
      position += item.bytes.length;
    } else if (item.kind === 'record') {
      position = putLine(text, position, codec, item.type, item.address, item.data, 0, item.data.length, item.style);
    } else {
      position = putData(text, position, codec, item, image);
    }
  }
  return bytes;
}

function outputError(size: number): BuildError {
  return new BuildError({
    code: 'WRITE_TOO_LARGE',
    what: 'the text would be too large',
    expected: `at most ${MAX_OUTPUT_BYTES} bytes`,
    got: `${size}`,
    help: 'Crop the image, or write a binary format.',
  });
}

function putData(text: DataView, start: number, codec: RecordCodec, item: DataItem, image: MemoryImage): number {
  const { type, offset, width, count, style } = item;
  const parts = itemRanges(item).map((range) => image.bytes(range) ?? new Uint8Array(0));
  const data = parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
  const plain = style.lead === '' && style.trail === '';
  let position = start;
  for (let index = 0; index < count; index++) {
    const from = index * width;
    if (plain) {
      position = codec.put(text, position, type, offset + from, data, from, width, style);
      if (style.end.length === 2) text.setUint8(position++, 0x0d);
      if (style.end !== '') text.setUint8(position++, style.end === '\r' ? 0x0d : 0x0a);
    } else {
      position = putLine(text, position, codec, type, offset + from, data, from, width, style);
    }
  }
  return position;
}

function putLine(
  text: DataView,
  start: number,
  codec: RecordCodec,
  type: number,
  address: number,
  data: Uint8Array,
  from: number,
  length: number,
  style: LineStyle,
): number {
  let position = putText(text, start, style.lead);
  position = codec.put(text, position, type, address, data, from, length, style);
  position = putText(text, position, style.trail);
  return putText(text, position, style.end);
}

function putText(text: DataView, start: number, ascii: string): number {
  for (let index = 0; index < ascii.length; index++) text.setUint8(start + index, ascii.charCodeAt(index));
  return start + ascii.length;
}

function itemSize(item: LayoutItem, codec: RecordCodec): number {
  if (item.kind === 'text') return item.bytes.length;
  const { style } = item;
  const around = style.lead.length + style.trail.length + style.end.length;
  if (item.kind === 'record') return codec.size(item.type, item.data.length) + around;
  return item.count * (codec.size(item.type, item.width) + around);
}

/** Target addresses of an item's bytes, in record order; two ranges where a segment's offset wraps. */
function itemRanges(item: DataItem): Range[] {
  const size = item.width * item.count;
  const start = item.base + item.offset;
  const fits = item.segmented ? 0x10000 - item.offset : ADDRESS_SPACE_END - start;
  if (size <= fits) return [{ start, end: start + size }];
  return [
    { start, end: start + fits },
    { start: item.base, end: item.base + size - fits },
  ];
}
