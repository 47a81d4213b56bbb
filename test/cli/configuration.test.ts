/** dct, keys, eeprom and optbytes on the command line: outputs, exit codes, refusals. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { dctSection, editDctField, encodeModuleSlot, encodeStoredNetworks } from '../../src/regions/dct/index.js';
import { writeEeprom } from '../../src/regions/eeprom/index.js';
import { publicKeyPem } from '../../src/regions/keys/index.js';
import { parsePrivateKey } from '../../src/regions/keys/parse.js';
import { run } from '../support/commands.js';
import { dctCopies, eepromPages, healthyDump, noise, SAMPLE_SECRETS } from '../support/synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-configuration-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function file(bytes: Uint8Array, extension = 'bin'): string {
  const path = join(folder, `${count++}.${extension}`);
  writeFileSync(path, bytes);
  return path;
}

const dump = file(healthyDump());
const { copy1, copy2 } = dctCopies();
const flipped = editDctField(
  { copy1, copy2 },
  [
    {
      field: 'wifi.stored_ap_list',
      bytes: encodeStoredNetworks([{ ssid: 'Office', security: 'WPA2_AES', key: 'another one' }]),
    },
  ],
  { style: 'flip', rules: 'from-0.7.0' },
);
const FINGERPRINT = '2fecf98fcca6f801631df7648c0c983e76c83e681b72d27bf7cd2fec9fd08875';
const APPLICATION = dctSection('wiced', 'application');

interface DctDocument {
  readonly schema: string;
  readonly form: string;
  readonly current: number | null;
  readonly copies: readonly { readonly state: string; readonly address: string | null }[];
  readonly fields: readonly { readonly key: string; readonly address: string | null; readonly value: string }[];
  readonly leftovers: readonly { readonly what: string; readonly same: boolean | null }[];
}

async function dctJson(...argv: readonly string[]): Promise<DctDocument> {
  return JSON.parse((await run('dct', 'show', '--json', ...argv)).stdout) as DctDocument;
}

describe('dct show', () => {
  it('says which copy is in use, why, and what it holds', async () => {
    const { stdout, code } = await run('dct', 'show', dump);
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'Copy 1 is in use: only copy 1 has a usable header. That is how firmware from 0.7.0 chooses, which the system parts here belong to.',
    );
    expect(stdout).toContain('“Workshop”: WPA2_AES, channel 6, key set, 28 bytes');
    expect(stdout).toContain('device.spark.io, port 5683');
    expect(stdout).toContain(`SHA-256 ${FINGERPRINT}`);
    expect(stdout).toContain("the key of Particle's cloud");
    expect(stdout).not.toContain('Left over');
  });

  it.each([
    ['flash-dump', healthyDump()],
    ['dct-sectors', Uint8Array.from([...flipped.copy1, ...flipped.copy2])],
    ['dct-sector', copy1],
    ['dct-section', copy1.slice(APPLICATION.offset, APPLICATION.offset + APPLICATION.size)],
  ])('knows a %s', async (form, bytes) => {
    const document = await dctJson(file(bytes));
    expect(document).toMatchObject({ schema: 'flashatlas/dct-show', form });
    const claimed = document.fields.find(({ key }) => key === 'claimed');
    expect(claimed?.value).toBe('claimed');
    expect(claimed?.address === null).toBe(form === 'dct-section');
  });

  it('knows a part of the flash when its address is given', async () => {
    const document = await dctJson('--base', '0x08004000', file(healthyDump().slice(0x4000, 0x20000)));
    expect(document).toMatchObject({ form: 'image', current: 1 });
    expect((await run('dct', 'show', file(healthyDump().slice(0x4000, 0x20000)))).error?.code).toBe(
      'CONFIGURATION_MISSING',
    );
  });

  it('names what a superseded copy still holds', async () => {
    const path = file(Uint8Array.from([...flipped.copy1, ...flipped.copy2]));
    const { leftovers, current, copies } = await dctJson(path);
    expect(current).toBe(2);
    expect(copies.map(({ state }) => state)).toEqual(['stale', 'current']);
    expect(leftovers).toContainEqual(expect.objectContaining({ what: 'a passphrase for “Workshop”', same: false }));
    expect(leftovers).toContainEqual(expect.objectContaining({ what: 'the device private key', same: true }));
    const { stdout } = await run('dct', 'show', path);
    expect(stdout).toContain('Copy 1, which is not in use, still holds a passphrase for “Workshop”');
    const old = await run('dct', 'show', '--copy', '1', path);
    expect(old.stdout).toContain('What copy 1 says (stale, so the firmware does not use it):');
    expect(old.stdout).toContain('“Workshop”');
  });

  it('lists every field with its address', async () => {
    const { stdout } = await run('dct', 'show', '--all', dump);
    expect(stdout).toMatch(/^0x0800671E +128 {2}server_address +set +device\.spark\.io, port 5683$/m);
    expect(stdout).toMatch(/^0x08007FFD +1 {2}version\.sequence +set +1$/m);
  });

  it('reads an unusable table as far as it goes', async () => {
    const erased = await run('dct', 'show', file(new Uint8Array(0x100000).fill(0xff)));
    expect(erased.code).toBe(0);
    expect(erased.stdout).toContain('No copy is in use');
    const missing = await run('dct', 'show', file(noise(5000)));
    expect(missing.error).toMatchObject({ code: 'CONFIGURATION_MISSING' });
    expect(missing.error?.message).toContain('0x08004000-0x08007FFF');
    const none = await run('dct', 'show', '--copy', '2', dump);
    expect(none.error).toMatchObject({ code: 'DCT_NO_COPY', help: 'Leave out --copy to see the copy in use.' });
  });
});

describe('dct get', () => {
  it('prints one value, its bytes, or saves them', async () => {
    expect((await run('dct', 'get', dump, 'server_address')).stdout).toBe('device.spark.io, port 5683\n');
    expect((await run('dct', 'get', dump, 'device_id', '--hex')).stdout).toBe(
      '0000  34 00 26 00 04 47 34 31 34 38 38 39              4.&..G414889\n',
    );
    expect((await run('dct', 'get', dump, 'device_code', '--raw')).stdout).toBe('7H2K4C');
    const output = join(folder, 'server.der');
    const saved = await run('dct', 'get', dump, 'server_public_key', '-o', output);
    expect(saved).toMatchObject({ code: 0, stdout: '' });
    expect(saved.stderr).toBe(`wrote 768 bytes of server_public_key to ${output}\n`);
    const { offset } = APPLICATION;
    expect(new Uint8Array(readFileSync(output))).toEqual(copy1.slice(offset + 2082, offset + 2082 + 768));
    const again = await run('dct', 'get', dump, 'server_public_key', '-o', output);
    expect(again.error).toMatchObject({ code: 'OUTPUT_EXISTS' });
  });

  it('gives JSON with address and size', async () => {
    const { stdout } = await run('dct', 'get', dump, 'claimed', '--json', '--hex');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'flashatlas/dct-get',
      copy: 1,
      field: { key: 'claimed', address: '0x0800649D', size: 1, value: 'claimed', hex: '31', secret: false },
    });
  });

  it('says when a file ends before the field', async () => {
    const { offset } = APPLICATION;
    const short = file(copy1.slice(offset, offset + 4258));
    const { error, code } = await run('dct', 'get', short, 'device_secret', '--show-secrets');
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'DCT_FIELD_ABSENT' });
  });

  it('suggests the field that was meant', async () => {
    const { error, code } = await run('dct', 'get', dump, 'server_adress');
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'DCT_NO_FIELD' });
    expect(error?.help).toContain('Did you mean server_address?');
  });

  it('refuses secrets, and the bytes of what may hold some', async () => {
    for (const field of ['claim_code', 'device_private_key', 'device_secret']) {
      expect((await run('dct', 'get', dump, field)).error).toMatchObject({ code: 'DCT_SECRET_NOT_SHOWN' });
    }
    expect((await run('dct', 'get', dump, 'wifi.stored_ap_list')).stdout).toBe(
      'Workshop (WPA2_AES, key set, 28 bytes)\n',
    );
    const bytes = await run('dct', 'get', dump, 'wifi.stored_ap_list', '--raw');
    expect(bytes.error).toMatchObject({ code: 'DCT_SECRET_NOT_SHOWN' });
    const shown = await run('dct', 'get', dump, 'claim_code', '--show-secrets');
    expect(shown.stdout).toBe(`${SAMPLE_SECRETS.claimCode}\n`);
  });

  it('refuses what makes no sense', async () => {
    for (const [argv, code] of [
      [['get', dump], 'USAGE_OPERANDS'],
      [['show'], 'USAGE_OPERANDS'],
      [['sho', dump], 'USAGE_UNKNOWN_ACTION'],
      [[], 'USAGE_UNKNOWN_ACTION'],
      [['get', dump, 'claimed', '--raw', '--hex'], 'USAGE_EXCLUSIVE'],
      [['get', dump, 'claimed', '--raw', '--json'], 'USAGE_EXCLUSIVE'],
      [['show', dump, '--copy', '3'], 'USAGE_BAD_CHOICE'],
      [['show', dump, '--hex'], 'USAGE_OTHER_ACTION'],
      [['get', dump, 'claimed', '--all'], 'USAGE_OTHER_ACTION'],
    ] as const) {
      expect((await run('dct', ...argv)).error?.code).toBe(code);
    }
    expect((await run('dct', 'sho', dump)).error?.help).toBe('Did you mean show?');
  });
});

describe('keys show', () => {
  it('names the keys of a dump by fingerprint', async () => {
    const { stdout } = await run('keys', 'show', '--json', dump);
    const { keys } = JSON.parse(stdout) as { keys: Record<string, unknown>[] };
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatchObject({
      role: 'device-private',
      kind: 'rsa-1024',
      state: 'good',
      fingerprint: FINGERPRINT,
    });
    expect(keys[1]).toMatchObject({ role: 'device-public', relation: 'matches-private', fingerprint: FINGERPRINT });
    expect(keys[2]).toMatchObject({ role: 'server-public', known: 'particle-rsa', current: true, copy: 1 });
    expect(stdout).not.toContain('privatePem');
  });

  it('reads a key file in DER and in PEM, whole or wrong', async () => {
    const der = await run('keys', 'show', '--json', file(SAMPLE_SECRETS.privateKey, 'der'));
    expect(JSON.parse(der.stdout)).toMatchObject({ keys: [{ role: 'file-private', fingerprint: FINGERPRINT }] });
    const { key } = parsePrivateKey(SAMPLE_SECRETS.privateKey);
    if (key.algorithm !== 'rsa') throw new Error('the sample key is RSA');
    const pem = file(new TextEncoder().encode(publicKeyPem({ ...key, algorithm: 'rsa' })), 'pem');
    expect((await run('keys', 'show', pem)).stdout).toContain(`SHA-256 ${FINGERPRINT}`);
    const damaged = SAMPLE_SECRETS.privateKey.slice();
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    expect((await run('keys', 'show', file(damaged))).stdout).toMatch(/not usable: the modulus/);
    const none = await run('keys', 'show', file(noise(600)));
    expect(none.error).toMatchObject({ code: 'KEYS_NONE' });
    const locked = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n';
    const encrypted = await run('keys', 'show', file(new TextEncoder().encode(locked)));
    expect(encrypted.error).toMatchObject({ code: 'PEM_ENCRYPTED' });
  });

  it('writes PEM that reads back as the same key', async () => {
    const pem = await run('keys', 'show', '--pem', '--show-secrets', dump);
    const block =
      /-----BEGIN RSA PRIVATE KEY-----[A-Za-z0-9+/=\s]*?-----END RSA PRIVATE KEY-----/.exec(pem.stdout)?.[0] ?? '';
    const back = await run('keys', 'show', '--json', file(new TextEncoder().encode(block)));
    expect(JSON.parse(back.stdout)).toMatchObject({
      keys: [{ role: 'file-private', state: 'good', fingerprint: FINGERPRINT }],
    });
  });

  it('calls a server key of the wrong type wrong', async () => {
    const sectors = copy1.slice();
    const start = APPLICATION.offset;
    sectors.copyWithin(start + 3298, start + 2082, start + 2082 + 192);
    const { keys } = JSON.parse((await run('keys', 'show', '--json', file(sectors))).stdout) as {
      keys: { role: string; state: string; note: string }[];
    };
    // Cut off by the shorter field.
    expect(keys.find(({ role }) => role === 'alt-server-public')).toMatchObject({ state: 'bad' });
  });
});

describe('eeprom', () => {
  it('shows the content and how it came about', async () => {
    const { stdout, code } = await run('eeprom', 'show', dump);
    expect(code).toBe(0);
    expect(stdout).toContain('63 6F 75 6E 74 65 72 3D 34 32 FF FF FF FF FF FF  counter=42......');
    expect(stdout).toContain('10 bytes of 2,048 stored, at index 0 to 9; every other index reads 255.');
    expect(stdout.replace(/\s+/g, ' ')).toContain('Next start: page 1 is used as it is.');
  });

  it('saves what a program sees', async () => {
    const output = join(folder, 'content.bin');
    await run('eeprom', 'show', dump, '-o', output);
    const content = new Uint8Array(readFileSync(output));
    expect(content).toHaveLength(2048);
    expect(new TextDecoder().decode(content.subarray(0, 10))).toBe('counter=42');
    expect(content.subarray(10).every((byte) => byte === 0xff)).toBe(true);
  });

  it('lists older values with their addresses', async () => {
    const { page1, page2 } = eepromPages();
    const written = writeEeprom(page1, page2, [{ operation: 'put', index: 9, data: Uint8Array.of(0x33) }]);
    const bytes = Uint8Array.from([...written.page1, ...written.page2]);
    const path = file(bytes);
    const { stdout } = await run('eeprom', 'history', path);
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^ +9 {2}0x0800C028 +50 {2}32 +2 +older$/),
      expect.stringMatching(/^ +9 {2}0x0800C02C +51 {2}33 +3 +read now$/),
    ]);
    const one = await run('eeprom', 'history', '--json', '--index', '9', path);
    expect(JSON.parse(one.stdout)).toMatchObject({
      schema: 'flashatlas/eeprom-history',
      form: 'eeprom-sectors',
      indices: [
        { index: 9, current: { value: 51, address: '0x0800C02C' }, older: [{ value: 50, address: '0x0800C028' }] },
      ],
    });
    expect((await run('eeprom', 'history', '--index', '500', path)).stdout).toBe(
      'Index 500 has never been written: it reads 255.\n',
    );
    expect((await run('eeprom', 'history', '--index', '2048', path)).error).toMatchObject({ code: 'EEPROM_INDEX' });
  });

  it('takes loose sectors, and nothing else', async () => {
    const { page1 } = eepromPages();
    expect((await run('eeprom', 'show', file(page1))).stdout).toContain('counter=42');
    expect((await run('eeprom', 'show', file(copy1))).error).toMatchObject({ code: 'CONFIGURATION_MISSING' });
    expect((await run('eeprom', 'show', '--reader', 'new', dump)).error).toMatchObject({ code: 'USAGE_BAD_CHOICE' });
  });
});

describe('inspect', () => {
  it('reads option bytes that were read separately', async () => {
    const { stdout } = await run('inspect', '--optcr', '0x0E1EAAED', dump);
    expect(stdout.replace(/\s+/g, ' ')).toContain('write-protected: sectors 0, 5, 6, 7, 8');
    expect(stdout).toContain('Particle firmware leaves it so: bootloader and system parts are write protected');
  });

  it('speaks of configuration, updates and leftovers only where there are some', async () => {
    const plain = (await run('inspect', dump)).stdout;
    expect(plain).toContain('copy 1 (copy 2 is erased). Only copy 1 has a usable header.');
    expect(plain).toContain('“Workshop” (WPA2_AES, key set)');
    expect(plain).toContain('10 bytes stored in 10 records; page 1 in use');
    for (const title of ['Updates', 'Option bytes', 'Not explained', 'How it was read', 'Container']) {
      expect(plain).not.toContain(title);
    }
    const slots = new Uint8Array(100).fill(0xff);
    const slot = {
      state: 'pending',
      source: 0x080c0000,
      destination: 0x08000000,
      length: 14200,
      flags: 0,
      function: 2,
    } as const;
    slots.set(encodeModuleSlot(slot), 20);
    const pending = editDctField(flipped, [{ field: 'flash_modules', bytes: slots }], {
      style: 'in-place',
      rules: 'from-0.7.0',
    });
    const bytes = healthyDump();
    bytes.set(pending.copy1, 0x4000);
    bytes.set(pending.copy2, 0x8000);
    bytes.set(noise(3000), 0xe0000);
    const { stdout } = await run('inspect', file(bytes));
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain('slot 1: the bootloader copies a bootloader of 14,200 bytes from 0x080C0000 to 0x08000000');
    expect(words).toContain(
      'copy 1, not in use, still holds Wi-Fi passphrases, the device private key, the claim code',
    );
    expect(stdout).toMatch(/^0x080E0000 +3,000 {2}compressed or encrypted/m);
  });

  it('reads what DFU alternate setting 1 gives', async () => {
    const path = file(copy1.slice(APPLICATION.offset, APPLICATION.offset + APPLICATION.size));
    const { stdout } = await run('inspect', path);
    expect(stdout).toContain('Device configuration (application section)');
    expect(stdout).toContain('device.spark.io, port 5683');
    expect(stdout).toContain('8,391 bytes: dct 8,391');
    expect(stdout).not.toContain('Not explained');
    const document = JSON.parse((await run('inspect', '--json', path)).stdout);
    expect(document).toMatchObject({ kind: 'dct-section', dct: null, dctSection: { claimed: true, wifi: null } });
  });

  it('says how a dump was read wrongly', async () => {
    const { stdout } = await run('inspect', file(healthyDump().slice(0, 0x90000)));
    expect(stdout).toContain('How it was read');
    expect(stdout).toContain('bytes long by its header');
  });
});
