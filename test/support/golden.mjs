/**
 * Expected outputs of real commands: the files of test/golden and the console blocks of the README. `npm run golden`
 * writes them anew; the change is reviewed as a diff. test/golden.test.ts compares them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = `${ROOT}test/golden/`;
const HEALTHY = 'samples/p1-healthy.bin.gz';
const ERASED = 'samples/p1-erased-then-flashed.bin.gz';
const RESTORED = ['--include', 'dct,eeprom', '--optcr', '0x0E1EAAED'];
const RESTORED_BY_DFU = ['--include', 'dct', '--tool', 'dfu-util'];

/** File in test/golden, and the command whose stdout it holds. */
export const GOLDENS = {
  'p1-healthy.inspect.txt': ['inspect', HEALTHY],
  'p1-healthy.inspect.json': ['inspect', '--json', HEALTHY],
  'p1-healthy.check.txt': ['check', HEALTHY],
  'p1-healthy.map.txt': ['map', HEALTHY],
  'p1-healthy.dct.txt': ['dct', 'show', '--all', HEALTHY],
  'p1-healthy.hex-dct1.txt': ['hex', '--region', 'dct1', HEALTHY],
  'p1-erased-then-flashed.boot.txt': ['boot', ERASED],
  'p1-erased-then-flashed.inspect.txt': ['inspect', ERASED],
  'p1-erased-then-flashed.check.txt': ['check', ERASED],
  'p1-erased-then-flashed.inspect.json': ['inspect', '--json', ERASED],
  'p1-restored.plan.txt': ['plan', '--from', ERASED, '--to', HEALTHY, ...RESTORED, '--explain'],
  'p1-restored.plan.json': ['plan', '--from', ERASED, '--to', HEALTHY, ...RESTORED, '--json'],
  'p1-restored.dfu-util.plan.txt': ['plan', '--from', ERASED, '--to', HEALTHY, ...RESTORED_BY_DFU],
  'dead-board.build.txt': ['build', 'samples/dead-board.recipe.yaml', '--dry-run'],
  'samples.diff.txt': ['diff', ERASED, HEALTHY],
  'samples.diff.json': ['diff', '--json', ERASED, HEALTHY],
  'samples.diff-hex.txt': ['diff', '--hex', '--limit', '60', ERASED, HEALTHY],
  'samples.diff-matrix.txt': ['diff', '--matrix', ERASED, HEALTHY],
  'p1-erased-then-flashed.diagnose.txt': ['diagnose', ERASED, '--led', 'cyan red'],
  'p1-healthy.diagnose-brown-out.txt': [
    'diagnose',
    HEALTHY,
    '--symptom',
    'dead after app ran',
    '--optcr',
    '0x0FFFAAE1',
  ],
  'keys-doctor.log.txt': ['diagnose', '--log', 'test/vectors/logs/keys-doctor.txt'],
  'explain.dfu.txt': ['explain', 'dfu'],
  'explain.led-cyan-red.txt': ['explain', 'led', 'cyan', 'red'],
  'layouts.txt': ['layouts'],
  'particle-p1.layout.txt': ['layouts', 'show', 'particle-p1'],
};

/** Runs flashatlas as it is built, from the root of the project; findings are no failure here. */
export function run(args) {
  const { bin } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  try {
    return execFileSync(process.execPath, [bin.flashatlas, ...args], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (error.status !== 1) throw error;
    return error.stdout;
  }
}

export function readGolden(name) {
  return readFileSync(FOLDER + name, 'utf8');
}

/** Console blocks of the README: every "$ flashatlas …" line and what it prints, up to the end of the block. */
export function readmeBlocks(text) {
  return [...text.matchAll(/```console\n\$ flashatlas (.*)\n([\s\S]*?)```/g)].map((match) => ({
    args: [...match[1].matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain),
    line: match[1],
    output: match[2],
    start: match.index,
    whole: match[0],
  }));
}

export function readme() {
  return readFileSync(`${ROOT}README.md`, 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, args] of Object.entries(GOLDENS)) writeFileSync(FOLDER + name, run(args));
  let text = readme();
  for (const { args, line, whole } of readmeBlocks(text)) {
    text = text.replace(whole, () => `\`\`\`console\n$ flashatlas ${line}\n${run(args)}\`\`\``);
  }
  writeFileSync(`${ROOT}README.md`, text);
}
