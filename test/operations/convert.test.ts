import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { readAny } from '../../src/formats/index.js';
import { convert, convertChunks, convertImages } from '../../src/operations/convert.js';
import { stopwatch } from '../support/growth.js';
import { errorOf } from '../support/vectors.js';

const at = (address: number, ...bytes: number[]): MemoryImage => MemoryImage.fromBytes(Uint8Array.from(bytes), address);

describe('convert', () => {
  it('merges inputs and refuses overlaps, naming both ranges and inputs', () => {
    const a = { name: 'a.hex', image: at(0x08000000, 1, 2, 3, 4) };
    const b = { name: 'b.bin', image: at(0x08000003, 4, 5) };
    const error = errorOf(() => convertImages([a, b]));
    expect(error.code).toBe('IMAGE_OVERLAP');
    expect(error.got).toBe('0x08000000-0x08000003 from a.hex and 0x08000003-0x08000004 from b.bin');
    expect(error.address).toBe(0x08000003);
    expect(convertImages([a, b], { overlap: 'identical' }).byteCount).toBe(5);
  });

  it('finds an overlap among very many pieces quickly', () => {
    const pieces = Array.from({ length: 100_000 }, (_, index) => ({
      address: 0x08000000 + index * 2,
      bytes: Uint8Array.of(index & 0xff),
    }));
    const many = { name: 'many.hex', image: MemoryImage.fromSegments(pieces) };
    const last = { name: 'last.bin', image: at(0x08000000 + 99_999 * 2, 7) };
    const spent = stopwatch();
    expect(errorOf(() => convertImages([many, last])).code).toBe('IMAGE_OVERLAP');
    const trimmed = convertImages([many], { trim: 0 });
    expect(trimmed.byteCount).toBe(100_000 - Math.ceil(100_000 / 256));
    expect(spent()).toBeLessThan(5000);
  });

  it('crops, excludes, trims, fills and moves, in this order', () => {
    const input = { name: 'a', image: at(0x100, 1, 2, 3, 0xff, 5, 0xff, 0xff) };
    const image = convertImages([input], {
      crop: [{ start: 0x101, end: 0x107 }],
      exclude: [{ start: 0x102, end: 0x103 }],
      trim: 0xff,
      fill: { value: 0xaa, range: { start: 0x100, end: 0x106 } },
      base: 0x2000,
    });
    expect(image.ranges()).toEqual([{ start: 0x2000, end: 0x2006 }]);
    expect([...image.read({ start: 0x2000, end: 0x2006 }, 0)]).toEqual([0xaa, 2, 0xaa, 0xff, 5, 0xaa]);
    expect(convertImages([input], { offset: -0x100 }).span?.start).toBe(0);
  });

  it('moving there and back changes nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 0xffff_0000 }),
        (bytes, to) => {
          const image = MemoryImage.fromBytes(bytes, 0x08000000);
          const moved = convertImages([{ name: 'a', image }], { base: to });
          expect(moved.span?.start).toBe(to);
          expect(convertImages([{ name: 'b', image: moved }], { base: 0x08000000 }).equals(image)).toBe(true);
        },
      ),
    );
  });

  it('writes a binary from the lowest address and fills small gaps with the erased value', () => {
    const image = at(0x08000000, 1).merge(at(0x08000003, 4));
    expect([...convert([{ name: 'a', image }], 'bin').bytes]).toEqual([1, 0xff, 0xff, 4]);
    expect([...convert([{ name: 'a', image }], 'bin', { fill: { value: 0 } }).bytes]).toEqual([1, 0, 0, 4]);
  });

  it('refuses to invent hundreds of megabytes, and says where the gap is', () => {
    const image = at(0x08000000, 1, 2).merge(at(0x20000000, 3));
    const error = errorOf(() => convert([{ name: 'a', image }], 'bin'));
    expect(error).toMatchObject({ code: 'WRITE_GAP_TOO_LARGE', where: '0x08000002-0x1FFFFFFF' });
    expect(error.got).toBe('data at 0x08000000 and at 0x20000000');
    expect(errorOf(() => convert([{ name: 'a', image }], 'bin', { fill: { value: 0 } })).code).toBe(
      'CONVERT_FILL_TOO_LARGE',
    );
    const { bytes } = convert([{ name: 'a', image }], 'intel-hex');
    expect(readAny(bytes).image.equals(image)).toBe(true);
  });

  it('trims every run, and very many of them quickly', () => {
    const image = at(0x100, 1, 0xff, 0xff)
      .merge(at(0x200, 0xff, 0xff))
      .merge(at(0x300, 0xff, 2));
    expect(convertImages([{ name: 'a', image }], { trim: 0xff }).ranges()).toEqual([
      { start: 0x100, end: 0x101 },
      { start: 0x300, end: 0x302 },
    ]);
    const pieces = Array.from({ length: 100_000 }, (_, index) => ({
      address: index * 4,
      bytes: Uint8Array.of(7, 0xff),
    }));
    const many = { name: 'many.hex', image: MemoryImage.fromSegments(pieces) };
    const spent = stopwatch();
    expect(convertImages([many], { trim: 0xff }).byteCount).toBe(100_000);
    expect(spent()).toBeLessThan(3000);
  });

  it('gives in pieces what it gives whole', () => {
    const image = at(0x08000000, ...Array.from({ length: 3000 }, (_, index) => index & 0xff));
    for (const format of ['bin', 'intel-hex', 'srec', 'dfuse'] as const) {
      const pieces = [...convertChunks([{ name: 'a', image }], format).chunks].map((piece) => piece.slice());
      expect(concatBytes(pieces)).toEqual(convert([{ name: 'a', image }], format).bytes);
    }
    const nothing = errorOf(() => convertChunks([{ name: 'a', image }], 'bin', { crop: [{ start: 5, end: 6 }] }));
    expect(nothing.code).toBe('CONVERT_NO_DATA');
  });

  it('takes output options', () => {
    const image = at(0x1000, 1, 2, 3, 4, 5);
    const { bytes } = convert([{ name: 'a', image }], 'intel-hex', {
      recordBytes: 4,
      lineEnd: '\r\n',
      addressBits: 16,
    });
    expect(new TextDecoder().decode(bytes)).toBe(':0410000001020304E2\r\n:0110040005E6\r\n:00000001FF\r\n');
  });

  it('refuses what makes no sense', () => {
    const input = { name: 'a', image: at(0x1000, 1) };
    const codeOf = (run: () => unknown): string => errorOf(run).code;
    expect(codeOf(() => convertImages([input], { base: 0, offset: 1 }))).toBe('CONVERT_BASE_AND_OFFSET');
    expect(codeOf(() => convertImages([input], { offset: 0.5 }))).toBe('CONVERT_OFFSET');
    expect(codeOf(() => convertImages([input], { offset: -0x2000 }))).toBe('IMAGE_ADDRESS_RANGE');
    expect(codeOf(() => convertImages([input], { crop: [{ start: 5, end: 5 }] }))).toBe('CONVERT_RANGE');
    expect(codeOf(() => convertImages([input], { trim: 256 }))).toBe('CONVERT_BYTE');
    expect(codeOf(() => convert([input], 'bin', { crop: [{ start: 5, end: 6 }] }))).toBe('CONVERT_NO_DATA');
    expect(codeOf(() => convert([input], 'intel-hex', { recordBytes: 0 }))).toBe('WRITE_RECORD_BYTES');
    const far = { name: 'a', image: at(0x10000, 1) };
    expect(codeOf(() => convert([far], 'intel-hex', { addressBits: 16 }))).toBe('IHEX_ADDRESS_TOO_WIDE');
    expect(codeOf(() => convert([far], 'srec', { addressBits: 16 }))).toBe('SREC_ADDRESS_TOO_WIDE');
    expect(codeOf(() => convert([far], 'srec', { addressBits: 20 }))).toBe('SREC_ADDRESS_BITS');
    expect(codeOf(() => convert([far], 'srec', { header: 'x'.repeat(253) }))).toBe('SREC_HEADER_TOO_LONG');
  });
});
