/** Output files: never in place, never over another, never half. */
import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/core/bytes.js';
import { healthyDump } from '../support/synthetic.js';
import { run, scratchFolder } from './run.js';

/** A command that writes a file: what it is called with, and how the content begins. */
const WRITERS: readonly {
  readonly name: string;
  readonly args: (input: string, output: string) => readonly string[];
  readonly begins: string;
}[] = [{ name: 'map --svg', args: (input, output) => ['map', input, '--svg', output], begins: '<svg' }];

const top = scratchFolder();
let folder = top;
let count = 0;
const at = (name: string): string => join(folder, name);
const input = (): string => at('dump.bin');

beforeEach(() => {
  folder = join(top, `${count++}`);
  mkdirSync(folder);
  writeFileSync(input(), healthyDump());
});

describe.each(WRITERS)('$name', ({ args, begins }) => {
  it('writes the file, and nothing else', () => {
    const outcome = run(args(input(), at('out')));
    expect(outcome).toMatchObject({ status: 0, stdout: '' });
    expect(outcome.stderr).toBe(`wrote ${at('out')}\n`);
    expect(readFileSync(at('out'), 'utf8').startsWith(begins)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['dump.bin', 'out']);
  });

  it('leaves a file that exists alone, unless --force is given', () => {
    writeFileSync(at('out'), 'mine');
    const refused = run(args(input(), at('out')));
    expect(refused).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('(OUTPUT_EXISTS)') });
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(at('out'), 'utf8')).toBe('mine');
    expect(run([...args(input(), at('out')), '--force']).status).toBe(0);
    expect(readFileSync(at('out'), 'utf8').startsWith(begins)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['dump.bin', 'out']);
  });

  it('never replaces its input, by whatever name', () => {
    linkSync(input(), at('same.bin'));
    for (const output of [input(), join(folder, '.', '..', folder.slice(top.length + 1), 'dump.bin'), at('same.bin')]) {
      const outcome = run([...args(input(), output), '--force']);
      expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(OUTPUT_IS_INPUT)') });
    }
    expect(equalBytes(readFileSync(input()), healthyDump())).toBe(true);
  });

  it('says when there is no such folder', () => {
    const outcome = run(args(input(), at('absent/out')));
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(OUTPUT_FAILED)') });
    expect(readdirSync(folder)).toEqual(['dump.bin']);
  });

  it('replaces no folder', () => {
    mkdirSync(at('out'));
    writeFileSync(at('out/kept'), '');
    const outcome = run([...args(input(), at('out')), '--force']);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('(OUTPUT_NOT_A_FILE)') });
    expect(readdirSync(folder).sort()).toEqual(['dump.bin', 'out']);
    expect(readdirSync(at('out'))).toEqual(['kept']);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('says when the folder may not be written', () => {
    mkdirSync(at('closed'));
    chmodSync(at('closed'), 0o500);
    expect(run(args(input(), at('closed/out')))).toMatchObject({ status: 2 });
    expect(readdirSync(at('closed'))).toEqual([]);
  });

  it('writes nothing when its input is bad', () => {
    expect(run(args(at('absent.bin'), at('out'))).status).toBe(2);
    expect(readdirSync(folder)).toEqual(['dump.bin']);
  });
});
