/** Tests that follow a file's own structure to its end. Each answers undefined when the bytes are not that file. */
import { crc32 } from '../../core/checksums.js';
import { couldStartDeflate, type DeflateStream, inflateStream, readDeflateStream } from './deflate.js';
import type { StretchKind } from './stretch.js';

export interface Verified {
  readonly end: number;
  readonly note?: string;
  readonly kind?: StretchKind;
}

export interface Work {
  /** Bytes that may still be looked at. */
  work: number;
}

type Check = (bytes: Uint8Array, start: number, limit: number, budget: Work) => Verified | undefined;

/** What one attempt costs, however soon it fails. */
const ATTEMPT_WORK = 256;

/** Walks a DEFLATE stream at the budget's expense. */
function walk(bytes: Uint8Array, start: number, limit: number, budget: Work): DeflateStream | undefined {
  if (budget.work <= 0 || !couldStartDeflate(bytes, start)) return undefined;
  return readDeflateStream(bytes, start, limit, (steps) => {
    budget.work -= steps / 8 + ATTEMPT_WORK;
  });
}

const u16 = (bytes: Uint8Array, offset: number): number => (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
const u32 = (bytes: Uint8Array, offset: number): number => (u16(bytes, offset) | (u16(bytes, offset + 2) << 16)) >>> 0;
const u32BigEndian = (bytes: Uint8Array, offset: number): number =>
  (((bytes[offset] ?? 0) << 24) |
    ((bytes[offset + 1] ?? 0) << 16) |
    ((bytes[offset + 2] ?? 0) << 8) |
    (bytes[offset + 3] ?? 0)) >>>
  0;

/** A file name or comment longer than this is none. */
const MAX_FIELD = 4096;

/** Offset after a NUL-terminated field, or -1. */
function skipString(bytes: Uint8Array, offset: number, limit: number, budget: Work): number {
  if (budget.work <= 0) return -1;
  const field = bytes.subarray(offset, Math.min(limit, offset + MAX_FIELD));
  const length = field.indexOf(0);
  budget.work -= length < 0 ? field.length : length;
  return length < 0 ? -1 : offset + length + 1;
}

const gzip: Check = (bytes, start, limit, budget) => {
  const flags = bytes[start + 3] as number;
  if ((flags & 0xe0) !== 0) return undefined;
  let offset = start + 10;
  if (flags & 4) offset += 2 + u16(bytes, offset);
  if (flags & 8) offset = skipString(bytes, offset, limit, budget);
  if (flags & 16 && offset >= 0) offset = skipString(bytes, offset, limit, budget);
  if (flags & 2) offset += 2;
  if (offset < start || offset >= limit) return undefined;
  const stream = walk(bytes, offset, limit, budget);
  if (!stream || stream.end + 8 > limit) return undefined;
  return u32(bytes, stream.end + 4) === stream.inflatedSize ? { end: stream.end + 8 } : undefined;
};

const zlib: Check = (bytes, start, limit, budget) => {
  const flags = bytes[start + 1] as number;
  // CMF 0x78 is a 32 KiB window; header check and no preset dictionary (RFC 1950, section 2.2).
  if ((0x7800 | flags) % 31 !== 0 || (flags & 0x20) !== 0) return undefined;
  const stream = walk(bytes, start + 2, limit, budget);
  if (!stream || stream.end + 4 > limit) return undefined;
  // The walk alone is no proof for a stream of a few literals; its checksum is.
  budget.work -= stream.inflatedSize;
  if (budget.work < 0 || adler32(inflateStream(bytes, stream)) !== u32BigEndian(bytes, stream.end)) return undefined;
  return { end: stream.end + 4, note: 'its checksum is right' };
};

/** RFC 1950, section 8.2. */
function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let offset = 0; offset < bytes.length; ) {
    const end = Math.min(bytes.length, offset + 3800);
    for (; offset < end; offset++) {
      low += bytes[offset] as number;
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return ((high << 16) | low) >>> 0;
}

const zip: Check = (bytes, start, limit, budget) => {
  const version = u16(bytes, start + 4);
  const method = u16(bytes, start + 8);
  if (version > 63 || method > 99 || budget.work <= 0) return undefined;
  // The first end-of-central-directory record whose own offsets lead back to this start.
  for (let offset = start + 30; offset + 22 <= limit && budget.work > 0; offset++, budget.work--) {
    if (bytes[offset] !== 0x50 || u32(bytes, offset) !== 0x06054b50) continue;
    const directory = start + u32(bytes, offset + 16);
    if (directory + u32(bytes, offset + 12) !== offset || u32(bytes, directory) !== 0x02014b50) continue;
    const end = offset + 22 + u16(bytes, offset + 20);
    return end <= limit ? { end, note: 'its central directory leads back to it' } : undefined;
  }
  return undefined;
};

const elf: Check = (bytes, start, limit) => {
  const wordClass = bytes[start + 4];
  if ((wordClass !== 1 && wordClass !== 2) || bytes[start + 6] !== 1) return undefined;
  if (wordClass === 2 || bytes[start + 5] !== 1) {
    return { end: limit, note: 'where it ends was not followed (64-bit or big-endian)' };
  }
  const sections = u32(bytes, start + 32) + u16(bytes, start + 46) * u16(bytes, start + 48);
  const end = start + Math.max(sections, u32(bytes, start + 28) + u16(bytes, start + 42) * u16(bytes, start + 44), 52);
  return end <= limit ? { end, note: 'its tables lie inside it' } : undefined;
};

const png: Check = (bytes, start, limit, budget) => {
  let offset = start + 8;
  while (offset + 12 <= limit) {
    const length = u32BigEndian(bytes, offset);
    const end = offset + 12 + length;
    budget.work -= length;
    if (end > limit || budget.work < 0) return undefined;
    if (u32BigEndian(bytes, end - 4) !== crc32(bytes.subarray(offset + 4, end - 4))) return undefined;
    // IEND
    if (u32BigEndian(bytes, offset + 4) === 0x49454e44) return { end, note: 'the CRC of every chunk is right' };
    offset = end;
  }
  return undefined;
};

const jpeg: Check = (bytes, start, limit, budget) => {
  let offset = start + 2;
  while (offset + 4 <= limit && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] as number;
    if (marker < 0xc0 || marker === 0xd8 || marker === 0xd9) return undefined;
    const length = ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number);
    if (length < 2) return undefined;
    offset += 2 + length;
    if (marker !== 0xda) continue;
    for (; offset + 2 <= limit && budget.work > 0; offset++, budget.work--) {
      if (bytes[offset] === 0xff && bytes[offset + 1] === 0xd9) return { end: offset + 2 };
    }
  }
  return undefined;
};

