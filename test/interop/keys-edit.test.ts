/** Keys made, exported and imported here, against openssl; skipped where it is not installed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../support/commands.js';
import { healthyDump } from '../support/synthetic.js';
import { describeWithTools, runTool, useTool } from '../support/tools.js';

describeWithTools('keys of files and dumps, against openssl', ['openssl'], () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): string => useTool('openssl', args, folder);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'flashatlas-openssl-'));
    writeFileSync(path('dump.bin'), healthyDump());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['der', 'pem'])('openssl reads what keys new writes (%s), and finds it sound', async (form) => {
    await run('keys', 'new', '-o', path(`new-${form}.${form}`));
    const args = ['rsa', '-inform', form.toUpperCase(), '-in', `new-${form}.${form}`];
    expect(openssl(...args, '-check', '-noout')).toContain('RSA key ok');
    expect(openssl(...args, '-text', '-noout')).toContain('1024 bit');
    expect(openssl(...args, '-pubout').includes(readFileSync(path(`new-${form}.pub.pem`), 'utf8'))).toBe(true);
  });

  it.each(['der', 'pem'])('openssl reads the key that was put into a dump and exported again (%s)', async (form) => {
    await run('keys', 'new', path('dump.bin'), '-o', path(`with-${form}.bin`));
    await run('keys', 'export', '--show-secrets', path(`with-${form}.bin`), '-o', path(`exported.${form}`));
    const args = ['rsa', '-inform', form.toUpperCase(), '-in', `exported.${form}`];
    expect(openssl(...args, '-check', '-noout')).toContain('RSA key ok');
    expect(openssl(...args, '-pubout').includes(readFileSync(path(`with-${form}.pub.pem`), 'utf8'))).toBe(true);
  });

  /** A key by openssl in every form it writes. */
  const FORMS: readonly (readonly [name: string, args: readonly string[]])[] = [
    ['PKCS#1 PEM', ['rsa', '-traditional']],
    ['PKCS#1 DER', ['rsa', '-traditional', '-outform', 'DER']],
    ['PKCS#8 PEM', ['pkcs8', '-topk8', '-nocrypt']],
    ['PKCS#8 DER', ['pkcs8', '-topk8', '-nocrypt', '-outform', 'DER']],
  ];

  it.each(FORMS)('an RSA-1024 key of openssl as %s is imported', async (name, args) => {
    openssl('genrsa', '-out', 'source.pem', '1024');
    openssl(...args, '-in', 'source.pem', '-out', 'key');
    const output = path(`imported ${name.replace('#', '')}.bin`);
    expect((await run('keys', 'import', path('dump.bin'), path('key'), '-o', output)).code).toBe(0);
    openssl('rsa', '-in', 'source.pem', '-pubout', '-out', 'source.pub.pem');
    expect((await run('keys', 'check', output, '--public', path('source.pub.pem'))).code).toBe(0);
  });

  it('an EC key goes to the fields of the other transport', async () => {
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'ec.pem');
    for (const [form, args] of [
      ['sec1', ['ec']],
      ['pkcs8', ['pkcs8', '-topk8', '-nocrypt']],
    ] as const) {
      openssl(...args, '-in', 'ec.pem', '-outform', 'DER', '-out', 'ec.der');
      const output = path(`ec-${form}.bin`);
      expect((await run('keys', 'import', path('dump.bin'), path('ec.der'), '-o', output)).code).toBe(0);
      expect((await run('keys', 'show', output)).stdout).toContain('EC P-256');
    }
  });

  it('an RSA-2048 key is taken for a server and refused for a device', async () => {
    openssl('genrsa', '-out', 'long.pem', '2048');
    openssl('rsa', '-in', 'long.pem', '-pubout', '-out', 'long.pub.pem');
    const refused = await run('keys', 'import', path('dump.bin'), path('long.pem'), '-o', path('long.bin'));
    expect(refused.error).toMatchObject({ code: 'KEY_NOT_RSA_1024', got: 'RSA with 2048 bits' });
    const server = await run('keys', 'import', path('dump.bin'), path('long.pub.pem'), '-o', path('server.bin'));
    expect(server.code).toBe(0);
  });

  it('encrypted and damaged keys are refused, by openssl and here', async () => {
    openssl('genrsa', '-out', 'plain.pem', '1024');
    openssl('rsa', '-in', 'plain.pem', '-aes128', '-passout', 'pass:secret', '-out', 'encrypted.pem');
    const encrypted = await run('keys', 'import', path('dump.bin'), path('encrypted.pem'), '-o', path('e.bin'));
    expect(encrypted.error?.code).toBe('PEM_ENCRYPTED');
    openssl('rsa', '-in', 'plain.pem', '-traditional', '-outform', 'DER', '-out', 'plain.der');
    const whole = readFileSync(path('plain.der'));
    for (const offset of [20, 160, 300, 500]) {
      const damaged = Uint8Array.from(whole);
      damaged[offset] = (damaged[offset] ?? 0) ^ 4;
      writeFileSync(path('damaged.der'), damaged);
      const check = runTool('openssl', ['rsa', '-inform', 'DER', '-in', 'damaged.der', '-check', '-noout'], folder);
      expect(check.status === 0 && check.output.includes('RSA key ok')).toBe(false);
      const outcome = await run('keys', 'import', path('dump.bin'), path('damaged.der'), '-o', path('d.bin'));
      expect(outcome.error?.code).toBe('KEY_UNUSABLE');
    }
  });
});
