/** The scripts that plan writes, run by the real OpenOCD on a virtual P1, against what the simulation says. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import { plan } from '../../src/operations/plan/plan.js';
import { type SimulateOptions, simulate } from '../../src/operations/plan/simulate.js';
import type { Plan, PlanOptions } from '../../src/operations/plan/types.js';
import { flashOf } from '../../src/regions/module/find.js';
import { dctCopies, erasedThenFlashedDump, healthyDump, noise } from '../support/synthetic.js';
import { describeWithTools } from '../support/tools.js';
import { OPENOCD, type OpenocdRun, runOpenocd, startVirtualP1, type VirtualP1 } from '../support/virtual-p1/index.js';

const board = loadBoard('particle-p1');
const flash = flashOf(board);
const OPEN = 0x0fffaaed;
/** Sectors 0 and 5 to 8 protected, as device-os 0.4.7 to 0.7 leaves a board. */
const PROTECTED = 0x0e1eaaed;
const STORED = 0x0fffffec;

const USER = 0x080a0000;
const PART_1 = 0x08020000;

/** Reading the whole flash takes a quarter of a minute here; one test does it. */
const QUICK: PlanOptions = { backup: false, optcr: OPEN };

function segments(...parts: readonly (readonly [number, Uint8Array])[]): MemoryImage {
  return MemoryImage.fromSegments(parts.map(([address, bytes]) => ({ address, bytes })));
}

function chipOf(bytes: Uint8Array): MemoryImage {
  return MemoryImage.fromBytes(bytes, flash.start, { name: 'dump.bin' });
}

/** The dump with a few bytes of each kind in the sectors that the tests write to. */
function usedDump(): Uint8Array {
  const bytes = healthyDump();
  bytes.set(noise(700, 5), 0xc0000);
  bytes.set(noise(300, 6), 0xd0000);
  return bytes;
}

async function virtualP1(options: Parameters<typeof startVirtualP1>[0]): Promise<VirtualP1> {
  const p1 = await startVirtualP1(options);
  onTestFinished(() => p1.stop());
  return p1;
}

