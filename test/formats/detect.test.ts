import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { appendDfuSuffix } from '../../src/formats/dfu-suffix.js';
import { detectFormat, FORMATS, formatById, formatForName, readAny, writeAny } from '../../src/formats/index.js';
import { errorOf, vectorBytes } from '../support/vectors.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('detection', () => {
  it('says what it found, how sure it is and why', () => {
    expect(detectFormat(vectorBytes('ihex/p02-objcopy.hex'))).toEqual({
      format: 'intel-hex',
      confidence: 'certain',
      reason: 'begins with a sound Intel HEX record',
    });
    expect(detectFormat(vectorBytes('srec/p05-objcopy.s19'))).toMatchObject({ format: 'srec', confidence: 'certain' });
    expect(detectFormat(vectorBytes('ihex/elf/e01-lma-vma.elf'))).toMatchObject({ format: 'elf' });
    expect(detectFormat(vectorBytes('dfu/p02-p1-ids.dfu'))).toMatchObject({ format: 'dfu', confidence: 'certain' });
    expect(detectFormat(vectorBytes('dfu/n06-bad-crc.dfu'))).toMatchObject({ format: 'dfu', confidence: 'likely' });
    expect(detectFormat(vectorBytes('dfuse/p08-own-excl.dfu'))).toMatchObject({ format: 'dfuse' });
    expect(detectFormat(vectorBytes('dfu/in/pat1000.bin'))).toMatchObject({ format: 'bin', confidence: 'possible' });
  });

  it('finds the records behind comments and garbage, so that the message is about them', () => {
    expect(readAny(vectorBytes('ihex/q09-comment-semicolon.hex')).format).toBe('intel-hex');
    expect(errorOf(() => readAny(vectorBytes('ihex/q11-garbage-first-line.hex'))).code).toBe('IHEX_NOT_A_RECORD');
    expect(errorOf(() => readAny(vectorBytes('srec/n17-garbage-first.s19'))).code).toBe('SREC_NOT_A_RECORD');
  });

  it.each([
    ['<!DOCTYPE html><html><body>404</body></html>', 'a web page (HTML)'],
    ['\ufeff\n  <html lang="en">', 'a web page (HTML)'],
    ['<?xml version="1.0"?><Error/>', 'an XML document'],
    ['{"message": "Not Found"}', 'a JSON document'],
    ['[1, 2]', 'a JSON document'],
    ['PK\u0003\u0004rest', 'a ZIP archive'],
    ['version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer, not the file itself'],
    ['%PDF-1.7', 'a PDF document'],
    ['-----BEGIN RSA PRIVATE KEY-----\n', 'a PEM file (key or certificate)'],
  ])('refuses %j', (content, what) => {
    const error = errorOf(() => readAny(text(content), { name: 'firmware.bin' }));
    expect(error.code).toBe('FORMAT_NOT_FIRMWARE');
    expect(error.message).toBe(`this is ${what}, not firmware at firmware.bin`);
    expect(readAny(text(content), { format: 'bin' }).image.byteCount).toBeGreaterThan(0);
  });

  it.each([
    ['little', 0],
    ['big', 1],
  ])('refuses UTF-16 text, %s endian, and says how to save it', (_, big) => {
    const hex = text('\ufeff:00000001FF\r\n').subarray(3);
    const wide = Uint8Array.from({ length: hex.length * 2 }, (_, i) => (i % 2 === big ? (hex[i >> 1] ?? 0) : 0));
    const bytes = concatBytes([big ? Uint8Array.of(0xfe, 0xff) : Uint8Array.of(0xff, 0xfe), wide]);
    const error = errorOf(() => readAny(bytes, { name: 'utf16.hex' }));
    expect(error.code).toBe('FORMAT_NOT_FIRMWARE');
    expect(error.help).toContain('Save it as UTF-8 or ASCII');
    expect(readAny(bytes, { format: 'bin' }).image.byteCount).toBe(bytes.length);
    expect(readAny(concatBytes([bytes.subarray(0, 2), new Uint8Array(100).fill(0xff)])).format).toBe('bin');
  });

  it('does not take code that begins with a brace for JSON', () => {
    const code = concatBytes([text('{"'), Uint8Array.of(0, 0x80, 1, 2)]);
    expect(readAny(code).format).toBe('bin');
  });

  it('refuses an empty file and an unknown format', () => {
    expect(errorOf(() => readAny(new Uint8Array(0))).code).toBe('FORMAT_EMPTY');
    expect(errorOf(() => formatById('uf2')).message).toContain('intel-hex');
  });

  it('asks when two formats fit equally', () => {
    const both = appendDfuSuffix(vectorBytes('ihex/p02-objcopy.hex'), {
      vendor: 0xffff,
      product: 0xffff,
      device: 0xffff,
      dfuVersion: 0x0100,
    });
    const error = errorOf(() => readAny(both));
    expect(error.code).toBe('FORMAT_AMBIGUOUS');
    expect(error.help).toBe('Choose one with --format: intel-hex, dfu.');
    expect(readAny(both, { format: 'dfu' }).container?.kind).toBe('dfu-suffix');
  });

  it('chooses a format for an output name', () => {
    expect(formatForName('a.HEX')).toEqual({ format: 'intel-hex', inner: undefined });
    expect(formatForName('a.s19.gz')).toEqual({ format: 'gzip', inner: 'srec' });
    expect(formatForName('a.unknown')).toBeUndefined();
  });

  it('every format has a title, an ending and a round trip through its own name', () => {
    const image = MemoryImage.fromBytes(Uint8Array.of(9, 8, 7, 6), 0);
    for (const format of FORMATS) {
      expect(format.title).not.toBe('');
      expect(format.extensions.length).toBeGreaterThan(0);
      expect(readAny(writeAny(image, format.id), { format: format.id }).image.equals(image)).toBe(true);
    }
  });
});
