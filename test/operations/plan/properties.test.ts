import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryImage } from '../../../src/core/image.js';
import { rangeOf } from '../../../src/core/range.js';
import { TOOL_IDS, type ToolId } from '../../../src/layout/flashing-tools.js';
import { plan } from '../../../src/operations/plan/plan.js';
import { simulate } from '../../../src/operations/plan/simulate.js';
import type { Plan, PlanOptions } from '../../../src/operations/plan/types.js';
import { board, chipWith, fewStretches, flash, sparseImage, stretches, withoutStretches } from './arbitrary.js';

const SWD: readonly ToolId[] = TOOL_IDS.filter((tool) => tool !== 'dfu-util' && tool !== 'particle-cli');
const EVERYTHING: PlanOptions = { include: ['dct', 'eeprom'], optcr: 0x0fffaaec };
const RUNS = { numRuns: 40 };

/** The first address where the flash is not what it has to be, with what is there. */
function firstWrong(chip: MemoryImage | null, target: MemoryImage, made: Plan): string | undefined {
  const { image, outcome } = simulate(made, chip, { flash, optcr: made.optcr.before ?? undefined });
  if (outcome !== 'done') return outcome;
  for (const { address, bytes } of target.segments) {
    const got = image.bytes(rangeOf(address, bytes.length));
    const at = got ? bytes.findIndex((byte, index) => byte !== got[index]) : 0;
    if (at >= 0) return `the target at 0x${(address + at).toString(16)}`;
  }
  for (const { address, bytes } of chip?.segments ?? []) {
    const range = rangeOf(address, bytes.length);
    const got = image.read(range, 0);
    const gone = image.gaps(range);
    for (let index = 0; index < bytes.length; index++) {
      const at = address + index;
      if (got[index] === bytes[index] && gone.length === 0) continue;
      if (target.byteAt(at) !== undefined) continue;
      if (made.lost.some(({ start, end }) => at >= start && at < end)) continue;
      return `unlisted loss at 0x${at.toString(16)}`;
    }
  }
  return undefined;
}

