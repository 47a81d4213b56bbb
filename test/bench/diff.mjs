/**
 * Two dumps of 1 MiB compared, as a user waits for it: against node itself, and against the hexadecimal comparison of
 * binwalk where that is installed.
 *
 *   npm run bench, or node test/bench/diff.mjs [--runs 30]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../support/compile.mjs';
import { compareProcesses } from './harness.mjs';

const CACHE = join(ROOT, '.cache/bench');
const FIRMWARE = process.env.FLASHATLAS_FIRMWARE_CACHE || join(ROOT, '.cache/firmware');
const SAMPLES = join(ROOT, 'samples');
/** Where the two system parts belong in a dump, and the packages that hold them. */
const PARTS = [
  [0x20000, 'p1-system-part1'],
  [0x60000, 'p1-system-part2'],
];
const PACKAGES = { '2.2.0': 'particle-cli@2.16.0', '2.3.1': 'particle-cli@3.9.0' };

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const runs = Number(options.runs);
const cli = join(ROOT, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).bin.flashatlas);

function save(name, bytes) {
  const file = join(CACHE, name);
  writeFileSync(file, bytes);
  return file;
}

const sample = (name) => gunzipSync(readFileSync(join(SAMPLES, `${name}.bin.gz`)));

/** The configured sample with the system parts of a release, which are real code of a quarter megabyte each. */
function device(release) {
  const bytes = sample('p1-healthy');
  bytes.fill(0xff, 0x20000, 0xa0000);
  for (const [offset, name] of PARTS) {
    const file = join(FIRMWARE, PACKAGES[release], 'assets/updates', `${name}@${release}.bin`);
    if (!existsSync(file)) throw new Error(`${file} is missing: run npm run firmware first.`);
    bytes.set(readFileSync(file), offset);
  }
  return save(`p1-configured-${release}.bin`, bytes);
}

mkdirSync(CACHE, { recursive: true });
const [before, after] = [device('2.2.0'), device('2.3.1')];
const [erased, healthy] = ['p1-erased-then-flashed', 'p1-healthy'].map((name) => save(`${name}.bin`, sample(name)));
const node = { name: 'node -e 0', command: process.execPath, args: ['-e', '0'] };
const diff = (name, ...args) => ({ name, command: process.execPath, args: [cli, 'diff', ...args], finds: true });

compareProcesses(
  'Two dumps, 1 MiB each',
  [
    node,
    diff('flashatlas diff, 2.2.0 and 2.3.1', before, after),
    diff('flashatlas diff, before and after the keys', erased, healthy),
    diff('flashatlas diff, equal dumps', before, before),
    diff('flashatlas diff --json, 2.2.0 and 2.3.1', '--json', before, after),
  ],
  { runs },
);

if (spawnSync('binwalk', ['--help'], { stdio: 'ignore' }).error) {
  console.log('\nNotice: binwalk is not installed, so nothing is compared with it.');
} else {
  const peer = { name: 'binwalk -W', command: 'binwalk', args: ['-W', before, after] };
  compareProcesses('The same two dumps', [peer, diff('flashatlas diff', before, after)], {
    runs: Math.min(runs, 5),
    warmups: 1,
  });
}
