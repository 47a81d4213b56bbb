/**
 * Reading and printing bytes. JavaScript's bit operators are signed, so every 32-bit value passes through `u32`
 * once and is an ordinary non-negative number from then on.
 */
import { equalBytes } from '#bytes';
import { FormatError } from './errors.js';

export { equalBytes };

/** The value as an unsigned 32-bit number. */
export function u32(value: number): number {
  return value >>> 0;
}

function requireBytes(bytes: Uint8Array, offset: number, width: number): void {
  if (!Number.isInteger(offset) || offset < 0 || offset + width > bytes.length) {
    throw new FormatError({
      code: 'BYTES_OUT_OF_RANGE',
      what: `cannot read ${width} byte${width === 1 ? '' : 's'}`,
      where: `offset ${offset}`,
      expected: bytes.length < width ? `at least ${width} bytes` : `an offset between 0 and ${bytes.length - width}`,
      got: `${offset} in ${bytes.length} bytes`,
      offset,
      help: 'The input is shorter than its own fields say. Check that it was read or downloaded completely.',
    });
  }
}

export function readU8(bytes: Uint8Array, offset: number): number {
  requireBytes(bytes, offset, 1);
  return bytes[offset] as number;
}

/** Little-endian unsigned 16-bit value. */
export function readU16(bytes: Uint8Array, offset: number): number {
  requireBytes(bytes, offset, 2);
  return (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
}

/** Little-endian unsigned 32-bit value. */
export function readU32(bytes: Uint8Array, offset: number): number {
  requireBytes(bytes, offset, 4);
  return u32(
    (bytes[offset] as number) |
      ((bytes[offset + 1] as number) << 8) |
      ((bytes[offset + 2] as number) << 16) |
      ((bytes[offset + 3] as number) << 24),
  );
}

/** Big-endian unsigned 16-bit value. */
export function readU16BigEndian(bytes: Uint8Array, offset: number): number {
  requireBytes(bytes, offset, 2);
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** Big-endian unsigned 32-bit value. */
export function readU32BigEndian(bytes: Uint8Array, offset: number): number {
  requireBytes(bytes, offset, 4);
  return u32(
    ((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number),
  );
}

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  requireBytes(bytes, offset, 2);
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = (value >>> 8) & 0xff;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  requireBytes(bytes, offset, 4);
  bytes[offset] = value & 0xff;
  bytes[offset + 1] = (value >>> 8) & 0xff;
  bytes[offset + 2] = (value >>> 16) & 0xff;
  bytes[offset + 3] = (value >>> 24) & 0xff;
}

export function writeU32BigEndian(bytes: Uint8Array, offset: number, value: number): void {
  requireBytes(bytes, offset, 4);
  bytes[offset] = (value >>> 24) & 0xff;
  bytes[offset + 1] = (value >>> 16) & 0xff;
  bytes[offset + 2] = (value >>> 8) & 0xff;
  bytes[offset + 3] = value & 0xff;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The whole little-endian words of some bytes, for loops that must see every one of them; trailing bytes that fill no
 * word are left out. A view where that is possible, so do not write to it.
 */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const count = bytes.length >>> 2;
  // A typed array has the byte order of the machine, so it is only used where that is the order of the dump.
  if (LITTLE_ENDIAN) {
    if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
    return new Uint32Array(copyBytes(bytes, 0, count * 4).buffer);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

/** True when every byte of `bytes` in `start … end` equals `value`. An empty stretch is not filled with anything. */
export function isFilledWith(bytes: Uint8Array, value: number, start = 0, end = bytes.length): boolean {
  if (end <= start) return false;
  return leadingRun(bytes.subarray(start, end), value) === end - start;
}

/** Length of the bytes without the run of `value` at their end. */
export function lengthWithout(bytes: Uint8Array, value: number): number {
  let length = bytes.length;
  // Whole blocks first: an erased sector is the usual case, and native comparison walks it a hundred times faster.
  for (let block = 4096; block >= 64; block >>= 3) {
    while (length >= block && isFilledWith(bytes, value, length - block, length)) length -= block;
  }
  while (length > 0 && bytes[length - 1] === value) length--;
  return length;
}

/** Number of bytes, from the start, that equal `value`. Compares a stretch with itself moved by one, natively. */
export function leadingRun(bytes: Uint8Array, value: number): number {
  if (bytes[0] !== value) return 0;
  let run = 1;
  // Gallop: double the step while everything is equal, then halve it down to the exact end.
  for (let step = 64; step > 0; ) {
    const end = Math.min(run + step, bytes.length);
    if (end > run && equalBytes(bytes.subarray(run - 1, end - 1), bytes.subarray(run, end))) {
      run = end;
      step = end === bytes.length ? 0 : step * 2;
    } else step = step > 1 ? step >> 1 : 0;
  }
  return run;
}

/**
 * A copy of its own. Not slice(): callers may hand over node's Buffer, whose slice() is a view of the same memory.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

const HEX_DIGITS = '0123456789abcdef';

/** Lower-case hexadecimal without separators: `c409bb2a`. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (HEX_DIGITS[byte >> 4] as string) + (HEX_DIGITS[byte & 15] as string);
  return text;
}

/** The bytes of a hexadecimal text; undefined when it has an odd length or other characters. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) bytes[index] = Number.parseInt(text.substr(index * 2, 2), 16);
  return bytes;
}

/** `0x` and at least `digits` upper-case digits. */
export function formatHex(value: number, digits = 1): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
}

/** A target address the way every report prints it: `0x080A0000`. */
export function formatAddress(address: number): string {
  return formatHex(address, 8);
}

/** A half-open range the way people read it, first to last address: `0x08004000-0x08007FFF`; one byte is one address. */
export function formatRange({ start, end }: { readonly start: number; readonly end: number }): string {
  return end - start > 1 ? `${formatAddress(start)}-${formatAddress(end - 1)}` : formatAddress(start);
}
