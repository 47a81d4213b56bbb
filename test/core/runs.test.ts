import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longRuns } from '../../src/core/runs.js';

/** Byte by byte. */
function reference(bytes: Uint8Array, erased: number, fill: number): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1;
    while (end < bytes.length && bytes[end] === bytes[start]) end++;
    if (end - start >= (bytes[start] === 0xff ? erased : fill)) runs.push({ start, end });
    start = end;
  }
  return runs;
}

describe('longRuns', () => {
  it('finds what a look at every byte finds, at any alignment and for any limits', () => {
    const piece = fc.record({ value: fc.constantFrom(0xff, 0x00, 0x5a), size: fc.integer({ min: 1, max: 90 }) });
    const limit = fc.record({ erased: fc.integer({ min: 1, max: 40 }), fill: fc.integer({ min: 16, max: 80 }) });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        limit,
        fc.integer({ min: 0, max: 3 }),
        (pieces, limits, shift) => {
          const all = Uint8Array.from([
            ...new Array<number>(shift).fill(1),
            ...pieces.flatMap(({ value, size }) => new Array<number>(size).fill(value)),
          ]);
          const bytes = all.subarray(shift);
          expect(longRuns(bytes, limits)).toEqual(reference(bytes, limits.erased, limits.fill));
        },
      ),
      { numRuns: 500 },
    );
  });
});
