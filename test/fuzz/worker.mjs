/** Runs one target after the other on changed inputs. What it is doing lies in shared memory, for the case that it hangs. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadCorpus } from './corpus.mjs';
import { mutate } from './mutate.mjs';
import { Random } from './random.mjs';
import { FlashatlasError, TARGETS } from './targets.mjs';

const { seed, names, milliseconds, slow, state, input } = workerData;
const position = new Int32Array(state);
const current = new Uint8Array(input);

const counts = Object.fromEntries(names.map((name) => [name, { executions: 0, refusals: 0, slowest: 0 }]));
const corpus = await loadCorpus();
const end = performance.now() + milliseconds;

for (let iteration = 0; performance.now() < end; iteration++) {
  const target = iteration % names.length;
  // Each run has its own seed, so that one can be repeated without those before it.
  const random = new Random((seed + Math.imul(iteration, 0x9e3779b1)) >>> 0);
  const bytes = mutate(random, corpus);
  current.set(bytes.subarray(0, current.length));
  position[0] = target;
  position[1] = iteration;
  position[2] = bytes.length;
  const failure = await execute(names[target], bytes, random);
  // Counts up after every run: standing still means hanging.
  Atomics.add(position, 3, 1);
  if (failure) parentPort.postMessage({ failure, target: names[target], iteration, bytes });
}
parentPort.postMessage({ counts, corpus: corpus.length });

async function execute(name, bytes, random) {
  const count = counts[name];
  const start = performance.now();
  let failure;
  try {
    await TARGETS[name](bytes, random);
  } catch (error) {
    if (error instanceof FlashatlasError) count.refusals++;
    else failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const took = performance.now() - start;
  count.executions++;
  count.slowest = Math.max(count.slowest, took);
  if (failure === undefined && took > slow) failure = `took ${Math.round(took)} ms, more than ${slow} ms`;
  return failure;
}
