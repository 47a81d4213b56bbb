import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { errorOf, vectorBytes } from '../support/vectors.js';

const hex = vectorBytes('ihex/p12-two-regions.hex');

describe('gzip', () => {
  it('reads what lies inside and keeps name and time', () => {
    const { image, container, format } = readAny(gzipSync(hex, { filename: 'two.hex', mtime: 1_600_000_000_000 }));
    expect(format).toBe('gzip');
    expect(image.equals(readAny(hex).image)).toBe(true);
    expect(container).toMatchObject({
      kind: 'gzip',
      fileName: 'two.hex',
      modified: 1_600_000_000,
      crc: 'ok',
      innerFormat: 'intel-hex',
      inner: { kind: 'intel-hex' },
    });
  });

  it('writes the inner format like the input had it', () => {
    const { image, container } = readAny(gzipSync(hex, { mtime: 0 }));
    const again = readAny(writeAny(image, 'gzip', { like: container }));
    expect(again.container).toMatchObject({ innerFormat: 'intel-hex', modified: 0 });
    expect(writeAny(image, 'gzip', { inner: 'srec' })).toEqual(writeAny(image, 'gzip', { inner: 'srec' }));
    expect(readAny(writeAny(image, 'gzip', { inner: 'srec' })).container).toMatchObject({ innerFormat: 'srec' });
  });

  it('reads several members', () => {
    const half = hex.indexOf(0x0a, hex.length / 2) + 1;
    const joined = concatBytes([gzipSync(hex.subarray(0, half)), gzipSync(hex.subarray(half))]);
    const { image, container } = readAny(joined);
    expect(image.equals(readAny(hex).image)).toBe(true);
    expect(container).toMatchObject({ crc: 'ok' });
  });

  it('refuses a bomb', () => {
    const bomb = gzipSync(new Uint8Array(64 << 20), { level: 9 });
    expect(bomb.length).toBeLessThan(70_000);
    const error = errorOf(() => readAny(bomb, { maxUncompressed: 1 << 20 }));
    expect(error.code).toBe('GZIP_TOO_LARGE');
    expect(error.message).toContain('1048576');
  });

  it('refuses damage, or reports it when permissive', () => {
    const packed = gzipSync(hex);
    const broken = packed.slice();
    broken[broken.length - 8] = (broken[broken.length - 8] as number) ^ 1;
    expect(errorOf(() => readAny(broken)).code).toBe('GZIP_BAD_CRC');
    const result = readAny(broken, { permissive: true });
    expect(result.container).toMatchObject({ crc: 'bad' });
    expect(result.findings).toContainEqual(
      expect.objectContaining({ rule: 'container/gzip-bad-crc', severity: 'error' }),
    );
    expect(errorOf(() => readAny(packed.subarray(0, packed.length - 200))).code).toBe('GZIP_DAMAGED');
    expect(errorOf(() => readAny(packed.subarray(0, 12))).code).toBe('GZIP_DAMAGED');
  });

  it('refuses gzip in gzip', () => {
    expect(errorOf(() => readAny(gzipSync(gzipSync(hex)))).code).toBe('GZIP_NESTED');
    const { image } = readAny(hex);
    expect(errorOf(() => writeAny(image, 'gzip', { inner: 'gzip' })).code).toBe('GZIP_NESTED');
  });
});
