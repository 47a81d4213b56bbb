import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readU32, toHex } from '../../../src/core/bytes.js';
import { crc32 } from '../../../src/core/checksums.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { pathTo, secretRanges } from '../../../src/core/part.js';
import { type DctInput, decodeApplicationSection, decodeDct } from '../../../src/regions/dct/decode.js';
import { buildDct, type DctEdit } from '../../../src/regions/dct/edit.js';
import { encodeServerAddress } from '../../../src/regions/dct/encode.js';
import { identifyDctBytes, splitDctCopies } from '../../../src/regions/dct/identify.js';
import { applicationParts, dctParts } from '../../../src/regions/dct/parts.js';
import { dctField, dctFields, fieldKey } from '../../../src/regions/dct/table.js';
import { type DctPair, writeDctField } from '../../../src/regions/dct/write.js';
import { stopwatch } from '../../support/growth.js';
import { expand, hex, type SparseImage, vectors } from './vectors.js';

interface SelectionCase {
  name: string;
  copy1: SparseImage;
  copy2: SparseImage;
  selected_0_7_0_and_later: 1 | 2 | null;
  selected_before_0_7_0: 1 | 2 | null;
}

const selection = vectors<{ cases: SelectionCase[] }>('selection.json').cases;
const key = vectors<{ firmware_der: string; public_der: string }>('device-key.json');
const wifiVector = vectors<{ hex: string }>('wifi-config.json').hex;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const padded = (bytes: Uint8Array, size: number): Uint8Array => {
  const result = new Uint8Array(size);
  result.set(bytes);
  return result;
};
const input = (pair: { copy1: Uint8Array | null; copy2: Uint8Array | null }, rules: DctInput['rules'] = 'unknown') => ({
  ...pair,
  address1: 0x08004000,
  address2: 0x08008000,
  rules,
});
const byName = (name: string): DctPair => {
  const vector = selection.find((candidate) => candidate.name === name);
  if (!vector) throw new Error(name);
  return { copy1: expand(vector.copy1), copy2: expand(vector.copy2) };
};

const SECRETS = {
  passphrase: 'correct horse battery',
  claim: 'CLAIMabcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUV',
  deviceSecret: 'S3cretDeviceXYZ',
  softApKey: 'soft-ap-passphrase',
  eapPassword: 'eap-password-123',
  identity: 'anna@corp.example',
  outer: 'outer@corp.example',
  clientKey: '-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n',
  cooee: 'cooee-key-16byte',
  reserved: 'old-key-in-unused-space',
  altKey: 'alt-private-key-bytes',
};

function eapConfig(): Uint8Array {
  const bytes = new Uint8Array(4296);
  bytes[0] = 25;
  for (const [offset, length, value] of [
    [1, 65, SECRETS.identity],
    [66, 130, SECRETS.outer],
    [131, 195, SECRETS.eapPassword],
  ] as const) {
    bytes.set(text(value), offset);
    bytes[length] = value.length;
  }
  return bytes;
}

