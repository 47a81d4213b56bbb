/** Byte and bit orders a programmer or an export can leave behind, each its own inverse. */

import { MemoryImage } from '../../core/image.js';

export type Transform =
  /** Bytes swapped within each half-word. */
  | 'byteswap16'
  /** Bytes reversed within each word. */
  | 'byteswap32'
  /** Half-words swapped within each word. */
  | 'wordswap32'
  /** Bits reversed within each byte. */
  | 'bit-reverse8'
  /** Bits reversed within each word: bit-reverse8 and byteswap32 together. */
  | 'bit-reverse32'
  /** The two digits of every byte exchanged. */
  | 'nibble-swap'
  /** Every bit inverted. */
  | 'inverted';

export const TRANSFORMS: readonly Transform[] = [
  'byteswap16',
  'byteswap32',
  'wordswap32',
  'bit-reverse8',
  'bit-reverse32',
  'nibble-swap',
  'inverted',
];

interface Recipe {
  readonly bytes: Uint8Array;
  /** Position of a byte within its unit is XORed with this; the unit is `order + 1` rounded up to a power of two. */
  readonly order: 0 | 1 | 2 | 3;
}

let recipes: Readonly<Record<Transform, Recipe>> | undefined;

/** Made when first needed, since most dumps were read well. */
function recipeOf(transform: Transform): Recipe {
  recipes ??= makeRecipes();
  return recipes[transform];
}

function makeRecipes(): Readonly<Record<Transform, Recipe>> {
  const identity = byteTable((byte) => byte);
  const reversed = byteTable((byte) => {
    let result = 0;
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) result |= 0x80 >> bit;
    return result;
  });
  return {
    byteswap16: { bytes: identity, order: 1 },
    byteswap32: { bytes: identity, order: 3 },
    wordswap32: { bytes: identity, order: 2 },
    'bit-reverse8': { bytes: reversed, order: 0 },
    'bit-reverse32': { bytes: reversed, order: 3 },
    'nibble-swap': { bytes: byteTable((byte) => ((byte << 4) | (byte >> 4)) & 0xff), order: 0 },
    inverted: { bytes: byteTable((byte) => byte ^ 0xff), order: 0 },
  };
}

/**
 * The bytes as they were before a transform (and, since each is its own inverse, with it applied). Bytes of an
 * incomplete last unit keep their order, as tools leave them.
 */
export function undoTransform(bytes: Uint8Array, transform: Transform): Uint8Array {
  const { bytes: table, order } = recipeOf(transform);
  const result = new Uint8Array(bytes.length);
  const unit = order === 0 ? 1 : order === 1 ? 2 : 4;
  const whole = bytes.length - (bytes.length % unit);
  for (let offset = 0; offset < whole; offset++) result[offset] = table[bytes[offset ^ order] as number] as number;
  for (let offset = whole; offset < bytes.length; offset++) result[offset] = table[bytes[offset] as number] as number;
  return result;
}

/** The image as it was before a transform; units count from the start of each of its ranges. */
export function undoTransformOf(image: MemoryImage, transform: Transform): MemoryImage {
  const segments = image.ranges().flatMap((range) => {
    const bytes = image.bytes(range);
    return bytes ? [{ address: range.start, bytes: undoTransform(bytes, transform) }] : [];
  });
  return MemoryImage.fromSegments(segments);
}

/** The byte that undoing a transform puts at an offset of a whole unit. */
export function byteAfterUndoing(bytes: Uint8Array, transform: Transform, offset: number): number {
  const { bytes: table, order } = recipeOf(transform);
  return table[bytes[offset ^ order] as number] as number;
}

/**
 * Calls `visit` for every word-aligned offset where two successive words would have top bytes of the given classes
 * after undoing a transform, without transforming everything; stops when `visit` answers true.
 */
export function someCandidate(
  bytes: Uint8Array,
  transform: Transform,
  top: { readonly first: Uint8Array; readonly second: Uint8Array },
  visit: (offset: number) => boolean,
): boolean {
  const { bytes: table, order } = recipeOf(transform);
  // The tables are composed once, so that the loop below only looks bytes up.
  const first = top.first.map((_, byte) => top.first[table[byte] as number] as number);
  const second = top.second.map((_, byte) => top.second[table[byte] as number] as number);
  const place = 3 ^ order;
  for (let offset = 0; offset + 8 <= bytes.length; offset += 4) {
    if (first[bytes[offset + place] as number] === 0 || second[bytes[offset + 4 + place] as number] === 0) continue;
    if (visit(offset)) return true;
  }
  return false;
}

function byteTable(value: (byte: number) => number): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < table.length; byte++) table[byte] = value(byte);
  return table;
}
