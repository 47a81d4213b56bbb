/** .ci/run with another npm in its place: what it calls, and what it says when a step fails. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../support/source-files.js';

/** Writes the report a run of vitest would; fails for the step that FAIL names. */
const FAKE_NPM = `#!/usr/bin/env node
const { appendFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(2);
const failing = process.env.FAIL !== undefined && args.includes(process.env.FAIL);
const report = args.find((arg) => arg.startsWith('--outputFile.json='));
appendFileSync('calls', args.filter((arg) => !/^--(reporter|outputFile)/.test(arg)).join(' ') + '\\n');
if (report && !process.env.NO_REPORT) {
  const counts = { numPassedTests: failing ? 9 : 10, numFailedTests: failing ? 1 : 0 };
  writeFileSync(report.slice('--outputFile.json='.length), JSON.stringify({ ...counts, testResults: [] }));
}
console.log('output of ' + args.join(' '));
process.exit(failing ? 1 : 0);
`;

let root = '';

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'flashatlas-run-')));
  mkdirSync(join(root, 'bin'));
  cpSync(join(ROOT, '.ci'), join(root, '.ci'), { recursive: true });
  const script = readFileSync(join(ROOT, '.ci/run'), 'utf8');
  const tools = [...script.matchAll(/([\w-]+):[\w-]+(?=[\s)])/g)].map(([, name = '']) => name);
  expect(tools).toContain('dfu-suffix');
  for (const name of tools) put(name, '#!/bin/sh\n');
  // Nothing may be installed here, whatever this machine lacks.
  put('apt-get', '#!/bin/sh\necho "apt-get $*" >>calls\n');
  put('sudo', '#!/bin/sh\nexec "$@"\n');
  put('npm', FAKE_NPM);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, content: string): void {
  writeFileSync(join(root, 'bin', name), content);
  chmodSync(join(root, 'bin', name), 0o755);
}

function run(environment: Record<string, string> = {}) {
  const path = [join(root, 'bin'), process.env.PATH].join(delimiter);
  const child = spawnSync('bash', [join(root, '.ci/run')], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { ...process.env, FUZZ_SECONDS: '', PATH: path, ...environment },
  });
  const calls = readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');
  return {
    status: child.status,
    output: child.stdout,
    last: child.stdout.trimEnd().split('\n').at(-1),
    calls: calls.filter((call) => !call.startsWith('apt-get')),
  };
}

describe.skipIf(process.platform === 'win32')('.ci/run', () => {
  it('runs everything, and ends with the sum', () => {
    const { status, last, calls } = run();
    expect({ status, last }).toEqual({ status: 0, last: '35 passed, 0 failed' });
    expect(calls).toEqual([
      'run setup',
      'test --',
      'run lint',
      'run typecheck',
      'run test:interop --',
      'run test:browser --',
      'run fuzz -- --seconds 20',
      'run test:package',
    ]);
  });

  it.each([
    ['a test', 'test', '34 passed, 1 failed'],
    ['lint', 'lint', '34 passed, 1 failed'],
    ['the fuzz run', 'fuzz', '34 passed, 1 failed'],
    ['the package', 'test:package', '34 passed, 1 failed'],
  ])('goes on after a failure of %s, and ends with it', (_, step, sum) => {
    const { status, output, last, calls } = run({ FAIL: step });
    expect({ status, last }).toEqual({ status: 1, last: sum });
    expect(calls).toHaveLength(8);
    expect(output).toMatch(new RegExp(`output of (run )?${step}`));
  });

  it('does not take a missing report for success', () => {
    expect(run({ NO_REPORT: '1' })).toMatchObject({ status: 1, last: '5 passed, 3 failed' });
  });
});
