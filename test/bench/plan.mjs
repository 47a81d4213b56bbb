/**
 * Plans and simulations of a whole flash, in this process: what a property test does thousands of times. The measure is a
 * loop that compares two arrays of 1 MiB byte by byte. Needs npm run build.
 *
 *     node test/bench/plan.mjs [runs]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { flashOf, loadBoard, MemoryImage, plan, simulate } from '../../dist/index.js';
import { ROOT } from '../support/compile.mjs';
import { quantile } from './harness.mjs';

const RUNS = Number(process.argv[2] ?? 50);
const START = 0x08000000;
const board = loadBoard('particle-p1');
const flash = flashOf(board);

const sample = (name) => gunzipSync(readFileSync(join(ROOT, 'samples', name)));
const from = MemoryImage.fromBytes(sample('p1-erased-then-flashed.bin.gz'), START);
const to = MemoryImage.fromBytes(sample('p1-healthy.bin.gz'), START);
const options = { include: ['dct', 'eeprom'], optcr: 0x0e1eaaed };
const made = plan(from, { image: to }, board, options);

/** Every byte of the flash erased and written again: the most that a simulation can have to do. */
const noise = Uint8Array.from(
  { length: flash.end - flash.start },
  (_, index) => (Math.imul(index, 2654435761) >>> 24) & 0xfe,
);
const whole = plan(from, { image: MemoryImage.fromBytes(noise, START) }, board, options);

const [left, right] = [noise, noise.slice()];
function compareBytes() {
  let equal = 0;
  for (let index = 0; index < left.length; index++) if (left[index] === right[index]) equal++;
  return equal;
}

const tasks = [
  ['comparing 1 MiB byte by byte', compareBytes],
  ['simulating an update', () => simulate(made, from, { flash, optcr: 0x0e1eaaed })],
  ['simulating it up to a power cut', () => simulate(made, from, { flash, optcr: 0x0e1eaaed, cutAfter: 6 })],
  ['simulating a rewrite of all 1 MiB', () => simulate(whole, from, { flash, optcr: 0x0e1eaaed })],
  ['planning the update, with names and judgement', () => plan(from, { image: to }, board, options)],
];

const times = tasks.map(() => []);
for (let round = -5; round < RUNS; round++) {
  tasks.forEach(([, task], index) => {
    const start = performance.now();
    task();
    if (round >= 0) times[index].push(performance.now() - start);
  });
}
const base = quantile(times[0], 0.5);
console.log(`\nplan and simulate (${RUNS} runs each, in turns)`);
tasks.forEach(([name], index) => {
  const median = quantile(times[index], 0.5);
  console.log(`  ${name.padEnd(48)}${median.toFixed(1).padStart(7)} ms  ${(median / base).toFixed(2).padStart(7)}`);
});