const riff: Check = (bytes, start, limit) => {
  for (let index = 8; index < 12; index++) {
    const letter = bytes[start + index] as number;
    if (letter < 0x20 || letter > 0x7e) return undefined;
  }
  const end = start + 8 + u32(bytes, start + 4);
  return end <= limit && end >= start + 20 ? { end, note: 'it states its length' } : undefined;
};

const uf2: Check = (bytes, start, limit) => {
  let end = start;
  while (end + 512 <= limit && u32(bytes, end) === 0x0a324655 && u32(bytes, end + 508) === 0x0ab16f30) end += 512;
  return end > start ? { end, note: `${(end - start) / 512} blocks follow each other` } : undefined;
};

/** Runs a line test over consecutive lines; at least two must pass. */
function lines(bytes: Uint8Array, start: number, limit: number, test: (line: string) => boolean): Verified | undefined {
  let offset = start;
  let count = 0;
  while (offset < limit) {
    let end = offset;
    while (end < limit && end - offset < 600 && bytes[end] !== 0x0a && bytes[end] !== 0x0d) end++;
    if (end - offset >= 600) break;
    const line = String.fromCharCode(...bytes.subarray(offset, end));
    if (!test(line)) break;
    count++;
    offset = end;
    while (offset < limit && (bytes[offset] === 0x0a || bytes[offset] === 0x0d)) offset++;
  }
  return count >= 2 ? { end: offset, note: `${count} records have the right checksum` } : undefined;
}

/** Sum of the bytes of a hexadecimal text, or -1 when it is none. */
function hexSum(text: string): number {
  if (text.length % 2 !== 0 || text.length < 8 || !/^[0-9A-Fa-f]+$/.test(text)) return -1;
  let sum = 0;
  for (let index = 0; index < text.length; index += 2) sum += Number.parseInt(text.slice(index, index + 2), 16);
  return sum & 0xff;
}

const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));

const intelHex: Check = (bytes, start, limit) => {
  for (let index = 1; index <= 8; index++) if (!isHexDigit(bytes[start + index])) return undefined;
  return lines(bytes, start, limit, (line) => line[0] === ':' && hexSum(line.slice(1)) === 0);
};

const sRecord: Check = (bytes, start, limit) => {
  for (let index = 1; index <= 8; index++) if (!isHexDigit(bytes[start + index])) return undefined;
  return lines(bytes, start, limit, (line) => /^S[0-9]/.test(line) && hexSum(line.slice(2)) === 0xff);
};

/** Longest PEM block that is followed; a certificate chain's links are shorter. */
const MAX_PEM = 16_384;

const pem: Check = (bytes, start, limit, budget) => {
  if (budget.work <= 0) return undefined;
  // RFC 7468 puts a line break after the label, so most look-alikes end here.
  const first = String.fromCharCode(...bytes.subarray(start, Math.min(limit, start + 64)));
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----[\r\n]/.exec(first)?.[1];
  if (label === undefined) return undefined;
  let text = '';
  for (const byte of bytes.subarray(start, Math.min(limit, start + MAX_PEM))) {
    if (byte >= 0x7f || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) break;
    text += String.fromCharCode(byte);
  }
  budget.work -= text.length;
  const closing = `-----END ${label}-----`;
  const place = text.indexOf(closing);
  if (place < 0) return undefined;
  return { end: start + place + closing.length, note: `it is a complete ${label} block`, kind: 'pem' };
};

export const CHECKS: Readonly<Record<string, Check>> = {
  gzip,
  zlib,
  zip,
  elf,
  png,
  jpeg,
  riff,
  uf2,
  'intel-hex': intelHex,
  's-record': sRecord,
  pem,
};

/** Where text that begins at an offset ends. */
export function textEnd(bytes: Uint8Array, start: number, limit: number): number {
  let offset = start;
  while (offset < limit) {
    const byte = bytes[offset] as number;
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) break;
    if (byte === 0xff) break;
    offset++;
  }
  return offset;
}
