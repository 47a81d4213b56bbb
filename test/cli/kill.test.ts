/** A kill at any moment of a write leaves the target as it was or complete, and never stops the next run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { healthyDump, noise } from '../support/synthetic.js';
import { BUNDLE, run, scratchFolder } from './run.js';

const AT_ONCE = 4;
const folder = scratchFolder();
const at = (...names: string[]): string => join(folder, ...names);
const OLD = 'what was there before';

writeFileSync(at('noise.bin'), noise(1 << 20));
writeFileSync(at('dump.bin'), healthyDump());

interface Case {
  readonly name: string;
  readonly kills: number;
  readonly args: (output: string) => readonly string[];
  /** Puts something there before the run. */
  readonly before?: (output: string) => void;
  /** What is at the target. */
  readonly look: (output: string) => string;
  /** What the target may be while the command has not succeeded. */
  readonly untouched: string;
}

const lookFile = (path: string): string => (existsSync(path) ? readFileSync(path, 'latin1') : 'absent');
const lookFolder = (path: string): string =>
  existsSync(path)
    ? JSON.stringify(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]))
    : 'absent';

const convert = (output: string) => ['convert', '--base', '0x08000000', at('noise.bin'), '-o', output];
const CASES: readonly Case[] = [
  {
    name: 'convert to a new file',
    kills: 60,
    args: (output) => convert(`${output}.hex`),
    look: (output) => lookFile(`${output}.hex`),
    untouched: 'absent',
  },
  {
    name: 'convert over a file',
    kills: 60,
    args: (output) => [...convert(`${output}.hex`), '--force'],
    before: (output) => writeFileSync(`${output}.hex`, OLD),
    look: (output) => lookFile(`${output}.hex`),
    untouched: OLD,
  },
  {
    name: 'build a new file',
    kills: 40,
    args: (output) => ['build', `0x08000000:${at('dump.bin')}`, '-o', `${output}.hex`, '--shape', 'padded'],
    look: (output) => lookFile(`${output}.hex`),
    untouched: 'absent',
  },
  {
    name: 'extract to a new folder',
    kills: 40,
    args: (output) => ['extract', '--show-secrets', at('dump.bin'), '-o', output],
    look: lookFolder,
    untouched: 'absent',
  },
];

/** The same delays on every run; the machine decides what they hit. */
function* seeded(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<number | null> } {
  const child = spawn(process.execPath, [BUNDLE, ...args], { stdio: 'ignore' });
  return { child, ended: new Promise((resolve) => child.on('exit', (code) => resolve(code))) };
}

async function killedAfter(milliseconds: number, args: readonly string[]): Promise<number | null> {
  const { child, ended } = start(args);
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

/** A random moment hits the write itself too rarely where it is short: this waits until something is being written. */
async function killedInWrite(output: string, milliseconds: number, args: readonly string[]): Promise<number | null> {
  const { child, ended } = start(args);
  const watcher = watch(dirname(output), (_, name) => {
    if (name?.startsWith(`.${basename(output)}.`)) setTimeout(() => child.kill('SIGKILL'), milliseconds);
  });
  const code = await ended;
  watcher.close();
  return code;
}

describe.skipIf(process.platform === 'win32')('a killed write', () => {
  it('comes 200 times', () => {
    expect(CASES.reduce((total, { kills }) => total + kills, 0)).toBe(200);
  });

  it.each(CASES)(
    'of $name leaves the target as it was or complete',
    async ({ name, kills, args, before, look, untouched }) => {
      const place = at(name.replaceAll(' ', '-'));
      mkdirSync(place);
      const whole = join(place, 'whole');
      before?.(whole);
      // Each once with all processes busy, as the runs that are killed have it.
      const begun = performance.now();
      await Promise.all(
        [whole, ...Array.from({ length: AT_ONCE - 1 }, (_, index) => join(place, `warm-${index}`))].map(
          (output) => start(args(output)).ended,
        ),
      );
      const duration = performance.now() - begun;
      const complete = look(whole);
      expect(complete.length).toBeGreaterThan(1000);
      const states = { untouched: 0, complete: 0 };
      const random = seeded(kills);
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < kills) {
          const output = join(place, `run-${next++}`);
          before?.(output);
          const chance = random.next().value as number;
          const code =
            next % 4 === 0
              ? await killedInWrite(output, 5 * chance, args(output))
              : await killedAfter(duration * (0.15 + 0.95 * chance), args(output));
          const state = look(output);
          if (state === complete) states.complete++;
          else {
            expect(state === untouched ? 'as it was' : `${state.length} bytes of something else`).toBe('as it was');
            states.untouched++;
          }
          if (code === 0) expect(state === complete).toBe(true);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      expect(states.untouched).toBeGreaterThan(0);
      // Some were hit in the middle of writing, or all this would prove nothing.
      expect(readdirSync(place).filter((entry) => entry.endsWith('.tmp')).length).toBeGreaterThan(0);
      const again = join(place, 'run-0');
      if (before === undefined) {
        rmSync(again, { recursive: true, force: true });
        rmSync(`${again}.hex`, { force: true });
      }
      expect(run(args(again))).toMatchObject({ status: 0 });
      expect(look(again) === complete).toBe(true);
    },
  );
});
