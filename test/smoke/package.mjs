/**
 * Packs, installs the package into an empty folder as a user does, and uses it: command, library, types.
 * Prints one line per check and ends with 1 when one fails.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNpm } from '../../.ci/npm.mjs';
import { importTypeScript, ROOT } from '../support/compile.mjs';

/** A third of it are the code caches of the command. */
const MAX_PACKED = 4 << 20;

const CONSUMER = `import { type Finding, inspect, loadBoard, MemoryImage } from 'flashatlas';
const bytes = new Uint8Array(4);
const image = MemoryImage.fromBytes(bytes, 0x08000000);
const findings: readonly Finding[] = inspect({ path: 'a.bin', bytes, format: 'bin', image, addressSource: 'given', container: null, findings: [] }, loadBoard('particle-p1')).findings;
export const rules: string[] = findings.map((finding) => finding.rule);
`;

const SCRIPT = `import { inspect, loadBoard, MemoryImage } from 'flashatlas';
import { readFileSync } from 'node:fs';
const bytes = new Uint8Array(readFileSync('dump.bin'));
const image = MemoryImage.fromBytes(bytes, 0x08000000);
const input = { path: 'dump.bin', bytes, format: 'bin', image, addressSource: 'given', container: null, findings: [] };
console.log(inspect(input, loadBoard('particle-p1')).verdict);
const chip = await import('flashatlas/layouts/stm32f205rg.chip.json', { with: { type: 'json' } });
console.log(chip.default.id);
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2022'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  },
  files: ['consumer.ts'],
};

const failures = [];

function check(what, problem) {
  console.log(`${problem === undefined ? 'ok' : 'FAILED'}  ${what}${problem === undefined ? '' : `: ${problem}`}`);
  if (problem !== undefined) failures.push(what);
}

function attempt(what, work) {
  let problem;
  try {
    problem = work();
  } catch (error) {
    problem = [error.stdout, error.stderr].filter(Boolean).join('\n').trim() || error.message;
  }
  check(what, problem);
}

const expectEqual = (got, expected) => (got === expected ? undefined : `expected ${expected}, got ${got}`);

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-package-'));
try {
  const [packed] = JSON.parse(
    runNpm(['pack', '--json', '--silent', '--pack-destination', folder], { cwd: ROOT, encoding: 'utf8' }),
  );
  const names = packed.files.map(({ path }) => path);
  console.log(
    `${packed.filename}: ${packed.size} bytes packed, ${packed.unpackedSize} unpacked, ${names.length} files`,
  );
  checkContent(names, packed.size);
  install(packed.filename);
  const { healthyDump } = await importTypeScript('test/support/synthetic.ts');
  writeFileSync(join(folder, 'consumer/dump.bin'), healthyDump());
  use();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${failures.length === 0 ? 'package: good' : `package: ${failures.length} checks failed`}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function checkContent(names, size) {
  const allowed =
    /^(dist\/.*\.(c?js|d\.ts)|dist\/cli\/bundle\/[a-z]+\.cache|layouts\/[^/]+\.json|samples\/.*|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/;
  const odd = names.filter((name) => !allowed.test(name) || /(^|\/)(test|vectors|golden|bench|fuzz)\//.test(name));
  // layouts/ is in the package as a folder; its scripts are for the repository.
  const scripts = odd.filter((name) => /^layouts\/derive-[a-z]+\.mjs$/.test(name));
  if (scripts.length > 0) console.log(`note: packed with the layouts: ${scripts.join(', ')}`);
  const rest = odd.filter((name) => !scripts.includes(name));
  check('holds only what is used', rest.length > 0 ? rest.slice(0, 10).join(', ') : undefined);
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const needed = ['dist/index.js', 'dist/index.d.ts', bin.flashatlas, 'layouts/particle-p1.board.json'];
  const missing = needed.filter((name) => !names.includes(name));
  check('holds what is needed', missing.length > 0 ? `no ${missing.join(', ')}` : undefined);
  check('is small', size > MAX_PACKED ? `${size} bytes, more than ${MAX_PACKED}` : undefined);
}

function install(archive) {
  const consumer = join(folder, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
  const args = ['install', `../${archive}`, '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  attempt('installs into an empty folder', () => void runNpm(args, { cwd: consumer, stdio: 'pipe' }));
}

function use() {
  const consumer = join(folder, 'consumer');
  const run = (command, ...args) => execFileSync(command, args, { cwd: consumer, encoding: 'utf8', stdio: 'pipe' });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  attempt('flashatlas --version', () =>
    expectEqual(run(join('node_modules', '.bin', 'flashatlas'), '--version'), `${version}\n`),
  );
  attempt('flashatlas inspect', () => {
    const report = JSON.parse(run(join('node_modules', '.bin', 'flashatlas'), 'inspect', '--json', 'dump.bin'));
    return expectEqual(`${report.kind} ${report.modules.length} ${report.verdict}`, 'flash-dump 4 pass');
  });
  attempt('the library', () => {
    writeFileSync(join(consumer, 'script.mjs'), SCRIPT);
    return expectEqual(run(process.execPath, '--no-warnings', 'script.mjs'), 'pass\nstm32f205rg\n');
  });
  attempt('the types, strict and without skipLibCheck', () => {
    writeFileSync(join(consumer, 'consumer.ts'), CONSUMER);
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    run(process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.');
  });
}
