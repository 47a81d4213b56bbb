/** S-record output: a plan of records (record-layout.ts) for an image, and the text of a record. */
import { formatAddress } from '../core/bytes.js';
import { BuildError, UsageError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import type { SrecContainer } from './container.js';
import type { WriteOptions } from './format.js';

import { digitPairs, putDigits } from './hex-digits.js';

import { encodeLayout, encodeLayoutChunks, type RecordCodec } from './record-encode.js';
import { type LayoutItem, layoutFits, type RecordLayout } from './record-layout.js';
import { changesLayout, plannedStyle, recordBytesOption } from './write-options.js';

const NO_DATA = new Uint8Array(0);
/** Bytes of the address field by record type; 0: reserved. */
export const ADDRESS_BYTES: readonly number[] = [2, 2, 3, 4, 0, 2, 3, 4, 3, 2];
const MAX_COUNTED = 255;

const codec: RecordCodec = {
  size: (type, length) => 6 + 2 * ((ADDRESS_BYTES[type] as number) + length),
  put(text, start, type, address, data, from, length, style) {
    const pairs = digitPairs(style.lowerCase);
    const addressBytes = ADDRESS_BYTES[type] as number;
    const count = addressBytes + length + 1;
    text.setUint8(start, style.lowerMark ? 0x73 : 0x53);
    text.setUint8(start + 1, 0x30 + type);
    text.setInt16(start + 2, pairs[count] as number, true);
    let position = start + 4;
    let sum = count;
    for (let shift = (addressBytes - 1) * 8; shift >= 0; shift -= 8) {
      const byte = (address >>> shift) & 0xff;
      sum += byte;
      text.setInt16(position, pairs[byte] as number, true);
      position += 2;
    }
    sum += putDigits(text, position, data, from, from + length, pairs);
    position += 2 * length;
    text.setInt16(position, pairs[~sum & 0xff] as number, true);
    return position + 2;
  },
};

/**
 * The image as S-records. With `like` and an image of the same shape, the records are laid out as in that input.
 * @throws BuildError SREC_ADDRESS_TOO_WIDE when the data lies beyond the chosen address width.
 */
export function writeSrec(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  return encodeLayout(layoutOf(image, options), image, codec);
}

/** The same text in pieces that share one buffer: each is valid until the next is asked for. */
export function writeSrecChunks(image: MemoryImage, options: WriteOptions = {}): Iterable<Uint8Array> {
  return encodeLayoutChunks(layoutOf(image, options), image, codec);
}

function layoutOf(image: MemoryImage, options: WriteOptions): RecordLayout {
  const like = options.like?.kind === 'srec' ? options.like : null;
  if (like?.layout && !changesLayout(options) && layoutFits(like.layout, image)) return like.layout;
  return planRecords(image, options, like);
}

function planRecords(image: MemoryImage, options: WriteOptions, like: SrecContainer | null): RecordLayout {
  const style = plannedStyle(options, like?.style);
  const start = options.start ?? like?.start ?? 0;
  const type = dataType(image, start, options, like);
  const width = recordBytesOption(options.recordBytes ?? like?.style.recordBytes, MAX_COUNTED - 2 - type);
  const items: LayoutItem[] = [];
  const header = options.header === undefined ? (like?.header ?? NO_DATA) : headerBytes(options.header);
  if (header.length > 0 || like?.header) items.push({ kind: 'record', type: 0, address: 0, data: header, style });
  let records = 0;
  for (const { start: address, end } of image.ranges()) {
    const whole = Math.floor((end - address) / width);
    const rest = end - address - whole * width;
    const common = { kind: 'data', type, base: 0, segmented: false, style } as const;
    if (whole > 0) items.push({ ...common, offset: address, width, count: whole });
    if (rest > 0) items.push({ ...common, offset: address + whole * width, width: rest, count: 1 });
    records += whole + (rest > 0 ? 1 : 0);
  }
  const counted = options.countRecord ?? (like ? like.count !== null : true);
  if (counted && records <= 0xffffff) {
    items.push({ kind: 'record', type: records <= 0xffff ? 5 : 6, address: records, data: NO_DATA, style });
  }
  items.push({ kind: 'record', type: 10 - type, address: start, data: NO_DATA, style });
  return items;
}

/** 1, 2 or 3: the narrowest that holds data and start address, but not narrower than the input's. */
function dataType(image: MemoryImage, start: number, options: WriteOptions, like: SrecContainer | null): number {
  const end = Math.max(image.span?.end ?? 0, start + 1);
  const needed = end <= 0x10000 ? 16 : end <= 0x1000000 ? 24 : 32;
  const bits = options.addressBits ?? Math.max(needed, like?.style.addressBits ?? 16);
  if (bits !== 16 && bits !== 24 && bits !== 32) {
    throw new UsageError({
      code: 'SREC_ADDRESS_BITS',
      what: `S-records have no ${bits}-bit addresses`,
      expected: '16, 24 or 32',
      got: `${bits}`,
      help: 'Choose another address width.',
    });
  }
  if (needed > bits) {
    throw new BuildError({
      code: 'SREC_ADDRESS_TOO_WIDE',
      what: `the data or start address does not fit ${bits}-bit addresses`,
      expected: `addresses below ${formatAddress(2 ** bits)}`,
      got: formatAddress(end - 1),
      address: end - 1,
      help: 'Choose 32-bit addresses, or crop or move the image.',
    });
  }
  return bits / 8 - 1;
}

function headerBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MAX_COUNTED - 3) return bytes;
  throw new UsageError({
    code: 'SREC_HEADER_TOO_LONG',
    what: 'header text does not fit an S0 record',
    expected: `at most ${MAX_COUNTED - 3} bytes`,
    got: `${bytes.length}`,
    help: 'Give a shorter header text.',
  });
}
