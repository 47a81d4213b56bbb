/** Intel HEX output: a plan of records (record-layout.ts) for an image, and the text of a record. */
import { formatAddress } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import type { Range } from '../core/range.js';
import type { IntelHexContainer, IntelHexStart } from './container.js';
import type { WriteOptions } from './format.js';
import { digitPairs, putDigits } from './hex-digits.js';
import { encodeLayout, encodeLayoutChunks, type RecordCodec } from './record-encode.js';
import { type LayoutItem, type LineStyle, layoutFits, type RecordLayout } from './record-layout.js';
import { changesLayout, plannedStyle, recordBytesOption } from './write-options.js';

const NO_DATA = new Uint8Array(0);
const MAX_RECORD_BYTES = 255;

const codec: RecordCodec = {
  size: (_type, length) => 11 + 2 * length,
  put(text, start, type, address, data, from, length, style) {
    const pairs = digitPairs(style.lowerCase);
    const upper = (address >>> 8) & 0xff;
    const lower = address & 0xff;
    text.setUint8(start, 0x3a);
    text.setInt16(start + 1, pairs[length] as number, true);
    text.setInt32(start + 3, pairs[upper | (lower << 8)] as number, true);
    text.setInt16(start + 7, pairs[type] as number, true);
    const sum = length + upper + lower + type + putDigits(text, start + 9, data, from, from + length, pairs);
    const position = start + 9 + 2 * length;
    text.setInt16(position, pairs[-sum & 0xff] as number, true);
    return position + 2;
  },
};

/**
 * The image as Intel HEX. With `like` and an image of the same shape, the records are laid out as in that input.
 * @throws BuildError IHEX_ADDRESS_TOO_WIDE when the data lies beyond the chosen address width.
 */
export function writeIntelHex(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  return encodeLayout(layoutOf(image, options), image, codec);
}

/** The same text in pieces that share one buffer: each is valid until the next is asked for. */
export function writeIntelHexChunks(image: MemoryImage, options: WriteOptions = {}): Iterable<Uint8Array> {
  return encodeLayoutChunks(layoutOf(image, options), image, codec);
}

function layoutOf(image: MemoryImage, options: WriteOptions): RecordLayout {
  const like = options.like?.kind === 'intel-hex' ? options.like : null;
  if (like?.layout && !changesLayout(options) && layoutFits(like.layout, image)) return like.layout;
  return planRecords(image, options, like);
}

function planRecords(image: MemoryImage, options: WriteOptions, like: IntelHexContainer | null): RecordLayout {
  const style = plannedStyle(options, like?.style);
  const width = recordBytesOption(options.recordBytes ?? like?.style.recordBytes, MAX_RECORD_BYTES);
  const bits = options.addressBits ?? (like?.style.addressBits === 20 ? fittingBits(image) : 32);
  requireFit(image, bits);
  const items: LayoutItem[] = [];
  // Type 02 and 04 change the base only where it has to change: a file below 64 KiB has neither.
  let base = 0;
  for (const range of image.ranges()) {
    for (const piece of splitAt64K(range)) {
      const pieceBase = Math.floor(piece.start / 0x10000) * 0x10000;
      if (pieceBase !== base) {
        items.push({ kind: 'record', ...baseRecord(pieceBase, bits), style });
        base = pieceBase;
      }
      pushData(items, piece, base, width, style);
    }
  }
  const start = startRecord(options, like?.start ?? null, bits);
  if (start) items.push({ kind: 'record', ...start, address: 0, style });
  items.push({ kind: 'record', type: 1, address: 0, data: NO_DATA, style });
  return items;
}

function pushData(items: LayoutItem[], piece: Range, base: number, width: number, style: LineStyle): void {
  const size = piece.end - piece.start;
  const offset = piece.start - base;
  const whole = Math.floor(size / width);
  const rest = size - whole * width;
  const common = { kind: 'data', type: 0, base, segmented: false, style } as const;
  if (whole > 0) items.push({ ...common, offset, width, count: whole });
  if (rest > 0) items.push({ ...common, offset: offset + whole * width, width: rest, count: 1 });
}

function* splitAt64K(range: Range): Generator<Range> {
  for (let start = range.start; start < range.end; ) {
    const end = Math.min(range.end, (Math.floor(start / 0x10000) + 1) * 0x10000);
    yield { start, end };
    start = end;
  }
}

function baseRecord(base: number, bits: number): { type: number; address: number; data: Uint8Array } {
  const value = bits === 20 ? base >>> 4 : base >>> 16;
  return { type: bits === 20 ? 2 : 4, address: 0, data: Uint8Array.of(value >>> 8, value & 0xff) };
}

function startRecord(
  options: WriteOptions,
  like: IntelHexStart | null,
  bits: number,
): { type: number; data: Uint8Array } | null {
  if (options.start === undefined && like?.kind === 'segment') {
    return { type: 3, data: Uint8Array.of(like.cs >>> 8, like.cs & 0xff, like.ip >>> 8, like.ip & 0xff) };
  }
  const address = options.start ?? like?.address;
  if (address === undefined) return null;
  if (bits === 20) {
    const cs = (address >>> 4) & 0xf000;
    return { type: 3, data: Uint8Array.of(cs >>> 8, 0, (address >>> 8) & 0xff, address & 0xff) };
  }
  const bytes = [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff];
  return { type: 5, data: Uint8Array.from(bytes) };
}

function fittingBits(image: MemoryImage): 20 | 32 {
  return (image.span?.end ?? 0) <= 0x10_0000 ? 20 : 32;
}

function requireFit(image: MemoryImage, bits: number): void {
  const limit = 2 ** bits;
  const end = image.span?.end ?? 0;
  if (end <= limit && bits !== 24) return;
  throw new BuildError({
    code: 'IHEX_ADDRESS_TOO_WIDE',
    what: bits === 24 ? 'Intel HEX has no 24-bit addresses' : `the data does not fit ${bits}-bit addresses`,
    expected: bits === 24 ? '16, 20 or 32' : `addresses below ${formatAddress(limit)}`,
    got: bits === 24 ? '24' : `data up to ${formatAddress(end - 1)}`,
    address: end > 0 ? end - 1 : undefined,
    help: 'Choose 32-bit addresses, or crop or move the image.',
  });
}
