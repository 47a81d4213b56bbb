/** keys new, import, export, public and check, as commands. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import keys from '../../samples/keys.json' with { type: 'json' };
import { describePrivateKey } from '../../src/regions/keys/index.js';
import { hex } from '../regions/dct/vectors.js';
import { run } from '../support/commands.js';
import { erasedThenFlashedDump, healthyDump } from '../support/synthetic.js';

let folder = '';
const path = (name: string): string => join(folder, name);
let count = 0;
const fresh = (ending: string): string => path(`out-${count++}.${ending}`);
const modeOf = (file: string): number => statSync(file).mode & 0o777;
const FINGERPRINT = '2fecf98fcca6f801631df7648c0c983e76c83e681b72d27bf7cd2fec9fd08875';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-keys-edit-'));
  writeFileSync(path('healthy.bin'), healthyDump());
  writeFileSync(path('erased.bin'), erasedThenFlashedDump());
  writeFileSync(path('firmware.der'), hex(keys.devicePrivate));
  writeFileSync(path('server.der'), hex(keys.serverPublic));
  writeFileSync(path('words.txt'), 'a page that says 404');
  writeFileSync(path('large.bin'), new Uint8Array((1 << 20) + 1));
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  writeFileSync(path('ed25519.pem'), ed25519.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(path('noise.der'), new Uint8Array(611).fill(0x30));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('keys new', () => {
  it('makes a pair in files, the private one for its owner alone', async () => {
    const output = fresh('der');
    const outcome = await run('keys', 'new', '-o', output);
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    const open = output.replace('.der', '.pub.pem');
    expect(modeOf(output)).toBe(0o600);
    expect(modeOf(open)).toBe(0o644 & ~process.umask());
    const der = readFileSync(output);
    const description = describePrivateKey(der);
    expect(description.kind).toBe('rsa-1024');
    const pair = createPrivateKey({ key: der, format: 'der', type: 'pkcs1' });
    expect(createPublicKey(pair).equals(createPublicKey(readFileSync(open)))).toBe(true);
    expect(outcome.stderr).toContain(`SHA-256 of the public half: ${description.fingerprint}`);
    expect(outcome.stderr).toContain(`     particle keys load ${output}\n`);
    expect(outcome.stderr).toContain(`     particle keys send DEVICE_ID ${open}\n`);
    const again = fresh('pem');
    const made = await run('keys', 'new', '-o', again, '--public', path('elsewhere.pem'), '--json');
    expect(JSON.parse(made.stdout).steps.map(({ command }: { command: string }) => command)).toEqual([
      `openssl rsa -in ${again} -outform DER -out ${again.replace('.pem', '.der')}`,
      `particle keys load ${again.replace('.pem', '.der')}`,
      `particle keys send DEVICE_ID ${path('elsewhere.pem')}`,
    ]);
    expect(readFileSync(again, 'utf8')).toContain('BEGIN RSA PRIVATE KEY');
    expect(readFileSync(path('elsewhere.pem'), 'utf8')).toContain('BEGIN PUBLIC KEY');
    expect(describePrivateKey(der).fingerprint).not.toBe(FINGERPRINT);
  });

  it('puts the pair into the DCT of a dump as the firmware would keep it', async () => {
    const output = fresh('bin');
    const outcome = await run('keys', 'new', path('healthy.bin'), '--wipe-old', '-o', output);
    expect(outcome.code).toBe(0);
    expect(modeOf(output)).toBe(0o600);
    expect(outcome.stderr).toContain('     particle keys send 340026000447343134383839 ');
    expect(outcome.stderr).not.toContain('particle keys server');
    const shown = await run('keys', 'show', output);
    expect(shown.stdout).toContain('RSA-1024, 611 bytes, PKCS#1; its numbers belong together');
    expect(shown.stdout).toContain('belongs to the private key');
    expect(shown.stdout).not.toContain(FINGERPRINT);
    const open = output.replace('.bin', '.pub.pem');
    expect((await run('keys', 'check', output, '--public', open)).code).toBe(0);
  });

  it('leaves nothing behind when it cannot', async () => {
    const output = fresh('bin');
    const outcome = await run('keys', 'new', path('erased.bin'), '-o', output);
    expect(outcome.error?.code).toBe('DCT_NO_CURRENT');
    expect(existsSync(output)).toBe(false);
    expect(existsSync(output.replace('.bin', '.pub.pem'))).toBe(false);
    expect((await run('keys', 'new', '-o', '-')).error?.code).toBe('KEYS_SECRET_NOT_SHOWN');
    const failed = await run('keys', 'new', '-o', path('no-folder/device.der'), '--public', path('alone.pem'));
    expect(failed.error?.code).toBe('OUTPUT_FAILED');
    expect(existsSync(path('alone.pem'))).toBe(false);
    expect((await run('keys', 'new', 'a', 'b', '-o', output)).error?.code).toBe('USAGE_OPERANDS');
  });
});

describe('keys import and export', () => {
  it('bring the key of one board to another, by way of a file', async () => {
    const file = fresh('pem');
    const exported = await run('keys', 'export', path('healthy.bin'), '--show-secrets', '-o', file);
    expect(exported.stderr).toContain(`SHA-256 of the public half: ${FINGERPRINT}`);
    expect(modeOf(file)).toBe(0o600);
    expect(createPrivateKey(readFileSync(file)).asymmetricKeyType).toBe('rsa');
    const dct = fresh('bin');
    await run('dct', 'new', '-o', dct);
    const output = fresh('bin');
    const imported = await run('keys', 'import', dct, file, '-o', output);
    expect(imported).toMatchObject({ code: 0, stdout: '' });
    expect(imported.stderr).toContain(`     flashatlas keys public ${output} -o device.pub.pem\n`);
    expect(imported.stderr).toContain('particle keys server');
    const check = await run('keys', 'check', output, '--fingerprint', `SHA256:${FINGERPRINT.toUpperCase()}`);
    expect(check.stdout).toContain('ok  Device private key: rsa-1024, its numbers belong together');
    // The server key is missing in a fresh DCT.
    expect(check).toMatchObject({ code: 1 });
    expect(check.stdout).toMatch(/bad Cloud server public key.*not set/);
  });

  it('say that no firmware here uses an EC key, and do not have the cloud told of it', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(path('ec.der'), pair.privateKey.export({ format: 'der', type: 'sec1' }));
    const { code, stderr } = await run('keys', 'import', path('healthy.bin'), path('ec.der'), '-o', fresh('bin'));
    expect(code).toBe(0);
    expect(stderr).toContain('which the firmware of Particle P1 does not use');
    expect(stderr).not.toContain('particle keys send');
  });

  it('take a public key for that of the server', async () => {
    const dct = fresh('bin');
    await run('dct', 'new', path('healthy.bin'), '--set', 'serverAddress=cloud.example.com', '-o', dct);
    const output = fresh('bin');
    const outcome = await run('keys', 'import', dct, path('server.der'), '-o', output, '--json');
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      schema: 'flashatlas/keys-import',
      changes: [{ key: 'server_public_key' }],
      fingerprint: 'aa8aba3c973ed4b668999047a09597948f36eefde525352e705fe8ef98c1677e',
    });
    expect((await run('dct', 'get', output, 'server_address')).stdout).toBe('cloud.example.com, default port\n');
    const device = await run('keys', 'import', dct, path('firmware.der'), '--as', 'device', '-o', fresh('bin'));
    expect(device.code).toBe(0);
  });

  it('refuse what is no key, and secrets that nobody asked for', async () => {
    const noise = await run('keys', 'import', path('healthy.bin'), path('noise.der'), '-o', fresh('bin'));
    expect(noise.error).toMatchObject({
      code: 'KEY_UNUSABLE',
      got: expect.stringMatching(/^one that does not pass: /),
    });
    const words = await run('keys', 'import', path('healthy.bin'), path('words.txt'), '-o', fresh('bin'));
    expect(words.error).toMatchObject({ expected: 'a key', got: 'a file that is neither DER nor PEM' });
    const dump = await run('keys', 'import', path('healthy.bin'), path('large.bin'), '-o', fresh('bin'));
    expect(dump.error).toMatchObject({ code: 'INPUT_TOO_LARGE', what: 'the file is larger than any of its kind' });
    const ed25519 = await run('keys', 'import', path('healthy.bin'), path('ed25519.pem'), '-o', fresh('bin'));
    expect(ed25519.error).toMatchObject({
      expected: 'a private key',
      got: expect.stringContaining('another algorithm'),
    });
    const silent = await run('keys', 'export', path('healthy.bin'), '-o', fresh('der'));
    expect(silent.error).toMatchObject({ code: 'KEYS_SECRET_NOT_SHOWN', what: 'the output would hold a private key' });
    const none = await run('keys', 'export', path('erased.bin'), '--show-secrets', '-o', fresh('der'));
    expect(none.error).toMatchObject({ code: 'KEYS_NO_DEVICE_KEY', got: 'no usable DCT copy' });
    for (const action of ['import', 'export', 'public', 'check', 'show']) {
      const args = action === 'import' || action === 'export' ? ['-o', fresh('bin')] : [];
      expect((await run('keys', action, ...args)).error?.code).toBe('USAGE_OPERANDS');
    }
  });
});

describe('keys public', () => {
  it('prints the public half of a dump or of a key file, with its fingerprint and what to do', async () => {
    for (const file of ['healthy.bin', 'firmware.der']) {
      const outcome = await run('keys', 'public', path(file));
      expect(outcome.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----\n[\s\S]*-----END PUBLIC KEY-----\n$/);
      expect(outcome.stderr).toContain(FINGERPRINT);
      expect(outcome.stderr).toContain('particle keys send');
    }
    const output = fresh('der');
    const document = JSON.parse((await run('keys', 'public', path('healthy.bin'), '-o', output, '--json')).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/keys-public',
      fingerprint: FINGERPRINT,
      output: { path: output },
    });
    expect(readFileSync(output).length).toBe(162);
  });
});

describe('keys check', () => {
  it('tells a sound set from a wrong one', async () => {
    const good = await run('keys', 'check', path('healthy.bin'), '--fingerprint', FINGERPRINT, '--json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ schema: 'flashatlas/keys-check', ok: true });
    const other = await run('keys', 'check', path('healthy.bin'), '--fingerprint', 'ab'.repeat(32));
    expect(other.code).toBe(1);
    expect(other.stdout.replace(/\s+/g, ' ')).toContain(
      `Compared with the given fingerprint: another key, SHA-256 ${FINGERPRINT} instead of abab`,
    );
    const file = await run('keys', 'check', path('firmware.der'), '--public', path('server.der'));
    expect(file.code).toBe(1);
    const bad = await run('keys', 'check', path('healthy.bin'), '--fingerprint', 'abc');
    expect(bad.error).toMatchObject({ code: 'KEY_BAD_FINGERPRINT', got: '3 characters' });
  });
});
