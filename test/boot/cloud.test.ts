/** The end of the way: what keys and server address make of the handshake, and which LED shows it. */
import { describe, expect, it } from 'vitest';
import keys from '../../samples/keys.json' with { type: 'json' };
import { fromHex } from '../../src/core/bytes.js';
import { encodeServerAddress } from '../../src/regions/dct/encode.js';
import { alternative, boot, device, ERASED_SECTOR, resultOf, summary, withDctField } from './boards.js';

const filled = (size: number, value: number) => new Uint8Array(size).fill(value);
const field = (name: string, bytes: Uint8Array, version?: number) => withDctField(device([], version), name, 0, bytes);

/** Another RSA-2048 key: the released one with other numbers. */
function otherServerKey(): Uint8Array {
  const bytes = fromHex(keys.serverPublic) ?? new Uint8Array(0);
  const changed = bytes.slice();
  changed[40] = (changed[40] ?? 0) ^ 0x10;
  return changed;
}

describe('the handshake', () => {
  it.each([
    ['device key blank', field('device_private_key', filled(1216, 0xff)), 'cloud-refused cloud-error likely'],
    ['device key zero', field('device_private_key', filled(1216, 0)), 'cloud-refused cloud-decryption-error possible'],
    ['device key cut', field('device_private_key', filled(20, 0x30)), 'cloud-refused cloud-decryption-error possible'],
    ['server key blank, 2.2.0', field('server_public_key', filled(384, 0xff)), 'runs cloud-connected likely'],
    ['server key blank, 0.5.2', field('server_public_key', filled(384, 0xff), 17), 'cloud-refused cloud-error likely'],
    [
      'server key zero',
      field('server_public_key', filled(384, 0)),
      'cloud-refused cloud-authentication-error possible',
    ],
    [
      'server key of another cloud',
      field('server_public_key', otherServerKey()),
      'cloud-refused cloud-authentication-error possible',
    ],
    ['server address zero', field('server_address', filled(128, 0)), 'connecting cloud-unreachable possible'],
    ['server address blank', field('server_address', filled(128, 0xff)), 'runs cloud-connected likely'],
    ['public key blank', field('device_public_key', filled(384, 0xff)), 'runs cloud-connected likely'],
  ])('%s', (_, flash, expected) => {
    const prediction = boot(flash);
    expect(summary(prediction)).toBe(`jump dct ${expected}`);
    expect(resultOf(prediction, 'handshake')).toHaveLength(1);
  });

  it('with another cloud rests on that cloud', () => {
    const address = encodeServerAddress({ address: 'cloud.example.org', port: 5683 });
    const flash = withDctField(field('server_public_key', otherServerKey()), 'server_address', 0, address);
    const prediction = boot(flash);
    expect(prediction.outcome).toBe('runs');
    expect(prediction.confidence).toBe('possible');
    expect(prediction.conditions.join()).toContain('another cloud');
  });

  it('that fails counts for safe mode too', () => {
    const flash = field('device_private_key', filled(1216, 0));
    flash.set(ERASED_SECTOR, 0xa0000);
    expect(boot(flash).outcome).toBe('cloud-refused');
    expect(alternative(boot(flash), 'cloud-refused')?.led).toBe('cloud-error');
  });

  it('cites the addresses in the copy that is in use', () => {
    const step = boot(device()).steps.find(({ check }) => check === 'handshake');
    expect(step?.address).toBe(0x08004000 + 0x1d9e);
  });
});

describe('credentials', () => {
  it('decide between listening and connecting', () => {
    const flash = device();
    flash.fill(0, 0x4000 + 0x1a31, 0x4000 + 0x1a31 + 605);
    flash.fill(0xff, 0x7ff0, 0x8000);
    const prediction = boot(flash);
    expect(summary(prediction)).toBe('jump dct listening listening certain');
    expect(alternative(prediction, 'connecting')?.condition).toBe('it is given credentials');
    expect(alternative(prediction, 'runs-offline')?.condition).toContain('SYSTEM_MODE');
  });
});
