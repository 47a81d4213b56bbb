/** A folder of files as one output: safe names, all or nothing, nothing of anyone else touched. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeOutput } from '../../src/cli/io.js';
import { type OutputFile, unsafeName, writeFolder } from '../../src/cli/output-folder.js';
import { FlashatlasError } from '../../src/core/errors.js';
import { scratchFolder } from './run.js';

const top = scratchFolder();
let folder = top;
let count = 0;
const at = (...names: string[]): string => join(folder, ...names);
const FILES: readonly OutputFile[] = [
  { name: 'a.bin', content: Uint8Array.of(1, 2, 3) },
  { name: 'größe.txt', content: 'é\n' },
];

beforeEach(() => {
  folder = join(top, `${count++}`);
  mkdirSync(folder);
});

function refusal(action: () => unknown): FlashatlasError {
  try {
    action();
  } catch (error) {
    if (error instanceof FlashatlasError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a new folder', () => {
  it('holds the files, and nothing lies beside it', () => {
    expect(writeFolder(at('out'), FILES)).toEqual([
      { name: 'a.bin', size: 3 },
      { name: 'größe.txt', size: 3 },
    ]);
    expect(readdirSync(folder)).toEqual(['out']);
    expect([...readFileSync(at('out', 'a.bin'))]).toEqual([1, 2, 3]);
    expect(readFileSync(at('out', 'größe.txt'), 'utf8')).toBe('é\n');
  });

  it.skipIf(process.platform === 'win32')('gives a file the permissions asked for', () => {
    writeFolder(at('out'), [{ name: 'key.der', content: 'k', mode: 0o600 }]);
    expect(statSync(at('out', 'key.der')).mode & 0o777).toBe(0o600);
  });

  it('is not left behind when a file cannot be had', () => {
    function* files(): Generator<OutputFile> {
      yield { name: 'a.bin', content: 'a' };
      throw new TypeError('no more');
    }
    expect(refusal(() => writeFolder(at('out'), files())).code).toBe('OUTPUT_FAILED');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not left behind when the folder above does not exist', () => {
    expect(refusal(() => writeFolder(at('absent', 'out'), FILES))).toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('the output cannot be written'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is made although killed runs of the same number left theirs', () => {
    mkdirSync(at(`.out.${process.pid}.tmp`));
    writeFileSync(at(`.out.${process.pid}-1.tmp`), 'half');
    writeFolder(at('out'), FILES);
    expect(readdirSync(at('out')).sort()).toEqual(['a.bin', 'größe.txt']);
    writeOutput(at('.out'), 'x');
    writeFileSync(at(`.file.${process.pid}.tmp`), 'half');
    writeOutput(at('file'), 'whole');
    expect(readFileSync(at('file'), 'utf8')).toBe('whole');
  });
});

describe('a folder that exists', () => {
  beforeEach(() => {
    mkdirSync(at('out'));
    writeFileSync(at('out', 'a.bin'), 'mine');
  });

  it('is left alone without force', () => {
    expect(refusal(() => writeFolder(at('out'), FILES))).toMatchObject({
      code: 'OUTPUT_EXISTS',
      help: expect.stringContaining('--force'),
    });
    expect(readFileSync(at('out', 'a.bin'), 'utf8')).toBe('mine');
  });

  it('is replaced with force, also by way of a link to it', () => {
    symlinkSync(at('out'), at('link'));
    writeFolder(at('link'), FILES, { force: true });
    expect(readdirSync(at('out')).sort()).toEqual(['a.bin', 'größe.txt']);
    expect(readdirSync(folder).sort()).toEqual(['link', 'out']);
  });

  it('is left alone when it holds anything else', () => {
    for (const other of ['notes.txt', 'größe.txt']) {
      if (other === 'notes.txt') writeFileSync(at('out', other), 'mine');
      else mkdirSync(at('out', other));
      expect(refusal(() => writeFolder(at('out'), FILES, { force: true }))).toMatchObject({
        code: 'OUTPUT_FOLDER_IN_USE',
        where: `${at('out')}, ${other}`,
      });
      expect(readFileSync(at('out', 'a.bin'), 'utf8')).toBe('mine');
      expect(readdirSync(folder)).toEqual(['out']);
      if (other === 'notes.txt') unlinkSync(at('out', other));
    }
  });

  it('is left alone when an input lies in it', () => {
    const options = { force: true, inputs: ['-', at('absent'), at('out', 'a.bin')] };
    expect(refusal(() => writeFolder(at('out'), FILES, options)).code).toBe('OUTPUT_IS_INPUT');
    expect(readFileSync(at('out', 'a.bin'), 'utf8')).toBe('mine');
  });

  it('is no file', () => {
    expect(refusal(() => writeFolder(at('out', 'a.bin'), FILES, { force: true })).code).toBe('OUTPUT_NOT_A_FOLDER');
    expect(existsSync(at('out', 'a.bin'))).toBe(true);
  });
});

describe('names', () => {
  const UNSAFE = ['', '.', '..', 'a/b', 'a\\b', '/etc/passwd', 'C:x', 'a\u0000b', 'a\nb', 'a\u202Eb', 'x.', 'x ', ' x'];
  const DEVICES = ['CON', 'nul.txt', 'com1', 'Lpt9.bin', 'a*b', 'a?', `${'x'.repeat(256)}`];
  it.each([...UNSAFE, ...DEVICES])('%j is refused, and nothing is written', (name) => {
    expect(refusal(() => writeFolder(at('out'), [...FILES, { name, content: '' }]))).toMatchObject({
      code: 'OUTPUT_UNSAFE_NAME',
      where: JSON.stringify(name),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['bootloader-1006.bin', 'console.txt', '.hidden', 'a..b', 'com10', 'größe'])('%s is taken', (name) => {
    expect(unsafeName(name)).toBeUndefined();
  });

  it.each([
    ['a.bin', 'have the same name'],
    ['A.bin', 'differ only in case'],
  ])('%s beside a.bin is refused', (name, message) => {
    const error = refusal(() => writeFolder(at('out'), [...FILES, { name, content: '' }]));
    expect(error.code).toBe('OUTPUT_DUPLICATE_NAME');
    expect(error.message).toContain(message);
    expect(readdirSync(folder)).toEqual([]);
  });
});