/** A folder with the data files of the plan. */
function folderOf({ files }: Plan): string {
  const folder = mkdtempSync(join(tmpdir(), 'flashatlas-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  return folder;
}

async function runPlan(made: Plan, p1: VirtualP1, folder = folderOf(made), script = 0): Promise<OpenocdRun> {
  return runOpenocd(made.scripts[script]?.text ?? '', p1, { folder, timeLimit: 120_000 });
}

/** The chip holds exactly what the simulation says. */
function expectSame(p1: VirtualP1, before: Uint8Array, made: Plan, options: Partial<SimulateOptions> = {}): void {
  const { image, optcr } = simulate(made, chipOf(before), { flash, optcr: made.optcr.before ?? OPEN, ...options });
  expect(Buffer.compare(p1.flash, image.read(flash, 0xff))).toBe(0);
  expect((p1.optcr & STORED) >>> 0).toBe(optcr);
}

async function expectRuns(before: Uint8Array, target: MemoryImage, options: PlanOptions) {
  const made = plan(chipOf(before), { image: target }, board, options);
  const p1 = await virtualP1({ flash: before, optcr: options.optcr ?? OPEN });
  const { status, log } = await runPlan(made, p1);
  expect(status, log).toBe(0);
  expectSame(p1, before, made);
  for (const { address, bytes } of target.segments) {
    expect(Buffer.compare(p1.flash.subarray(address - flash.start).subarray(0, bytes.length), bytes)).toBe(0);
  }
  return { made, p1, log };
}

describeWithTools('OpenOCD runs what plan writes', [OPENOCD], () => {
  describe('and the flash is what the simulation says', () => {
    it('after erasing a sector and writing back what the target does not give', async () => {
      const before = usedDump();
      const target = segments([0x080c0100, noise(900, 7)]);
      const { made, p1 } = await expectRuns(before, target, QUICK);
      expect(made.sectorsToErase).toEqual([10]);
      expect(made.lost).toEqual([]);
      const kept = p1.flash.subarray(0xd0000, 0xd0000 + 300);
      expect(Buffer.compare(kept, before.subarray(0xd0000, 0xd0000 + 300))).toBe(0);
    });

    it('after clearing bits without an erase', async () => {
      const before = usedDump();
      const bits = before.slice(0xc0000, 0xc0000 + 64).map((byte) => byte & 0x5a);
      const { made, p1 } = await expectRuns(before, segments([0x080c0000, bits], [0x080cc000, noise(256, 8)]), QUICK);
      expect(made.sectorsToErase).toEqual([]);
      expect(p1.operations.map(({ kind }) => kind)).toEqual(['reset', 'program', 'program', 'reset']);
    });

    it('after lifting the protection of one sector and restoring it', async () => {
      const before = new Uint8Array(0x100000).fill(0xff);
      before.set(noise(600, 9), 0x20000);
      const target = segments([PART_1 + 0x100, noise(800, 10)]);
      const { made, p1 } = await expectRuns(before, target, { ...QUICK, optcr: PROTECTED });
      expect(made.steps.map(({ op }) => op)).toEqual(['unprotect', 'erase', 'program', 'verify', 'protect', 'reset']);
      expect(p1.operations).toContainEqual({ kind: 'options', optcr: 0x0e3eaaed });
      expect(p1.optcr).toBe(PROTECTED);
    });

    it('after changing option bytes as the target asks', async () => {
      const before = usedDump();
      const goal = 0x0ffeaae0;
      const made = plan(chipOf(before), { image: segments([0x080cc000, noise(64, 8)]), optcr: goal }, board, QUICK);
      const p1 = await virtualP1({ flash: before, optcr: OPEN });
      const { status, log } = await runPlan(made, p1);
      expect(status, log).toBe(0);
      expectSame(p1, before, made);
      expect((p1.optcr & STORED) >>> 0).toBe(goal);
    });

    it('after restoring the keys of an erased board from a backup, without any erase', async () => {
      const before = erasedThenFlashedDump();
      const { copy1, copy2 } = dctCopies();
      const target = segments([0x08004000, copy1], [0x08008000, copy2]);
      const { made } = await expectRuns(before, target, { ...QUICK, include: ['dct'] });
      expect(made.sectorsToErase).toEqual([]);
      expect(made.changes.map(({ what }) => what)).toContain('device private key: blank -> rsa-1024');
    });

    it('after unlocking read protection level 1, which erases everything', async () => {
      const before = usedDump();
      const locked = 0x0fff55ed;
      const target = segments([USER, noise(500, 11)]);
      const made = plan(chipOf(before), { image: target }, board, { optcr: locked, allowMassErase: true });
      expect(made.scripts.map(({ name }) => name)).toEqual(['1-unlock.tcl', '2-plan.tcl']);
      const p1 = await virtualP1({ flash: before, optcr: locked });
      const folder = folderOf(made);
      for (const script of [0, 1]) {
        const { status, log } = await runPlan(made, p1, folder, script);
        expect(status, log).toBe(0);
      }
      expectSame(p1, before, made);
      expect(p1.flash.subarray(0x4000, 0x8000).every((byte) => byte === 0xff)).toBe(true);
    });
  });

  it('reads the whole flash first, and does not replace a backup', async () => {
    const before = usedDump();
    const made = plan(chipOf(before), { image: segments([0x080cc000, noise(64, 8)]) }, board, { optcr: OPEN });
    const p1 = await virtualP1({ flash: before });
    const folder = folderOf(made);
    const { status, log } = await runPlan(made, p1, folder);
    expect(status, log).toBe(0);
    expect(Buffer.compare(readFileSync(join(folder, 'backup.bin')), before)).toBe(0);
    expect(log).toContain('0x40023c14: 0fffaaed');
    const again = await runPlan(made, p1, folder);
    expect(again.status).toBe(1);
    expect(again.log).toContain('the backup exists already');
    expectSame(p1, before, made);
  }, 120_000);

  describe('and stops before it changes anything', () => {
    const before = usedDump();
    const target = segments([PART_1 + 0x8000, noise(64, 3)]);

    it.each([
      ['a sector turns out to be protected', undefined, PROTECTED, 'a sector that has to be written is protected'],
      ['the option bytes are not those of the plan', OPEN, PROTECTED, 'is this the right board?'],
      ['the chip is read protected', undefined, 0x0fff00ed, 'read protected'],
    ])('when %s', async (_, assumed, actual, message) => {
      const made = plan(chipOf(before), { image: target }, board, { backup: false, optcr: assumed });
      const p1 = await virtualP1({ flash: before, optcr: actual });
      const { status, log } = await runPlan(made, p1);
      expect(status, log).toBe(1);
      expect(log).toContain(message);
      expect(p1.operations.filter(({ kind }) => kind !== 'reset')).toEqual([]);
    });

    it('when a data file is missing', async () => {
      const made = plan(chipOf(before), { image: target }, board, QUICK);
      const p1 = await virtualP1({ flash: before });
      const folder = folderOf({ ...made, files: [] });
      const { status, log } = await runPlan(made, p1, folder);
      expect(status).toBe(1);
      expect(log).toMatch(/system-part1-\w+\.bin is missing/);
      expect(p1.operations).toEqual([]);
      expect(existsSync(join(folder, 'backup.bin'))).toBe(false);
    });
  });

  describe('and fails as the simulation does', () => {
    it('when a sector no longer erases: the verification says so', async () => {
      const before = usedDump();
      const made = plan(chipOf(before), { image: segments([0x080c0000, noise(500, 12)]) }, board, QUICK);
      const p1 = await virtualP1({ flash: before, faults: { failingSectors: [{ sector: 10 }] } });
      const { status, log } = await runPlan(made, p1);
      expect(status, log).toBe(1);
      expect(log).toContain('contents differ');
      expect(p1.operations.at(-1)).not.toEqual({ kind: 'reset' });
    });

    it.each([
      ['after the erase', 'erase'],
      ['after the programming', 'program'],
    ] as const)('when the power fails %s', async (_, op) => {
      const before = new Uint8Array(0x100000).fill(0xff);
      before.set(noise(200, 9), 0x20000);
      const target = segments([PART_1, noise(400, 10)]);
      const made = plan(chipOf(before), { image: target }, board, { ...QUICK, optcr: PROTECTED });
      const cut = made.steps.find((step) => step.op === op)?.number ?? 0;
      const operations = { erase: 2, program: 2 + 200 }[op];
      const p1 = await virtualP1({ flash: before, optcr: PROTECTED, faults: { powerFailsAfter: operations } });
      const { status } = await runPlan(made, p1);
      expect(status).not.toBe(0);
      expectSame(p1, before, made, { cutAfter: cut });
    });
  });
});
