import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import * as node from '../../src/platform/node/keypair.js';
import * as web from '../../src/platform/web/keypair.js';
import { describePrivateKey } from '../../src/regions/keys/index.js';

describe.each([
  ['node', node],
  ['web', web],
])('an RSA key made by %s', (_, { generateRsaKey }) => {
  it('is sound, of the size asked for, with exponent 65537, and another one each time', async () => {
    const made = [await generateRsaKey(1024), await generateRsaKey(1024)];
    const described = made.map(describePrivateKey);
    for (const one of described) {
      expect(one).toMatchObject({ kind: 'rsa-1024', form: 'pkcs8', reason: null });
      expect(one.key?.algorithm === 'rsa' && toHex(one.key.exponent)).toBe('010001');
    }
    expect(described[0]?.fingerprint).not.toBe(described[1]?.fingerprint);
  });
});
