import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/p256.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/core/bytes.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { DerReader, encodeDer, encodeInteger, TAG_SEQUENCE } from '../../../src/regions/keys/der.js';
import { describePrivateKey, describePublicKey } from '../../../src/regions/keys/describe.js';
import { publicPoint, uncompressedPoint } from '../../../src/regions/keys/ec.js';
import { knownServerKeys, recognizeServerKey } from '../../../src/regions/keys/known.js';
import { toBigInt } from '../../../src/regions/keys/numbers.js';
import { parsePrivateKey, parsePublicKey } from '../../../src/regions/keys/parse.js';
import {
  belongsTo,
  encodePublicKey,
  publicHalf,
  publicKeyPem,
  samePublicKey,
} from '../../../src/regions/keys/public.js';
import { stopwatch } from '../../support/growth.js';
import { hex, vectors } from '../dct/vectors.js';

const vector = vectors<{ openssl_der: string; firmware_der: string; public_der: string }>('device-key.json');
const firmware = hex(vector.firmware_der);
const minimal = hex(vector.openssl_der);
const spki = hex(vector.public_der);
const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1' | 'spki'): Uint8Array =>
  new Uint8Array(key.export({ type, format: 'der' } as never) as Buffer);

describe('the device key of the vectors', () => {
  it.each([
    ['fixed-width integers of the firmware', firmware, 611],
    ['minimal integers', minimal, 608],
  ])('%s', (_name, bytes, size) => {
    const field = new Uint8Array(1216).fill(0xff);
    field.set(bytes);
    const { key, ...rest } = describePrivateKey(field);
    expect(rest).toEqual({
      kind: 'rsa-1024',
      reason: null,
      bits: 1024,
      size,
      form: 'pkcs1',
      fingerprint: describePublicKey(spki).fingerprint,
    });
    const half = key && publicHalf(key);
    expect(half && encodePublicKey(half)).toEqual(spki);
    expect(spki).toHaveLength(162);
  });

  it('matches its public half and no other', () => {
    const { key } = parsePrivateKey(firmware);
    const { key: publicKey } = parsePublicKey(spki);
    expect(belongsTo(publicKey, key)).toBe(true);
    const other = spki.slice();
    other[100] = (other[100] ?? 0) ^ 4;
    expect(belongsTo(parsePublicKey(other).key, key)).toBe(false);
  });

  it.each([
    ['modulus', 100, 'the modulus is not the product of the two primes'],
    ['private exponent', 200, 'the private exponent does not belong to the public exponent'],
    ['first prime', 300, 'the modulus is not the product of the two primes'],
    ['first CRT exponent', 440, 'the first CRT exponent does not belong to the private exponent'],
    ['second CRT exponent', 510, 'the second CRT exponent does not belong to the private exponent'],
    ['coefficient', 600, 'the CRT coefficient does not belong to the primes'],
  ])('damage in the %s is named', (_name, offset, reason) => {
    const damaged = firmware.slice();
    damaged[offset] = (damaged[offset] ?? 0) ^ 1;
    expect(describePrivateKey(damaged)).toMatchObject({ kind: 'invalid', reason, bits: 1024, fingerprint: null });
  });

  it('cut at any byte is invalid with the reason', () => {
    for (let size = 1; size < firmware.length; size += 7) {
      const cut = describePrivateKey(firmware.subarray(0, size));
      expect(cut.kind).toBe('invalid');
      expect(cut.reason).toMatch(/^the key is cut off/);
    }
    const filled = new Uint8Array(1216).fill(0xff);
    filled.set(firmware.subarray(0, 400));
    expect(describePrivateKey(filled).reason).toMatch(/^the key has another structure|^the key has an unusable length/);
  });

  it('any single damaged byte is noticed, or changes nothing the check needs', () => {
    fc.assert(
      fc.property(fc.nat(firmware.length - 1), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
        const damaged = firmware.slice();
        damaged[offset] = (damaged[offset] ?? 0) ^ flip;
        const { kind, key } = describePrivateKey(damaged);
        // The version byte of PKCS#1 is checked too; so nothing is left that may differ.
        expect(kind === 'invalid' || key === null).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('kinds', () => {
  it.each([
    ['blank', new Uint8Array(612).fill(0xff)],
    ['zero', new Uint8Array(612)],
  ])('%s', (kind, bytes) => {
    expect(describePrivateKey(bytes)).toMatchObject({ kind, reason: null, key: null });
    expect(describePublicKey(bytes)).toMatchObject({ kind, reason: null, key: null });
  });

  it.each([1024, 2048])('RSA-%d in PKCS#1, PKCS#8 and SubjectPublicKeyInfo', (modulusLength) => {
    const pair = generateKeyPairSync('rsa', { modulusLength });
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const bytes = der(pair.privateKey, type);
      expect(describePrivateKey(bytes)).toMatchObject({ kind: `rsa-${modulusLength}`, form: type, size: bytes.length });
    }
    const publicKey = describePublicKey(der(pair.publicKey, 'spki'));
    expect(publicKey).toMatchObject({ kind: `rsa-${modulusLength}`, form: 'spki' });
    expect(publicKey.key && encodePublicKey(publicKey.key)).toEqual(der(pair.publicKey, 'spki'));
  });

  it('EC P-256 in SEC 1, PKCS#8 and SubjectPublicKeyInfo', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const publicKey = parsePublicKey(der(pair.publicKey, 'spki')).key;
    for (const type of ['sec1', 'pkcs8'] as const) {
      const described = describePrivateKey(der(pair.privateKey, type));
      expect(described).toMatchObject({ kind: 'ec-p256', form: type, reason: null, bits: 256 });
      expect(described.key && belongsTo(publicKey, described.key)).toBe(true);
      expect(described.key && belongsTo(parsePublicKey(der(other.publicKey, 'spki')).key, described.key)).toBe(false);
    }
    expect(encodePublicKey(publicKey)).toEqual(der(pair.publicKey, 'spki'));
    expect(encodePublicKey(publicKey)).toHaveLength(91);
  });

  it('names EC damage', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const privateDer = der(pair.privateKey, 'sec1');
    privateDer[20] = (privateDer[20] ?? 0) ^ 1;
    expect(describePrivateKey(privateDer)).toMatchObject({
      kind: 'invalid',
      reason: 'the public point stored in the key does not belong to the private number',
    });
    const publicDer = der(pair.publicKey, 'spki');
    publicDer[90] = (publicDer[90] ?? 0) ^ 1;
    expect(describePublicKey(publicDer)).toMatchObject({
      kind: 'invalid',
      reason: 'the public point does not lie on the curve P-256',
    });
  });

  it('refuses other curves, algorithms and structures by name', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    expect(describePublicKey(der(p384.publicKey, 'spki')).reason).toBe(
      'this kind of key is not used by the device: expected the curve P-256, got another curve',
    );
    expect(describePrivateKey(der(p384.privateKey, 'sec1')).kind).toBe('invalid');
    const ed = generateKeyPairSync('ed25519');
    expect(describePublicKey(der(ed.publicKey, 'spki')).reason).toMatch(/expected RSA or an elliptic curve/);
    expect(describePublicKey(minimal).reason).toMatch(/got a bare RSA or a private key/);
    expect(describePrivateKey(new Uint8Array([0x31, 0])).reason).toBe(
      'the key has another structure than expected at offset 0: expected SEQUENCE, got tag 0x31',
    );
    expect(describePrivateKey(new Uint8Array(0)).reason).toBe('there are no bytes');
  });

  it('gives a description for any bytes, and quickly for huge numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, prefixed) => {
        const bytes = prefixed ? concatBytes([new Uint8Array([0x30, 0x82, 0x01, 0x22, 0x02]), noise]) : noise;
        for (const describeKey of [describePrivateKey, describePublicKey]) {
          expect(describeKey(bytes).kind).toMatch(/^(invalid|blank|zero|rsa-\d+|ec-p256)$/);
        }
      }),
      { numRuns: 500 },
    );
    const huge = new Uint8Array(400_000).fill(0x7f);
    const numbers = Array.from({ length: 8 }, () => encodeInteger(huge));
    const spent = stopwatch();
    const described = describePrivateKey(encodeDer(TAG_SEQUENCE, encodeInteger(new Uint8Array([0])), ...numbers));
    expect(described.reason).toBe('the modulus has 3199999 bits, more than any key of the device');
    expect(spent()).toBeLessThan(1000);
  });

  it('stays quick when one number of a short key is huge', () => {
    const parsed = parsePrivateKey(firmware).key;
    if (parsed.algorithm !== 'rsa') throw new Error('not RSA');
    const huge = encodeInteger(new Uint8Array(400_000).fill(0x7f));
    const { modulus, exponent } = parsed;
    const bytes = encodeDer(
      TAG_SEQUENCE,
      encodeInteger(new Uint8Array([0])),
      encodeInteger(modulus),
      encodeInteger(exponent),
      ...Array.from({ length: 6 }, () => huge),
    );
    expect(describePrivateKey(bytes).reason).toBe('a number is longer than the modulus allows');
  });
});