/** A board in use: every kind of secret, in both copies. */
function fullPair(): DctPair {
  const softAp = new Uint8Array(112);
  softAp.set([5, ...text('Setup')]);
  softAp[41] = SECRETS.softApKey.length;
  softAp.set(text(SECRETS.softApKey), 42);
  const edits: DctEdit[] = [
    { section: 'wifi', offset: 0, bytes: hex(wifiVector) },
    { field: 'wifi.soft_ap_settings', bytes: softAp },
    { field: 'wifi.config_ap_settings', bytes: softAp },
    { field: 'device_private_key', bytes: hex(key.firmware_der) },
    { field: 'device_public_key', bytes: padded(hex(key.public_der), 384) },
    { field: 'server_public_key', bytes: hex(serverKey()) },
    { field: 'server_address', bytes: encodeServerAddress({ address: 'device.spark.io' }) },
    { field: 'claim_code', bytes: text(SECRETS.claim) },
    { field: 'device_secret', bytes: text(SECRETS.deviceSecret) },
    { field: 'eap_config', bytes: eapConfig() },
    { field: 'security.private_key', bytes: text(SECRETS.clientKey) },
    { field: 'security.cooee_key', bytes: text(SECRETS.cooee) },
    { field: 'alt_device_private_key', bytes: text(SECRETS.altKey) },
    { field: 'unused', bytes: text(SECRETS.reserved) },
    { field: 'claimed', bytes: text('1') },
    { field: 'product_store', bytes: hex('08000200') },
    { field: 'country_code', bytes: hex('55533400') },
    { field: 'device_code', bytes: text('ABC234') },
    { field: 'device_id', bytes: hex('00112233445566778899aabb') },
    { field: 'antenna_selection', bytes: hex('01') },
    { field: 'flash_modules', bytes: hex('ac0f000000000e0800000a08000002000e05ffff') },
  ];
  const fresh = buildDct({ edits, versionRecord: true });
  return writeDctField(fresh, { section: 'application', offset: 1753, bytes: hex('a5') }, '0.7.0');
}

function serverKey(): string {
  const run = selection[0]?.copy1.runs.find(({ offset }) => offset === 9630);
  if (!run) throw new Error('no server key');
  return run.hex;
}

