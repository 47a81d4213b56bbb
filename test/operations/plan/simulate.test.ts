import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import { plan } from '../../../src/operations/plan/plan.js';
import { type SimulateOptions, simulate } from '../../../src/operations/plan/simulate.js';
import { noise, systemPart1, systemPart2, userPart } from '../../support/synthetic.js';
import { board, flash, healthy } from './arbitrary.js';

const OPEN = 0x0fffaaec;
const PROTECTED = 0x0e1eaaec;
const image = MemoryImage.fromSegments([
  { address: 0x08020000, bytes: systemPart1(2302) },
  { address: 0x08060000, bytes: systemPart2(2302) },
]);
const made = plan(healthy, { image }, board, { optcr: PROTECTED });
const run = (options: Partial<SimulateOptions> = {}) =>
  simulate(made, healthy, { flash, optcr: PROTECTED, ...options });
const stepOf = (op: string): number => made.steps.find((step) => step.op === op)?.number ?? 0;

describe('simulate', () => {
  it('does every step and says so', () => {
    const { outcome, stoppedAt, log, optcr } = run();
    expect({ outcome, stoppedAt, optcr }).toEqual({ outcome: 'done', stoppedAt: null, optcr: PROTECTED });
    expect(log.map(({ step, result }) => [step, result])).toEqual(made.steps.map(({ number }) => [number, 'done']));
    expect(log[2]?.text).toBe('erase sectors 5 to 8');
  });

  it('stops where the chip refuses, as the tool would', () => {
    const withoutLifting = { steps: made.steps.filter(({ op }) => op !== 'unprotect') };
    const { outcome, stoppedAt, log, image: after } = simulate(withoutLifting, healthy, { flash, optcr: PROTECTED });
    expect(outcome).toBe('failed');
    expect(stoppedAt).toBe(stepOf('erase'));
    expect(log.find(({ result }) => result === 'failed')?.text).toBe(
      'erase sectors 5 to 8: a sector is write protected (WRPERR)',
    );
    expect(log.filter(({ result }) => result === 'not-reached')).toHaveLength(made.steps.length - 3);
    expect(after.slice(flash).equals(healthy)).toBe(true);
  });

  it('finds at the verification what was programmed over other bytes than the plan knew', () => {
    const clears = plan(healthy, { image: MemoryImage.fromBytes(noise(64, 2), 0x080cc000) }, board, { optcr: OPEN });
    const other = healthy.merge(MemoryImage.fromBytes(new Uint8Array(64), 0x080cc000), { overlap: 'last-wins' });
    const { outcome, log } = simulate(clears, other, { flash });
    expect(outcome).toBe('failed');
    expect(log.find(({ result }) => result === 'failed')).toMatchObject({
      op: 'verify',
      text: expect.stringContaining('step 2 left other bytes than it should'),
    });
  });

  it('cannot read a chip at level 1', () => {
    const { outcome, log } = run({ optcr: 0x0e1e55ec });
    expect(outcome).toBe('failed');
    expect(log[0]?.text).toContain('read protection keeps the debugger out');
  });

  it('cuts the power after a step', () => {
    const { outcome, stoppedAt, image: after, optcr } = run({ cutAfter: stepOf('erase') });
    expect({ outcome, stoppedAt }).toEqual({ outcome: 'cut', stoppedAt: stepOf('erase') });
    expect(after.bytes({ start: 0x08020000, end: 0x080a0000 })?.every((byte) => byte === 0xff)).toBe(true);
    // The protection is still lifted.
    expect(optcr).toBe(0x0ffeaaec);
    expect(run({ cutAfter: 0 }).image.slice(flash).equals(healthy)).toBe(true);
    expect(run({ cutAfter: made.steps.length }).outcome).toBe('cut');
  });

  it('cuts the power inside an erase: one sector is undefined, the ones after it are as they were', () => {
    const { image: after, log } = run({ cutInside: stepOf('erase') });
    const states = [5, 6, 7, 8].map((number) => {
      const sector = flash.sectors[number];
      const bytes = sector && after.bytes(sector);
      return bytes === undefined ? 'undefined' : bytes.every((byte) => byte === 0xff) ? 'erased' : 'old';
    });
    expect(states).toEqual(['erased', 'erased', 'undefined', 'old']);
    expect(log.find(({ result }) => result === 'cut')?.text).toContain('what sector 7 holds now is not defined');
  });

  it('cuts the power inside a program step: half of it is there', () => {
    const number = stepOf('program');
    const step = made.steps[number - 1];
    const { image: after, log } = run({ cutInside: number });
    const start = step?.range?.start ?? 0;
    const length = step?.data?.length ?? 0;
    const bytes = after.read({ start, end: start + length }, 0);
    expect(bytes.subarray(0, length >> 1)).toEqual(step?.data?.subarray(0, length >> 1));
    expect(bytes.subarray(length >> 1).every((byte) => byte === 0xff)).toBe(true);
    expect(log.find(({ result }) => result === 'cut')?.text).toMatch(/the power fails after [\d,]+ of [\d,]+ bytes$/);
  });

  it('does not interrupt what was refused anyway', () => {
    const bare = { steps: made.steps.filter(({ op }) => op !== 'unprotect') };
    const number = bare.steps.findIndex(({ op }) => op === 'erase') + 1;
    const steps = bare.steps.map((step, index) => ({ ...step, number: index + 1 }));
    expect(simulate({ steps }, healthy, { flash, optcr: PROTECTED, cutInside: number }).image.equals(healthy)).toBe(
      true,
    );
  });

  it.each([
    [{ cutAfter: 99 }, '0 to 10'],
    [{ cutAfter: -1 }, '0 to 10'],
    [{ cutInside: 0 }, '1 to 10'],
    [{ cutInside: 1.5 }, '1 to 10'],
  ])('has no step for %j', (options, expected) => {
    expect(() => run(options)).toThrowError(expect.objectContaining({ code: 'SIMULATE_NO_STEP', expected }));
  });

  it('knows nothing of a chip that nobody has read', () => {
    const blind = plan(null, { image: MemoryImage.fromBytes(userPart(), 0x080a0000) }, board);
    expect(simulate(blind, null, { flash }).image.ranges()).toEqual([{ start: 0x080a0000, end: 0x080c0000 }]);
    expect(simulate({ steps: [] }, null, { flash }).image.byteCount).toBe(0);
  });
});

