/** Both byte comparisons must agree, and the run search built on them must be exact. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leadingRun } from '../../src/core/bytes.js';
import * as node from '../../src/platform/node/bytes.js';
import * as web from '../../src/platform/web/bytes.js';

describe('equalBytes', () => {
  it('gives the same on both platforms', () => {
    const bytes = fc.uint8Array({ maxLength: 40, max: 2 });
    fc.assert(fc.property(bytes, bytes, (a, b) => node.equalBytes(a, b) === web.equalBytes(a, b)));
    fc.assert(fc.property(bytes, (a) => node.equalBytes(a, a.slice())));
  });
});

describe('leadingRun', () => {
  it('finds the exact end of a run', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(300), fc.nat(255), (length, rest, value) => {
        const bytes = new Uint8Array(length + rest).fill(value, 0, length).fill(value ^ 1, length);
        expect(leadingRun(bytes, value)).toBe(length);
      }),
    );
    expect(leadingRun(new Uint8Array(0), 0)).toBe(0);
  });
});
