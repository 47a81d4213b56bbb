import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/core/bytes.js';
import * as node from '../../src/platform/node/checksum.js';
import * as web from '../../src/platform/web/checksum.js';

const bytes = fc.uint8Array({ maxLength: 300 });
const register = fc.integer({ min: 0, max: 0xffffffff });
const digits = Uint8Array.from('123456789', (digit) => digit.charCodeAt(0));

describe('#checksum', () => {
  it('offers the same functions in node and in a browser', () => {
    expect(Object.keys(web).sort()).toEqual(Object.keys(node).sort());
  });

  it.each([
    ['node', node],
    ['web', web],
  ])('%s gives the published check values', (_name, { crc32, sha256 }) => {
    expect(crc32(digits)).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
    expect(crc32(Uint8Array.from([0xff, 0xff, 0xff, 0xff]))).toBe(0xffffffff);
    expect(toHex(sha256(new Uint8Array(0)))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('gives equal CRCs, also continued from any earlier value', () => {
    fc.assert(
      fc.property(bytes, register, (input, previous) => {
        expect(web.crc32(input)).toBe(node.crc32(input));
        expect(web.crc32(input, previous)).toBe(node.crc32(input, previous));
        expect(web.crc32(input, previous)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it.each([
    ['node', node],
    ['web', web],
  ])('%s chains: two calls equal one over both', (_name, { crc32 }) => {
    fc.assert(
      fc.property(bytes, bytes, (first, second) => {
        expect(crc32(second, crc32(first))).toBe(crc32(concatBytes([first, second])));
      }),
    );
  });

  it('gives equal digests, in plain arrays of their own', () => {
    fc.assert(
      fc.property(bytes, fc.nat(20), (input, offset) => {
        const view = input.subarray(Math.min(offset, input.length));
        expect(web.sha256(view)).toEqual(node.sha256(view));
        expect(Object.getPrototypeOf(node.sha256(view))).toBe(Uint8Array.prototype);
        expect(Object.getPrototypeOf(web.sha256(view))).toBe(Uint8Array.prototype);
      }),
    );
  });
});
