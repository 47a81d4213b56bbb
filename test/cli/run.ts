/** Runs the built command line as a user does. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ROOT } from '../support/source-files.js';

const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const COMMAND: string = bin.flashatlas;
export const BUNDLE = join(ROOT, COMMAND);

if (!existsSync(BUNDLE)) {
  throw new Error(`There is no ${COMMAND}. Run npm run build first (npm test does it by itself).`);
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface RunOptions {
  readonly stdin?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Generous: a slow machine with other work to do must not fail, a quadratic algorithm must. */
export const MAX_MILLISECONDS = 20_000;
const TIMEOUT = 40_000;

/** Nothing of the caller's environment that changes colours may reach the child. */
function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NO_COLOR, FORCE_COLOR, COLORTERM, ...rest } = process.env;
  return { ...rest, ...more };
}

/** `flashatlas <args>`; stdin is empty unless given. */
export function run(args: readonly string[], { stdin = '', env, cwd }: RunOptions = {}): Outcome {
  const start = performance.now();
  const child = spawnSync(process.execPath, [BUNDLE, ...args], {
    input: stdin,
    env: environment(env),
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: TIMEOUT,
  });
  const milliseconds = performance.now() - start;
  return { status: child.status, stdout: child.stdout, stderr: child.stderr, milliseconds };
}

/** A pipeline of the shell; `$FLASHATLAS` stands for the command. */
export function shell(script: string, cwd: string): Outcome {
  const start = performance.now();
  const child = spawnSync('bash', ['-c', `set -o pipefail; ${script}`], {
    cwd,
    env: environment({ FLASHATLAS: `${process.execPath} ${BUNDLE}` }),
    encoding: 'utf8',
    timeout: TIMEOUT,
  });
  const milliseconds = performance.now() - start;
  return { status: child.status, stdout: child.stdout, stderr: child.stderr, milliseconds };
}

/** A folder for the files of one test file, removed at its end. */
export function scratchFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flashatlas-cli-')));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error document that --json prints when a command could not do its job. */
export interface ErrorDocument {
  readonly schema: string;
  readonly schemaVersion: number;
  readonly tool: { readonly name: string; readonly version: string };
  readonly error: { readonly code: string; readonly message: string; readonly help: string };
}
