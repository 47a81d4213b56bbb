/** Both inflaters must agree, on sound, damaged and oversized data. */
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as nodeBytes from '../../src/platform/node/bytes.js';
import * as node from '../../src/platform/node/inflate.js';
import * as webBytes from '../../src/platform/web/bytes.js';
import * as web from '../../src/platform/web/inflate.js';

describe('inflateRaw', () => {
  it('unpacks what was packed, on both platforms', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000, max: 7 }), (bytes) => {
        const packed = new Uint8Array(deflateRawSync(bytes));
        expect(node.inflateRaw(packed, 5000)).toEqual(bytes);
        expect(web.inflateRaw(packed, 5000)).toEqual(bytes);
      }),
    );
  });

  it('refuses what grows beyond the limit, and what is damaged', () => {
    const packed = new Uint8Array(deflateRawSync(new Uint8Array(100_000)));
    expect(node.inflateRaw(packed, 99_999)).toBeUndefined();
    expect(web.inflateRaw(packed, 99_999)).toBeUndefined();
    const damaged = Uint8Array.of(7, 255, 255, 255);
    expect(node.inflateRaw(damaged, 1000)).toBeUndefined();
    expect(web.inflateRaw(damaged, 1000)).toBeUndefined();
  });
});

describe('indexOfBytes', () => {
  it('gives the same on both platforms', () => {
    const bytes = fc.uint8Array({ maxLength: 60, max: 2 });
    const needle = fc.uint8Array({ minLength: 1, maxLength: 4, max: 2 });
    fc.assert(
      fc.property(bytes, needle, fc.nat(60), (haystack, wanted, from) => {
        return nodeBytes.indexOfBytes(haystack, wanted, from) === webBytes.indexOfBytes(haystack, wanted, from);
      }),
    );
  });
});
