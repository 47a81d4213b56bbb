/** Hexadecimal digits as bytes. Both directions go through tables, because text formats are read and written in bulk. */

/** Flags of a PAIR entry; its low eight bits are the value. */
export const PAIR_INVALID = 0x100;
export const PAIR_LOWER = 0x200;
export const PAIR_UPPER = 0x400;

/** Value of a digit character, or -1. */
export const DIGIT_VALUE = new Int8Array(256).fill(-1);

/** Entry for two characters, indexed by first + second * 256 (a little-endian load): value and flags. */
export const PAIR = new Uint16Array(65536).fill(PAIR_INVALID);

/** The two digit characters of each byte value, as a little-endian store puts them down. */
export const UPPER_DIGITS = digitTable('0123456789ABCDEF');
export const LOWER_DIGITS = digitTable('0123456789abcdef');

fillTables();

function fillTables(): void {
  const digits = '0123456789ABCDEFabcdef';
  const flagsOf = (index: number): number => (index < 10 ? 0 : index < 16 ? PAIR_UPPER : PAIR_LOWER);
  const digitValue = (index: number): number => (index < 16 ? index : index - 6);
  for (let first = 0; first < digits.length; first++) {
    DIGIT_VALUE[digits.charCodeAt(first)] = digitValue(first);
    for (let second = 0; second < digits.length; second++) {
      PAIR[digits.charCodeAt(first) + digits.charCodeAt(second) * 256] =
        (digitValue(first) << 4) | digitValue(second) | flagsOf(first) | flagsOf(second);
    }
  }
}

function digitTable(digits: string): Uint16Array {
  return Uint16Array.from(
    { length: 256 },
    (_, value) => digits.charCodeAt(value >> 4) | (digits.charCodeAt(value & 15) << 8),
  );
}

/** A view for reading and writing digit pairs two characters at a time. */
export function pairView(text: Uint8Array): DataView {
  return new DataView(text.buffer, text.byteOffset, text.byteLength);
}

/** The PAIR entry of the two characters at `position`; invalid past the end. */
export function pairAt(text: Uint8Array, position: number): number {
  return PAIR[(text[position] as number) | ((text[position + 1] as number) << 8)] as number;
}

const pairTables: { upper: Int32Array | null; lower: Int32Array | null } = { upper: null, lower: null };

/**
 * Four digit characters for two bytes, as a little-endian load of the bytes and a little-endian store of the characters
 * see them; the low half is the two characters of the low byte alone. Made when first asked for.
 */
export function digitPairs(lowerCase: boolean): Int32Array {
  const kind = lowerCase ? 'lower' : 'upper';
  const known = pairTables[kind];
  if (known) return known;
  const digits = lowerCase ? LOWER_DIGITS : UPPER_DIGITS;
  const table = new Int32Array(65536);
  for (let value = 0; value < table.length; value++) {
    table[value] = (digits[value & 0xff] as number) | ((digits[value >>> 8] as number) << 16);
  }
  pairTables[kind] = table;
  return table;
}

/**
 * Writes the digits of `data` from `from` to `end`, at most 255 bytes, at `position` and returns the sum of these bytes.
 * A word at a time, summed in two halves: this is most of the time that writing a large file takes.
 */
export function putDigits(
  text: DataView,
  position: number,
  data: DataView,
  from: number,
  end: number,
  pairs: Int32Array,
): number {
  let halves = 0;
  let at = position;
  let index = from;
  for (; index + 4 <= end; index += 4) {
    const word = data.getInt32(index, true);
    halves += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
    text.setInt32(at, pairs[word & 0xffff] as number, true);
    text.setInt32(at + 4, pairs[word >>> 16] as number, true);
    at += 8;
  }
  let sum = (halves & 0xffff) + (halves >>> 16);
  for (; index < end; index++) {
    const byte = data.getUint8(index);
    sum += byte;
    text.setInt16(at, pairs[byte] as number, true);
    at += 2;
  }
  return sum;
}
