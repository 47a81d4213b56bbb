import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const setupScript = readFileSync(fileURLToPath(new URL('../../.ci/setup.mjs', import.meta.url)), 'utf8');
const built = /const BUILT = '([^']+)'/.exec(setupScript)?.[1] ?? '';

/** Stands for npm: notes how it was called and leaves what the real one would. */
const FAKE_NPM = `
  const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
  appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
  if (process.env.FAIL) { console.log('the reason'); process.exit(3); }
  const put = (folder, name) => { mkdirSync(folder, { recursive: true }); writeFileSync(folder + '/' + name, ''); };
  if (process.argv[2] === 'ci') put('node_modules', '.package-lock.json');
  else put('${dirname(built)}', '${basename(built)}');
`;

let root = '';
const at = (path: string) => join(root, path);

function put(path: string, content = ''): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
}

function setup(environment: Record<string, string> = {}) {
  rmSync(at('calls'), { force: true });
  const run = spawnSync(process.execPath, [at('.ci/setup.mjs')], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, npm_execpath: at('npm.js'), ...environment },
  });
  const calls = existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : [];
  return { status: run.status, stdout: run.stdout, lines: run.stderr.split('\n').filter((line) => line !== ''), calls };
}

function touchLater(path: string): void {
  const later = new Date(Date.now() + 10_000);
  utimesSync(at(path), later, later);
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'flashatlas-setup-')));
  cpSync(fileURLToPath(new URL('../../.ci', import.meta.url)), at('.ci'), { recursive: true });
  put('npm.js', FAKE_NPM);
  put('package.json', '{ "name": "flashatlas" }');
  put('package-lock.json', '{}');
  put('tsconfig.build.json', '{}');
  put('src/core/range.ts');
  put('README.md');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('setup', () => {
  it('installs and builds in a fresh clone, and has nothing to say the second time', () => {
    expect(setup()).toEqual({
      status: 0,
      stdout: '',
      lines: ['Installing packages (npm ci)', 'Building (npm run build)'],
      calls: ['ci --include=dev --no-audit --no-fund', 'run build'],
    });
    expect(setup()).toEqual({ status: 0, stdout: '', lines: [], calls: [] });
  });

  it('installs again when the lock file is newer', () => {
    setup();
    touchLater('package-lock.json');
    expect(setup().calls).toEqual(['ci --include=dev --no-audit --no-fund']);
  });

  it.each([['src/core/range.ts'], ['src/core'], ['tsconfig.build.json'], ['package.json']])(
    'builds again when %s is newer',
    (path) => {
      setup();
      touchLater(path);
      expect(setup().calls).toEqual(['run build']);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'never installs through a link: those packages belong to another checkout',
    () => {
      put('elsewhere/kept');
      symlinkSync(at('elsewhere'), at('node_modules'));
      const { lines, calls } = setup();
      expect(calls).toEqual(['run build']);
      expect(lines[0]).toContain('node_modules is a link');
      expect(existsSync(at('elsewhere/kept'))).toBe(true);
    },
  );

  it('leaves the build alone when only other files are newer', () => {
    setup();
    touchLater('README.md');
    expect(setup().calls).toEqual([]);
  });

  it('shows the output of a command that failed, and fails', () => {
    expect(setup({ FAIL: '1' })).toEqual({
      status: 1,
      stdout: '',
      lines: [
        'Installing packages (npm ci)',
        'the reason',
        'npm ci --include=dev --no-audit --no-fund did not work: see above',
      ],
      calls: ['ci --include=dev --no-audit --no-fund'],
    });
  });

  it.each(['20.14.9', '18.20.0'])('says what is missing on Node.js %s', (version) => {
    const fake = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
    put('old.cjs', fake);
    const run = setup({ NODE_OPTIONS: `--require=${at('old.cjs')}` });
    expect(run).toEqual({
      status: 1,
      stdout: '',
      lines: [`flashatlas needs Node.js 20.15 or later; this is ${version}.`],
      calls: [],
    });
  });
});
