/** Bad input is normal input: a clear error or an honest verdict, soon, and never a bare exception. */
import { chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import { randomBytes } from '../support/random-bytes.js';
import { FLASH_SIZE, healthyDump, userPart } from '../support/synthetic.js';
import { MAX_MILLISECONDS, type Outcome, run, scratchFolder, shell } from './run.js';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);

/** Commands that read one file as flash contents, with what goes before it. */
const READERS: readonly (readonly string[])[] = [['inspect'], ['check'], ['map'], ['catalog', 'match'], ['repair']];

function expectSound(outcome: Outcome): void {
  expect(outcome.stderr).not.toContain('this is a bug');
  expect([0, 1, 2]).toContain(outcome.status);
  expect(outcome.milliseconds).toBeLessThan(MAX_MILLISECONDS);
}

function sparse(name: string, size: number): string {
  writeFileSync(at(name), '');
  truncateSync(at(name), size);
  return at(name);
}

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(at(name), bytes);
  return at(name);
}

/** A user part whose header claims other addresses. */
function pointing(start: number, end: number): Uint8Array {
  const bytes = userPart();
  writeU32(bytes, 0, start);
  writeU32(bytes, 4, end);
  return bytes;
}

mkdirSync(at('folder.bin'));
const page = '<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not Found</body></html>\n';

