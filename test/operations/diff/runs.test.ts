/** The stretches in which bytes differ, against the obvious way to find them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countDifferences, differingRuns } from '../../../src/operations/diff/runs.js';

function obvious(a: Uint8Array, b: Uint8Array): { start: number; end: number; bytes: number }[] {
  const runs: { start: number; end: number; bytes: number }[] = [];
  for (let offset = 0; offset < a.length; offset++) {
    if (a[offset] === b[offset]) continue;
    const last = runs.at(-1);
    if (last && offset - last.end < 16) {
      last.end = offset + 1;
      last.bytes++;
    } else runs.push({ start: offset, end: offset + 1, bytes: 1 });
  }
  return runs;
}

/** Bytes at an odd place of their memory, so that words begin at any offset. */
function placed(bytes: Uint8Array, shift: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + shift);
  memory.set(bytes, shift);
  return memory.subarray(shift);
}

const changes = fc.array(fc.tuple(fc.nat(2999), fc.integer({ min: 1, max: 255 })), { maxLength: 60 });

describe('differingRuns', () => {
  it('finds what a loop over all bytes finds, wherever the bytes lie in memory', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), changes, fc.nat(3), fc.nat(3), (length, list, shiftA, shiftB) => {
        const a = Uint8Array.from({ length }, (_, offset) => offset * 7);
        const b = a.slice();
        for (const [offset, flip] of list) if (offset < length) b[offset] = (b[offset] ?? 0) ^ flip;
        const [one, two] = [placed(a, shiftA), placed(b, shiftB)];
        expect(differingRuns(one, two)).toEqual(obvious(a, b));
        expect(countDifferences(one, two)).toBe(a.filter((byte, offset) => byte !== b[offset]).length);
      }),
      { numRuns: 300 },
    );
  });

  it('finds dense differences, and across blocks', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2000, maxLength: 2600, max: 2 }), fc.nat(3), (a, shift) => {
        const b = a.map((byte, offset) => (offset % 3 === 0 ? byte ^ 1 : byte));
        expect(differingRuns(placed(a, shift), placed(b, shift))).toEqual(obvious(a, b));
      }),
      { numRuns: 50 },
    );
    const a = new Uint8Array(0x2_0010);
    const b = a.slice().fill(1, 0xfff8, 0x1_0008);
    expect(differingRuns(a, b)).toEqual([{ start: 0xfff8, end: 0x1_0008, bytes: 16 }]);
  });

  it('keeps the list short when every other stretch differs, and the count exact', () => {
    const a = new Uint8Array(1 << 20);
    const b = a.map((_, offset) => (offset % 32 === 0 ? 1 : 0));
    const runs = differingRuns(a, b);
    expect(runs.length).toBeLessThanOrEqual(4096);
    expect(runs.reduce((sum, { bytes }) => sum + bytes, 0)).toBe((1 << 20) / 32);
    expect(runs.every(({ start, end }, index) => start < end && (runs[index + 1]?.start ?? end) >= end)).toBe(true);
  });
});
