import { deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, writeU16, writeU32 } from '../../../src/core/bytes.js';
import {
  findDeflateStreams,
  findWifiFirmware,
  inflateStream,
  readDeflateStream,
} from '../../../src/regions/unknown/index.js';
import { ascii, makeModule, random, randomBytes } from './synthetic.js';

/** Compressible bytes: random words of a small vocabulary. */
function prose(size: number, seed: number): Uint8Array {
  const next = random(seed);
  const bytes = new Uint8Array(size);
  const vocabulary = Array.from({ length: 200 }, (_, index) => randomBytes(3 + (index % 9), seed * 1000 + index));
  let offset = 0;
  while (offset < size) {
    const word = vocabulary[Math.floor(next() * 200)] as Uint8Array;
    bytes.set(word.subarray(0, size - offset), offset);
    offset += word.length;
  }
  return bytes;
}

describe('readDeflateStream', () => {
  it('agrees with zlib on extent and content for any input, level and strategy', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 4000 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 4 }),
        fc.uint8Array({ maxLength: 9 }),
        (content, level, strategy, behind) => {
          const stream = new Uint8Array(deflateRawSync(content, { level, strategy }));
          const bytes = concatBytes([stream, behind]);
          const found = readDeflateStream(bytes, 0);
          expect(found).toMatchObject({ start: 0, end: stream.length, inflatedSize: content.length });
          if (found) expect(equalBytes(inflateStream(bytes, found), content)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never accepts what zlib refuses', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const found = readDeflateStream(bytes, 0);
        if (found) expect(inflateRawSync(bytes.subarray(0, found.end)).length).toBe(found.inflatedSize);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a stream that is cut off', () => {
    const stream = new Uint8Array(deflateRawSync(prose(5000, 1)));
    for (const cut of [1, 2, 100]) expect(readDeflateStream(stream.subarray(0, -cut), 0)).toBeUndefined();
  });

  it('refuses a bomb', () => {
    const stream = new Uint8Array(deflateRawSync(Buffer.alloc(20 * 1024 * 1024)));
    expect(readDeflateStream(stream, 0)).toBeUndefined();
    expect(() => inflateStream(stream, { start: 0, end: stream.length, inflatedSize: 2 ** 31, blocks: 1 })).toThrow(
      'the compressed data grow too large at offset 0x00000000: expected at most 16777216 bytes, got 2147483648 bytes',
    );
  });

  it('reports data that do not decode as an error of its own', () => {
    expect(() => inflateStream(Uint8Array.of(0x07, 0xff), { start: 0, end: 2, inflatedSize: 10, blocks: 1 })).toThrow(
      'the compressed data do not decode at offset 0x00000000',
    );
  });
});

describe('findDeflateStreams', () => {
  it('finds streams between random bytes, in order, with exact ends', () => {
    const first = new Uint8Array(deflateRawSync(prose(20_000, 2)));
    const second = new Uint8Array(deflateRawSync(prose(9_000, 3)));
    const bytes = concatBytes([randomBytes(1000, 1), first, randomBytes(700, 2), second, randomBytes(500, 3)]);
    expect(findDeflateStreams(bytes)).toMatchObject([
      { start: 1000, end: 1000 + first.length, inflatedSize: 20_000 },
      { start: 1700 + first.length, end: 1700 + first.length + second.length, inflatedSize: 9_000 },
    ]);
    expect(findDeflateStreams(bytes, { range: { start: 1001, end: bytes.length } })).toHaveLength(1);
    expect(findDeflateStreams(bytes, { minimumSize: first.length })).toHaveLength(1);
  });

  it('finds none in a megabyte of random bytes', () => {
    expect(findDeflateStreams(randomBytes(1 << 20, 11))).toEqual([]);
  });
});