describe('decodeDct', () => {
  it.each(selection)('follows the rules given: $name', (vector) => {
    const pair = { copy1: expand(vector.copy1), copy2: expand(vector.copy2) };
    const after = decodeDct(input(pair, 'from-0.7.0'));
    const before = decodeDct(input(pair, 'before-0.7.0'));
    expect(after.current).toBe(vector.selected_0_7_0_and_later);
    expect(before.current).toBe(vector.selected_before_0_7_0);
    expect(after.copies.filter((state) => state === 'current')).toHaveLength(after.current === null ? 0 : 1);
    const unknown = decodeDct(input(pair));
    const disagree = vector.selected_0_7_0_and_later !== vector.selected_before_0_7_0;
    expect(unknown.disagreement !== null).toBe(disagree);
    expect(unknown.why.assumed).toBe(true);
    if (disagree) {
      expect(unknown.disagreement?.before070.current).toBe(vector.selected_before_0_7_0);
      expect(unknown.disagreement?.from070.current).toBe(vector.selected_0_7_0_and_later);
    }
  });

  it.each([
    ['factory image: first valid, second blank', ['current', 'erased'], '0x330', null, null],
    ['after one 0.7.0+ write: second newer', ['stale', 'current'], '0x370', 'ok', 1],
    ['after two 0.7.0+ writes: first newer', ['current', 'stale'], '0x370', 'ok', 2],
    ['newer copy has a broken CRC', ['current', 'stale'], '0x370', 'bad', 2],
    ['newer copy still marked write-incomplete', ['write-incomplete', 'current'], '0x370', 'ok', 1],
    ['newer copy magic broken', ['invalid', 'current'], '0x370', 'ok', 1],
    ['both blank', ['erased', 'erased'], null, null, null],
    ['both zero', ['invalid', 'invalid'], null, null, null],
  ])('describes the state of: %s', (name, copies, format, crc, sequence) => {
    const report = decodeDct(input(byName(name), 'from-0.7.0'));
    expect(report).toMatchObject({ copies, format, crc, sequence, store: 'wiced' });
  });

  it('checks a superseded copy as it was before its mark was cleared', () => {
    const [first, second] = decodeDct(input(byName('after two 0.7.0+ writes: first newer'), 'from-0.7.0')).details;
    expect(first).toMatchObject({ state: 'current', crc: 'ok', sequence: 2 });
    expect(second).toMatchObject({ state: 'stale', crc: 'ok', sequence: 1, address: 0x08008000 });
  });

  it('gives every value of the JSON contract', () => {
    const report = decodeDct(input(fullPair(), 'from-0.7.0'));
    expect(report).toMatchObject({
      current: 2,
      copies: ['stale', 'current'],
      devicePrivateKey: 'rsa-1024',
      devicePublicKey: 'matches-private',
      serverPublicKey: 'particle-rsa',
      serverAddress: 'device.spark.io',
      serverPort: null,
      altDevicePrivateKey: 'invalid',
      altServerPublicKey: 'blank',
      altServerAddress: null,
      claimed: true,
      claimCode: true,
      ssidPrefix: null,
      deviceCode: 'ABC234',
      deviceId: '00112233445566778899aabb',
      deviceSecret: true,
      versionString: null,
      productId: 8,
      productVersion: 2,
      country: 'US',
      countryRevision: '4',
      antenna: 'external',
      cloudTransport: 'default',
      otaUpdate: true,
      factoryResetRequested: false,
      moduleSlots: [{ slot: 0, state: 'factory', source: 0x080e0000 }],
      pendingSlots: [],
      ipConfig: null,
      enterprise: { type: 'PEAP', passwordSet: true },
      ledTheme: null,
    });
    expect(report.wifi?.networks.map(({ ssid, security, channel }) => ({ ssid, security, channel }))).toEqual([
      { ssid: 'ExampleNet-5', security: 'WPA2_AES', channel: 6 },
      { ssid: 'guest', security: 'OPEN', channel: 0 },
      { ssid: 'corp', security: 'WPA2_AES_ENTERPRISE', channel: 11 },
    ]);
    expect(report.fields?.device_private_key).toEqual({
      value: 'set, 611 bytes (rsa-1024)',
      state: 'set',
      secret: true,
      masked: true,
    });
    expect(report.fields?.claim_code?.value).toBe('set, 63 bytes');
    expect(report.fields?.eap_config?.value).toBe(
      'PEAP, inner identity set, 17 bytes, outer identity set, 18 bytes, password set, 16 bytes',
    );
    expect(report.fields?.['wifi.stored_ap_list']?.value).toBe(
      'ExampleNet-5 (WPA2_AES, key set, 21 bytes); guest (OPEN, no key); corp (WPA2_AES_ENTERPRISE, no key)',
    );
    expect(report.details[0].values?.otaUpdate).toBe(false);
  });

  it('reads static addresses', () => {
    const bytes = hex('010000000201a8c000ffffff0101a8c00101a8c008080808');
    const { ipConfig } = decodeDct(input(buildDct({ edits: [{ field: 'ip_config', bytes }] })));
    expect(ipConfig).toMatchObject({ mode: 'static', host: '192.168.1.2', netmask: '255.255.255.0', dns2: '8.8.8.8' });
  });

  it('has every field of the table', () => {
    const fields = Object.keys(decodeDct(input(fullPair())).fields ?? {});
    for (const name of ['header', 'mfg_info', 'security', 'wifi', 'application', 'network', 'version'] as const) {
      for (const field of dctFields(name)) expect(fields).toContain(fieldKey(field));
    }
    expect(new Set(fields).size).toBe(fields.length);
  });

  it('has no values without a usable copy', () => {
    const report = decodeDct(input({ copy1: null, copy2: new Uint8Array(16384).fill(0xff) }));
    expect(report).toMatchObject({ current: null, copies: ['absent', 'erased'], claimed: null, fields: null });
    expect(report.why.reason).toMatch(/formats copy 1/);
  });

  it('says when a key does not match, is blank, zero or cut', () => {
    const state = (field: string, bytes: Uint8Array): Record<string, unknown> => {
      const edits = [
        { field: 'device_private_key', bytes: hex(key.firmware_der) },
        { field: 'device_public_key', bytes: hex(key.public_der) },
        { field, bytes },
      ];
      return { ...decodeDct(input(buildDct({ edits }))) };
    };
    const wrong = hex(key.public_der);
    wrong[100] = (wrong[100] ?? 0) ^ 0x10;
    expect(state('device_public_key', wrong)).toMatchObject({ devicePublicKey: 'mismatch' });
    expect(state('device_public_key', new Uint8Array(384))).toMatchObject({ devicePublicKey: 'zero' });
    expect(state('device_public_key', new Uint8Array(384).fill(255))).toMatchObject({ devicePublicKey: 'blank' });
    expect(state('device_private_key', new Uint8Array(1216).fill(255))).toMatchObject({ devicePrivateKey: 'blank' });
    expect(state('device_private_key', new Uint8Array(1216))).toMatchObject({ devicePrivateKey: 'zero' });
    expect(state('device_private_key', hex('ff'))).toMatchObject({
      devicePrivateKey: 'blank',
      devicePrivateKeyReason: 'the first byte is 0xFF, so the firmware takes the key as missing',
    });
    const damaged = hex(key.firmware_der);
    damaged[300] = (damaged[300] ?? 0) ^ 1;
    expect(state('device_private_key', damaged)).toMatchObject({
      devicePrivateKey: 'invalid',
      devicePrivateKeyReason: 'the modulus is not the product of the two primes',
    });
  });

  it('calls a server key by its fingerprint', () => {
    const withKey = (bytes: Uint8Array) =>
      decodeDct(input(buildDct({ edits: [{ field: 'server_public_key', bytes }] })));
    expect(withKey(hex(serverKey())).serverPublicKey).toBe('particle-rsa');
    expect(withKey(hex(key.public_der)).serverPublicKey).toBe('other');
    expect(withKey(hex('30')).serverPublicKey).toBe('invalid');
    const zero = withKey(new Uint8Array(384));
    expect(zero.serverPublicKey).toBe('zero');
    expect(zero.serverAddressState).toBe('blank');
  });

  it('refuses copies of another size, with a way out', () => {
    expect(() => decodeDct(input({ copy1: new Uint8Array(100), copy2: null }))).toThrow(
      expect.objectContaining({
        code: 'DCT_BAD_SIZE',
        message: 'a DCT copy is not one whole sector at copy 1: expected 16384 bytes, got 100 bytes',
        help: expect.stringContaining('0x08004000'),
      }),
    );
  });

  it('gives a result for any bytes', () => {
    const noise = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(noise, noise, fc.boolean(), fc.boolean(), fc.nat(), (a, b, magic1, magic2, seed) => {
        const copy1 = Uint8Array.from({ length: 16384 }, (_, index) => ((a[index % 64] ?? 0) + index * seed) & 0xff);
        const copy2 = Uint8Array.from(
          { length: 16384 },
          (_, index) => ((b[index % 64] ?? 0) ^ (index * 7 + seed)) & 0xff,
        );
        if (magic1) copy1.set(hex('000000000000000000010000' + '4252434d'), 0);
        if (magic2) copy2.set(hex('9a271c1e005ea1ed'), 0);
        const spent = stopwatch();
        JSON.stringify(decodeDct(input({ copy1, copy2 })));
        for (const copy of [copy1, copy2]) walk(dctParts(copy, { store: 'wiced', address: 0 }));
        expect(spent()).toBeLessThan(3000);
      }),
      { numRuns: 40 },
    );
  });

  it('gives a result or a clear error for a good DCT with damaged bytes', () => {
    const pair = fullPair();
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(32767), fc.nat(255)), { maxLength: 60 }),
        fc.option(fc.nat(16384)),
        (damage, size) => {
          const both = new Uint8Array(32768);
          both.set(pair.copy1);
          both.set(pair.copy2, 16384);
          for (const [offset, value] of damage) both[offset] = value;
          const copy1 = both.slice(0, size ?? 16384);
          try {
            decodeDct(input({ copy1, copy2: both.slice(16384) }));
          } catch (error) {
            expect(error).toBeInstanceOf(FlashatlasError);
            expect(copy1.length).not.toBe(16384);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

function walk(parts: ReturnType<typeof dctParts>): void {
  for (const part of parts) walk(part.parts?.() ?? []);
}

describe('secrets', () => {
  const variants = (secret: Uint8Array): string[] => {
    const base64 = btoa(String.fromCharCode(...secret));
    const reversed = secret.slice().reverse();
    return [
      String.fromCharCode(...secret),
      toHex(secret),
      toHex(secret).toUpperCase(),
      // Three alignments: base64 of a longer run shows another text.
      base64.replace(/=+$/, ''),
      btoa(` ${String.fromCharCode(...secret)}`).slice(2, -4),
      btoa(`  ${String.fromCharCode(...secret)}`).slice(3, -4),
      String.fromCharCode(...reversed),
      toHex(reversed),
      secret.join(','),
    ];
  };
  const privateNumbers = hex(key.firmware_der).subarray(147, 160);
  const canaries = [...Object.values(SECRETS).map((secret) => text(secret).slice(0, 14)), privateNumbers];

  const collect = (parts: ReturnType<typeof dctParts>): string =>
    parts.map((part) => `${part.value ?? ''}\n${collect(part.parts?.() ?? [])}`).join('\n');

  it('never appear in a report or in the parts of either copy, unless asked for', () => {
    const pair = fullPair();
    const report = JSON.stringify(decodeDct(input(pair)));
    const parts = [pair.copy1, pair.copy2]
      .map((copy) => collect(dctParts(copy, { store: 'wiced', address: 0 })))
      .join();
    for (const canary of canaries) {
      for (const form of variants(canary)) {
        expect(report).not.toContain(form);
        expect(report).not.toContain(JSON.stringify(form).slice(1, -1));
        expect(parts).not.toContain(form);
      }
    }
  });

  it('appear when asked for', () => {
    const pair = fullPair();
    const report = JSON.stringify(decodeDct(input(pair), { showSecrets: true }));
    for (const secret of ['passphrase', 'claim', 'deviceSecret', 'eapPassword', 'identity'] as const) {
      expect(report).toContain(SECRETS[secret]);
    }
    expect(report).toContain(toHex(privateNumbers));
    const parts = collect(dctParts(pair.copy1, { store: 'wiced', address: 0, showSecrets: true }));
    expect(parts).toContain(toHex(text(SECRETS.passphrase)));
  });

  it('lie in ranges a hex dump can leave out, in both copies', () => {
    const pair = fullPair();
    for (const copy of [pair.copy1, pair.copy2]) {
      const shown = copy.slice();
      for (const { start, end } of secretRanges(dctParts(copy, { store: 'wiced', address: 0 })))
        shown.fill(0, start, end);
      const dump = toHex(shown);
      for (const canary of canaries) expect(dump).not.toContain(toHex(canary));
      expect(dump).toContain(toHex(text('ExampleNet-5')));
      expect(dump).toContain(key.public_der);
    }
  });

  it('hide a private key that was stored where a public one belongs', () => {
    const edits = [{ field: 'device_public_key', bytes: hex(key.firmware_der).subarray(0, 384) }];
    const { copy1 } = buildDct({ edits });
    const secret = secretRanges(dctParts(copy1, { store: 'wiced', address: 0 }));
    expect(secret).toContainEqual({ start: 7548 + 1250, end: 7548 + 1634 });
  });
});

describe('parts', () => {
  const pathAt = (store: 'wiced' | 'electron', offset: number): string[] => {
    const base = 0x08008000;
    return pathTo(dctParts(copy2, { store, address: base }), base + offset).map(({ name }) => name);
  };
  const { copy2 } = fullPair();

  it.each(['wiced', 'electron'] as const)('name every byte of a %s copy', (store) => {
    const copy = copy2;
    const base = 0x08008000;
    const check = (parts: ReturnType<typeof dctParts>, start: number, end: number): void => {
      let position = start;
      for (const part of parts) {
        expect(part.start).toBe(position);
        expect(part.end).toBeGreaterThan(part.start);
        expect(part.name).not.toBe('');
        position = part.end;
        if (part.parts) check(part.parts(), part.start, part.end);
        else expect(part.value !== undefined || part.about !== undefined, part.name).toBe(true);
      }
      expect(position).toBe(end);
    };
    check(dctParts(copy, { store, address: base }), base, base + 16384);
  });

  it('lead from section to member', () => {
    expect(pathAt('wiced', 9)).toEqual(['header', 'is_current_dct']);
    expect(pathAt('wiced', 7548 + 34)).toEqual(['application', 'device_private_key']);
    expect(pathAt('wiced', 7548 + 2082)).toEqual(['application', 'server_public_key', 'server_public_key.content']);
    expect(pathAt('wiced', 7548 + 2532)).toEqual(['application', 'server_public_key', 'server_address', 'port']);
    expect(pathAt('wiced', 7548 + 2852 + 20)).toEqual([
      'application',
      'flash_modules',
      'flash_modules[1]',
      'magicNumber',
    ]);
    expect(pathAt('wiced', 0x1a30 + 1 + 121 + 57)).toEqual([
      'wifi',
      'stored_ap_list',
      'stored_ap_list[1]',
      'security_key',
    ]);
    expect(pathAt('wiced', 0x1a30 + 1 + 46)).toEqual([
      'wifi',
      'stored_ap_list',
      'stored_ap_list[0]',
      'details',
      'security',
    ]);
    expect(pathAt('wiced', 0x1a30 + 606)).toEqual(['wifi', 'unused']);
    expect(pathAt('wiced', 0x3e43)).toEqual(['unused']);
    expect(pathAt('wiced', 0x3ffd)).toEqual(['version', 'sequence']);
    expect(pathAt('electron', 8 + 34)).toEqual(['application', 'device_private_key']);
  });
});

describe('files', () => {
  const pair = fullPair();
  const both = new Uint8Array(32768);
  both.set(pair.copy1);
  both.set(pair.copy2, 16384);

  it('tells sectors from an application section', () => {
    expect(identifyDctBytes(both)).toMatchObject({ kind: 'copies', store: 'wiced' });
    expect(identifyDctBytes(pair.copy1)).toMatchObject({ kind: 'copy', evidence: 'the letters BRCM at offset 12' });
    for (const size of [8391, 16384]) {
      const upload = both.slice(7548, 7548 + size);
      expect(identifyDctBytes(upload)).toEqual({
        kind: 'application-section',
        store: null,
        evidence: 'a public key at offset 2082',
      });
    }
    const blank = new Uint8Array(16384).fill(0xff);
    expect(identifyDctBytes(blank).kind).toBe('unknown');
    blank.set(pair.copy2.subarray(0, 1000), 8836);
    expect(identifyDctBytes(blank).evidence).toBe('the header of the other copy at offset 8836');
    expect(identifyDctBytes(new Uint8Array(0)).kind).toBe('unknown');
  });

  it('reads the application section of a DFU upload', () => {
    const values = decodeApplicationSection(both.slice(7548, 7548 + 16384));
    expect(values).toMatchObject({ devicePrivateKey: 'rsa-1024', claimed: true, wifi: null, deviceCode: 'ABC234' });
    expect(Object.keys(values.fields)).not.toContain('header.magic_number');
    expect(JSON.stringify(values)).not.toContain(SECRETS.claim);
  });

  it('says which fields a short file does not reach', () => {
    const values = decodeApplicationSection(both.slice(7548, 7548 + 4258));
    expect(values.fields.device_secret).toMatchObject({ state: 'absent', value: 'not in the input', masked: false });
    expect(values.fields.led_theme?.state).toBe('blank');
    expect(decodeApplicationSection(new Uint8Array(0)).fields.claimed?.state).toBe('absent');
  });

  it('names the parts of an application section', () => {
    const file = both.slice(7548, 7548 + 16384);
    const parts = applicationParts(file, { store: 'wiced', address: 0 });
    expect(pathTo(parts, 34).map(({ name }) => name)).toEqual(['application', 'device_private_key']);
    expect(pathTo(parts, 8500).map(({ name }) => name)).toEqual(['unused']);
    expect(pathTo(parts, 9000).map(({ name }) => name)).toEqual(['next_sector']);
    expect(parts.at(-1)?.secret).toBe(true);
  });

  it('splits sectors and refuses an application section with the reason', () => {
    expect(splitDctCopies(both).copy2).toEqual(pair.copy2);
    expect(splitDctCopies(pair.copy1).copy2).toBeNull();
    expect(() => splitDctCopies(both.slice(7548, 7548 + 8391))).toThrow(
      'these are not the DCT sectors: expected 16384 or 32768 bytes that begin with a DCT header, got an application section (a public key at offset 2082)',
    );
  });
});

describe('Electron store', () => {
  const ELECTRON_EC = encodeServerAddress({ address: '$id.udp.particle.io' });
  const copy = (seal: string, counter: number, goodCrc = true): Uint8Array => {
    const bytes = new Uint8Array(16384).fill(0xff);
    bytes.set(hex(`9a271c1e${seal}`));
    bytes.set(ELECTRON_EC, 8 + dctField('alt_server_address').offset);
    bytes.set([counter, 0, 0, 0, 0, 0, 4, 0, ...hex('9a271c1e')], 0x3ff0);
    new DataView(bytes.buffer).setUint32(0x3ffc, crc32(bytes.subarray(8, 0x3ffc)) ^ (goodCrc ? 0 : 1), true);
    return bytes;
  };
  const VALID = '005ea1ed';
  const SUPERSEDED = '000ca069';
  const blank = new Uint8Array(16384).fill(0xff);

  it.each([
    ['one valid', copy(VALID, 1), blank, 1, ['current', 'erased']],
    ['second valid, first superseded', copy(SUPERSEDED, 1), copy(VALID, 2), 2, ['stale', 'current']],
    ['newest damaged', copy(VALID, 2, false), copy(SUPERSEDED, 1), 2, ['stale', 'current']],
    ['both valid, counter wraps', copy(VALID, 3), copy(VALID, 0), 2, ['stale', 'current']],
    ['both valid, first newer', copy(VALID, 2), copy(VALID, 1), 1, ['current', 'stale']],
    ['both valid, one damaged', copy(VALID, 1), copy(VALID, 2, false), 1, ['current', 'stale']],
    ['both valid and damaged', copy(VALID, 1, false), copy(VALID, 2, false), 2, ['stale', 'current']],
    ['being written', copy(VALID, 1), copy('ffffffff', 2), 1, ['current', 'write-incomplete']],
    ['cleared by old firmware', copy('00000000', 1), copy(VALID, 1, false), 2, ['stale', 'current']],
    ['none valid', copy('ffffffff', 1), blank, null, ['write-incomplete', 'erased']],
  ])('%s', (_name, copy1, copy2, current, copies) => {
    const report = decodeDct(input({ copy1, copy2 }));
    expect(report).toMatchObject({ store: 'electron', current, copies });
    expect(report.why.rules).toBe('electron');
    if (current) expect(report.altServerAddress).toBe('$id.udp.particle.io');
  });

  it('is told by its watermark', () => {
    expect(identifyDctBytes(copy(VALID, 1))).toMatchObject({ kind: 'copy', store: 'electron' });
    expect(readU32(copy(VALID, 1), 0)).toBe(0x1e1c279a);
    expect(decodeDct(input({ copy1: copy(VALID, 3), copy2: null }))).toMatchObject({ crc: 'ok', sequence: 3 });
  });
});