describe('DER reader', () => {
  it.each([
    ['3080', 'DER_LENGTH'],
    ['308500000000001', 'DER_LENGTH'],
    ['30', 'DER_TRUNCATED'],
    ['3005020100', 'DER_TRUNCATED'],
    ['3084ffffffff00', 'DER_TRUNCATED'],
    ['30820122', 'DER_TRUNCATED'],
    ['', 'DER_TRUNCATED'],
    ['0400', 'DER_UNEXPECTED'],
  ])('%s is %s', (text, code) => {
    const bytes = hex(text.length % 2 ? `${text}0` : text);
    expect(() => new DerReader(bytes).enter(TAG_SEQUENCE)).toThrow(expect.objectContaining({ code }));
    try {
      new DerReader(bytes).enter(TAG_SEQUENCE);
    } catch (error) {
      expect(error).toBeInstanceOf(FlashatlasError);
      expect((error as FlashatlasError).help).not.toBe('');
    }
  });

  it('reads the integers it writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 2048n }), (value) => {
        const text = value.toString(16);
        const bytes = hex(text.length % 2 ? `0${text}` : text);
        expect(toBigInt(new DerReader(encodeInteger(bytes)).integer())).toBe(value);
      }),
    );
    expect(toHex(encodeInteger(new Uint8Array(0)))).toBe('020100');
  });

  it('accepts a leading zero that is not needed', () => {
    expect(new DerReader(hex('02020001')).integer()).toEqual(hex('01'));
  });
});

