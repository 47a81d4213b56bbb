/** repair and wrap, as commands. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { writeAny } from '../../src/formats/index.js';
import { run } from '../support/commands.js';
import { healthyDump, noise, userPart } from '../support/synthetic.js';

let folder = '';
const path = (name: string): string => join(folder, name);
let count = 0;
const fresh = (ending = 'bin'): string => path(`out-${count++}.${ending}`);

function patched(): Uint8Array {
  const bytes = userPart();
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  return bytes;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-repair-'));
  writeFileSync(path('patched.bin'), patched());
  writeFileSync(path('patched.hex'), writeAny(MemoryImage.fromBytes(patched(), 0x080a0000), 'intel-hex'));
  writeFileSync(path('sound.bin'), userPart());
  writeFileSync(path('dump.bin'), healthyDump());
  writeFileSync(path('program.bin'), noise(500));
  writeFileSync(path('program.hex'), writeAny(MemoryImage.fromBytes(noise(500), 0x080a0018), 'intel-hex'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('repair', () => {
  it('only shows what it would do without an output, and exits with 1', async () => {
    const outcome = await run('repair', path('patched.bin'));
    expect(outcome).toMatchObject({ code: 1, stderr: '' });
    expect(outcome.stdout).toMatch(
      /0x080A[0-9A-F]{4}-0x080A[0-9A-F]{4} {2}crc32: it did not fit the content\n {4}[0-9a-f]{8} -> [0-9a-f]{8}\n/,
    );
    expect(outcome.stdout).toContain('Nothing was written: name an output with -o.');
  });

  it('writes a sound file, in the format of the input or of the name', async () => {
    const output = fresh();
    const outcome = await run('repair', path('patched.bin'), '-o', output);
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toContain(`${output}: ${userPart().length.toLocaleString('en')} bytes`);
    expect((await run('repair', output)).stdout).toContain('Nothing to repair.');
    const hex = fresh('hex');
    expect((await run('repair', path('patched.hex'), '-o', hex)).code).toBe(0);
    expect(readFileSync(hex, 'utf8').startsWith(':')).toBe(true);
  });

  it('writes nothing when there is nothing to repair, unless it must', async () => {
    const output = fresh();
    const outcome = await run('repair', path('sound.bin'), '-o', output);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('Nothing to repair, so nothing was written.');
    expect(existsSync(output)).toBe(false);
    expect((await run('repair', path('sound.bin'), '--always', '-o', output)).code).toBe(0);
    expect(readFileSync(output)).toEqual(Buffer.from(userPart()));
  });

  it('sets fields', async () => {
    const output = fresh();
    const outcome = await run('repair', path('sound.bin'), '--set', 'version=7', '--json', '-o', output);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      schema: 'flashatlas/repair',
      kind: 'image',
      modules: ['user part'],
      output: { path: output },
      changes: [{ field: 'module_version', address: '0x080A000A', values: { before: '6', after: '7' } }, {}, {}],
    });
    const both = await run('repair', path('sound.bin'), '--set', 'version=7,product-id=12', '--json', '-o', fresh());
    expect(JSON.parse(both.stdout).changes).toMatchObject([
      { field: 'module_version', values: { after: '7' } },
      { field: 'product_id', values: { after: '12' } },
      {},
      {},
    ]);
    expect((await run('repair', path('sound.bin'), '--set', 'version=7,9')).error?.code).toBe('REPAIR_BAD_VALUE');
    expect((await run('repair', path('sound.bin'), '--set', 'version')).error?.code).toBe('USAGE_BAD_ASSIGNMENT');
    expect((await run('repair', path('dump.bin'), '--set', 'version=7')).error?.code).toBe('REPAIR_WHICH_MODULE');
    expect((await run('repair', path('dump.bin'), '--set', 'version=7', '--module', 'user', '-o', fresh())).code).toBe(
      0,
    );
  });

  it('refuses what is no module, and what is too short', async () => {
    expect((await run('repair', path('program.bin'))).error?.code).toBe('REPAIR_NO_MODULE');
    writeFileSync(path('cut.bin'), userPart().subarray(0, 600));
    expect((await run('repair', path('cut.bin'), '-o', fresh())).error).toMatchObject({
      code: 'REPAIR_IMPOSSIBLE',
      what: 'user part cannot be repaired',
      help: expect.stringMatching(
        /^Its last 8,468 bytes are missing, and nobody can make them up\. Get the file again/,
      ),
    });
    writeFileSync(path('empty.bin'), '');
    expect((await run('repair', path('empty.bin'))).error?.code).toBe('INPUT_EMPTY');
  });
});

describe('wrap', () => {
  it('makes a module', async () => {
    const output = fresh();
    const outcome = await run(
      'wrap',
      path('program.hex'),
      '--as',
      'user-part',
      '--version',
      '4',
      '--platform',
      'p1',
      '-o',
      output,
    );
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toMatch(/user part version 4, \d+ bytes for 0x080A0000/);
    expect((await run('inspect', output)).stdout).toContain('user part');
    const json = await run('wrap', path('program.bin'), '--version', '4', '--json', '-o', fresh());
    expect(JSON.parse(json.stdout)).toMatchObject({ schema: 'flashatlas/wrap', startAddress: '0x080A0000' });
  });

  it.each([
    [[], 'USAGE_NO_VERSION'],
    [['--version', '65536'], 'USAGE_BAD_NUMBER'],
    [['--version', '1', '--platform', 'p9'], 'REPAIR_BAD_VALUE'],
    [['--version', '1', '--depends', 'part2'], 'REPAIR_BAD_VALUE'],
    [['--version', '1', '--as', 'bootloader'], 'USAGE_BAD_CHOICE'],
  ])('refuses %j with %s', async (args, code) => {
    expect((await run('wrap', path('program.bin'), ...args, '-o', fresh())).error?.code).toBe(code);
  });
});