describe('findWifiFirmware', () => {
  const START = 0x08020000;
  const strings = '\x005.90.230.12\x00wl%d: %s %s version %s FWID 01-%x\n\x00Nov  7 2014\x0016:03:45\x00';
  const image = concatBytes([prose(40_000, 4), ascii(strings), prose(60_000, 5)]);

  /** System part 1 with a dynalib table, wifi_resource's first function, a resource handle and the image. */
  function part1(stored: Uint8Array, compressed: boolean): Uint8Array {
    const body = new Uint8Array(0x200 + stored.length);
    const address = START + 0x19c;
    const at = { table: 0x40, code: 0x80, literal: 0x84, handle: 0xa0, image: 0x200 };
    writeU32(body, 0, START + 0x100000);
    writeU32(body, 4, address + at.table);
    writeU32(body, at.table, address + at.code + 1);
    writeU16(body, at.code, 0x4800);
    writeU16(body, at.code + 2, 0x4770);
    writeU32(body, at.literal, address + at.handle);
    writeU32(body, at.handle, compressed ? 2 : 0);
    writeU32(body, at.handle + 4, image.length);
    writeU32(body, at.handle + 8, address + at.image);
    writeU32(body, at.handle + 12, compressed ? stored.length : 0);
    body.set(stored, at.image);
    const length = Math.ceil((0x19c + body.length + 44) / 4) * 4;
    return makeModule({ start: START, length, function: 4, index: 1, vectors: 'bare', body });
  }
  const stream = new Uint8Array(deflateRawSync(image));

  it.each([
    [true, stream],
    [false, image],
  ] as const)('follows the resource handle (compressed: %s)', (compressed, stored) => {
    const found = findWifiFirmware(part1(stored, compressed));
    expect(found).toMatchObject({
      version: '5.90.230.12',
      built: 'Nov  7 2014 16:03:45',
      compressed,
      stored: { start: 0x39c, end: 0x39c + stored.length },
      size: image.length,
      foundBy: 'resource-handle',
    });
    expect(found?.image && equalBytes(found.image, image)).toBe(true);
  });

  it('searches when the tables lead nowhere', () => {
    const compressed = part1(stream, true);
    compressed.fill(0, 0x19c, 0x1bc);
    expect(findWifiFirmware(compressed)).toMatchObject({
      version: '5.90.230.12',
      compressed: true,
      foundBy: 'search',
      stored: { start: 0x39c, end: 0x39c + stream.length },
    });
    const plain = part1(image, false);
    plain.fill(0, 0x19c, 0x1bc);
    expect(findWifiFirmware(plain)).toMatchObject({
      version: '5.90.230.12',
      foundBy: 'search',
      stored: null,
      image: null,
    });
  });

  it('finds nothing where there is nothing, and never throws', () => {
    expect(findWifiFirmware(makeModule({ start: START, length: 50_000, function: 4, index: 1 }))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        expect(findWifiFirmware(bytes)).toBeUndefined();
      }),
    );
    const hostile = part1(stream, true);
    for (let offset = 0x19c; offset < 0x1bc; offset += 4) writeU32(hostile, offset, START + hostile.length - 1);
    expect(findWifiFirmware(hostile)?.foundBy).toBe('search');
  });
});

describe('inflateStream', () => {
  const packed = new Uint8Array(deflateRawSync(prose(5000, 7)));
  const stream = { start: 0, end: packed.length, inflatedSize: 5000, blocks: 1 };

  it('refuses a stream that would grow beyond any flash', () => {
    expect(() => inflateStream(packed, { ...stream, inflatedSize: 2 ** 31 })).toThrow(
      expect.objectContaining({ code: 'DEFLATE_TOO_LARGE', got: '2147483648 bytes', offset: 0 }),
    );
  });

  it('says so when the bytes do not decode', () => {
    expect(inflateStream(packed, stream)).toHaveLength(5000);
    const damaged = packed.slice();
    damaged[0] = 0xff;
    expect(() => inflateStream(damaged, stream)).toThrow(
      expect.objectContaining({ code: 'DEFLATE_INVALID', what: 'the compressed data do not decode' }),
    );
  });
});