describe('what the board does by itself', () => {
  const fields = plan(healthy, { image: MemoryImage.fromBytes(changedCopy(), 0x08004000) }, board, {
    tool: 'dfu-util',
    include: ['dct'],
    optcr: OPEN,
  });

  it('a write over alternate setting 1 makes a new copy and leaves the old one superseded', () => {
    expect(fields.steps.find(({ op }) => op === 'write-dct')).toMatchObject({
      by: 'bootloader',
      file: expect.stringMatching(/^dct-\d+\.bin$/),
    });
    const after = fields.result;
    expect(after.byteAt(0x08004009)).toBe(0);
    expect(after.byteAt(0x08008009)).toBe(1);
  });

  it('is interrupted between two operations of the firmware, and one copy is always whole', () => {
    const number = fields.steps.find(({ op }) => op === 'write-dct')?.number ?? 0;
    const cut = simulate(fields, healthy, { flash, dct: fields.dct ?? undefined, cutInside: number });
    expect(cut.log.find(({ result }) => result === 'cut')?.text).toContain('while the new copy is written');
    const old = { start: 0x08004000, end: 0x08008000 };
    expect(cut.image.slice(old).equals(healthy.slice(old))).toBe(true);
    expect(cut.image.byteAt(0x08008008)).toBe(0xff);
  });

  it('needs to be told how', () => {
    const { outcome, log } = simulate(fields, healthy, { flash });
    expect(outcome).toBe('failed');
    expect(log.find(({ result }) => result === 'failed')?.text).toContain('nothing is known about the DCT');
    const gone = healthy.without({ start: 0x08008000, end: 0x08008001 });
    expect(simulate(fields, gone, { flash, dct: fields.dct ?? undefined }).outcome).toBe('failed');
  });
});

/** Copy 1 of the healthy dump with another claim code. */
function changedCopy(): Uint8Array {
  const copy = healthy.read({ start: 0x08004000, end: 0x08008000 }, 0).slice();
  const claimCode = 7548 + 1762;
  copy.set(new TextEncoder().encode('another claim code'), claimCode);
  return copy;
}
