import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRegisters,
  encodePacket,
  encodeWord,
  PacketReader,
  packetChecksum,
  registerNumber,
} from './gdb-packets.js';

describe('packets of the remote serial protocol', () => {
  it('end with the sum of their characters', () => {
    expect(encodePacket('g')).toBe('$g#67');
    expect(encodePacket('Z0,8001b9e,2')).toBe('$Z0,8001b9e,2#dd');
    expect(encodePacket('')).toBe('$#00');
  });

  it('are refused when they would need escapes', () => {
    expect(() => encodePacket('a#b')).toThrow('escapes: a#b');
  });

  it('are found in whatever pieces they arrive, without acknowledgements', () => {
    const payload = fc.string({ unit: fc.constantFrom(...'0123456789abcdef,;:OKT-+'), maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(payload, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (sent, sizes) => {
          let stream = sent.map((text) => `+${encodePacket(text)}`).join('');
          const reader = new PacketReader();
          const found: string[] = [];
          while (stream !== '') {
            const size = sizes.next().value ?? 1;
            found.push(...reader.feed(stream.slice(0, size)));
            stream = stream.slice(size);
          }
          expect(found).toEqual(sent);
        },
      ),
    );
  });

  it('have their escapes undone', () => {
    const payload = 'a}\x03b';
    expect(new PacketReader().feed(`$${payload}#${packetChecksum(payload)}`)).toEqual(['a#b']);
  });

  it('with a wrong checksum are an error', () => {
    expect(() => new PacketReader().feed('$OK#00')).toThrow('checksum 00: OK');
  });
});

describe('registers', () => {
  it('come lowest byte first', () => {
    const answer = Array.from({ length: 17 }, (_, index) => encodeWord(0x08000000 + index)).join('');
    expect(answer.slice(0, 16)).toBe('0000000801000008');
    expect(decodeRegisters(answer)).toMatchObject({ r0: 0x08000000, sp: 0x0800000d, pc: 0x0800000f, xpsr: 0x08000010 });
    expect(registerNumber('pc')).toBe(15);
  });

  it('that are missing or unknown are an error', () => {
    expect(() => decodeRegisters('00000000')).toThrow('expected');
    expect(() => decodeRegisters('x'.repeat(17 * 8))).toThrow('"xxxxxxxx"');
  });
});
