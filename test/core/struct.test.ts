import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { struct } from '../../src/core/struct.js';

const inner = struct('Dependency', [
  ['function', 'u8'],
  ['index', 'u8'],
  ['version', 'u16'],
]);
const sample = struct('Sample', [
  ['a', 'u32'],
  ['b', 'i16'],
  ['c', 'u16be'],
  ['d', 'u32be'],
  ['raw', { bytes: 5 }],
  ['list', { count: 3, of: 'u16' }],
  ['nested', inner],
  ['many', { count: 2, of: inner }],
  ['e', 'i32'],
]);

const dependency = fc.record({
  function: fc.integer({ min: 0, max: 255 }),
  index: fc.integer({ min: 0, max: 255 }),
  version: fc.integer({ min: 0, max: 0xffff }),
});
const value = fc.record({
  a: fc.integer({ min: 0, max: 0xffffffff }),
  b: fc.integer({ min: -0x8000, max: 0x7fff }),
  c: fc.integer({ min: 0, max: 0xffff }),
  d: fc.integer({ min: 0, max: 0xffffffff }),
  raw: fc.uint8Array({ minLength: 5, maxLength: 5 }),
  list: fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 3, maxLength: 3 }),
  nested: dependency,
  many: fc.array(dependency, { minLength: 2, maxLength: 2 }),
  e: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
});

/** fast-check makes objects without prototype; binary-parser makes plain ones. */
const plain = (input: unknown): unknown => JSON.parse(JSON.stringify(input));

describe('struct', () => {
  it('knows its size and the place of every field', () => {
    expect(sample.size).toBe(4 + 2 + 2 + 4 + 5 + 6 + 4 + 8 + 4);
    expect(sample.field('raw')).toMatchObject({ offset: 12, size: 5 });
    expect(sample.field('nested')).toMatchObject({ offset: 23, size: 4 });
    expect(sample.fields.map((field) => field.name)).toEqual([
      'a',
      'b',
      'c',
      'd',
      'raw',
      'list',
      'nested',
      'many',
      'e',
    ]);
  });

  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(value, (input) => {
        expect(plain(sample.decode(sample.encode(input)))).toEqual(plain(input));
      }),
    );
  });

  it('encodes what it decoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: sample.size, maxLength: sample.size + 8 }), fc.nat(8), (bytes, offset) => {
        fc.pre(offset + sample.size <= bytes.length);
        expect(sample.encode(sample.decode(bytes, offset))).toEqual(bytes.slice(offset, offset + sample.size));
      }),
    );
  });

  it('reads byte order as declared', () => {
    const bytes = Uint8Array.from([
      0xed,
      0xfe,
      0xad,
      0xde,
      0xff,
      0xff,
      0x12,
      0x34,
      0x80,
      0,
      0,
      1,
      ...new Array(27).fill(0),
    ]);
    const decoded = sample.decode(bytes);
    expect(decoded.a).toBe(0xdeadfeed);
    expect(decoded.b).toBe(-1);
    expect(decoded.c).toBe(0x1234);
    expect(decoded.d).toBe(0x80000001);
  });

  it('keeps no view of its input', () => {
    const bytes = new Uint8Array(sample.size);
    const decoded = sample.decode(bytes);
    bytes.fill(0xff);
    expect(decoded.raw).toEqual(new Uint8Array(5));
  });

  it('gives a result or an error that names structure, field and offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: -4, max: 80 }), (bytes, offset) => {
        try {
          sample.decode(bytes, offset);
          expect(offset + sample.size).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          expect((error as FormatError).code).toBe('STRUCT_TRUNCATED');
          expect((error as FormatError).message).toMatch(
            /^Sample is cut off in field \w+ at offset -?\d+: expected 39 bytes/,
          );
        }
      }),
    );
  });

  it('names the first field that does not fit', () => {
    expect(() => sample.decode(new Uint8Array(13))).toThrow(/field raw at offset 12/);
  });

  it('refuses values that do not fit their field', () => {
    const good = sample.decode(new Uint8Array(sample.size));
    expect(() => sample.encode({ ...good, a: 0x100000000 })).toThrow(/Sample\.a .*between 0 and 4294967295/);
    expect(() => sample.encode({ ...good, b: 1.5 })).toThrow(/Sample\.b/);
    expect(() => sample.encode({ ...good, raw: new Uint8Array(4) })).toThrow(/Sample\.raw.*5 bytes, got 4 bytes/);
    expect(() => sample.encode({ ...good, list: [1, 2] })).toThrow(/Sample\.list.*3 elements/);
    expect(() => sample.encode({ ...good, nested: { function: 0, index: 256, version: 0 } })).toThrow(
      /Sample\.nested\.index/,
    );
  });

  it('refuses a declaration with a repeated name', () => {
    expect(() =>
      struct('Twice', [
        ['a', 'u8'],
        ['a', 'u8'],
      ]),
    ).toThrow(/Twice has no usable field a/);
  });

  it('gives each mistake its code', () => {
    const good = sample.decode(new Uint8Array(sample.size));
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => sample.encode({ ...good, b: 1.5 })).toThrow(code('STRUCT_BAD_VALUE'));
    expect(() => sample.field('absent' as 'a')).toThrow(code('STRUCT_NO_FIELD'));
  });
});
