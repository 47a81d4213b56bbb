/** Chips and targets for property tests: a few stretches of few values, so that every kind of change comes up. */
import fc from 'fast-check';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import type { Sector } from '../../../src/layout/types.js';
import { flashOf } from '../../../src/regions/module/find.js';
import { healthyDump } from '../../support/synthetic.js';

export const board = loadBoard('particle-p1');
export const flash = flashOf(board);
export const healthy = MemoryImage.fromBytes(healthyDump(), flash.start, { name: 'dump.bin' });

/** Values that clear, set and leave bits of each other. */
const value = fc.constantFrom(0xff, 0x00, 0x0f, 0xf0, 0xa5, 0xfe);

export interface Stretch {
  readonly sector: number;
  readonly offset: number;
  readonly length: number;
  readonly values: readonly number[];
}

const stretch: fc.Arbitrary<Stretch> = fc.record({
  sector: fc.integer({ min: 0, max: 11 }),
  offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0x3fff }), fc.integer({ min: 0, max: 0x1ffff })),
  length: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3000 }), fc.constant(0x20000)),
  values: fc.array(value, { minLength: 1, maxLength: 4 }),
});

/** At least one; a failure prints these and not megabytes. */
export const stretches = fc.array(stretch, { minLength: 1, maxLength: 6 });
export const fewStretches = fc.array(stretch, { minLength: 0, maxLength: 3 });

function segmentOf({ sector, offset, length, values }: Stretch) {
  const { start, size } = flash.sectors[sector] as Sector;
  const from = offset % size;
  const count = Math.min(length, flash.end - start - from);
  return {
    address: start + from,
    bytes: Uint8Array.from({ length: count }, (_, i) => values[i % values.length] ?? 0xff),
  };
}

/** Nothing but the stretches. */
export function sparseImage(list: readonly Stretch[]): MemoryImage {
  return MemoryImage.fromSegments(list.map(segmentOf), { overlap: 'last-wins' });
}

/** A board that runs 2.2.0, with the stretches written over it. */
export function chipWith(list: readonly Stretch[]): MemoryImage {
  return healthy.merge(sparseImage(list), { overlap: 'last-wins' });
}

/** Without the stretches: a dump that was cut, or whose reading left gaps. */
export function withoutStretches(chip: MemoryImage, list: readonly Stretch[]): MemoryImage {
  return list
    .map(segmentOf)
    .reduce((rest, { address, bytes }) => rest.without({ start: address, end: address + bytes.length }), chip);
}
