import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ADDRESS_SPACE_END,
  containsAddress,
  containsRange,
  firstEndingAfter,
  intersect,
  isEmpty,
  mergeRanges,
  overlaps,
  type Range,
  rangeOf,
  rangesWithin,
  sizeOf,
  subtractRanges,
  totalSize,
} from '../../src/core/range.js';

const BASES = [0, 0x7ffffff0, 0xffffff00];

/** Ranges close together, some of them empty. */
const nearRanges = (base: number) =>
  fc.tuple(fc.nat(60), fc.nat(12)).map(([delta, size]) => rangeOf(base + delta, size));
const lists = fc
  .constantFrom(...BASES)
  .chain((base) => fc.record({ base: fc.constant(base), list: fc.array(nearRanges(base), { maxLength: 10 }) }));
const pairs = fc.constantFrom(...BASES).chain((base) => fc.tuple(nearRanges(base), nearRanges(base)));

function addresses(ranges: readonly Range[]): number[] {
  const set = new Set<number>();
  for (const { start, end } of ranges) for (let address = start; address < end; address++) set.add(address);
  return [...set].sort((a, b) => a - b);
}

describe('ranges', () => {
  it('are half-open', () => {
    const sector = rangeOf(0x08000000, 0x4000);
    expect(sector).toEqual({ start: 0x08000000, end: 0x08004000 });
    expect(sizeOf(sector)).toBe(0x4000);
    expect(containsAddress(sector, 0x08000000)).toBe(true);
    expect(containsAddress(sector, 0x08003fff)).toBe(true);
    expect(containsAddress(sector, 0x08004000)).toBe(false);
    expect(isEmpty(sector)).toBe(false);
    expect(isEmpty(rangeOf(5, 0))).toBe(true);
    expect(isEmpty({ start: 6, end: 5 })).toBe(true);
  });

  it('reach the end of the address space', () => {
    const last = { start: 0xffffffff, end: ADDRESS_SPACE_END };
    expect(sizeOf(last)).toBe(1);
    expect(containsAddress(last, 0xffffffff)).toBe(true);
    expect(intersect({ start: 0, end: ADDRESS_SPACE_END }, last)).toEqual(last);
  });

  it('that touch do not overlap', () => {
    expect(overlaps(rangeOf(0, 4), rangeOf(4, 4))).toBe(false);
    expect(intersect(rangeOf(0, 4), rangeOf(4, 4))).toBeUndefined();
    expect(overlaps(rangeOf(0, 5), rangeOf(4, 4))).toBe(true);
  });

  it('overlap when they share an address, which an empty range never does', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const shared = addresses([a]).filter((address) => containsAddress(b, address));
        expect(overlaps(a, b)).toBe(shared.length > 0);
        expect(overlaps(b, a)).toBe(overlaps(a, b));
        const common = intersect(a, b);
        expect(common ? addresses([common]) : []).toEqual(shared);
      }),
    );
    expect(overlaps(rangeOf(5, 0), rangeOf(0, 10))).toBe(false);
  });

  it('contain each other when every address does', () => {
    fc.assert(
      fc.property(pairs, ([outer, inner]) => {
        fc.pre(!isEmpty(inner));
        const inside = addresses([inner]).every((address) => containsAddress(outer, address));
        expect(containsRange(outer, inner)).toBe(inside);
      }),
    );
    expect(containsRange(rangeOf(0, 4), rangeOf(0, 0))).toBe(true);
    expect(containsRange(rangeOf(0, 4), rangeOf(4, 0))).toBe(true);
    expect(containsRange(rangeOf(0, 4), rangeOf(5, 0))).toBe(false);
  });
});

describe('mergeRanges', () => {
  it('covers the same addresses with sorted ranges that do not touch', () => {
    fc.assert(
      fc.property(lists, ({ list }) => {
        const merged = mergeRanges(list);
        expect(addresses(merged)).toEqual(addresses(list));
        expect(totalSize(merged)).toBe(addresses(list).length);
        for (const [index, range] of merged.entries()) {
          expect(isEmpty(range)).toBe(false);
          const next = merged[index + 1];
          if (next) expect(next.start).toBeGreaterThan(range.end);
        }
        expect(mergeRanges(merged)).toEqual(merged);
      }),
    );
  });
});

describe('subtractRanges', () => {
  it('leaves exactly what no hole covers', () => {
    fc.assert(
      fc.property(lists, fc.nat(60), fc.nat(40), ({ base, list }, delta, size) => {
        const whole = rangeOf(base + delta, size);
        const rest = subtractRanges(whole, list);
        const holes = new Set(addresses(list));
        expect(addresses(rest)).toEqual(addresses([whole]).filter((address) => !holes.has(address)));
        for (const range of rest) expect(isEmpty(range)).toBe(false);
      }),
    );
  });

  it('gives the whole back without holes, and nothing of nothing', () => {
    expect(subtractRanges(rangeOf(8, 8), [])).toEqual([rangeOf(8, 8)]);
    expect(subtractRanges(rangeOf(8, 0), [])).toEqual([]);
    expect(subtractRanges({ start: 9, end: 3 }, [rangeOf(4, 2)])).toEqual([]);
  });

  it('in order are found by halving', () => {
    fc.assert(
      fc.property(lists, fc.nat(80), fc.nat(20), ({ base, list }, delta, size) => {
        const ordered = mergeRanges(list);
        const place = rangeOf(base + delta, size);
        expect(rangesWithin(ordered, place)).toEqual(ordered.filter((range) => overlaps(range, place)));
        const first = ordered.findIndex(({ end }) => end > place.start);
        expect(firstEndingAfter(ordered, place.start)).toBe(first < 0 ? ordered.length : first);
      }),
    );
  });
});
