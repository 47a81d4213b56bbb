/**
 * Raw DEFLATE streams (RFC 1951) inside other bytes. A stream has no signature, so candidates pass three gates: the
 * bits of a dynamic block header, code lengths that form complete prefix codes, and a walk over every symbol to the
 * final block. The walk decodes without writing anything, which bounds time and memory; only a stream that survived is
 * inflated.
 */
import { inflateRaw } from '#inflate';
import { formatAddress } from '../../core/bytes.js';
import { FormatError } from '../../core/errors.js';
import type { Range } from '../../core/range.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

export interface DeflateStream {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte; its unused bits belong to the stream. */
  readonly end: number;
  readonly inflatedSize: number;
  readonly blocks: number;
}

export interface DeflateSearch {
  /** Part of the bytes to search; default: all. A stream must end in it, too. */
  readonly range?: Range | undefined;
  /** Shorter streams are not reported; default 256 bytes. */
  readonly minimumSize?: number | undefined;
}

/** A stream that grows beyond this is not inflated: 16 times the flash of an STM32F2. */
export const MAX_INFLATED_BYTES = 16 * 1024 * 1024;
const DEFAULT_MINIMUM = 256;
/** Bits examined per input byte before the search gives up on a hostile input. */
const STEPS_PER_BYTE = 24;

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_BITS = 15;

