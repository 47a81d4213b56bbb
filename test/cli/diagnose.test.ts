/** diagnose and explain on the command line: what they refuse, and what JSON looks like. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/cli/args.js';
import { COMMON_OPTIONS } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands/index.js';
import { causes, dfuRoutes } from '../../src/layout/causes.js';
import { parseDfuCommand } from '../../src/operations/diagnose/dfu-command.js';
import { run } from '../support/commands.js';

const HEALTHY = 'samples/p1-healthy.bin.gz';
const ERASED = 'samples/p1-erased-then-flashed.bin.gz';
const LOG = 'test/vectors/logs/keys-doctor.txt';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-diagnose-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('diagnose', () => {
  it('wants something to go by', async () => {
    const { code, error } = await run('diagnose');
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'USAGE_NOTHING_TO_DIAGNOSE', expected: 'a dump, --led, --symptom or --log' });
  });

  it('finds nothing in a healthy dump, and says so', async () => {
    const { code, stdout } = await run('diagnose', HEALTHY);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing in this dump explains a fault.');
    expect(stdout).not.toContain('1. ');
  });

  it('calls candidates without a dump what they are', async () => {
    const { stdout } = await run('diagnose', '--led', 'cyan red');
    expect(stdout).toContain('No dump was given: these are candidates without evidence.');
    expect(stdout).not.toContain('[likely]');
  });

  it('weighs an option word without a dump', async () => {
    const { stdout } = await run('diagnose', '--symptom', 'dead after app ran', '--optcr', '0x0FFFAAE1');
    expect(stdout).toContain('1. The option bytes set a brown-out level that the supply does not reach  [likely]');
  });

  it('tells beside the complaint only what is strong', async () => {
    const { stdout } = await run('diagnose', ERASED, '--symptom', 'still listening');
    expect(stdout).toContain(
      'Found beside what was reported\n- The cloud does not know the key of this board  [likely]',
    );
    const titles = stdout.split('\n').filter((line) => /\[(likely|possible|no evidence|unlikely)/.test(line));
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('keeps the log apart from the dump', async () => {
    for (const argv of [
      ['--log', LOG, HEALTHY],
      ['--log', LOG, '--led', 'white'],
      ['--log', LOG, '--symptom', 'resets'],
    ]) {
      expect((await run('diagnose', ...argv)).error).toMatchObject({ code: 'USAGE_EXCLUSIVE' });
    }
  });

  it('refuses a dump as a log, and a file that is not there', async () => {
    const dump = join(folder, 'dump.bin');
    writeFileSync(dump, new Uint8Array(4096));
    expect((await run('diagnose', '--log', dump)).error).toMatchObject({ code: 'LOG_NOT_TEXT', where: dump });
    expect((await run('diagnose', '--log', join(folder, 'none.txt'))).error).toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });

  it('explains an empty log as nothing', async () => {
    const empty = join(folder, 'empty.txt');
    writeFileSync(empty, '');
    const { code, stdout } = await run('diagnose', '--log', empty);
    expect(code).toBe(0);
    expect(stdout).toContain('No line is a message that is known.');
  });

  it('gives JSON with the common head', async () => {
    const diagnosis = JSON.parse((await run('diagnose', '--json', ERASED, '--led', 'cyan red')).stdout);
    expect(diagnosis).toMatchObject({
      schema: 'flashatlas/diagnose',
      schemaVersion: 1,
      tool: { name: 'flashatlas' },
      input: { path: ERASED, base: '0x08000000' },
      verdict: 'fail',
      leds: [{ id: 'cloud-error' }],
      causes: [{ id: 'device-key', confidence: 'likely', explains: true }, { id: 'server-key' }, {}, {}],
    });
    expect(diagnosis.findings.length).toBeGreaterThan(0);
    const log = JSON.parse((await run('diagnose', '--json', '--log', LOG)).stdout);
    expect(log).toMatchObject({
      schema: 'flashatlas/diagnose-log',
      schemaVersion: 1,
      input: { path: LOG },
      lineCount: 21,
      attempts: [{ outcome: 'failed', address: '0x00000022', alternate: 1 }],
    });
  });

  it('passes on the suggestions for words', async () => {
    expect((await run('diagnose', '--led', 'cyna red')).error?.help).toBe('Did you mean "cyan red"?');
    expect((await run('diagnose', '--symptom', 'stil listning')).error?.help).toBe('Did you mean "still listening"?');
  });
});

describe('commands that are given', () => {
  const steps = [...causes().flatMap(({ tell, repair }) => [...tell, ...repair]), ...dfuRoutes()];
  const given = [...new Set(steps.flatMap(({ commands }) => commands))];

  it.each(given.filter((command) => command.startsWith('flashatlas ')).map((command) => [command]))(
    '%s is one of ours',
    async (command) => {
      const [, name = '', ...argv] = command.split(' ');
      const { options } = await (COMMANDS[name] as NonNullable<(typeof COMMANDS)[string]>).load();
      expect(() => parseArguments(argv, { ...COMMON_OPTIONS, ...options })).not.toThrow();
    },
  );

  it('call programs that are known', () => {
    const programs = new Set(given.map((command) => command.split(' ')[0]));
    expect([...programs].sort()).toEqual(['dfu-util', 'flashatlas', 'openocd', 'particle', 'stty']);
  });

  it('give dfu-util addresses that the bootloader takes', () => {
    for (const command of given.filter((line) => line.startsWith('dfu-util ') && line.includes(' -D '))) {
      const { alternate, address = 0, action } = parseDfuCommand(command.slice('dfu-util '.length));
      expect([command, alternate, action]).toEqual([command, 0, 'download']);
      expect(address).toBeGreaterThanOrEqual(0x08020000);
    }
  });
});

describe('explain', () => {
  it('gives JSON with the common head', async () => {
    const document = JSON.parse((await run('explain', '--json', 'sos', '1')).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/explain',
      schemaVersion: 1,
      board: 'particle-p1',
      kind: 'sos',
      sos: [{ code: 1, name: 'hard fault' }],
    });
  });

  it('draws in colour where there is some', async () => {
    const { stdout } = await run('explain', '--color', 'always', 'led', 'listening');
    expect(stdout).toContain('\u001b[94m█\u001b[39m');
    expect((await run('explain', 'led', 'listening')).stdout).toContain('BBBBB.....BBBBB');
  });

  it('speaks of the board that was chosen', async () => {
    const { stdout } = await run('explain', '--board', 'particle-electron', 'user');
    expect(stdout).toContain('of Particle Electron');
  });

  it('exits with 2 for a name nobody knows', async () => {
    const { code, error } = await run('explain', 'qqqqq');
    expect([code, error?.code]).toEqual([2, 'EXPLAIN_UNKNOWN']);
  });
});
