/**
 * Compares commands by running them in turns, so that whatever else the machine does meets all of them alike. Prints
 * medians and ratios to the first one; the ratios are what can be compared between machines.
 */
import { spawnSync } from 'node:child_process';

/**
 * @typedef {{ name: string, command: string, args: string[], cwd?: string, finds?: boolean }} Contender
 *   finds: exit status 1 says that it found a difference or a fault, which is no failure
 * @param {string} title
 * @param {readonly Contender[]} contenders the first is what the others are measured against
 * @param {{ runs?: number, warmups?: number }} [options]
 */
export function compareProcesses(title, contenders, { runs = 30, warmups = 3 } = {}) {
  const times = contenders.map(() => /** @type {number[]} */ ([]));
  for (let round = -warmups; round < runs; round++) {
    contenders.forEach((contender, index) => {
      const took = timeOf(contender);
      if (round >= 0) times[index].push(took);
    });
  }
  print(
    title,
    contenders.map(({ name }, index) => ({ name, times: times[index] })),
    runs,
  );
}

function timeOf({ name, command, args, cwd, finds = false }) {
  const start = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  const worked = status === 0 || (finds && status === 1);
  if (error || !worked) throw new Error(`${name} did not work: ${error?.message ?? stderr.toString()}`);
  return milliseconds;
}

export function quantile(times, share) {
  const sorted = [...times].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place % 1);
}

function print(title, rows, runs) {
  const base = quantile(rows[0].times, 0.5);
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(`\n${title} (${runs} runs each, in turns)`);
  console.log(`${''.padEnd(width)}  ${'median'.padStart(9)}  ${'quartiles'.padStart(17)}  ${'ratio'.padStart(6)}`);
  for (const { name, times } of rows) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(times, share));
    const spread = `${low.toFixed(1)} - ${high.toFixed(1)}`;
    const ratio = (median / base).toFixed(2);
    console.log(
      `${name.padEnd(width)}  ${median.toFixed(1).padStart(6)} ms  ${spread.padStart(17)}  ${ratio.padStart(6)}`,
    );
  }
}
