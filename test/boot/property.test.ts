/** Whatever is in the flash, the model answers, and in the form it promises. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_BUTTONS } from '../../src/boot/types.js';
import { writeU32 } from '../../src/core/bytes.js';
import { noise } from '../support/synthetic.js';
import { afterUpdates, device, maybeBoot, withSlot } from './boards.js';

const OUTCOMES =
  'no-start dfu fault hang reset-loop factory-restore safe-mode listening connecting cloud-refused runs runs-offline'.split(
    ' ',
  );

/** Words where decisions are made, and values at which they change. */
const PLACES = [0, 4, 0x184, 0x188, 0x18c, 0x190, 0x194, 0x198, 0x4000, 0x4008, 0x400c, 0x68a0, 0x68b4];
const BASES = [0, 0x20000, 0x60000, 0xa0000, 0xc0000, 0xe0000];
const VALUES = [0, 1, 0xffffffff, 0x08000000, 0x08020000, 0x08060000, 0x080a0000, 0x080fffff, 0x08100000, 0x08100001];
const word = fc.oneof(fc.constantFrom(...VALUES), fc.integer({ min: 0, max: 0xffffffff }));
const change = fc.record({ base: fc.constantFrom(...BASES), place: fc.constantFrom(...PLACES), value: word });
const slot = fc.record({
  slot: fc.integer({ min: 0, max: 4 }),
  source: word,
  destination: word,
  length: fc.oneof(word, fc.integer({ min: 0, max: 0x40000 })),
  function: fc.integer({ min: 0, max: 6 }),
  flags: fc.constantFrom(0, 2, 4, 8, 14),
});

describe('the boot model', () => {
  it('answers for any device, within its words', () => {
    const healthy = [device(), device([], 17)];
    fc.assert(
      fc.property(
        fc.constantFrom(...healthy),
        fc.array(change, { maxLength: 4 }),
        fc.option(slot, { nil: undefined }),
        fc.constantFrom(...HELD_BUTTONS),
        (base, changes, pending, button) => {
          const flash = pending ? withSlot(base, pending.slot, pending) : base.slice();
          for (const { base: start, place, value } of changes) writeU32(flash, Math.min(start + place, 0xffffc), value);
          const prediction = maybeBoot(flash, { button });
          if (!prediction) return;
          expect(OUTCOMES).toContain(prediction.outcome);
          expect(prediction.steps.length).toBeGreaterThan(0);
          expect(
            prediction.steps.every(({ source, result }) => source.length > 0 && !/undefined|NaN/.test(result)),
          ).toBe(true);
          expect(prediction.copies.length).toBeLessThan(40);
          const plain = maybeBoot(flash);
          expect([prediction.bootloader, prediction.dctAccess]).toEqual([plain?.bootloader, plain?.dctAccess]);
          expect(afterUpdates(flash).bytes.length).toBe(flash.length);
        },
      ),
      { numRuns: 30 },
    );
  }, 120_000);

  it('answers for noise', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const flash = device();
        flash.set(noise(0x20000, seed), (seed % 8) * 0x20000);
        expect(maybeBoot(flash)?.outcome ?? 'none').toBeTypeOf('string');
      }),
      { numRuns: 10 },
    );
  }, 60_000);
});
