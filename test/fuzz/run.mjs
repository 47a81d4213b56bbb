/**
 * Feeds changed and random inputs to the library as it is built.
 *
 *   npm run fuzz -- [--seconds 20] [--seed N] [--target NAME]...
 *   npm run fuzz -- --replay FILE --target NAME [--seed N]
 *
 * An error that is no FlashatlasError, a run of more than 2 seconds and one that never ends are failures: the input is
 * written to .cache/fuzz, and the exit code is 1.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { ROOT } from '../support/compile.mjs';
import { Random } from './random.mjs';
import { TARGETS } from './targets.mjs';

const SLOW_MILLISECONDS = 2000;
const HANG_MILLISECONDS = 15_000;
const MAX_INPUT = 4 << 20;
const MAX_FAILURES = 20;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string', multiple: true, default: [] },
    replay: { type: 'string' },
  },
});
const seed = Number(options.seed);
const seconds = Number(options.seconds);
const names = options.target.length > 0 ? options.target : Object.keys(TARGETS);
const unknown = names.filter((name) => !Object.hasOwn(TARGETS, name));
if (!Number.isInteger(seed) || !(seconds > 0) || unknown.length > 0) {
  console.error(`--seed is an integer, --seconds a number, --target one of: ${Object.keys(TARGETS).join(', ')}`);
  process.exit(2);
}

if (options.replay === undefined) process.exitCode = (await fuzz()) > 0 ? 1 : 0;
else await TARGETS[names[0]](new Uint8Array(readFileSync(options.replay)), new Random(seed));

/** The number of failures. */
async function fuzz() {
  console.log(`fuzz: seed ${seed}, ${seconds} s, ${names.length} targets`);
  const state = new SharedArrayBuffer(16);
  const input = new SharedArrayBuffer(MAX_INPUT);
  const workerData = { seed, names, milliseconds: seconds * 1000, slow: SLOW_MILLISECONDS, state, input };
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  let failures = 0;
  const fail = (failure, target, iteration, bytes) => {
    failures++;
    if (failures > MAX_FAILURES) return;
    const file = keep(target, iteration, bytes);
    console.log(`FAILED ${target}, seed ${seed}, iteration ${iteration}\n  ${failure.replaceAll('\n', '\n  ')}`);
    console.log(`  input: ${file}`);
  };
  const position = new Int32Array(state);
  const stuck = () => {
    const bytes = new Uint8Array(input).slice(0, position[2]);
    return [names[position[0]], position[1], bytes];
  };
  await new Promise((resolve) => {
    let seen = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      const runs = Atomics.load(position, 3);
      if (runs !== seen) since = performance.now();
      seen = runs;
      if (performance.now() - since < HANG_MILLISECONDS) return;
      fail(`does not end: stopped after ${HANG_MILLISECONDS} ms`, ...stuck());
      worker.terminate();
    }, 250);
    worker.on('message', (message) => {
      if (message.failure) fail(message.failure, message.target, message.iteration, message.bytes);
      else print(message.counts, message.corpus);
    });
    worker.on('error', (error) => fail(`the worker died: ${error.stack ?? error.message}`, ...stuck()));
    worker.on('exit', () => {
      clearInterval(watch);
      resolve(undefined);
    });
  });
  console.log(failures === 0 ? 'fuzz: no failures' : `fuzz: ${failures} failures`);
  return failures;
}

function print(counts, corpus) {
  console.log(`${corpus} inputs to begin with`);
  for (const [name, { executions, refusals, slowest }] of Object.entries(counts)) {
    console.log(
      `${name.padEnd(24)} ${`${executions}`.padStart(8)} executions, ${refusals} refused, slowest ${Math.round(slowest)} ms`,
    );
    if (executions === 0) throw new Error(`${name} was never run`);
  }
}

function keep(target, iteration, bytes) {
  const folder = join(ROOT, '.cache/fuzz');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${target.replaceAll(/\W+/g, '-')}-${seed}-${iteration}.bin`);
  writeFileSync(file, bytes);
  return file;
}
