import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { appendDfuSuffix } from '../../src/formats/dfu-suffix.js';
import { buildDfuseFile, dfuseIds } from '../../src/formats/dfuse-file.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { stopwatch } from '../support/growth.js';
import { errorOf } from '../support/vectors.js';

/** Generous for a slow machine, and far below what a quadratic reader needs. */
const BUDGET_MS = 10_000;

function timed<T>(run: () => T): T {
  const spent = stopwatch();
  const result = run();
  expect(spent()).toBeLessThan(BUDGET_MS);
  return result;
}

/** `:01AAAA00DDCC` without building strings per record. */
function records(count: number, addressOf: (index: number) => number): Uint8Array {
  const encoder = new TextEncoder();
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
  const parts: string[] = [];
  for (let index = 0; index < count; index++) {
    const address = addressOf(index);
    const sum = 1 + (address >> 8) + (address & 0xff);
    parts.push(`:01${hex(address, 4)}0000${hex(-sum & 0xff, 2)}\n`);
  }
  return encoder.encode(`${parts.join('')}:00000001FF\n`);
}

describe('hostile input', () => {
  it('very many overlapping records', () => {
    const { image, findings } = timed(() => readAny(records(300_000, (index) => (index * 7) & 0xff)));
    expect(image.byteCount).toBe(256);
    expect(findings.map(({ rule }) => rule)).toContain('container/duplicate-data');
  });

  it('records in falling order, every one a piece of its own', () => {
    const { image, container } = timed(() => readAny(records(30_000, (index) => 0xfff0 - index * 2)));
    expect(image.segments.length).toBe(30_000);
    timed(() => writeAny(image, 'intel-hex', { like: container }));
    timed(() => writeAny(image, 'srec'));
  });

  it('a file of line ends, of blanks, of colons', () => {
    for (const code of [0x0a, 0x0d, 0x20, 0x3a, 0x53]) {
      const text = new Uint8Array(1 << 18).fill(code);
      for (const format of ['intel-hex', 'srec', 'hexdump'] as const) {
        for (const permissive of [false, true]) {
          timed(() => {
            try {
              readAny(text, { format, permissive });
            } catch {
              // Being quick is what counts here; round-trip.test.ts checks what is thrown.
            }
          });
        }
      }
    }
  });

  it('two hundred thousand lines that are no record', () => {
    const text = new TextEncoder().encode(`${'x\n'.repeat(200_000)}:00000001FF\n`);
    const { findings } = timed(() => readAny(text, { format: 'intel-hex', permissive: true }));
    expect(findings.at(-1)?.evidence).toEqual({ more: 199_900 });
  });

  it('very many overlapping DfuSe elements', () => {
    const data = new Uint8Array(16).fill(1);
    const elements = Array.from({ length: 50_000 }, (_, index) => ({
      address: 0x08000000 + (index % 64),
      bytes: data,
    }));
    const file = buildDfuseFile(
      [{ alternate: 0, named: 0, nameBytes: new Uint8Array(0), elements }],
      dfuseIds(0x2b04, 0xd008),
    );
    const { image, container } = timed(() => readAny(file));
    expect(image.byteCount).toBe(64 + 15);
    expect(timed(() => writeAny(image, 'dfuse', { like: container })).length).toBe(file.length);
  });

  it('a DfuSe file that promises four thousand million elements', () => {
    const file = buildDfuseFile(
      [{ alternate: 0, named: 0, nameBytes: new Uint8Array(0), elements: [] }],
      dfuseIds(0xffff, 0xffff),
    );
    const body = file.slice(0, file.length - 16);
    body.fill(0xff, 11 + 270, 11 + 274);
    const remade = appendDfuSuffix(body, { vendor: 0, product: 0, device: 0, dfuVersion: 0x011a });
    expect(errorOf(() => timed(() => readAny(remade))).code).toBe('DFUSE_TRUNCATED_ELEMENT');
  });

  it('does not build text larger than an array', () => {
    const piece = new Uint8Array(64 << 20);
    const image = MemoryImage.fromSegments(
      Array.from({ length: 40 }, (_, index) => ({ address: index * 0x0600_0000, bytes: piece })),
    );
    expect(errorOf(() => writeAny(image, 'intel-hex')).code).toBe('WRITE_TOO_LARGE');
    expect(errorOf(() => writeAny(image, 'bin', { fill: 0 })).code).toBe('WRITE_GAP_TOO_LARGE');
  });

  it('keeps line numbers right across a long file', () => {
    const text = concatBytes([new TextEncoder().encode('; first line\n\n'), records(60_000, (index) => index)]);
    const { locate } = readAny(text);
    for (const address of [0, 1, 999, 1024, 59_999]) expect(locate(address)).toEqual({ line: address + 3 });
    expect(locate(60_000)).toBeUndefined();
  });
});
