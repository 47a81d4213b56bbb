/** Content that appears twice because an address line, a size or a transfer was wrong. */
import { wordsOf } from '../../core/bytes.js';

export interface Repetition {
  /** Distance in bytes after which the dump repeats itself. */
  readonly period: number;
}

export interface StuckAddressLine {
  readonly kind: 'address';
  /** Number of the byte-address bit that has no effect. */
  readonly bit: number;
  /** 0 or 1 when a module header tells which half is the real one, else null. */
  readonly level: 0 | 1 | null;
}

/** Words that are neither erased nor zero, below which equality proves nothing. */
const MIN_CONTENT_WORDS = 16;

/**
 * The address bits without effect: `bytes[i]` equals `bytes[i ^ (1 << bit)]` wherever both exist. Bits 2 and up, in
 * words; a bit is only judged when the pairs hold real content.
 */
export function ignoredAddressBits(bytes: Uint8Array): number[] {
  const words = wordsOf(bytes);
  const ignored: number[] = [];
  for (let bit = 2; 1 << bit < bytes.length && bit < 31; bit++) if (isIgnored(words, 1 << (bit - 2))) ignored.push(bit);
  return ignored;
}

function isIgnored(words: Uint32Array, stride: number): boolean {
  let content = 0;
  for (let block = 0; block + stride < words.length; block += stride * 2) {
    const end = Math.min(block + stride, words.length - stride);
    for (let index = block; index < end; index++) {
      const word = words[index] as number;
      if (word !== words[index + stride]) return false;
      if (word !== 0xffffffff && word !== 0) content++;
    }
  }
  return content >= MIN_CONTENT_WORDS;
}

/** The smallest unit of 1, 2, 4, 8 or 16 bytes that fills everything, or 0 when none does. */
export function constantUnit(bytes: Uint8Array): number {
  for (const unit of [1, 2, 4, 8, 16]) if (bytes.length >= unit * 4 && hasPeriod(bytes, unit)) return unit;
  return 0;
}

function hasPeriod(bytes: Uint8Array, period: number): boolean {
  for (let offset = period; offset < bytes.length; offset++) {
    if (bytes[offset] !== bytes[offset - period]) return false;
  }
  return true;
}

/**
 * The top bits without effect, as a period: the chip is smaller than the dump, or its highest lines were not decoded.
 * Lower bits without effect are stuck address lines.
 */
export function splitIgnoredBits(
  ignored: readonly number[],
  length: number,
): { readonly period: number | undefined; readonly lines: readonly number[] } {
  const rest = new Set(ignored);
  const topBit = Math.ceil(Math.log2(Math.max(2, length))) - 1;
  let lowest = topBit + 1;
  while (rest.has(lowest - 1)) {
    lowest--;
    rest.delete(lowest);
  }
  return { period: lowest <= topBit ? 2 ** lowest : undefined, lines: [...rest].sort((a, b) => a - b) };
}
