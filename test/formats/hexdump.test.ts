import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { errorOf } from '../support/vectors.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string, options = {}) => readAny(bytesOf(text), options);

describe('hex dumps', () => {
  it('xxd, with odd length and characters that look like digits', () => {
    const text =
      '00000000: 6162 6364 6566 3031 3233 3435 3637 3839  abcdef0123456789\n00000010: 61                                       a\n';
    const { image, format, addressSource } = read(text);
    expect(format).toBe('hexdump');
    expect(addressSource).toBe('assumed');
    expect(new TextDecoder().decode(image.read({ start: 0, end: 17 }, 0))).toBe('abcdef0123456789a');
    expect(writeAny(image, 'hexdump')).toEqual(bytesOf(text));
  });

  it('xxd moved to a base', () => {
    const { image, addressSource, locate } = read('00000010: 0102  ..\n', { base: 0x08000000 });
    expect(addressSource).toBe('given');
    expect(image.ranges()).toEqual([{ start: 0x08000010, end: 0x08000012 }]);
    expect(locate(0x08000011)).toEqual({ line: 1 });
  });

  it('hexdump -C with repeated lines', () => {
    const text = [
      '00000000  ff ff ff ff ff ff ff ff  ff ff ff ff ff ff ff ff  |................|',
      '*',
      '00000040  01 02 7c                                          |..||',
      '00000043',
      '',
    ].join('\n');
    const { image } = read(text);
    expect(image.ranges()).toEqual([{ start: 0, end: 0x43 }]);
    expect(image.statistics({ start: 0, end: 0x40 }).constant).toBe(0xff);
    expect([...image.read({ start: 0x40, end: 0x43 }, 0)]).toEqual([1, 2, 0x7c]);
  });

  it('OpenOCD mdw and mdh: values are little-endian', () => {
    const words = read('> mdw 0x08000000 3\n0x08000000: 20005000 080001a1 deadbeef \n\n');
    expect(words.format).toBe('hexdump');
    expect(words.addressSource).toBe('file');
    expect([...words.image.read({ start: 0x08000000, end: 0x08000006 }, 0)]).toEqual([0, 0x50, 0, 0x20, 0xa1, 1]);
    const halves = read('0x20000000: 1234 abcd\n');
    expect([...halves.image.read({ start: 0x20000000, end: 0x20000004 }, 0)]).toEqual([0x34, 0x12, 0xcd, 0xab]);
  });

  it('OpenOCD mdb is an address list', () => {
    const { format, image } = read('0x08000000: 12 34 \n0x08000002: 56\n');
    expect(format).toBe('address-list');
    expect([...image.read({ start: 0x08000000, end: 0x08000003 }, 0)]).toEqual([0x12, 0x34, 0x56]);
    expect(new TextDecoder().decode(writeAny(image, 'address-list'))).toBe('0x08000000: 12 34 56\n');
  });

  it('writes words only where there are whole words', () => {
    const whole = MemoryImage.fromBytes(Uint8Array.of(1, 2, 3, 4), 0x08000000);
    expect(new TextDecoder().decode(writeAny(whole, 'hexdump', { dumpStyle: 'words' }))).toBe('0x08000000: 04030201\n');
    const part = MemoryImage.fromBytes(Uint8Array.of(1, 2, 3), 0x08000000);
    expect(errorOf(() => writeAny(part, 'hexdump', { dumpStyle: 'words' })).code).toBe('HEXDUMP_UNALIGNED');
  });

  it('names the line of what is no dump, and skips it when permissive', () => {
    const text = '0x08000000: 12 34\nhello\n0x08000002: 56\n';
    const error = errorOf(() => read(text, { format: 'address-list' }));
    expect(error).toMatchObject({ code: 'HEXDUMP_BAD_LINE', line: 2 });
    const { image, findings } = read(text, { format: 'address-list', permissive: true });
    expect(image.byteCount).toBe(3);
    expect(findings).toMatchObject([{ rule: 'container/bad-dump-line', severity: 'error', origin: 'line 2' }]);
  });

  it('refuses a repetition that would fill the address space', () => {
    const text = '00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\nfffffff0\n';
    expect(errorOf(() => read(text)).code).toBe('HEXDUMP_BAD_REPEAT');
    expect(errorOf(() => read(text, { permissive: true })).code).toBe('HEXDUMP_BAD_REPEAT');
  });
});
