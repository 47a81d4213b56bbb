import { describe, expect, it } from 'vitest';
import { readAny } from '../../src/formats/index.js';
import { vectorBytes } from '../support/vectors.js';

/** Vectors that strict reading rejects, with the finding and the number of bytes that permissive reading gives. */
const CASES: readonly (readonly [path: string, rule: string, bytes: number])[] = [
  ['ihex/n02-checksum.hex', 'container/bad-record-checksum', 255],
  ['ihex/n03-data-bit.hex', 'container/bad-record-checksum', 255],
  ['ihex/n04-no-eof.hex', 'container/no-end-record', 255],
  ['ihex/n05-cut-mid-record.hex', 'container/truncated-record', 240],
  ['ihex/n08-odd-digits.hex', 'container/odd-digits', 239],
  ['ihex/n09-non-hex.hex', 'container/invalid-character', 239],
  ['ihex/n10-missing-colon.hex', 'container/foreign-line', 239],
  ['ihex/n12-type-06.hex', 'container/unknown-record-type', 255],
  ['ihex/n29-extra-digits-after-checksum.hex', 'container/record-length-mismatch', 239],
  ['ihex/q11-garbage-first-line.hex', 'container/foreign-line', 255],
  ['ihex/q25-overlap-different.hex', 'container/conflicting-data', 255],
  ['srec/n02-checksum.s19', 'container/bad-record-checksum', 255],
  ['srec/n03-no-terminator.s19', 'container/no-end-record', 255],
  ['srec/n04-s5-wrong.s19', 'container/record-count-mismatch', 255],
  ['srec/n06-s4.s19', 'container/unknown-record-type', 255],
  ['srec/q18-overlap-different.s19', 'container/conflicting-data', 255],
  ['dfu/n08-crc-final-inverted.dfu', 'container/damaged-dfu-suffix', 1000],
  ['dfu/n14-blength-15.dfu', 'container/damaged-dfu-suffix', 1000],
  ['dfuse/n20-bad-crc.dfu', 'container/damaged-dfu-suffix', 1000],
  ['dfuse/n21-no-suffix.dfu', 'container/no-dfu-suffix', 1000],
  ['dfuse/n22-bcddfu-0100.dfu', 'container/wrong-dfu-version', 1000],
  ['ihex/elf/e04-overlapping-paddr.elf', 'container/elf-segments-overlap', 72],
  ['ihex/elf/e06-segment-past-eof.elf', 'container/elf-segment-past-end', 0],
  ['ihex/elf/e09-machine-x86.elf', 'container/elf-not-arm', 80],
];

describe('permissive reading', () => {
  it.each(CASES)('%s: %s', (path, rule, bytes) => {
    const { findings, image } = readAny(vectorBytes(path), { permissive: true, name: path });
    const finding = findings.find((candidate) => candidate.rule === rule);
    expect(finding?.severity).toBe('error');
    expect(finding?.message).not.toBe('');
    if (bytes > 0) expect(image.byteCount).toBe(bytes);
  });

  it('says where, and gives the later of two values', () => {
    const { findings, image, locate } = readAny(vectorBytes('ihex/q25-overlap-different.hex'), { permissive: true });
    const conflict = findings.find(({ rule }) => rule === 'container/conflicting-data');
    expect(conflict?.start).toBe(0x080a0000);
    expect(conflict?.origin).toMatch(/^line \d+$/);
    expect(locate(0x080a0000)).toEqual({ line: Number(conflict?.origin?.slice(5)) });
    expect(image.byteAt(0x080a0000)).not.toBe(readAny(vectorBytes('ihex/q01-crlf.hex')).image.byteAt(0x080a0000));
  });

  it('lists a hundred findings of a rule and counts the rest', () => {
    const lines = Array.from({ length: 250 }, () => ':0100000000AA\n').join('');
    const text = new TextEncoder().encode(`${lines}:00000001FF\n`);
    const bad = readAny(text, { permissive: true, format: 'intel-hex' }).findings.filter(
      ({ rule }) => rule === 'container/bad-record-checksum',
    );
    expect(bad.length).toBe(101);
    expect(bad.at(-1)).toMatchObject({ message: '150 more of these are not listed', evidence: { more: 150 } });
  });
});