describe('plan, simulated', () => {
  it.each(SWD)(
    '%s writes everything the target defines, and changes nothing else that is not listed as lost',
    (tool) => {
      fc.assert(
        fc.property(fewStretches, stretches, (over, wanted) => {
          const [chip, target] = [chipWith(over), sparseImage(wanted)];
          expect(
            firstWrong(chip, target, plan(chip, { image: target }, board, { ...EVERYTHING, tool })),
          ).toBeUndefined();
        }),
        RUNS,
      );
    },
  );

  it('dfu-util does the same where the bootloader lets it write', () => {
    fc.assert(
      fc.property(fewStretches, stretches, (over, wanted) => {
        const open = wanted.map((stretch) => ({ ...stretch, sector: 5 + (stretch.sector % 7) }));
        const [chip, target] = [chipWith(over), sparseImage(open)];
        const made = plan(chip, { image: target }, board, { ...EVERYTHING, tool: 'dfu-util' });
        expect(firstWrong(chip, target, made)).toBeUndefined();
        expect(made.sectorsToErase.every((number) => number >= 5)).toBe(true);
      }),
      RUNS,
    );
  });

  it('holds for dumps with gaps: what nobody has read is lost when its sector is erased, and listed', () => {
    fc.assert(
      fc.property(fewStretches, stretches, (unread, wanted) => {
        const [chip, target] = [withoutStretches(chipWith([]), unread), sparseImage(wanted)];
        const made = plan(chip, { image: target }, board, EVERYTHING);
        expect(firstWrong(chip, target, made)).toBeUndefined();
        for (const number of made.sectorsToErase) {
          const sector = flash.sectors[number];
          for (const gap of sector ? chip.gaps(sector) : []) {
            for (const at of [gap.start, gap.end - 1]) {
              if (target.byteAt(at) !== undefined) continue;
              expect(made.lost.some(({ start, end }) => at >= start && at < end)).toBe(true);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('holds without a dump: every byte outside the target in an erased sector is listed', () => {
    fc.assert(
      fc.property(stretches, (wanted) => {
        const target = sparseImage(wanted);
        const made = plan(null, { image: target }, board, EVERYTHING);
        expect(firstWrong(null, target, made)).toBeUndefined();
        expect(made.known).toBe(false);
        const lost = made.lost.reduce((sum, { bytes }) => sum + bytes, 0);
        const erased = made.sectorsToErase.reduce((sum, number) => sum + (flash.sectors[number]?.size ?? 0), 0);
        expect(lost).toBe(erased - target.byteCount);
      }),
      RUNS,
    );
  });

  it('erases a sector only when a bit of it has to become 1 again', () => {
    fc.assert(
      fc.property(fewStretches, stretches, (over, wanted) => {
        const [chip, target] = [chipWith(over), sparseImage(wanted)];
        const made = plan(chip, { image: target }, board, EVERYTHING);
        for (const { number, start, end } of flash.sectors) {
          const needs = target.parts({ start, end }).some(({ address, bytes }) => {
            const old = chip.read(rangeOf(address, bytes.length), 0xff);
            return bytes.some((byte, index) => ((old[index] as number) & byte) !== byte);
          });
          expect(`${number} ${made.sectorsToErase.includes(number)}`).toBe(`${number} ${needs}`);
        }
      }),
      RUNS,
    );
  });

  it('has no step when the chip holds the target already', () => {
    fc.assert(
      fc.property(fewStretches, fc.constantFrom(...SWD), (over, tool) => {
        const chip = chipWith(over);
        expect(plan(chip, { image: chip }, board, { ...EVERYTHING, tool }).steps).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps DCT and EEPROM whatever the target holds there', () => {
    fc.assert(
      fc.property(fewStretches, stretches, (over, wanted) => {
        const [chip, target] = [chipWith(over), chipWith(wanted)];
        const made = plan(chip, { image: target }, board, { optcr: 0x0fffaaec });
        const kept = { start: 0x08004000, end: 0x08020000 };
        expect(made.sectorsToErase.filter((number) => number >= 1 && number <= 4)).toEqual([]);
        // Not toEqual, which takes most of a second for this many bytes.
        expect(made.result.slice(kept).equals(chip.slice(kept))).toBe(true);
      }),
      RUNS,
    );
  });

  it('lifts only the protection that is in the way, and restores it', () => {
    fc.assert(
      fc.property(fewStretches, stretches, fc.integer({ min: 0, max: 0xfff }), (over, wanted, nwrp) => {
        const [chip, target] = [chipWith(over), sparseImage(wanted)];
        const optcr = (nwrp << 16) | 0xaaec;
        const made = plan(chip, { image: target }, board, { ...EVERYTHING, optcr });
        const touched = new Set(
          made.steps.flatMap(({ op, sectors }) => (op === 'erase' || op === 'program' ? sectors : [])),
        );
        const lifted = made.steps.find(({ op }) => op === 'unprotect')?.sectors ?? [];
        expect(lifted).toEqual([...touched].filter((number) => ((nwrp >>> number) & 1) === 0).sort((a, b) => a - b));
        expect(made.optcr.after).toBe(optcr);
        expect(firstWrong(chip, target, made)).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('never asks for read protection level 2, and never for a mass erase that was not asked for', () => {
    fc.assert(
      fc.property(fewStretches, stretches, fc.constantFrom(...SWD), fc.boolean(), (over, wanted, tool, allow) => {
        const [chip, target] = [chipWith(over), sparseImage(wanted)];
        const made = plan(chip, { image: target }, board, { ...EVERYTHING, tool, allowMassErase: allow });
        expect(made.steps.filter(({ op }) => op === 'unlock')).toEqual([]);
        for (const { optcr } of made.steps) expect(((optcr ?? 0xaa00) >>> 8) & 0xff).toBe(0xaa);
        expect(made.script).not.toMatch(/mass_erase|unlock|\block\b|-rdu|-e all|st-flash( --serial \S+)? erase|RDP/);
      }),
      RUNS,
    );
  });

  it('leaves the result of its own simulation', () => {
    fc.assert(
      fc.property(fewStretches, stretches, (over, wanted) => {
        const [chip, target] = [chipWith(over), sparseImage(wanted)];
        const made = plan(chip, { image: target }, board, EVERYTHING);
        expect(simulate(made, chip, { flash }).image.equals(made.result)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});
