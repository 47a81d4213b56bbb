/** PEM: what openssl writes and refuses. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describePrivateKey } from '../../../src/regions/keys/describe.js';
import { privateKeyPem } from '../../../src/regions/keys/encode.js';
import { decodePem, looksLikePem } from '../../../src/regions/keys/pem.js';
import { decodePemBlocks, encodePem } from '../../../src/regions/keys/pem-text.js';
import { stopwatch } from '../../support/growth.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('PEM', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decodePemBlocks(`comment\n${encodePem('PUBLIC KEY', bytes)}`)).toEqual([{ label: 'PUBLIC KEY', bytes }]);
      }),
    );
  });

  it.each([
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['ec', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ] as const)('writes %s private keys that openssl takes for the same key', (_, { privateKey }) => {
    const pkcs8 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }));
    const { key } = describePrivateKey(pkcs8);
    if (!key) throw new Error('the key was not read');
    expect(createPrivateKey(privateKeyPem(key)).equals(privateKey)).toBe(true);
    const pem = bytesOf(`${privateKey.export({ type: 'pkcs8', format: 'pem' })}`);
    expect(looksLikePem(pem)).toBe(true);
    expect(decodePem(pem)).toEqual(pkcs8);
  });

  it('skips what comes before the key', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const parameters = encodePem('EC PARAMETERS', Uint8Array.of(6, 1, 0));
    const text = `${parameters}${privateKey.export({ type: 'sec1', format: 'pem' })}`;
    expect(describePrivateKey(decodePem(bytesOf(text))).kind).toBe('ec-p256');
  });

  it.each([
    ['PEM_NO_KEY', encodePem('CERTIFICATE', Uint8Array.of(1))],
    ['PEM_NO_KEY', '-----BEGIN PUBLIC KEY-----\nAAAA'],
    ['PEM_ENCRYPTED', encodePem('ENCRYPTED PRIVATE KEY', Uint8Array.of(1))],
    [
      'PEM_BAD_BASE64',
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
    ],
  ])('says %s without quoting the file', (code, text) => {
    expect(() => decodePem(bytesOf(text))).toThrowError(expect.objectContaining({ code }));
  });

  it('is not seen in binary data', () => {
    expect(looksLikePem(Uint8Array.from([0, 1, 2, ...bytesOf('-----BEGIN PUBLIC KEY-----')]))).toBe(false);
    expect(looksLikePem(new Uint8Array(0))).toBe(false);
  });

  it('takes no longer for many unfinished blocks', () => {
    const text = '-----BEGIN PUBLIC KEY-----\n'.repeat(20_000);
    const spent = stopwatch();
    expect(decodePemBlocks(text)).toEqual([]);
    expect(spent()).toBeLessThan(1000);
  });
});
