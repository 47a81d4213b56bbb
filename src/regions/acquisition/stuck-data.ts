/** Data lines that never change: one bit of every byte, half-word or word constant although its neighbours are not. */
import { copyBytes, wordsOf } from '../../core/bytes.js';
import type { AddressMap } from '../unknown/address-map.js';
import { readVectorTable } from '../unknown/pointers.js';

export interface StuckDataLine {
  readonly kind: 'data';
  /** Number of the line, below `width`. */
  readonly bit: number;
  readonly level: 0 | 1;
  /** Width of the bus the line belongs to: 8, 16 or 32. */
  readonly width: 8 | 16 | 32;
  /** Words that prove it: they would be erased, zero or a vector table with the bit as it should be. */
  readonly proofs: number;
}

const MIN_WORDS = 64;
/** Words that are erased, or zero, but for the bit in question. */
const MIN_PROOFS = 16;

/**
 * The stuck data line of a dump, or undefined. A constant bit alone proves nothing (ASCII never sets bit 7), so the
 * constant bits must be exactly one line, and there must be words that are 0xFFFFFFFF or 0 except for it, or a vector
 * table that becomes right once it is corrected.
 */
export function findStuckDataLine(bytes: Uint8Array, map: AddressMap): StuckDataLine | undefined {
  const words = wordsOf(bytes);
  if (words.length < MIN_WORDS) return undefined;
  let ones = 0xffffffff;
  let zeros = 0xffffffff;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as number;
    ones &= word;
    zeros &= ~word;
    if ((ones | zeros) === 0) return undefined;
  }
  ones >>>= 0;
  zeros >>>= 0;
  // Both kinds at once is a narrow value range (a table, a text), not one broken line.
  if (ones !== 0 && zeros !== 0) return undefined;
  const level = ones !== 0 ? 1 : 0;
  const mask = level === 1 ? ones : zeros;
  const line = lineOf(mask);
  if (!line) return undefined;
  const proofs = countWords(words, level === 1 ? mask : ~mask >>> 0);
  if (proofs >= MIN_PROOFS && hasOtherContent(words, level === 1 ? mask : ~mask >>> 0)) {
    return { kind: 'data', ...line, level, proofs };
  }
  return mendsVectors(bytes, mask, level, map) ? { kind: 'data', ...line, level, proofs: 1 } : undefined;
}

/** The one line whose lanes are exactly the bits of the mask. */
function lineOf(mask: number): { bit: number; width: 8 | 16 | 32 } | undefined {
  for (let bit = 0; bit < 32; bit++) {
    if (mask === 2 ** bit) return { bit, width: 32 };
    if (bit < 16 && mask === 2 ** bit * 0x10001) return { bit, width: 16 };
    if (bit < 8 && mask === 2 ** bit * 0x1010101) return { bit, width: 8 };
  }
  return undefined;
}

function countWords(words: Uint32Array, value: number): number {
  let count = 0;
  for (let index = 0; index < words.length; index++) if (words[index] === value) count++;
  return count;
}

/** A dump of nothing but one word, zeros and erased flash is a failed read or a table, not a stuck line. */
function hasOtherContent(words: Uint32Array, proof: number): boolean {
  let content = 0;
  for (let index = 0; index < words.length && content < MIN_PROOFS; index++) {
    const word = words[index];
    if (word !== proof && word !== 0 && word !== 0xffffffff) content++;
  }
  return content >= MIN_PROOFS;
}

/** Where a firmware's vector table can be: the start of any sector, all of which are multiples of 16 KiB. */
const SECTOR_STEP = 0x4000;
const TABLE_BYTES = 97 * 4;

function mendsVectors(bytes: Uint8Array, mask: number, level: 0 | 1, map: AddressMap): boolean {
  for (let offset = 0; offset + 64 <= bytes.length; offset += SECTOR_STEP) {
    const table = copyBytes(bytes, offset, Math.min(bytes.length, offset + TABLE_BYTES));
    const view = new DataView(table.buffer);
    if (readVectorTable(view, 0, map)) return false;
    for (let place = 0; place + 4 <= table.length; place += 4) {
      const word = view.getUint32(place, true);
      // A null vector stays null under a line stuck at 0; under one stuck at 1 it reads as the line alone.
      if (level === 1) view.setUint32(place, word & ~mask, true);
      else if (word !== 0) view.setUint32(place, word | mask, true);
    }
    // Words cannot get back bits that were lost for good, so only a full table of handlers counts.
    const mended = readVectorTable(view, 0, map);
    if (mended && mended.handlers >= 7) return true;
  }
  return false;
}
