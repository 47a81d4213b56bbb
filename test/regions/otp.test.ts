import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathTo, secretRanges } from '../../src/core/part.js';
import { decodeFlashSize, decodeOtp, decodeUniqueId } from '../../src/regions/otp.js';
import { hex } from './eeprom/vectors.js';

function otp(length = 528): Uint8Array {
  const bytes = new Uint8Array(length).fill(0xff);
  bytes.set(new TextEncoder().encode('P1AB123456789CD'), 0);
  bytes.set(new TextEncoder().encode('SECRETSECRET123'), 0x10);
  if (length > 512) bytes.set([0x00, 0xff, 0x5a], 512);
  return bytes;
}

describe('OTP', () => {
  it('reads blocks, locks and serial number, and hides the secret', () => {
    const decoded = decodeOtp(otp());
    expect(decoded.blocks).toHaveLength(16);
    expect(decoded.blocks.slice(0, 3)).toEqual([
      { number: 0, address: 0x1fff7800, state: 'written', lock: 'locked' },
      { number: 1, address: 0x1fff7820, state: 'blank', lock: 'open' },
      { number: 2, address: 0x1fff7840, state: 'blank', lock: 'undefined' },
    ]);
    expect(decoded.serialNumber).toEqual({ state: 'present', text: 'P1AB123456789CD' });
    expect(decoded.deviceSecret).toEqual({ state: 'present', text: null });
    expect(JSON.stringify([decoded, decoded.parts().map((part) => part.parts?.() ?? part)])).not.toContain('SECRET');
    expect(secretRanges(decoded.parts().flatMap((part) => part.parts?.() ?? []))).toEqual([
      { start: 0x1fff7810, end: 0x1fff781f },
    ]);
  });

  it('shows the secret when asked', () => {
    const decoded = decodeOtp(otp(), { showSecrets: true });
    expect(decoded.deviceSecret.text).toBe('SECRETSECRET123');
    expect(pathTo(decoded.parts(), 0x1fff7810).map((part) => part.value)).toEqual([
      'written, locked',
      'SECRETSECRET123',
    ]);
  });

  it('does without lock bytes, and says so', () => {
    const decoded = decodeOtp(otp(512));
    expect(decoded.blocks.every((block) => block.lock === 'unknown')).toBe(true);
    expect(decoded.parts()).toHaveLength(16);
  });

  it('tells blank from unprintable', () => {
    const blank = decodeOtp(new Uint8Array(528).fill(0xff));
    expect([blank.serialNumber.state, blank.deviceSecret.state]).toEqual(['blank', 'blank']);
    expect(secretRanges(blank.parts().flatMap((part) => part.parts?.() ?? []))).toEqual([]);
    const odd = otp();
    odd[3] = 0x1b;
    expect(decodeOtp(odd).serialNumber).toEqual({ state: 'invalid', text: null });
  });

  it('names every byte', () => {
    const parts = decodeOtp(otp()).parts();
    expect(pathTo(parts, 0x1fff7a01).map((part) => [part.name, part.value])).toEqual([['lock[1]', 'open']]);
    for (let address = 0x1fff7800; address < 0x1fff7a10; address++) {
      expect(pathTo(parts, address).length).toBeGreaterThan(0);
    }
  });

  it('refuses fewer than 512 bytes', () => {
    expect(() => decodeOtp(new Uint8Array(511))).toThrow(
      'OTP memory is cut off at 0x1FFF7800: expected 512 bytes, or 528 with the lock bytes, got 511 bytes',
    );
  });

  it('never lets a secret out, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 540 }), (bytes) => {
        const decoded = decodeOtp(bytes);
        expect(decoded.deviceSecret.text).toBeNull();
        expect(decoded.parts().length).toBeLessThanOrEqual(32);
      }),
    );
  });
});

describe('unique device id', () => {
  it('is printed in memory order', () => {
    const id = decodeUniqueId(hex('340026000447343134383839'));
    expect(id).toMatchObject({ deviceId: '340026000447343134383839', lot: 'G414889', plausible: true });
  });

  it('doubts a failed read, and hints at a wrong byte order', () => {
    expect(decodeUniqueId(new Uint8Array(12))).toMatchObject({
      plausible: false,
      hint: 'All bytes are 0x00: most likely the read failed.',
    });
    expect(decodeUniqueId(hex('002600343134470439383834')).hint).toContain('check the byte order');
  });

  it('refuses fewer than 12 bytes', () => {
    expect(() => decodeUniqueId(new Uint8Array(11))).toThrow(
      'unique device id is cut off at 0x1FFF7A10: expected 12 bytes, got 11 bytes',
    );
  });
});

describe('flash size', () => {
  it.each([
    ['0004', 1024],
    ['0002', 512],
    ['ffff', null],
    ['0000', null],
  ])('%s', (text, size) => expect(decodeFlashSize(hex(text))).toBe(size));
});

describe('what is too short', () => {
  it('has a code of its own', () => {
    expect(() => decodeUniqueId(new Uint8Array(11))).toThrow(expect.objectContaining({ code: 'UNIQUE_ID_SIZE' }));
    expect(() => decodeOtp(new Uint8Array(511))).toThrow(
      expect.objectContaining({ code: 'OTP_SIZE', got: expect.stringContaining('511') }),
    );
    expect(decodeOtp(new Uint8Array(512)).blocks).toHaveLength(16);
  });
});
