/**
 * Makes a fresh clone ready to run: installs the packages and builds, each only when needed, and says so in one line.
 * `npm start` and `npm test` run it first.
 */
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from './npm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Written last by an installation, and by a build. */
const INSTALLED = 'node_modules/.package-lock.json';
const BUILT = 'dist/cli/bundle/flashatlas.cjs';
const BUILD_INPUTS = /^(src|layouts|package\.json|esbuild\.config\.mjs|tsconfig.*\.json)$/;
const NEEDED_NODE = [20, 15];

/** Milliseconds, or undefined when there is no such file. */
function modified(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
}

/** The newest file below a path. Folders count too, because a deleted file shows only there. */
function newest(path) {
  const status = statSync(join(root, path));
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(join(root, path)).map((name) => newest(join(path, name))));
}

function needsInstallation() {
  const installed = modified(INSTALLED);
  // npm ci would empty the folder behind the link, which others use.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
    console.error('node_modules is a link to the packages of another checkout: nothing is installed here.');
    return false;
  }
  return installed === undefined || installed < (modified('package-lock.json') ?? 0);
}

function needsBuild() {
  const built = modified(BUILT);
  if (built === undefined) return true;
  return readdirSync(root).some((name) => BUILD_INPUTS.test(name) && newest(name) > built);
}

/** Output is shown only when the command fails. */
function run(args, doing) {
  console.error(doing);
  try {
    runNpm(args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    process.stderr.write(error.stdout ?? '');
    process.stderr.write(error.stderr ?? '');
    console.error(
      `npm ${args.join(' ')} did not work: ${typeof error.status === 'number' ? 'see above' : error.message}`,
    );
    process.exit(1);
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor < NEEDED_NODE[1])) {
  const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  console.error(`${name} needs Node.js ${NEEDED_NODE.join('.')} or later; this is ${process.versions.node}.`);
  process.exit(1);
}
if (needsInstallation()) run(['ci', '--include=dev', '--no-audit', '--no-fund'], 'Installing packages (npm ci)');
if (needsBuild()) run(['run', 'build'], 'Building (npm run build)');
