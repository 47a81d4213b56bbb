/** How much work a function is, and how that grows with its input, told so that a busy machine does not matter. */
import { expect } from 'vitest';

/** How much larger the second input is, and how much more work that may be: a quadratic function needs 64 times as much. */
const FACTOR = 8;
const ALLOWED = 20;
/** Below this the clock and the compiler are what is measured. */
const MEASURABLE_MS = 20;
const ROUNDS = 3;

/** Tells the processor time this process took since, in milliseconds: others that want the processor do not add to it. */
export function stopwatch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

function processorTime(run: () => unknown): number {
  const spent = stopwatch();
  run();
  return spent();
}

/**
 * Expects that eight times the input takes about eight times the work.
 * @param prepare makes the input of a size and returns what is to be measured.
 */
export function expectLinear(size: number, prepare: (size: number) => () => unknown): void {
  const small = prepare(size);
  const least = Math.min(...Array.from({ length: ROUNDS }, () => processorTime(small)));
  const limit = Math.max(least, MEASURABLE_MS) * ALLOWED;
  const large = prepare(size * FACTOR);
  let time = Infinity;
  // Once is enough when it is quick; only what seems slow is measured again.
  for (let round = 0; round < ROUNDS && time >= limit; round++) time = Math.min(time, processorTime(large));
  expect(time).toBeLessThan(limit);
}
