import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DctInput, decodeDct } from '../../src/regions/dct/decode.js';
import { buildDct, type DctEdit, editDctField } from '../../src/regions/dct/edit.js';
import { encodeModuleSlot, encodeServerAddress, encodeStoredNetworks } from '../../src/regions/dct/encode.js';
import { type DctPair, writeDctField } from '../../src/regions/dct/write.js';
import { dctFindings } from '../../src/rules/dct.js';
import { hex, type SparseImage, vectors } from '../regions/dct/vectors.js';

const key = vectors<{ firmware_der: string; public_der: string }>('device-key.json');
const selection = vectors<{ cases: { name: string; copy1: SparseImage; copy2: SparseImage }[] }>(
  'selection.json',
).cases;
const serverKey = selection[0]?.copy1.runs.find(({ offset }) => offset === 9630)?.hex ?? '';
/** backup_udp_public_server_key, device-os system/src/system_cloud_internal.h. */
const UDP_KEY =
  '3059301306072a8648ce3d020106082a8648ce3d03010703420004509bfc185648c33f80907ae13260df33282115209e54a22f2b105984a46362c07c2679f6e4ce76ca002d3de4bf2e9e3a62151c48179bd809ddce9c5dc30f54b8';
const blank = new Uint8Array(16384).fill(0xff);

const HEALTHY: DctEdit[] = [
  { field: 'device_private_key', bytes: hex(key.firmware_der) },
  { field: 'device_public_key', bytes: hex(key.public_der) },
  { field: 'server_public_key', bytes: hex(serverKey) },
  { field: 'server_address', bytes: encodeServerAddress({ address: 'device.spark.io' }) },
  { field: 'wifi.device_configured', bytes: hex('01') },
  { field: 'wifi.stored_ap_list', bytes: encodeStoredNetworks([{ ssid: 'net', security: 'WPA2_AES', key: 'pass' }]) },
];
const healthy = (...more: DctEdit[]): DctPair => buildDct({ edits: [...HEALTHY, ...more], versionRecord: true });
const judge = (pair: { copy1: Uint8Array | null; copy2: Uint8Array | null }, rules: DctInput['rules'] = 'from-0.7.0') =>
  dctFindings(decodeDct({ ...pair, address1: 0x08004000, address2: 0x08008000, rules }));
const slot = (): Uint8Array => {
  const bytes = new Uint8Array(100).fill(0xff);
  const value = { source: 0x080c0000, destination: 0x08020000, length: 1000, flags: 14, function: 4 };
  bytes.set(encodeModuleSlot({ state: 'pending', ...value }), 20);
  return bytes;
};

