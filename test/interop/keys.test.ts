/** Keys made, damaged and judged by openssl; skipped where it is not installed. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { sha256 } from '../../src/core/checksums.js';
import { describePrivateKey, describePublicKey } from '../../src/regions/keys/describe.js';
import { encodePublicKey, publicHalf, publicKeyPem } from '../../src/regions/keys/public.js';

function openssl(args: readonly string[], input?: Uint8Array | string): { status: number | null; output: Uint8Array } {
  const result = spawnSync('openssl', args, { input });
  return { status: result.status, output: new Uint8Array(result.stdout ?? []) };
}

function ok(args: readonly string[], input?: Uint8Array | string): Uint8Array {
  const { status, output } = openssl(args, input);
  if (status !== 0) throw new Error(`openssl ${args.join(' ')} failed`);
  return output;
}

const installed = spawnSync('openssl', ['version']).status === 0;
const DER_IN = ['-inform', 'DER'] as const;
const DER_OUT = ['-outform', 'DER'] as const;

const rsa = (bits: number): Uint8Array => ok(['rsa', ...DER_OUT, '-traditional'], ok(['genrsa', String(bits)]));
const ec = (): Uint8Array => ok(['ec', ...DER_OUT], ok(['ecparam', '-name', 'prime256v1', '-genkey', '-noout']));

describe.skipIf(!installed)('keys, against openssl', () => {
  it.each([
    ['rsa-1024', () => rsa(1024)],
    ['rsa-2048', () => rsa(2048)],
    ['ec-p256', ec],
  ])('%s: kind, public half, fingerprint and PEM', (kind, make) => {
    const bytes = make();
    const described = describePrivateKey(bytes);
    expect(described).toMatchObject({ kind, reason: null, size: bytes.length });
    const half = described.key && publicHalf(described.key);
    if (!half) throw new Error('no public half');
    const spki = ok(['pkey', ...DER_IN, '-pubout', ...DER_OUT], bytes);
    expect(toHex(encodePublicKey(half))).toBe(toHex(spki));
    expect(described.fingerprint).toBe(toHex(sha256(spki)));
    expect(publicKeyPem(half)).toBe(new TextDecoder().decode(ok(['pkey', ...DER_IN, '-pubout'], bytes)));
    expect(describePublicKey(spki)).toMatchObject({ kind, fingerprint: described.fingerprint });

    const pkcs8 = ok(['pkcs8', '-topk8', '-nocrypt', ...DER_IN, ...DER_OUT], bytes);
    expect(describePrivateKey(pkcs8)).toMatchObject({ kind, form: 'pkcs8', fingerprint: described.fingerprint });
  });

  it.each([1024, 2048])('damaged RSA-%d keys are refused by both', (bits) => {
    const bytes = rsa(bits);
    for (let offset = 12; offset < bytes.length; offset += Math.floor(bytes.length / 24)) {
      const damaged = bytes.slice();
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x10;
      const { status, output } = openssl(['rsa', ...DER_IN, '-check', '-noout'], damaged);
      const accepted = status === 0 && new TextDecoder().decode(output).includes('RSA key ok');
      expect(accepted, `offset ${offset}`).toBe(false);
      expect(describePrivateKey(damaged).kind, `offset ${offset}`).toBe('invalid');
    }
  });

  it('damaged EC keys are refused by both', () => {
    const bytes = ec();
    for (let offset = 7; offset < bytes.length; offset += 5) {
      const damaged = bytes.slice();
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x10;
      const { status } = openssl(['pkey', ...DER_IN, '-check', '-noout'], damaged);
      expect(status === 0, `offset ${offset}`).toBe(describePrivateKey(damaged).kind !== 'invalid');
    }
  });

  it('cut keys are refused by both', () => {
    for (const bytes of [rsa(1024), ec()]) {
      for (const size of [1, 10, bytes.length >> 1, bytes.length - 1]) {
        expect(openssl(['pkey', ...DER_IN, '-noout'], bytes.subarray(0, size)).status).not.toBe(0);
        expect(describePrivateKey(bytes.subarray(0, size)).kind).toBe('invalid');
      }
    }
  });
});
