import { describe, expect, it } from 'vitest';
import { registration, shellWord } from '../../../src/operations/edit/keys.js';

describe('the commands that register a key', () => {
  const facts = { deviceId: '340026000447343134383839', serverKey: 'there' } as const;

  it('are as few as will do, in their order', () => {
    const commands = (keyFile: string | null, serverKey: 'there' | 'missing') =>
      registration('device.pub.pem', { ...facts, keyFile, serverKey }).map(({ command }) => command);
    expect(commands('device.der', 'missing')).toEqual([
      'particle keys load device.der',
      'particle keys send 340026000447343134383839 device.pub.pem',
      'particle keys server',
    ]);
    expect(commands(null, 'there')).toEqual([null, 'particle keys send 340026000447343134383839 device.pub.pem']);
  });

  it('take file names with blanks and quotes', () => {
    expect(shellWord('my keys/device.pub.pem')).toBe("'my keys/device.pub.pem'");
    expect(shellWord("it's.der")).toBe("'it'\\''s.der'");
    const [, send] = registration('my key.pem', { ...facts, keyFile: null });
    expect(send?.command).toBe("particle keys send 340026000447343134383839 'my key.pem'");
  });
});
