/** Reading members of the field table out of bytes, and the small values every section uses. */
import { isFilledWith, readU8, readU16, readU16BigEndian, readU32 } from '../../core/bytes.js';
import { escapeText } from '../../core/text.js';
import { type DctLeaf, recordMember } from './table.js';

/**
 * blank: every byte 0xFF; zero: every byte 0; set: holds a value; invalid: holds something the firmware would not accept;
 * absent: the input does not reach that far.
 */
export type FieldState = 'blank' | 'zero' | 'set' | 'invalid' | 'absent';

/** blank, zero or set, from the bytes alone. */
export function fillState(bytes: Uint8Array): 'blank' | 'zero' | 'set' {
  if (isFilledWith(bytes, 0xff)) return 'blank';
  return isFilledWith(bytes, 0) ? 'zero' : 'set';
}

/** The bytes of a member in a record that starts at the beginning of `bytes`. */
export function memberBytes(bytes: Uint8Array, record: string, member: string): Uint8Array {
  const { offset, size } = recordMember(record, member);
  return bytes.subarray(offset, offset + size);
}

/** The number in a member of a record that starts at the beginning of `bytes`. @throws FormatError BYTES_OUT_OF_RANGE. */
export function memberNumber(bytes: Uint8Array, record: string, member: string): number {
  const leaf = recordMember(record, member);
  return leafNumber(leaf, bytes.subarray(leaf.offset, leaf.offset + leaf.size));
}

/** The number in the bytes of a leaf, by its width and kind. @throws FormatError BYTES_OUT_OF_RANGE. */
export function leafNumber(leaf: DctLeaf, bytes: Uint8Array): number {
  if (leaf.kind === 'port') return readU16BigEndian(bytes, 0);
  if (leaf.kind === 'i16') return (readU16(bytes, 0) << 16) >> 16;
  if (leaf.size === 1) return readU8(bytes, 0);
  return leaf.size === 2 ? readU16(bytes, 0) : readU32(bytes, 0);
}

/** The words of the table for a value, if it has any. */
export function valueWord(leaf: DctLeaf, value: number): string | undefined {
  return leaf.values?.[String(value)];
}

/** Bytes up to the first 0x00 or 0xFF: text in a field that is filled up with either. */
export function untilFiller(bytes: Uint8Array): Uint8Array {
  const end = bytes.findIndex((byte) => byte === 0 || byte === 0xff);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** Bytes without the 0x00 and 0xFF at the end. */
export function withoutFiller(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0 || bytes[end - 1] === 0xff)) end--;
  return bytes.subarray(0, end);
}

/** Zero-terminated text made harmless, or null when the field is blank or starts with its end. */
export function textValue(bytes: Uint8Array): string | null {
  const text = untilFiller(bytes);
  return text.length === 0 ? null : escapeText(text);
}

/** Text after a length byte made harmless; null unless the length is between 1 and what the field can hold. */
export function lengthTextValue(bytes: Uint8Array): string | null {
  const length = bytes[0] ?? 0;
  return length === 0 || length > bytes.length - 1 ? null : escapeText(bytes.subarray(1, 1 + length));
}

/** `02:AB:…`. */
export function macText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':');
}

/** `192.168.1.2` from four bytes, first number first. */
export function ipv4Text(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 4)].join('.');
}

/** The address in a little-endian word, as the HAL stores its numeric addresses. */
export function ipv4WordText(bytes: Uint8Array): string {
  return ipv4Text(bytes.slice(0, 4).reverse());
}
