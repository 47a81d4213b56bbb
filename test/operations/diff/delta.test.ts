/** A difference can be applied: applying diff(a, b) to a gives b, whatever the two are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { applyDelta, compareImages } from '../../../src/operations/diff/delta.js';
import { applyDiff, diffImages } from '../../../src/operations/diff/diff.js';
import { changedSectors, sectorsToErase } from '../../../src/operations/diff/sectors.js';
import { FLASH_START, healthyDump } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');

const segment = fc.record({
  address: fc.oneof(fc.nat(400), fc.integer({ min: 0xffff_ff00, max: 0xffff_ff80 }), fc.constant(FLASH_START)),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 120, max: 3 }),
});
const sparse = fc
  .array(segment, { maxLength: 6 })
  .map((segments) => MemoryImage.fromSegments(segments, { overlap: 'last-wins' }));
const cuts = fc.array(fc.nat(500), { maxLength: 8 }).map((list) => [...new Set(list)].sort((one, two) => one - two));

describe('applyDelta', () => {
  it('leads from a to b for sparse images at any addresses, cut anywhere', () => {
    fc.assert(
      fc.property(sparse, sparse, cuts, (a, b, borders) => {
        const delta = compareImages(a, b, borders);
        expect(applyDelta(delta, a).equals(b)).toBe(true);
        expect(delta.same + delta.changed + delta.onlyA).toBe(a.byteCount);
        expect(delta.same + delta.changed + delta.onlyB).toBe(b.byteCount);
        for (const { start, end } of delta.ranges) {
          expect(borders.some((border) => border > start && border < end)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has nothing to apply for an image and itself', () => {
    fc.assert(
      fc.property(sparse, (a) => {
        expect(compareImages(a, a).ranges).toEqual([]);
      }),
    );
  });

  it('refuses another image than the one it was made from', () => {
    const a = MemoryImage.fromBytes(Uint8Array.of(1, 2, 3), 0x100);
    const b = MemoryImage.fromBytes(Uint8Array.of(1, 9, 3, 4), 0x100);
    const delta = compareImages(a, b);
    for (const other of [b, MemoryImage.empty, MemoryImage.fromBytes(Uint8Array.of(1, 7, 3), 0x100)]) {
      expect(() => applyDelta(delta, other)).toThrow(expect.objectContaining({ code: 'DIFF_DOES_NOT_APPLY' }));
    }
  });

  it('tells absent from erased', () => {
    const a = MemoryImage.fromBytes(Uint8Array.of(1), 0x100);
    const b = MemoryImage.fromBytes(Uint8Array.of(1, 0xff, 0xff), 0x100);
    const delta = compareImages(a, b);
    expect(delta).toMatchObject({ same: 1, changed: 0, onlyA: 0, onlyB: 2 });
    expect(delta.ranges).toMatchObject([{ start: 0x101, end: 0x103, kind: 'only-b', before: null }]);
    expect(compareImages(b, a).ranges).toMatchObject([{ kind: 'only-a', after: null }]);
  });
});

describe('diff of dumps', () => {
  const dump = healthyDump();

  it('applies to the dump it was made from, wherever the dump was changed', () => {
    const patch = fc.record({
      offset: fc.nat(0xf_ffff),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(patch, { maxLength: 4 }), (patches) => {
        const bytes = dump.slice();
        for (const { offset, bytes: part } of patches) bytes.set(part.subarray(0, bytes.length - offset), offset);
        const [a, b] = [MemoryImage.fromBytes(dump, FLASH_START), MemoryImage.fromBytes(bytes, FLASH_START)];
        const difference = diffImages(a, b, P1);
        expect(applyDiff(difference, a).equals(b)).toBe(true);
        expect(difference.equal).toBe(a.equals(b));
        const { delta, regions, sectors } = difference;
        // The factory region lies inside the OTA region.
        const outer = regions.filter(({ id }) => id !== 'factory');
        expect(outer.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(delta.changed);
        expect(sectors.reduce((sum, sector) => sum + sector.changed, 0)).toBe(delta.changed);
      }),
      { numRuns: 25 },
    );
  });
});

describe('changedSectors', () => {
  const image = (bytes: Uint8Array, address = FLASH_START): MemoryImage => MemoryImage.fromBytes(bytes, address);
  const base = new Uint8Array(0x10_0000).fill(0xff).fill(0x0f, 0x4000, 0x5000);

  function changed(change: (bytes: Uint8Array) => void) {
    const bytes = base.slice();
    change(bytes);
    return changedSectors(image(base), image(bytes), P1);
  }

  it('programs where bits only go to 0, and erases where one goes to 1', () => {
    const sectors = changed((bytes) => {
      bytes[0x0010] = 0x00;
      bytes[0x4010] = 0x0e;
      bytes[0x4011] = 0x1f;
      bytes[0x8000] = 0x7f;
    });
    expect(sectors.map(({ action }) => action).slice(0, 4)).toEqual(['program', 'erase', 'program', 'same']);
    expect(sectors.map(({ changed: count }) => count).slice(0, 4)).toEqual([1, 2, 1, 0]);
    expect(sectorsToErase(sectors)).toEqual([1]);
  });

  it('agrees with the flash itself: without an erase, programming gives b', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        (a, b) => {
          const [sector] = changedSectors(image(a), image(b), P1);
          const programmed = a.map((byte, offset) => byte & (b[offset] ?? 0));
          const reaches = programmed.every((byte, offset) => byte === b[offset]);
          expect(sector?.action !== 'erase').toBe(reaches);
        },
      ),
    );
  });

  it('says when the erase alone does it, and what it would lose', () => {
    const erased = changed((bytes) => bytes.fill(0xff, 0x4000, 0x5000));
    expect(erased[1]).toMatchObject({ action: 'erase', eraseOnly: true, changed: 0x1000, atRisk: 0 });
    const partial = image(new Uint8Array(0x100).fill(0xf0), FLASH_START + 0x4000);
    const sectors = changedSectors(image(base), partial, P1);
    expect(sectors[1]).toMatchObject({ action: 'erase', eraseOnly: false, changed: 0x100, atRisk: 0xf00 });
    expect(sectors[0]).toMatchObject({ action: 'absent', onlyA: 0x4000 });
  });

  it('does not trust flash that a does not show', () => {
    const sectors = changedSectors(image(base.subarray(0, 0x4000)), image(base), P1);
    expect(sectors.slice(0, 3).map(({ action }) => action)).toEqual(['same', 'unknown', 'unknown']);
    expect(sectorsToErase(sectors)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});
