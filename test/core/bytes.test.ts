import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  equalBytes,
  formatAddress,
  formatHex,
  fromHex,
  isFilledWith,
  readU8,
  readU16,
  readU16BigEndian,
  readU32,
  readU32BigEndian,
  toHex,
  u32,
  writeU16,
  writeU32,
  writeU32BigEndian,
} from '../../src/core/bytes.js';
import { FormatError } from '../../src/core/errors.js';

const u16Value = fc.integer({ min: 0, max: 0xffff });
const u32Value = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 0x7fffffff, 0x80000000, 0xffffffff),
);
const someBytes = fc.uint8Array({ maxLength: 40 });

describe('reading and writing', () => {
  it('gives back what was written, unsigned', () => {
    fc.assert(
      fc.property(u32Value, u16Value, fc.nat(4), (wide, narrow, offset) => {
        const bytes = new Uint8Array(8).fill(0xa5);
        writeU32(bytes, offset, wide);
        expect(readU32(bytes, offset)).toBe(wide);
        writeU32BigEndian(bytes, offset, wide);
        expect(readU32BigEndian(bytes, offset)).toBe(wide);
        writeU16(bytes, offset, narrow);
        expect(readU16(bytes, offset)).toBe(narrow);
        expect(readU16BigEndian(bytes, offset)).toBe(((narrow & 0xff) << 8) | (narrow >>> 8));
        expect(readU8(bytes, offset)).toBe(narrow & 0xff);
      }),
    );
  });

  it('agrees with DataView', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        expect(readU32(bytes, 0)).toBe(view.getUint32(0, true));
        expect(readU32BigEndian(bytes, 0)).toBe(view.getUint32(0));
        expect(readU16(bytes, 1)).toBe(view.getUint16(1, true));
        expect(readU16BigEndian(bytes, 1)).toBe(view.getUint16(1));
      }),
    );
  });

  it('writes no byte beside its own', () => {
    const bytes = new Uint8Array(6).fill(0xa5);
    writeU32(bytes, 1, 0x01020304);
    expect(toHex(bytes)).toBe('a504030201a5');
    writeU32BigEndian(bytes, 1, 0x01020304);
    expect(toHex(bytes)).toBe('a501020304a5');
    writeU16(bytes, 1, 0xffee);
    expect(toHex(bytes)).toBe('a5eeff0304a5');
  });

  it('refuses to read or write past the end, and says where', () => {
    const bytes = new Uint8Array(4);
    for (const access of [readU8, readU16, readU32, readU16BigEndian, readU32BigEndian]) {
      for (const offset of [-1, 4, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => access(bytes, offset)).toThrow(FormatError);
      }
    }
    for (const write of [writeU16, writeU32, writeU32BigEndian]) expect(() => write(bytes, 3, 0)).toThrow(FormatError);
    expect(() => readU32(bytes, 1)).toThrow(
      'cannot read 4 bytes at offset 1: expected an offset between 0 and 0, got 1 in 4 bytes',
    );
    expect(() => readU8(bytes, 9)).toThrow(
      'cannot read 1 byte at offset 9: expected an offset between 0 and 3, got 9 in 4 bytes',
    );
    expect(() => readU32(bytes.subarray(0, 3), 0)).toThrow(
      'cannot read 4 bytes at offset 0: expected at least 4 bytes, got 0 in 3 bytes',
    );
    expect(() => readU32(bytes, 1)).toThrow(expect.objectContaining({ code: 'BYTES_OUT_OF_RANGE', offset: 1 }));
  });

  it('makes every 32-bit value an ordinary number', () => {
    expect(u32(-1)).toBe(0xffffffff);
    expect(u32(1 << 31)).toBe(0x80000000);
    expect(u32(0x1_0000_0001)).toBe(1);
  });
});

describe('comparing', () => {
  it('sees one different byte', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(), (bytes, at) => {
        const copy = bytes.slice();
        expect(equalBytes(bytes, copy)).toBe(true);
        expect(equalBytes(bytes, concatBytes([bytes, Uint8Array.of(0)]))).toBe(false);
        if (bytes.length === 0) return;
        copy[at % copy.length] = (copy[at % copy.length] as number) ^ 0x80;
        expect(equalBytes(bytes, copy)).toBe(false);
      }),
    );
  });

  it('knows what a stretch is filled with', () => {
    const bytes = Uint8Array.of(0, 0xff, 0xff, 0xff);
    expect(isFilledWith(bytes, 0xff)).toBe(false);
    expect(isFilledWith(bytes, 0xff, 1)).toBe(true);
    expect(isFilledWith(bytes, 0xff, 1, 3)).toBe(true);
    expect(isFilledWith(bytes, 0, 0, 1)).toBe(true);
    expect(isFilledWith(bytes, 0xff, 2, 2)).toBe(false);
    expect(isFilledWith(bytes, 0xff, 1, 5)).toBe(false);
    expect(isFilledWith(new Uint8Array(0), 0xff)).toBe(false);
  });

  it('joins arrays in order', () => {
    fc.assert(
      fc.property(fc.array(someBytes, { maxLength: 6 }), (parts) => {
        expect([...concatBytes(parts)]).toEqual(parts.flatMap((part) => [...part]));
      }),
    );
  });
});

describe('hexadecimal', () => {
  it('reads what it printed', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const text = toHex(bytes);
        expect(text).toMatch(/^([0-9a-f]{2})*$/);
        expect(fromHex(text)).toEqual(bytes);
        expect(fromHex(text.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it('refuses anything else', () => {
    for (const text of ['0', 'zz', '0x', ' 00', '00 ', '0g', '1é']) expect(fromHex(text)).toBeUndefined();
  });

  it('prints addresses the way every report does', () => {
    expect(formatAddress(0)).toBe('0x00000000');
    expect(formatAddress(0x080a0000)).toBe('0x080A0000');
    expect(formatAddress(0xffffffff)).toBe('0xFFFFFFFF');
    expect(formatHex(0x2b04, 4)).toBe('0x2B04');
    expect(formatHex(5)).toBe('0x5');
  });
});
