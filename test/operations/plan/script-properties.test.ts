/** The scripts themselves, run word by word on a model of chip and tools, lead where the plan says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import { TOOL_IDS, type ToolId } from '../../../src/layout/flashing-tools.js';
import { plan } from '../../../src/operations/plan/plan.js';
import type { PlanOptions } from '../../../src/operations/plan/types.js';
import { runScripts } from '../../support/script-runner.js';
import { noise } from '../../support/synthetic.js';
import { board, chipWith, fewStretches, flash, type Stretch, sparseImage, stretches } from './arbitrary.js';

const TOOLS: readonly ToolId[] = TOOL_IDS.filter((tool) => tool !== 'particle-cli');
const UNLOCKING: readonly ToolId[] = ['openocd', 'cubeprogrammer'];
const RUNS = { numRuns: 40 };

/** Where the bootloader lets DFU write; J-Link Commander cannot lift a protection. */
function fitting(tool: ToolId, wanted: readonly Stretch[], nwrp: number) {
  const list = tool === 'dfu-util' ? wanted.map((one) => ({ ...one, sector: 5 + (one.sector % 7) })) : wanted;
  return { target: sparseImage(list), optcr: ((tool === 'jlink' ? 0xfff : nwrp) << 16) | 0xaaec };
}

function expectLeadsThere(
  chip: MemoryImage | null,
  target: { readonly image: MemoryImage; readonly optcr?: number },
  optcr: number,
  options: PlanOptions,
): void {
  const made = plan(chip, target, board, { include: ['dct', 'eeprom'], ...options, optcr });
  const { image, optcr: after, erased } = runScripts(made, chip, optcr, flash);
  expect(image.equals(made.result)).toBe(true);
  expect(after).toBe(made.optcr.after);
  expect([...new Set(erased)].every((number) => made.sectorsToErase.includes(number))).toBe(true);
}

describe('the scripts', () => {
  it.each(TOOLS)('of %s do what the plan says, on protected chips too, and erase nothing else', (tool) => {
    fc.assert(
      fc.property(fewStretches, stretches, fc.integer({ min: 0, max: 0xfff }), (over, wanted, nwrp) => {
        const { target, optcr } = fitting(tool, wanted, nwrp);
        expectLeadsThere(chipWith(over), { image: target }, optcr, { tool });
      }),
      RUNS,
    );
  });

  it.each(TOOLS)('of %s erase a sector that shall be erased, after one that is full', (tool) => {
    const full = noise(0x20000, 3);
    const chip = chipWith([]).merge(MemoryImage.fromBytes(full, 0x08080000), { overlap: 'last-wins' });
    const target = MemoryImage.fromSegments([
      { address: 0x08060000, bytes: noise(0x20000, 4) },
      { address: 0x08080000, bytes: new Uint8Array(0x20000).fill(0xff) },
    ]);
    expectLeadsThere(chip, { image: target }, 0x0fffaaec, { tool });
  });

  it.each(['openocd', 'st-flash', 'cubeprogrammer'] as const)('of %s write the option bytes asked for', (tool) => {
    const words = fc.record({ nwrp: fc.integer({ min: 0, max: 0xfff }), user: fc.integer({ min: 0, max: 0xff }) });
    fc.assert(
      fc.property(stretches, words, words, (wanted, then, now) => {
        const word = ({ nwrp, user }: typeof then) => ((nwrp << 16) | 0xaa00 | (user & 0xec)) >>> 0;
        expectLeadsThere(chipWith([]), { image: sparseImage(wanted), optcr: word(now) }, word(then), { tool });
      }),
      RUNS,
    );
  });

  it.each(UNLOCKING)('of %s leave read protection level 1, and write the dump back', (tool) => {
    fc.assert(
      fc.property(
        fc.option(fewStretches, { nil: null }),
        stretches,
        fc.integer({ min: 0, max: 0xfff }),
        (over, wanted, nwrp) => {
          const chip = over && chipWith(over);
          const optcr = (nwrp << 16) | 0x55ec;
          const options = { tool, allowMassErase: true };
          const made = plan(chip, { image: sparseImage(wanted) }, board, {
            ...options,
            include: ['dct', 'eeprom'],
            optcr,
          });
          const { image, optcr: after } = runScripts(made, chip, optcr, flash);
          expect(image.equals(made.result)).toBe(true);
          expect(after).toBe(((nwrp << 16) | 0xaaec) >>> 0);
          if (!chip) return;
          const whole = chip.merge(sparseImage(wanted), { overlap: 'last-wins' });
          if (made.lost.length === 0) expect(image.equals(whole)).toBe(true);
        },
      ),
      RUNS,
    );
  });
});