describe('input that cannot be read', () => {
  const cases: readonly (readonly [name: string, path: string, code: string, what: string])[] = [
    ['an empty file', file('empty.bin', ''), 'INPUT_EMPTY', 'empty'],
    ['a directory', at('folder.bin'), 'INPUT_IS_DIRECTORY', 'directory'],
    ['a missing file', at('absent.bin'), 'INPUT_NOT_FOUND', 'no such file'],
    ['a path through a file', join(at('empty.bin'), 'x'), 'INPUT_NOT_FOUND', 'no such file'],
    ['2 GiB of nothing', sparse('sparse.bin', 2 ** 31), 'INPUT_TOO_LARGE', '2,147,483,648 bytes'],
    ['an endless device', '/dev/zero', 'INPUT_TOO_LARGE', 'at most'],
  ];

  it.each(cases)('%s', (_, path, code, what) => {
    for (const reader of READERS) {
      const outcome = run([...reader, path, '--json']);
      expectSound(outcome);
      expect(outcome.status).toBe(2);
      expect(JSON.parse(outcome.stdout)).toMatchObject({ schema: 'flashatlas/error', error: { code, where: path } });
      expect(outcome.stderr).toContain(what);
    }
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('a file one may not read', () => {
    const path = file('secret.bin', 'x');
    chmodSync(path, 0);
    const outcome = run(['inspect', path]);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(INPUT_NO_PERMISSION)') });
  });

  it.skipIf(process.platform !== 'linux')('a file that claims to have no size is read all the same', () => {
    const outcome = run(['inspect', '--json', '/proc/self/status']);
    expect(outcome.status).toBe(0);
    expect(JSON.parse(outcome.stdout).input.size).toBeGreaterThan(100);
  });

  it.skipIf(process.platform !== 'linux')('a file that gives errors', () => {
    const outcome = run(['inspect', '/proc/self/mem']);
    expectSound(outcome);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(INPUT_UNREADABLE)') });
  });
});

describe('--max-size', () => {
  const path = file('sixteen.bin', randomBytes(16));

  it('is the largest size that is read, of files and of stdin', () => {
    expect(run(['inspect', '--max-size', '16', path]).status).toBe(0);
    const outcome = run(['inspect', '--max-size', '15', path]);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(INPUT_TOO_LARGE)') });
    expect(outcome.stderr).toContain('--max-size');
    expect(run(['inspect', '--max-size', '16', '-'], { stdin: randomBytes(16) }).status).toBe(0);
    expect(run(['inspect', '--max-size', '15', '-'], { stdin: randomBytes(16) }).status).toBe(2);
  });
});

describe('what the system does not do', () => {
  it('reads no file of 2 GiB, whatever --max-size says', () => {
    const outcome = run(['inspect', '--max-size', '4G', sparse('two-gibibytes.bin', 2 ** 31)]);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(INPUT_TOO_LARGE)') });
    expect(outcome.stderr).toContain('No --max-size goes beyond that');
  });

  it.skipIf(process.platform !== 'linux')('says that a full disk takes no output', () => {
    const path = file('small.bin', randomBytes(100));
    for (const options of ['', '--json']) {
      const outcome = shell(`$FLASHATLAS inspect ${options} ${path} > /dev/full`, folder);
      expectSound(outcome);
      expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(OUTPUT_FAILED)') });
    }
    expect(shell('$FLASHATLAS inspect missing.bin 2> /dev/full', folder).status).toBe(2);
  });
});

describe('input that holds no flash contents', () => {
  const cases: readonly (readonly [name: string, bytes: Uint8Array | string])[] = [
    ['a page of the web', page],
    ['one byte', '\0'],
    ['fewer bytes than a header has', randomBytes(23)],
    ['random bytes', randomBytes(5000)],
    ['zeros', new Uint8Array(5000)],
    ['0xFF', new Uint8Array(5000).fill(0xff)],
  ];

  it.each(cases)('%s: says that nothing is recognised', (name, bytes) => {
    const path = file(`${name}.bin`, bytes);
    const outcome = run(['inspect', '--json', '--fail-on', 'error', path]);
    expectSound(outcome);
    const document = JSON.parse(outcome.stdout);
    if (outcome.status === 2) {
      // A reader may refuse it outright: then it says what the file is instead.
      expect(document.error.code).toMatch(/^(INPUT|FORMAT)_/);
    } else {
      expect(outcome.status).toBe(1);
      expect(document).toMatchObject({ kind: 'unknown', verdict: 'fail', input: { base: null, baseSource: null } });
      expect(document.findings).toContainEqual(expect.objectContaining({ rule: 'container/not-recognised' }));
    }
  });

  it.each(cases)('%s: the other commands stay sound', (name, bytes) => {
    const path = file(`${name}.bin`, bytes);
    for (const reader of READERS) expectSound(run([...reader, path]));
  });
});

describe('dumps of a full flash with nothing right in them', () => {
  it.each([
    ['erased', new Uint8Array(FLASH_SIZE).fill(0xff), 'erased'],
    ['zeros', new Uint8Array(FLASH_SIZE), 'fill'],
    ['random', randomBytes(FLASH_SIZE), 'unknown'],
  ] as const)('%s', (name, bytes, byteClass) => {
    const path = file(`full-${name}.bin`, bytes);
    const outcome = run(['inspect', '--json', path]);
    expectSound(outcome);
    const document = JSON.parse(outcome.stdout);
    expect(document).toMatchObject({ kind: 'flash-dump', verdict: 'fail', modules: [] });
    expect(document.coverage[byteClass]).toBeGreaterThan(FLASH_SIZE * 0.9);
    for (const reader of READERS) expectSound(run([...reader, path]));
  });
});

describe('headers that lead astray', () => {
  it.each([
    ['past the end of the file', pointing(0x080a0000, 0x080affff)],
    ['past the end of the flash', pointing(0x080a0000, 0x08200000)],
    ['past the address space', pointing(0xfffffff0, 0xffffffff)],
    ['to nothing', pointing(0x080a0000, 0x080a0000)],
    ['backwards', pointing(0x080a0000, 0x08000000)],
    ['to everything', pointing(0, 0xffffffff)],
  ] as const)('%s', (name, bytes) => {
    const path = file(`header-${name}.bin`, bytes);
    const outcome = run(['inspect', '--json', '--fail-on', 'error', path]);
    expectSound(outcome);
    expect(outcome.status).toBe(1);
    expect(JSON.parse(outcome.stdout).verdict).toBe('fail');
    for (const reader of READERS) expectSound(run([...reader, path]));
  });

  it('thousands of them in one dump', () => {
    const bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
    const module = userPart();
    for (let offset = 0; offset + 64 <= bytes.length; offset += 64) {
      bytes.set(module.subarray(0, 24), offset);
      writeU32(bytes, offset, 0x08000000 + offset);
      writeU32(bytes, offset + 4, 0x08100000 - 4);
    }
    const path = file('headers.bin', bytes);
    for (const reader of READERS) expectSound(run([...reader, path]));
  });
});

describe.skipIf(process.platform === 'win32')('names that would reach the terminal', () => {
  const name = '\u001b[31mred\u0007\u009b2J\r.bin';
  const shown = '\\x1B[31mred\\x07\\x9B2J\\x0D.bin';

  it.each(READERS)('%s %s shows them without their control characters', (...reader) => {
    const path = file(name, healthyDump());
    const plain = run([...reader, path]);
    expect(plain.stdout).toContain(shown);
    expect(plain.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    const missing = run([...reader, at(`absent${name}`)]);
    expect(missing.stderr).toContain(`absent${shown}`);
    expect(missing.stderr).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('as JSON they stay what they are', () => {
    const path = file(name, healthyDump());
    const { stdout } = run(['inspect', '--json', path]);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(JSON.parse(stdout).input.path).toBe(path);
    const missing = run(['inspect', '--json', at(`absent${name}`)]);
    expect(missing.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(JSON.parse(missing.stdout).error.where).toBe(at(`absent${name}`));
  });
});

describe('files of boards', () => {
  it.each([
    ['no JSON', '{ "id": ', 'LAYOUT_BAD_JSON'],
    ['a page of the web', page, 'LAYOUT_BAD_JSON'],
    ['another thing', '[]', 'LAYOUT_INVALID'],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'LAYOUT_'],
  ])('%s', (name, text, code) => {
    const layout = file(`${name}.board.json`, text);
    const image = file('image.bin', healthyDump());
    const outcome = run(['inspect', '--json', '--layout', layout, image]);
    expectSound(outcome);
    expect(outcome.status).toBe(2);
    expect(JSON.parse(outcome.stdout).error.code).toContain(code);
  });
});
