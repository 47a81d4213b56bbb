/**
 * Whole processes on a 64 MiB image: binary to HEX and back, against objcopy and srec_cat. The contenders run in turns,
 * so that whatever else the machine does meets all of them alike; what counts are the ratios. Prints the peak memory of
 * our process as a multiple of the image. Needs npm run build, and arm-none-eabi-objcopy or objcopy, and srec_cat.
 *
 *     node test/bench/convert.mjs [runs]
 */
import { spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const IMAGE_BYTES = 64 * 1024 * 1024;
const RUNS = Number(process.argv[2] ?? 7);
const BASE = 0x08000000;
const FLASHATLAS = fileURLToPath(new URL('../../dist/cli/bundle/flashatlas.cjs', import.meta.url));
/** Reports the peak memory of the process when it ends, on file descriptor 3. */
const PEAK = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));",
)}`;

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-bench-'));
const file = (name) => join(folder, name);

function installed(command) {
  return spawnSync(command, ['--version']).status === 0;
}

const objcopy = ['arm-none-eabi-objcopy', 'objcopy'].find(installed);
const srecCat = installed('srec_cat') ? 'srec_cat' : undefined;

function convert(input, output) {
  return ['convert', '--base', `${BASE}`, input, '--force', '-o', output];
}

const tasks = [
  {
    title: '64 MiB binary to Intel HEX, 16 bytes a record',
    contenders: [
      ['flashatlas', process.execPath, [FLASHATLAS, ...convert(file('image.bin'), file('ours.hex'))]],
      [
        'objcopy',
        objcopy,
        ['-I', 'binary', '-O', 'ihex', `--change-addresses=${BASE}`, file('image.bin'), file('objcopy.hex')],
      ],
      [
        'srec_cat',
        srecCat,
        [file('image.bin'), '-binary', '-offset', `${BASE}`, '-o', file('srec.hex'), '-intel', '-obs=16'],
      ],
    ],
    memory: [FLASHATLAS, ...convert(file('image.bin'), file('ours.hex'))],
  },
  {
    title: 'the same Intel HEX to binary',
    contenders: [
      ['flashatlas', process.execPath, [FLASHATLAS, 'convert', file('ours.hex'), '--force', '-o', file('ours.bin')]],
      ['objcopy', objcopy, ['-I', 'ihex', '-O', 'binary', file('ours.hex'), file('objcopy.bin')]],
      ['srec_cat', srecCat, [file('ours.hex'), '-intel', '-offset', `-${BASE}`, '-o', file('srec.bin'), '-binary']],
    ],
    memory: [FLASHATLAS, 'convert', file('ours.hex'), '--force', '-o', file('ours.bin')],
  },
];

function runOnce(name, command, args) {
  const start = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  if (error || status !== 0) throw new Error(`${name} did not work: ${error?.message ?? stderr.toString()}`);
  return milliseconds;
}

function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function peakMemory(args) {
  const { output, status } = spawnSync(process.execPath, ['--import', PEAK, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error('the run that measures memory did not work');
  return Number(output[3]) * 1024;
}

function compare({ title, contenders, memory }) {
  const present = contenders.filter(([, command]) => command !== undefined);
  const times = new Map(present.map(([name]) => [name, []]));
  for (let round = -1; round < RUNS; round++) {
    for (const [name, command, args] of present) {
      const took = runOnce(name, command, args);
      if (round >= 0) times.get(name).push(took);
    }
  }
  const ours = median(times.get('flashatlas'));
  console.log(`\n${title} (${RUNS} runs each, in turns)`);
  for (const [name] of contenders) {
    const list = times.get(name);
    if (!list) console.log(`  ${name.padEnd(12)} not installed`);
    else {
      const middle = median(list);
      const range = `${Math.min(...list).toFixed(0)} to ${Math.max(...list).toFixed(0)}`;
      console.log(
        `  ${name.padEnd(12)}${middle.toFixed(0).padStart(6)} ms (${range}), ${(middle / ours).toFixed(2)} of flashatlas`,
      );
    }
  }
  const peak = peakMemory(memory);
  console.log(
    `  peak memory of flashatlas: ${(peak / 2 ** 20).toFixed(0)} MiB, ${(peak / IMAGE_BYTES).toFixed(2)} of the image`,
  );
}

try {
  writeFileSync(file('image.bin'), randomFillSync(new Uint8Array(IMAGE_BYTES)));
  for (const task of tasks) compare(task);
  if (!readFileSync(file('image.bin')).equals(readFileSync(file('ours.bin'))))
    throw new Error('the image did not come back');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
