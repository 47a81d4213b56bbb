/** Turns the layout of a record file (record-layout.ts) and an image into text, whole or in pieces. */
import { concatBytes } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import { pairView } from './hex-digits.js';
import { type DataItem, itemRanges, type LayoutItem, type LineStyle, type RecordLayout } from './record-layout.js';

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
    data: DataView,
    from: number,
    length: number,
    style: LineStyle,
  ): number;
}

/** No array holds more on every platform. */
const MAX_OUTPUT_BYTES = 0x7fff_ffff;
/** Stays in the processor's cache; writing a large text piece by piece is faster than filling memory with it. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The text of a layout, with the data bytes taken from the image. The layout must fit the image.
 * @throws BuildError WRITE_TOO_LARGE.
 */
export function encodeLayout(layout: RecordLayout, image: MemoryImage, codec: RecordCodec): Uint8Array {
  const size = layout.reduce((total, item) => total + itemSize(item, codec), 0);
  if (size > MAX_OUTPUT_BYTES) {
    throw new BuildError({
      code: 'WRITE_TOO_LARGE',
      what: 'the text would be too large',
      expected: `at most ${MAX_OUTPUT_BYTES} bytes`,
      got: `${size}`,
      help: 'Crop the image, or write a binary format.',
    });
  }
  const text = new Uint8Array(size);
  new LayoutEncoder(layout, image, codec).fill(text);
  return text;
}

/** The text in pieces. A piece is valid until the next one is asked for: they share one buffer. */
export function* encodeLayoutChunks(
  layout: RecordLayout,
  image: MemoryImage,
  codec: RecordCodec,
): Generator<Uint8Array> {
  const encoder = new LayoutEncoder(layout, image, codec);
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let size = encoder.fill(buffer); size > 0; size = encoder.fill(buffer)) yield buffer.subarray(0, size);
}

/** Remembers how far the text has been written. */
class LayoutEncoder {
  private index = 0;
  /** Records (data) or bytes (text) of the current item that are written. */
  private done = 0;
  private data: DataView | null = null;

  constructor(
    private readonly layout: RecordLayout,
    private readonly image: MemoryImage,
    private readonly codec: RecordCodec,
  ) {}

  /** Continues the text in the buffer, with whole lines as far as they fit; returns the bytes used, 0 at the end. */
  fill(buffer: Uint8Array): number {
    const text = pairView(buffer);
    let position = 0;
    for (let item = this.layout[this.index]; item; item = this.layout[this.index]) {
      const before = position;
      position = this.put(buffer, text, position, item);
      if (this.done > 0 || position === before) break;
    }
    return position;
  }

  /** Writes what fits of an item and goes to the next one when it is complete. */
  private put(buffer: Uint8Array, text: DataView, position: number, item: LayoutItem): number {
    const { codec } = this;
    const room = buffer.length - position;
    if (item.kind === 'text') {
      const part = item.bytes.subarray(this.done, this.done + room);
      buffer.set(part, position);
      this.advance(part.length, item.bytes.length);
      return position + part.length;
    }
    if (item.kind === 'record') {
      if (itemSize(item, codec) > room) return position;
      this.advance(1, 1);
      const data = pairView(item.data);
      return putLine(text, position, codec, item.type, item.address, data, 0, data.byteLength, item.style);
    }
    this.data ??= pairView(itemData(item, this.image));
    const { data, done } = this;
    const fitting = Math.floor(room / (itemSize(item, codec) / item.count));
    const end = Math.min(item.count, done + fitting);
    const next = putData(text, position, codec, item, data, done, end);
    this.advance(end - done, item.count);
    return next;
  }

  private advance(more: number, total: number): void {
    this.done += more;
    if (this.done < total) return;
    this.index++;
    this.done = 0;
    this.data = null;
  }
}

function itemData(item: DataItem, image: MemoryImage): Uint8Array {
  const parts = itemRanges(item).map((range) => image.bytes(range) ?? new Uint8Array(0));
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

/** Records `first` to `end` of a run. */
function putData(
  text: DataView,
  start: number,
  codec: RecordCodec,
  item: DataItem,
  data: DataView,
  first: number,
  end: number,
): number {
  const { type, offset, width, style } = item;
  const plain = style.lead === '' && style.trail === '';
  const firstEnd = style.end.charCodeAt(0);
  const secondEnd = style.end.charCodeAt(1);
  const endLength = style.end.length;
  let position = start;
  for (let index = first; index < end; index++) {
    const from = index * width;
    if (!plain) {
      position = putLine(text, position, codec, type, offset + from, data, from, width, style);
      continue;
    }
    position = codec.put(text, position, type, offset + from, data, from, width, style);
    if (endLength > 0) text.setUint8(position, firstEnd);
    if (endLength > 1) text.setUint8(position + 1, secondEnd);
    position += endLength;
  }
  return position;
}

function putLine(
  text: DataView,
  start: number,
  codec: RecordCodec,
  type: number,
  address: number,
  data: DataView,
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
