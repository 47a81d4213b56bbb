/** The account of bytes nobody claims, against a byte-by-byte one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { accountFor } from '../../src/regions/account.js';

const BASE = 0x08000000;

/** Runs of one value, whose lengths lie around the limits that matter, at any alignment. */
const pieces = fc.array(
  fc.record({
    value: fc.constantFrom(0xff, 0x00, 0xff, 0x5a, -1),
    size: fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 60, max: 70 }),
      fc.integer({ min: 200, max: 400 }),
    ),
  }),
  { minLength: 1, maxLength: 20 },
);

function bytesOf(list: readonly { readonly value: number; readonly size: number }[]): Uint8Array {
  return Uint8Array.from(
    list.flatMap(({ value, size }) =>
      Array.from({ length: size }, (_, index) => (value < 0 ? (index * 37 + 11) & 0x7f : value)),
    ),
  );
}

/** Class of every byte: runs of 16 erased bytes or 64 of another value, an erased remainder however short. */
function reference(bytes: Uint8Array): string[] {
  const classes = new Array<string>(bytes.length).fill('unknown');
  let last = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1;
    while (end < bytes.length && bytes[end] === bytes[start]) end++;
    const erased = bytes[start] === 0xff;
    if (end - start >= (erased ? 16 : 64)) {
      classes.fill(erased ? 'erased' : 'fill', start, end);
      last = end;
    }
    start = end;
  }
  if (bytes.subarray(last).every((byte) => byte === 0xff)) classes.fill('erased', last);
  return classes;
}

describe('accountFor', () => {
  it('finds exactly the runs that are long enough', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 3 }), (list, shift) => {
        const bytes = bytesOf(list);
        const image = MemoryImage.fromBytes(bytes, BASE + shift);
        const range = { start: BASE + shift, end: BASE + shift + bytes.length };
        const classes: string[] = [];
        let position = range.start;
        for (const stretch of accountFor(image, [range], [])) {
          expect(stretch.start).toBe(position);
          position = stretch.end;
          for (let address = stretch.start; address < stretch.end; address++) classes.push(stretch.class);
        }
        expect(position).toBe(range.end);
        expect(classes).toEqual(reference(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves to a claim what it claims, and calls absent what no segment holds', () => {
    const image = MemoryImage.fromBytes(new Uint8Array(64).fill(0xff), BASE);
    const claims = [{ start: BASE + 8, end: BASE + 40, class: 'dct' as const, label: 'a table' }];
    expect(accountFor(image, [{ start: BASE, end: BASE + 80 }], claims)).toEqual([
      { start: BASE, end: BASE + 8, class: 'erased', label: 'erased' },
      { start: BASE + 8, end: BASE + 40, class: 'dct', label: 'a table' },
      { start: BASE + 40, end: BASE + 64, class: 'erased', label: 'erased' },
      { start: BASE + 64, end: BASE + 80, class: 'absent', label: 'not in this input' },
    ]);
  });

  it('gives every byte to the first claim that has it', () => {
    const image = MemoryImage.fromBytes(new Uint8Array(48), BASE);
    const total = [
      { start: BASE, end: BASE + 20 },
      { start: BASE + 24, end: BASE + 60 },
    ];
    const claim = fc.record({ at: fc.nat(70), size: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 8 }), (list) => {
        const claims = list.map(({ at, size }, index) => {
          const start = BASE - 5 + at;
          return { start, end: start + size, class: 'eeprom' as const, label: `claim ${index}` };
        });
        for (const range of total) {
          for (let address = range.start; address < range.end; address++) {
            const here = accountFor(image, total, claims).filter(({ start, end }) => start <= address && address < end);
            const owner = claims.find(({ start, end }) => start <= address && address < end);
            const expected = address >= BASE + 48 ? 'not in this input' : (owner?.label ?? 'unknown');
            expect(here.map(({ label }) => label)).toEqual([expected]);
          }
        }
      }),
    );
  });
});