/** Canonical Huffman code: how many codes each length has, and the symbols in code order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** Decodes symbols without output; every reader method answers -1 where the input ends or is invalid. */
class Walker {
  private bitPosition: number;
  private readonly limit: number;
  steps = 0;
  produced = 0;
  blocks = 0;
  private readonly lengths = new Uint8Array(320);
  private readonly literal: Code = { counts: new Uint16Array(MAX_BITS + 1), symbols: new Uint16Array(288) };
  private readonly distance: Code = { counts: new Uint16Array(MAX_BITS + 1), symbols: new Uint16Array(32) };
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.bitPosition = start * 8;
    this.limit = end * 8;
  }

  /** Starts over at another offset with the same tables. */
  restart(start: number): void {
    this.bitPosition = start * 8;
    this.produced = 0;
    this.blocks = 0;
  }

  /** Offset after the final block, or -1. */
  walk(maxSteps: number, maxOutput: number): number {
    for (;;) {
      const final = this.bits(1);
      const type = this.bits(2);
      if (final < 0 || type < 0 || type === 3) return -1;
      this.blocks++;
      const ok =
        type === 0
          ? this.stored()
          : type === 1
            ? this.fixed() && this.symbols(maxSteps, maxOutput)
            : this.dynamic(maxSteps, maxOutput);
      if (!ok || this.steps > maxSteps || this.produced > maxOutput) return -1;
      if (final === 1) return Math.ceil(this.bitPosition / 8);
    }
  }

  /** At least 17 bits from a bit position on; the caller checks the limit. */
  private peek(position: number): number {
    const { bytes } = this;
    const index = position >> 3;
    return (
      ((bytes[index] as number) | ((bytes[index + 1] as number) << 8) | ((bytes[index + 2] as number) << 16)) >>>
      (position & 7)
    );
  }

  /** Up to 16 bits. */
  private bits(count: number): number {
    const position = this.bitPosition;
    if (position + count > this.limit) return -1;
    this.bitPosition = position + count;
    this.steps += count;
    return this.peek(position) & ((1 << count) - 1);
  }

  private stored(): boolean {
    this.bitPosition = Math.ceil(this.bitPosition / 8) * 8;
    const length = this.bits(16);
    const complement = this.bits(16);
    if (length < 0 || complement < 0 || (length ^ 0xffff) !== complement) return false;
    this.bitPosition += length * 8;
    this.produced += length;
    return this.bitPosition <= this.limit;
  }

  private fixed(): boolean {
    const { lengths } = this;
    for (let symbol = 0; symbol < 288; symbol++) {
      lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    }
    buildCode(this.literal, lengths, 0, 288);
    for (let symbol = 0; symbol < 30; symbol++) lengths[symbol] = 5;
    buildCode(this.distance, lengths, 0, 30);
    this.steps += 320;
    return true;
  }

  private dynamic(maxSteps: number, maxOutput: number): boolean {
    const { lengths } = this;
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const codeLengths = this.bits(4) + 4;
    if (codeLengths < 4 || literals > 286 || distances > 30) return false;
    lengths.fill(0, 0, 19);
    for (let index = 0; index < codeLengths; index++) {
      const width = this.bits(3);
      if (width < 0) return false;
      lengths[CODE_LENGTH_ORDER[index] as number] = width;
    }
    if (buildCode(this.literal, lengths, 0, 19) !== 0) return false;
    if (!this.readLengths(literals + distances)) return false;
    if (lengths[256] === 0) return false;
    this.steps += 320;
    const spareLiteral = buildCode(this.literal, lengths, 0, literals);
    if (spareLiteral !== 0) return false;
    const spareDistance = buildCode(this.distance, lengths, literals, distances);
    // One distance code of one bit is the only incomplete code RFC 1951 allows; none at all means no matches.
    const used = distances - (this.distance.counts[0] as number);
    if (spareDistance !== 0 && used > 1) return false;
    return this.symbols(maxSteps, maxOutput);
  }

  private readLengths(total: number): boolean {
    const { lengths } = this;
    // The code of the code lengths is in use while they are read, so they go to the same array behind it.
    const result = new Uint8Array(320);
    let index = 0;
    while (index < total) {
      const symbol = this.symbol(this.literal);
      if (symbol < 0) return false;
      if (symbol < 16) {
        result[index++] = symbol;
        continue;
      }
      const extra = this.bits(symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
      if (extra < 0 || (symbol === 16 && index === 0)) return false;
      const value = symbol === 16 ? (result[index - 1] as number) : 0;
      const repeat = extra + (symbol === 18 ? 11 : 3);
      if (index + repeat > total) return false;
      result.fill(value, index, index + repeat);
      index += repeat;
    }
    lengths.set(result);
    return true;
  }

  private symbol({ counts, symbols }: Code): number {
    const position = this.bitPosition;
    const window = this.peek(position);
    let code = 0;
    let first = 0;
    let index = 0;
    for (let width = 1; width <= MAX_BITS; width++) {
      code |= (window >> (width - 1)) & 1;
      const count = counts[width] as number;
      if (code - count < first) {
        this.bitPosition = position + width;
        this.steps += width;
        return this.bitPosition <= this.limit ? (symbols[index + (code - first)] as number) : -1;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }

  private symbols(maxSteps: number, maxOutput: number): boolean {
    for (;;) {
      const symbol = this.symbol(this.literal);
      if (symbol < 0 || this.steps > maxSteps || this.produced > maxOutput) return false;
      if (symbol === 256) return true;
      if (symbol < 256) {
        this.produced++;
        continue;
      }
      if (symbol > 285) return false;
      const length = this.bits(LENGTH_EXTRA[symbol - 257] as number);
      const code = this.symbol(this.distance);
      if (length < 0 || code < 0 || code > 29) return false;
      const extra = this.bits(DISTANCE_EXTRA[code] as number);
      if (extra < 0 || (DISTANCE_BASE[code] as number) + extra > this.produced) return false;
      this.produced += (LENGTH_BASE[symbol - 257] as number) + length;
    }
  }
}

/** Fills a code from code lengths. @returns 0 for a complete code, above 0 incomplete, below 0 over-subscribed. */
function buildCode({ counts, symbols }: Code, lengths: Uint8Array, from: number, count: number): number {
  counts.fill(0);
  for (let index = 0; index < count; index++) {
    const width = lengths[from + index] as number;
    counts[width] = (counts[width] as number) + 1;
  }
  let left = 1;
  const offsets = new Uint16Array(MAX_BITS + 2);
  for (let width = 1; width <= MAX_BITS; width++) {
    left = left * 2 - (counts[width] as number);
    if (left < 0) return left;
    offsets[width + 1] = (offsets[width] as number) + (counts[width] as number);
  }
  for (let index = 0; index < count; index++) {
    const width = lengths[from + index] as number;
    if (width === 0) continue;
    const place = offsets[width] as number;
    symbols[place] = index;
    offsets[width] = place + 1;
  }
  return left;
}

/** First gate: block type, symbol counts and a complete code-length code, from the first ten bytes alone. */
function startsDynamicBlock(bytes: Uint8Array, offset: number): boolean {
  const first = bytes[offset] as number;
  if ((first & 0x06) !== 0x04 || first >> 3 > 29) return false;
  const second = bytes[offset + 1] as number;
  if ((second & 0x1f) > 29) return false;
  const third = bytes[offset + 2] as number;
  const codeLengths = ((second >> 5) | ((third & 1) << 3)) + 4;
  let kraft = 0;
  let bit = offset * 8 + 17;
  for (let index = 0; index < codeLengths; index++, bit += 3) {
    const pair = (bytes[bit >> 3] as number) | ((bytes[(bit >> 3) + 1] as number) << 8);
    const width = (pair >> (bit & 7)) & 7;
    if (width !== 0) kraft += 128 >> width;
  }
  return kraft === 128;
}

/** False when no stream can start at an offset, whatever the type of its first block. */
export function couldStartDeflate(bytes: Uint8Array, offset: number): boolean {
  const type = ((bytes[offset] ?? 0xff) >> 1) & 3;
  return type === 2 ? startsDynamicBlock(bytes, offset) : type !== 3;
}

/**
 * Walks the stream that starts at an offset, or answers undefined when no complete stream starts there.
 * @param onSteps Told how many bits were looked at, for callers that try many places.
 */
export function readDeflateStream(
  bytes: Uint8Array,
  start: number,
  limit = bytes.length,
  onSteps?: (steps: number) => void,
): DeflateStream | undefined {
  const walker = new Walker(bytes, start, limit);
  const end = walker.walk((limit - start) * STEPS_PER_BYTE + 4096, MAX_INFLATED_BYTES);
  onSteps?.(walker.steps);
  return end < 0 ? undefined : { start, end, inflatedSize: walker.produced, blocks: walker.blocks };
}

/** Streams that begin with a dynamic block at a byte boundary, in order, not overlapping. Linear time. */
export function findDeflateStreams(bytes: Uint8Array, search: DeflateSearch = {}): DeflateStream[] {
  const { range = { start: 0, end: bytes.length }, minimumSize = DEFAULT_MINIMUM } = search;
  const streams: DeflateStream[] = [];
  if (range.end - range.start < minimumSize) return streams;
  const walker = new Walker(bytes, range.start, range.end);
  const maxSteps = (range.end - range.start) * STEPS_PER_BYTE + 4096;
  for (let offset = range.start; offset + minimumSize <= range.end; offset++) {
    if (!startsDynamicBlock(bytes, offset)) continue;
    walker.restart(offset);
    const end = walker.walk(maxSteps, MAX_INFLATED_BYTES);
    if (walker.steps > maxSteps) break;
    if (end - offset < minimumSize) continue;
    streams.push({ start: offset, end, inflatedSize: walker.produced, blocks: walker.blocks });
    offset = end - 1;
  }
  return streams;
}

/**
 * The content of a stream found by this module.
 * @throws FormatError DEFLATE_TOO_LARGE above MAX_INFLATED_BYTES, DEFLATE_INVALID when the stream does not decode.
 */
export function inflateStream(bytes: Uint8Array, stream: DeflateStream): Uint8Array {
  const where = `offset ${formatAddress(stream.start)}`;
  if (stream.inflatedSize > MAX_INFLATED_BYTES) {
    throw new FormatError({
      code: 'DEFLATE_TOO_LARGE',
      what: 'the compressed data grow too large',
      where,
      expected: `at most ${MAX_INFLATED_BYTES} bytes`,
      got: `${stream.inflatedSize} bytes`,
      offset: stream.start,
      help: 'No flash image holds that much. Treat the input as damaged or hostile.',
    });
  }
  const unpacked = inflateRaw(bytes.subarray(stream.start, stream.end), stream.inflatedSize);
  if (unpacked) return unpacked;
  throw new FormatError({
    code: 'DEFLATE_INVALID',
    what: 'the compressed data do not decode',
    where,
    offset: stream.start,
    help: 'The bytes are damaged or no DEFLATE stream. Read the device again.',
  });
}

export function claimDeflate({ bytes }: Subject, free: readonly Range[]): Claim[] {
  return free.flatMap((range) =>
    findDeflateStreams(bytes, { range }).map((stream): Claim => {
      const size = stream.end - stream.start;
      return {
        start: stream.start,
        end: stream.end,
        kind: 'deflate',
        confidence: 0.99,
        reason: `Raw DEFLATE stream: all ${stream.blocks} blocks of ${countBytes(size)} decode, to ${countBytes(stream.inflatedSize)}.`,
        details: { inflatedSize: stream.inflatedSize, blocks: stream.blocks },
      };
    }),
  );
}