describe('findings about the DCT', () => {
  it('are none for a healthy board, before and after a write', () => {
    expect(judge(healthy())).toEqual([]);
    expect(judge(healthy(), 'before-0.7.0')).toEqual([]);
    expect(
      judge(writeDctField(healthy(), { section: 'application', offset: 1762, bytes: hex('41') }, '0.7.0')),
    ).toEqual([]);
    expect(judge({ copy1: null, copy2: null })).toEqual([]);
    expect(judge({ copy1: blank, copy2: null })).toEqual([]);
  });

  it.each([
    [
      'dct/device-key-missing',
      'error',
      [{ field: 'device_private_key', bytes: blank.slice(0, 1216) }],
      0x08004000 + 7548 + 34,
    ],
    [
      'dct/device-key-invalid',
      'error',
      [{ field: 'device_private_key', bytes: new Uint8Array(1216) }],
      0x08004000 + 7582,
    ],
    [
      'dct/device-key-mismatch',
      'warning',
      [{ section: 'application', offset: 1300, bytes: hex('00') }],
      0x08004000 + 8798,
    ],
    [
      'dct/server-key-missing',
      'warning',
      [{ section: 'application', offset: 2082, bytes: blank.slice(0, 300) }],
      0x08004000 + 0x259e,
    ],
    ['dct/server-key-invalid', 'error', [{ section: 'application', offset: 2082, bytes: new Uint8Array(384) }], null],
    ['dct/server-key-other', 'warning', [{ field: 'server_public_key', bytes: hex(key.public_der) }], null],
    [
      'dct/server-address-invalid',
      'error',
      [{ field: 'server_address', bytes: new Uint8Array(128) }],
      0x08004000 + 0x271e,
    ],
    ['dct/pending-slot', 'warning', [{ field: 'flash_modules', bytes: slot() }], 0x080068a0],
    ['dct/ota-flag-set', 'warning', [{ field: 'ota_update_flag', bytes: hex('a5') }], 0x08004000 + 0x2455],
    [
      'dct/no-credentials',
      'warning',
      [{ field: 'wifi.stored_ap_list', bytes: new Uint8Array(605) }],
      0x08004000 + 0x1a31,
    ],
  ] as [string, string, DctEdit[], number | null][])('%s', (rule, severity, edits, start) => {
    const findings = judge(healthy(...edits));
    expect(findings.map((finding) => finding.rule)).toEqual([rule]);
    const [finding] = findings;
    expect(finding).toMatchObject({ severity, region: 'dct1', message: expect.stringMatching(/^[A-Z].*\.$/) });
    expect(finding?.remedy).toMatch(/\.$/);
    if (start !== null) expect(finding?.start).toBe(start);
    expect(finding?.end).toBeGreaterThan(finding?.start ?? 0);
  });

  it('name keys of the wrong type', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const bytes = new Uint8Array(privateKey.export({ type: 'pkcs1', format: 'der' }));
    expect(judge(healthy({ field: 'device_private_key', bytes }))[0]).toMatchObject({
      rule: 'dct/device-key-wrong-type',
      message:
        'The device private key is of type rsa-2048; this board uses rsa-1024, so the handshake with the cloud fails.',
    });
    expect(judge(healthy({ field: 'server_public_key', bytes: hex(UDP_KEY) }))[0]).toMatchObject({
      rule: 'dct/server-key-wrong-type',
      severity: 'error',
    });
  });

  it('dct/no-usable-copy', () => {
    expect(judge({ copy1: blank, copy2: blank })).toEqual([
      expect.objectContaining({ rule: 'dct/no-usable-copy', severity: 'error', start: 0x08004000, end: 0x0800c000 }),
    ]);
  });

  it('dct/no-usable-copy says what a copy that is not usable still holds, and to save it first', () => {
    const unfinished = healthy().copy1.slice();
    unfinished[8] = 1;
    const [finding, ...more] = judge({ copy1: unfinished, copy2: blank });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ rule: 'dct/no-usable-copy', severity: 'error' });
    expect(finding?.message).not.toContain('No device key');
    expect(finding?.message).toContain(
      'copy 1 at 0x08004000 still holds the device private key, the cloud server key and Wi-Fi credentials',
    );
    expect(finding?.remedy).toMatch(/^Do not power the board up and do not let it run/);
    expect(finding?.remedy).not.toContain('keys doctor');
  });

  it('dct/no-usable-copy finds the key behind a header that is erased', () => {
    const headless = healthy().copy1.slice().fill(0xff, 0, 16);
    expect(judge({ copy1: blank, copy2: headless })[0]?.message).toContain(
      'copy 2 at 0x08008000 still holds the device private key and the cloud server key',
    );
    expect(judge({ copy1: blank, copy2: new Uint8Array(16384) })[0]?.message).toContain('No device key, no claim');
  });

  it('dct/no-usable-copy on an Electron has no word about Wi-Fi', () => {
    const places = { address1: 0x08004000, address2: 0x08008000, rules: 'from-0.7.0', store: 'electron' } as const;
    const report = decodeDct({ copy1: blank, copy2: blank, ...places });
    expect(report.store).toBe('electron');
    expect(report.why.rules).toBe('electron');
    const [finding] = dctFindings(report);
    expect(`${finding?.message} ${finding?.remedy}`).not.toMatch(/Wi-Fi|listening/);
    expect(decodeDct({ ...healthy(), ...places }).store).toBe('wiced');
  });

  it('dct/rules-disagree only when nobody said which firmware runs', () => {
    const record = writeDctField(healthy(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0').copy2;
    const pair = { copy1: buildDct({ edits: HEALTHY }).copy1, copy2: record };
    expect(judge(pair, 'unknown')[0]).toMatchObject({
      rule: 'dct/rules-disagree',
      message: 'Firmware before 0.7.0 would use copy 1, firmware from 0.7.0 copy 2.',
    });
    expect(judge(pair)).toEqual([]);
  });

  it('dct/check-value-bad weighs what else is there', () => {
    const changed = healthy().copy1.slice();
    changed[7548 + 1890] = 0x41;
    expect(judge({ copy1: changed, copy2: blank })[0]).toMatchObject({ rule: 'dct/check-value-bad', severity: 'note' });
    expect(judge({ copy1: changed, copy2: blank }, 'before-0.7.0')).toEqual([]);
    const written = writeDctField(healthy(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0');
    const broken = written.copy2.slice();
    broken[7548 + 1890] = 0x41;
    // There is no fallback: clearing its mark broke the check value of the old copy too, so the damaged one is used.
    const both = judge({ copy1: written.copy1, copy2: broken });
    expect(both).toHaveLength(1);
    expect(both[0]).toMatchObject({ rule: 'dct/check-value-bad', severity: 'warning', region: 'dct2' });
  });

  it('dct/write-interrupted', () => {
    const written = writeDctField(healthy(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0');
    const half = written.copy2.slice();
    half[8] = 1;
    expect(judge({ copy1: written.copy1, copy2: half })[0]).toMatchObject({
      rule: 'dct/write-interrupted',
      severity: 'note',
      region: 'dct2',
    });
  });

  it('dct/factory-reset-requested by the flags that count up to 0.6.4 only', () => {
    const flags: DctEdit = { field: 'system_flags', bytes: hex('c0acde1affffffffffffffffaaaaffff') };
    const pair = editDctField(healthy(), [flags], { style: 'in-place', rules: 'unknown' });
    expect(judge(pair)).toEqual([]);
    expect(judge(pair, 'before-0.7.0')[0]?.rule).toBe('dct/factory-reset-requested');
    const missing = healthy({ section: 'application', offset: 2082, bytes: blank.slice(0, 300) });
    expect(judge(missing, 'before-0.7.0')[0]).toMatchObject({ rule: 'dct/server-key-missing', severity: 'error' });
  });

  it('hold no secret', () => {
    const damaged = hex(key.firmware_der);
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    const text = JSON.stringify(judge(healthy({ field: 'device_private_key', bytes: damaged })));
    expect(text).toContain('the private exponent does not belong to the public exponent');
    expect(text).not.toContain(key.firmware_der.slice(300, 330));
  });
});

describe('findings about the Electron store', () => {
  const store = (transport: number): Uint8Array => {
    const bytes = new Uint8Array(16384).fill(0xff);
    bytes.set(hex('9a271c1e005ea1ed'));
    bytes[8 + 2977] = transport;
    return bytes;
  };

  it('look at the keys of the transport in use', () => {
    const udp = judge({ copy1: store(0xff), copy2: blank });
    expect(udp.map(({ rule, start }) => [rule, start])).toEqual([
      ['dct/device-key-missing', 0x08004000 + 8 + 3106],
      ['dct/server-key-missing', 0x08004000 + 8 + 3298],
    ]);
    const tcp = judge({ copy1: store(0), copy2: blank });
    expect(tcp.map(({ rule, start }) => [rule, start])).toEqual([
      ['dct/device-key-missing', 0x08004000 + 8 + 34],
      ['dct/server-key-missing', 0x08004000 + 8 + 2082],
    ]);
  });
});
