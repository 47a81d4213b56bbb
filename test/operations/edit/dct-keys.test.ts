import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import keys from '../../../samples/keys.json' with { type: 'json' };
import {
  deviceKeyEdits,
  devicePublicEdit,
  requirePrivateKey,
  requirePublicKey,
  serverKeyEdit,
} from '../../../src/operations/edit/dct-keys.js';
import { dctEdits } from '../../../src/operations/edit/dct-words.js';
import { describePrivateField, describePublicField } from '../../../src/regions/dct/key-fields.js';
import { encodeDeviceKey, encodePrivateKey } from '../../../src/regions/keys/index.js';
import { parsePrivateKey } from '../../../src/regions/keys/parse.js';
import { hex } from '../../regions/dct/vectors.js';

const rsa = (bits: number): Uint8Array =>
  new Uint8Array(
    generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs8', format: 'der' }),
  );
const ec = (): Uint8Array =>
  new Uint8Array(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'der' }));
const keyOf = (der: Uint8Array) => requirePrivateKey(der, 'key');

describe('keys as DCT content', () => {
  it('an RSA-1024 key becomes the 611 bytes that the firmware makes, and its public half beside it', () => {
    for (let round = 0; round < 6; round++) {
      const der = rsa(1024);
      const [own, open] = deviceKeyEdits(keyOf(der), 'rsa');
      expect(own).toMatchObject({ field: 'device_private_key' });
      expect(own?.bytes.length).toBe(1216);
      expect([...(own?.bytes.subarray(0, 11) ?? [])]).toEqual([0x30, 0x82, 2, 0x5f, 2, 1, 0, 2, 0x81, 0x81, 0]);
      expect(describePrivateField(own?.bytes ?? new Uint8Array(0))).toMatchObject({ kind: 'rsa-1024', size: 611 });
      expect(describePublicField(open?.bytes ?? new Uint8Array(0), 'device_public_key').fingerprint).toBe(
        describePrivateField(own?.bytes ?? new Uint8Array(0)).fingerprint,
      );
      const plain = createPrivateKey({ key: Buffer.from(encodePrivateKey(keyOf(der))), format: 'der', type: 'pkcs1' });
      expect(plain.equals(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }))).toBe(true);
    }
  });

  it('a key made by the firmware comes out as it was', () => {
    const bytes = hex(keys.devicePrivate);
    expect(encodeDeviceKey(parsePrivateKey(bytes).key)).toEqual(bytes);
  });

  it('only RSA-1024 is taken for a device', () => {
    for (const der of [rsa(2048), ec()]) {
      expect(() => deviceKeyEdits(keyOf(der), 'rsa')).toThrow(expect.objectContaining({ code: 'KEY_NOT_RSA_1024' }));
    }
    expect(() => deviceKeyEdits(keyOf(rsa(1024)), 'ec')).toThrow(
      'the field holds a key of another type at alt_device_private_key: expected an EC P-256 key, got an RSA key',
    );
    expect(deviceKeyEdits(keyOf(ec()), 'ec').map(({ bytes }) => bytes.length)).toEqual([192, 128]);
  });

  it('a server key leaves the address behind it alone', () => {
    const open = requirePublicKey(hex(keys.serverPublic), 'key');
    expect(serverKeyEdit(open, 'rsa').bytes.length).toBe(384);
    expect(() => serverKeyEdit(open, 'ec')).toThrow(expect.objectContaining({ code: 'KEY_WRONG_TYPE' }));
    const long = requirePublicKey(rsa(3072), 'key');
    expect(() => serverKeyEdit(long, 'rsa')).toThrow(
      expect.objectContaining({ code: 'KEY_TOO_LONG', expected: 'at most 384 bytes', got: '422 bytes' }),
    );
    expect(devicePublicEdit(requirePublicKey(rsa(1024), 'key'), 'rsa')).toMatchObject({ field: 'device_public_key' });
  });

  it('files of either form are read; what is no key is refused with its reason', () => {
    const pem = createPublicKey(createPrivateKey({ key: Buffer.from(rsa(1024)), format: 'der', type: 'pkcs8' })).export(
      {
        type: 'spki',
        format: 'pem',
      },
    );
    const readFile = (): Uint8Array => new TextEncoder().encode(String(pem));
    expect(dctEdits([{ name: 'devicePublicKey', value: '@k' }], { readFile })[0]?.bytes.length).toBe(384);
    expect(dctEdits([{ name: 'serverPublicKey', value: '@k' }], { readFile })[0]?.bytes.length).toBe(384);
    expect(() => dctEdits([{ name: 'devicePrivateKey', value: '@k' }], { readFile })).toThrow(
      'the key cannot be used at k: expected a private key, got a public key',
    );
    const damaged = hex(keys.devicePrivate);
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    expect(() => requirePrivateKey(damaged, 'damaged.der')).toThrow(expect.objectContaining({ code: 'KEY_UNUSABLE' }));
    expect(() => requirePublicKey(damaged, 'damaged.der')).toThrow('does not belong to');
    expect(() => requirePublicKey(new Uint8Array(20).fill(0xff), 'f')).toThrow('erased flash (all 0xFF)');
    expect(() => requirePrivateKey(new Uint8Array(20), 'f')).toThrow('all zero');
  });
});