describe('P-256', () => {
  it('agrees with the named curve of the library', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 255n) - 1n }), (scalar) => {
        const point = p256.Point.BASE.multiply(scalar).toBytes(false);
        expect(publicPoint(scalar)).toEqual(point);
        expect(uncompressedPoint(p256.Point.fromBytes(point).toBytes(true))).toEqual(point);
      }),
      { numRuns: 20 },
    );
    expect(publicPoint(0n)).toBeUndefined();
    expect(publicPoint(1n << 256n)).toBeUndefined();
    expect(uncompressedPoint(new Uint8Array(65))).toBeUndefined();
  });

  it('takes a compressed and an uncompressed point for the same key', () => {
    const point = publicPoint(12345n);
    if (!point) throw new Error('no point');
    const compressed = p256.Point.fromBytes(point).toBytes(true);
    expect(samePublicKey({ algorithm: 'ec', point }, { algorithm: 'ec', point: compressed })).toBe(true);
    const rsa = parsePublicKey(spki).key;
    expect(samePublicKey({ algorithm: 'ec', point }, rsa)).toBe(false);
  });
});

describe('known server keys', () => {
  it('have a source and a plausible fingerprint', () => {
    expect(knownServerKeys().map(({ id }) => id)).toEqual(['particle-rsa', 'particle-ec']);
    for (const known of knownServerKeys()) {
      expect(known.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(known.source).toMatch(/^device-os /);
    }
  });

  it('recognise the UDP key of the Electron firmware', () => {
    // backup_udp_public_server_key, device-os system/src/system_cloud_internal.h @ v0.6.0.
    const bytes = hex(
      '3059301306072a8648ce3d020106082a8648ce3d03010703420004509bfc185648c33f80907ae13260df33282115209e54a22f2b105984a46362c07c2679f6e4ce76ca002d3de4bf2e9e3a62151c48179bd809ddce9c5dc30f54b8',
    );
    expect(recognizeServerKey(describePublicKey(bytes))).toBe('particle-ec');
    expect(recognizeServerKey(describePublicKey(spki))).toBe('other');
    expect(recognizeServerKey(describePublicKey(new Uint8Array(9)))).toBe('zero');
  });
});

describe('PEM', () => {
  it('equals what the platform writes', () => {
    for (const pair of [
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
    ]) {
      const { key } = parsePublicKey(der(pair.publicKey, 'spki'));
      expect(publicKeyPem(key)).toBe(pair.publicKey.export({ type: 'spki', format: 'pem' }));
    }
  });
});

describe('a key in another place than its own', () => {
  it('is no SubjectPublicKeyInfo', () => {
    expect(() => parsePublicKey(minimal)).toThrow(expect.objectContaining({ code: 'KEY_UNSUPPORTED' }));
    expect(parsePublicKey(spki).form).toBe('spki');
  });
});
