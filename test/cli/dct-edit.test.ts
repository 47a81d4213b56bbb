/** dct set, new, copy, erase-field and diff, as commands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { writeAny } from '../../src/formats/index.js';
import { run } from '../support/commands.js';
import { dctCopies, erasedThenFlashedDump, healthyDump } from '../support/synthetic.js';

let folder = '';
const path = (name: string): string => join(folder, name);
let count = 0;
const fresh = (ending = 'bin'): string => path(`out-${count++}.${ending}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-dct-edit-'));
  writeFileSync(path('healthy.bin'), healthyDump());
  writeFileSync(path('erased.bin'), erasedThenFlashedDump());
  writeFileSync(path('section.bin'), dctCopies().copy1.subarray(7548, 7548 + 8391));
  writeFileSync(path('healthy.hex'), writeAny(MemoryImage.fromBytes(healthyDump(), 0x08000000), 'intel-hex'));
  writeFileSync(path('section.dfu'), writeAny(MemoryImage.fromBytes(readFileSync(path('section.bin')), 0), 'dfu'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('dct set', () => {
  it('writes a new dump and says what changed, on stderr', async () => {
    const output = fresh();
    const outcome = await run(
      'dct',
      'set',
      path('healthy.bin'),
      '--set',
      'serverAddress=cloud.example.com',
      '-o',
      output,
    );
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toContain(
      'Written as Device OS 2.2.0 does, which the image runs: copy 2 is in use now, copy 1 was before.',
    );
    expect(outcome.stderr).toContain('server_address  device.spark.io, port 5683  cloud.example.com, default port');
    expect(readFileSync(output).length).toBe(0x100000);
    expect((await run('dct', 'get', output, 'server_address')).stdout).toBe('cloud.example.com, default port\n');
    expect((await run('dct', 'get', output, 'serverAddress')).stdout).toBe('cloud.example.com, default port\n');
  });

  it('keeps the format of the input, or takes that of the name of the output', async () => {
    const hex = fresh('hex');
    expect((await run('dct', 'set', path('healthy.hex'), '--set', 'claimed=no', '-o', hex)).code).toBe(0);
    expect(readFileSync(hex, 'utf8').startsWith(':')).toBe(true);
    expect((await run('dct', 'get', hex, 'claimed')).stdout).toBe('not claimed\n');
    const dfu = fresh('dfu');
    expect((await run('dct', 'set', path('section.dfu'), '--set', 'claimed=no', '-o', dfu)).code).toBe(0);
    expect((await run('dfu', 'check', dfu)).stdout).toContain('sound');
    expect(readFileSync(dfu).length).toBe(readFileSync(path('section.dfu')).length);
  });

  it('says how a rearranged dump was read, and writes it in the right order', async () => {
    const swapped = healthyDump();
    for (let offset = 0; offset < swapped.length; offset += 2) swapped.subarray(offset, offset + 2).reverse();
    writeFileSync(path('swapped.bin'), swapped);
    const output = fresh();
    const outcome = await run('dct', 'set', path('swapped.bin'), '--set', 'claimed=no', '-o', output);
    expect(outcome.stderr).toContain('acquisition/transformed');
    expect((await run('inspect', output)).stdout).not.toContain('acquisition/');
  });

  it('takes values from files', async () => {
    writeFileSync(path('code'), 'A'.repeat(63));
    const output = fresh();
    await run('dct', 'set', path('healthy.bin'), '--set', `claim_code=@${path('code')}`, '-o', output);
    expect((await run('dct', 'get', output, 'claim_code', '--show-secrets')).stdout).toBe(`${'A'.repeat(63)}\n`);
    const missing = await run('dct', 'set', path('healthy.bin'), '--set', 'claim_code=@/no/such/file', '-o', fresh());
    expect(missing.error?.code).toBe('INPUT_NOT_FOUND');
  });

  it('names the secrets that the old copy keeps, and erases it when asked to', async () => {
    const kept = await run('dct', 'set', path('healthy.bin'), '--set', 'wifi=', '-o', fresh());
    expect(kept.stderr).toContain('Copy 1 still holds wifi.stored_ap_list as before; --wipe-old erases that copy.');
    const output = fresh();
    const wiped = await run('dct', 'set', path('healthy.bin'), '--set', 'wifi=', '--wipe-old', '-o', output);
    expect(wiped.stderr.replace(/\s+/g, ' ')).toContain('The other copy was erased.');
    expect(wiped.stderr).not.toContain('still holds');
    expect(toHex(readFileSync(output))).not.toContain(toHex(new TextEncoder().encode('Workshop')));
  });

  it('gives JSON with the firmware it wrote for', async () => {
    const args = ['--set', 'antenna=auto', '--release', '0.6.4', '--json', '-o', fresh()];
    const document = JSON.parse((await run('dct', 'set', path('healthy.bin'), ...args)).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/dct-set',
      firmware: { release: '0.6.4', releaseSource: 'given', rules: 'before-0.7.0' },
      // Only bits go from 1 to 0, so the old firmware programs the byte where it is.
      currentBefore: 1,
      current: 1,
      changes: [{ key: 'antenna_selection', before: 'default (internal)', after: 'auto', secret: false }],
      output: { size: 0x100000, format: 'bin' },
    });
  });

  it('begins as the firmware does where there is no DCT, when it may', async () => {
    const refused = await run('dct', 'set', path('erased.bin'), '--set', 'claimed=no', '-o', fresh());
    expect(refused.error?.code).toBe('DCT_NO_CURRENT');
    const output = fresh();
    const made = await run('dct', 'set', path('erased.bin'), '--fresh', '--set', 'claimed=yes', '-o', output);
    expect(made.stderr).toContain('A fresh DCT was made in copy');
    expect((await run('dct', 'get', output, 'claimed')).stdout).toBe('claimed\n');
  });

  it.each([
    [['healthy.bin'], [], 'USAGE_OPERANDS'],
    [[], ['--set', 'claimed=no'], 'USAGE_OPERANDS'],
    [['healthy.bin'], ['--set', 'claimed'], 'USAGE_BAD_ASSIGNMENT'],
    [['healthy.bin'], ['--set', 'claimd=no'], 'DCT_NO_FIELD'],
    [['healthy.bin'], ['--set', 'header.app_valid=0'], 'DCT_NO_FIELD'],
    [['healthy.bin'], ['--set', 'claimed=no', '--release', 'newest'], 'DCT_BAD_RELEASE'],
    [['healthy.bin'], ['--set', 'claimed=no', '--record'], 'USAGE_OTHER_ACTION'],
    [['healthy.bin'], ['--set', 'claimed=no', '--style', 'fip'], 'USAGE_BAD_CHOICE'],
  ])('%j %j is refused: %s', async (operands, options, code) => {
    const files = operands.map(path);
    expect((await run('dct', 'set', ...files, ...options, '-o', fresh())).error?.code).toBe(code);
  });

  it('refuses words that were no UTF-8 before they were read', async () => {
    const outcome = await run(
      'dct',
      'set',
      path('healthy.bin'),
      '--set',
      'wifi=caf\ufffd:passphrase:wpa2',
      '-o',
      fresh(),
    );
    expect(outcome.error).toMatchObject({ code: 'DCT_BAD_VALUE', expected: 'text in UTF-8; other bytes as hex:BYTES' });
  });

  it('wants an output, and not the input as one', async () => {
    const set = ['dct', 'set', path('healthy.bin'), '--set', 'claimed=no'] as const;
    expect((await run(...set)).error?.code).toBe('USAGE_NO_OUTPUT');
    expect((await run(...set, '-o', path('healthy.bin'), '--force')).error?.code).toBe('OUTPUT_IS_INPUT');
  });
});

describe('dct copy and erase-field', () => {
  it('put the keys of an old dump into a new image', async () => {
    const output = fresh();
    const outcome = await run('dct', 'copy', '--from', path('healthy.bin'), '--to', path('erased.bin'), '-o', output);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('device_id is that of the chip the DCT comes from');
    expect((await run('dct', 'diff', path('healthy.bin'), output)).stdout).toContain('No field differs.');
    expect((await run('keys', 'show', output)).stdout).toContain('belongs to the private key');
  });

  it('need two files, of which one may be stdin', async () => {
    const outcome = await run('dct', 'copy', '--from', '-', '--to', '-', '-o', fresh());
    expect(outcome.error?.code).toBe('USAGE_STDIN_TWICE');
  });

  it('need to know from where to where', async () => {
    const outcome = await run('dct', 'copy', '--to', path('erased.bin'), '-o', fresh());
    expect(outcome.error).toMatchObject({ code: 'USAGE_OPERANDS', what: 'dct copy needs both --from and --to' });
    expect((await run('dct', 'erase-field', path('healthy.bin'), '-o', fresh())).error?.code).toBe('USAGE_OPERANDS');
  });

  it('erase what is named', async () => {
    const output = fresh();
    await run('dct', 'erase-field', path('healthy.bin'), 'keys', 'claimCode', '--wipe-old', '-o', output);
    const shown = await run('dct', 'show', '--all', output);
    expect(shown.stdout).toMatch(/device_private_key +blank/);
    expect(shown.stdout).toMatch(/claim_code +blank/);
  });
});

describe('dct new', () => {
  it('makes both sectors, with keys from a dump', async () => {
    const output = fresh();
    const dump = path('healthy.bin');
    const outcome = await run('dct', 'new', '--server-key', dump, '--device-key', dump, '--record', '-o', output);
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toBe(`${output}: both DCT sectors, copy 1 fresh, copy 2 erased, readable by you alone\n`);
    const keys = await run('keys', 'show', output);
    expect(keys.stdout).toContain('belongs to the private key');
    expect(keys.stdout).toContain("the key of Particle's cloud");
    expect(readFileSync(output).length).toBe(32_768);
  });

  it('takes key files, and says what is missing', async () => {
    await run('dct', 'get', path('healthy.bin'), 'server_public_key', '-o', path('server.der'));
    const args = [
      '--server-key',
      path('server.der'),
      '--set',
      'serverAddress=cloud.example.com',
      '--json',
      '-o',
      fresh(),
    ];
    const document = JSON.parse((await run('dct', 'new', ...args)).stdout);
    expect(document).toMatchObject({ schema: 'flashatlas/dct-new', output: { size: 32_768 } });
    expect(document.notes).toEqual([expect.stringContaining('No device key')]);
    const wrong = await run('dct', 'new', '--device-key', path('server.der'), '-o', fresh());
    expect(wrong.error).toMatchObject({ code: 'KEY_UNUSABLE', expected: 'a private key', got: 'a public key' });
  });

  it('replaces the DCT of a dump', async () => {
    const output = fresh();
    const outcome = await run('dct', 'new', path('healthy.bin'), '--set', 'antenna=auto', '-o', output);
    expect(outcome.stderr).toContain('A fresh DCT was made in copy 1.');
    expect((await run('dct', 'get', output, 'claimed')).stdout).toBe('not claimed\n');
    expect((await run('dct', 'new', 'a', 'b', '-o', fresh())).error?.code).toBe('USAGE_OPERANDS');
  });
});

describe('dct diff', () => {
  it('exits with 1 and names what differs, secrets masked', async () => {
    const output = fresh();
    const set = ['--set', 'claimCode=another code that nobody may see', '--set', 'country=GB'];
    await run('dct', 'set', path('healthy.bin'), ...set, '-o', output);
    const outcome = await run('dct', 'diff', path('healthy.bin'), output);
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain('2 fields differ.');
    expect(outcome.stdout).toMatch(/claim_code +set, 63 bytes +set, 32 bytes/);
    expect(outcome.stdout).not.toContain('nobody');
    const shown = await run('dct', 'diff', path('healthy.bin'), output, '--show-secrets');
    expect(shown.stdout).toContain('nobody');
    const document = JSON.parse((await run('dct', 'diff', path('healthy.bin'), output, '--json')).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/dct-diff',
      equal: false,
      a: { current: 1 },
      b: { current: 1 },
    });
    expect(document.changes.map(({ key }: { key: string }) => key)).toEqual(['country_code', 'claim_code']);
  });

  it('says so when two different secrets have the same length', async () => {
    const output = fresh();
    await run('dct', 'set', path('healthy.bin'), '--set', `claimCode=${'B'.repeat(63)}`, '-o', output);
    expect((await run('dct', 'diff', path('healthy.bin'), output)).stdout).toContain('set, 63 bytes, another one');
  });

  it('compares a dump with a file read over DFU as far as that goes', async () => {
    const outcome = await run('dct', 'diff', path('healthy.bin'), path('section.bin'));
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain('No field differs.');
    expect(outcome.stdout).toContain(
      'Not compared, because only one of the files holds them: mfg_info, security, wifi and network.',
    );
    expect((await run('dct', 'diff', path('healthy.bin'))).error?.code).toBe('USAGE_OPERANDS');
  });
});
