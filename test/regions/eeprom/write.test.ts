import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.js';
import { BuildError } from '../../../src/core/errors.js';
import {
  buildEeprom,
  decodeEeprom,
  type EepromOperation,
  type EepromWriteOptions,
  writeEeprom,
} from '../../../src/regions/eeprom/index.js';

/** Small sectors, so that a few writes fill them: 11 and 15 records. */
const SMALL1 = 48;
const SMALL2 = 64;
const erased = (size: number): Uint8Array => new Uint8Array(size).fill(0xff);
const put = (index: number, ...data: number[]): EepromOperation => ({
  operation: 'put',
  index,
  data: Uint8Array.from(data),
});
const power = (flashOperations: number | null): EepromOperation => ({ operation: 'power', flashOperations });
const init: EepromOperation = { operation: 'init' };

function small(operations: EepromOperation[], options?: EepromWriteOptions): ReturnType<typeof writeEeprom> {
  return writeEeprom(erased(SMALL1), erased(SMALL2), operations, options);
}

function contentOf(
  pages: { page1: Uint8Array; page2: Uint8Array },
  reader: 'current' | 'legacy' = 'current',
): number[][] {
  const sizes = { size1: pages.page1.length, size2: pages.page2.length };
  return [...decodeEeprom({ ...pages, ...sizes, reader }).values].map(([index, value]) => [index, value]);
}

describe('current generation', () => {
  const full = [init, ...Array.from({ length: 11 }, (_, k) => put(k % 3, k + 1))];

  it('swaps when the page is full and leaves the old one inactive', () => {
    const { page1, page2, steps } = small([...full, put(1, 0x77)]);
    expect(toHex(page1.subarray(0, 4))).toBe('0000cccc');
    expect(toHex(page2.subarray(0, 20))).toBe(`0000ffff0a0000000900020077000100${'ffffffff'}`);
    // copy, two copied records, one new record, active, inactive
    expect(steps.at(-1)).toMatchObject({ result: 'done', flashOperations: 6 });
  });

  it.each([
    [0, 11],
    [1, 11],
    [2, 11],
    [3, 11],
    [4, 11],
    [5, 11],
    [6, 0x77],
  ])('swap that loses power after %i operations: old value until the last step', (budget, value) => {
    const { page1, page2, steps } = small([...full, power(budget), put(1, 0x77), power(null), init]);
    expect(contentOf({ page1, page2 })).toContainEqual([1, value]);
    expect(steps.at(-3)?.result).toBe(budget === 6 ? 'done' : 'interrupted');
  });

  it('swaps on request and drops values of 255', () => {
    const { page1, page2 } = small([init, put(0, 1), put(0, 255), put(4, 9), { operation: 'swap' }]);
    expect(toHex(page2.subarray(0, 12))).toBe('0000ffff09000400ffffffff');
    expect(contentOf({ page1, page2 })).toEqual([[4, 9]]);
  });

  it('erases the old page on request only when its first word is not erased', () => {
    const pending: EepromOperation = { operation: 'perform-pending-erase' };
    const { page1, steps } = small([init, pending, put(4, 9), { operation: 'swap' }, pending]);
    expect(steps.map((step) => step.flashOperations)).toEqual([3, 0, 1, 4, 1]);
    expect(page1).toEqual(erased(SMALL1));
  });

  it('swaps away from an invalid record and from a block that was not finished', () => {
    const bad = small([init, put(1, 5)]).page1.slice();
    bad.set([0x11, 0x01, 2, 0], 8);
    const swapped = writeEeprom(bad, erased(SMALL2), [put(2, 7)]);
    expect(toHex(swapped.page2.subarray(0, 16))).toBe('0000ffff0500010007000200ffffffff');
    const unfinished = small([init, power(1), put(0, 1, 2, 3), power(null), init, put(4, 4), put(5, 5)]);
    expect(contentOf(unfinished)).toEqual([
      [4, 4],
      [5, 5],
    ]);
    expect(toHex(unfinished.page1.subarray(0, 4))).toBe('0000cccc');
  });

  it('programs by clearing bits and swaps when a slot does not read back', () => {
    const page1 = small([init]).page1.slice();
    // Between the first empty slot and the separator, so that only programming meets it.
    page1.set([0xfd, 0xff, 0xff, 0xff], 8);
    const { page1: after, page2 } = writeEeprom(page1, erased(SMALL2), [put(0, 1, 2, 3)]);
    expect(toHex(after.subarray(0, 4))).toBe('0000cccc');
    expect(toHex(page2.subarray(4, 16))).toBe('010000000200010003000200');
  });

  it('rejects what does not fit, and anything before init', () => {
    const { steps } = small([put(0, 1), init, put(7, 1, 2)], { capacity: 8 });
    expect(steps.map((step) => step.result)).toEqual(['rejected', 'done', 'rejected']);
  });

  it('gives up after a second try when the values do not fit', () => {
    const start = writeEeprom(erased(12), erased(12), [init, put(5, 9)]);
    const { page1, page2, steps } = writeEeprom(start.page1, start.page2, [put(0, 1, 2, 3)]);
    // mark and two records; then erase, mark and two records again
    expect(steps).toMatchObject([{ result: 'failed', flashOperations: 7 }]);
    expect(page1).toEqual(start.page1);
    expect(toHex(page2)).toBe('eeeeffff0900050001000000');
    expect(contentOf({ page1, page2 })).toEqual([[5, 9]]);
  });

  it('does nothing without power', () => {
    const { steps, page1 } = small([init, power(0), put(0, 1), put(1, 1), init]);
    expect(steps.map((step) => step.result)).toEqual(['done', 'done', 'interrupted', 'no-power', 'no-power']);
    expect(toHex(page1.subarray(0, 8))).toBe('0000ffffffffffff');
  });

  it('clears', () => {
    const { page1, page2 } = small([init, put(0, 1), { operation: 'swap' }, { operation: 'clear' }]);
    expect(toHex(page1.subarray(0, 8))).toBe('0000ffffffffffff');
    expect(page2).toEqual(erased(SMALL2));
  });
});

/** Indices 0 to 3, so that no page is ever too small for all values. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.nat(3),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(8), { freq: 2, nil: null }),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('perform-pending-erase' as const, 'swap' as const) },
);

describe('under random power loss', () => {
  it('current: a block is there whole, or not at all, and nothing else changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let { page1, page2 } = small([init]);
        let expected = new Uint8Array(4).fill(0xff);
        for (const one of steps) {
          const operations: EepromOperation[] =
            typeof one === 'string'
              ? [{ operation: one }]
              : [
                  power(one[2]),
                  { operation: 'put', index: one[0], data: one[1].subarray(0, 4 - one[0]) },
                  power(null),
                  init,
                ];
          ({ page1, page2 } = writeEeprom(page1, page2, operations, { capacity: 4 }));
          const after = decodeEeprom({ page1, page2, size1: SMALL1, size2: SMALL2, capacity: 4, reader: 'current' });
          if (typeof one !== 'string') {
            const changed = expected.slice();
            changed.set(one[1].subarray(0, 4 - one[0]), one[0]);
            const now = toHex(after.logical);
            if (one[2] === null) expect(now).toBe(toHex(changed));
            else expect([toHex(expected), toHex(changed)]).toContain(now);
          } else expect(toHex(after.logical)).toBe(toHex(expected));
          expected = after.logical.slice();
        }
      }),
      { numRuns: 300 },
    );
  });

  it('legacy: a byte is old, new or (half-written) unchanged, through transfers and repairs', () => {
    const write = fc.tuple(fc.nat(3), fc.nat(255), fc.option(fc.nat(14), { freq: 2 }));
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
        // 31 slots: room for one repeated transfer of four values after another.
        let pages = writeEeprom(erased(128), erased(128), [init], { generation: 'legacy' });
        const expected = new Map<number, number>();
        for (const [index, value, budget] of writes) {
          pages = writeEeprom(pages.page1, pages.page2, [power(budget), put(index, value), power(null), init], {
            generation: 'legacy',
          });
          const { logical } = decodeEeprom({ ...pages, size1: 128, size2: 128, reader: 'legacy' });
          const old = expected.get(index) ?? 0xff;
          if (budget === null) expect(logical[index]).toBe(value);
          else expect([old, value]).toContain(logical[index]);
          expected.set(index, logical[index] as number);
          for (const [other, byte] of expected) expect(logical[other]).toBe(byte);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('foretells what the start does, for either generation', () => {
    const write = fc.tuple(fc.nat(3), fc.nat(255), fc.nat(14));
    fc.assert(
      fc.property(
        fc.array(write, { maxLength: 40 }),
        fc.constantFrom('current' as const, 'legacy' as const),
        (writes, generation) => {
          let pages = writeEeprom(erased(SMALL1), erased(SMALL2), [init], { generation });
          for (const [index, value, budget] of writes) {
            const cut = writeEeprom(pages.page1, pages.page2, [power(budget), put(index, value)], { generation });
            const input = { size1: SMALL1, size2: SMALL2, reader: generation };
            const foretold = decodeEeprom({ ...cut, ...input }).startUp[generation];
            pages = writeEeprom(cut.page1, cut.page2, [init], { generation });
            const started = decodeEeprom({ ...pages, ...input });
            expect(started.activePage).toBe(foretold.page);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('legacy generation', () => {
  it('writes blocks byte by byte, unchanged values included, up to the capacity', () => {
    const { page1, steps } = small([init, put(2, 5, 5), put(2, 5), put(7, 1, 2), put(8, 1)], {
      generation: 'legacy',
      capacity: 8,
    });
    expect(toHex(page1.subarray(0, 24))).toBe('0000ffff0500020005000300050002000100' + '0700ffffffff');
    expect(steps.map((one) => one.result)).toEqual(['done', 'done', 'done', 'done', 'rejected']);
  });

  it('repeats an interrupted transfer without the newest value', () => {
    const fill = Array.from({ length: 11 }, (_, k) => put(k % 3, k + 1));
    // receiving, two for the new byte, two for index 0; then power fails.
    const { page1, page2, steps } = small([init, ...fill, power(5), put(9, 0x99), power(null), init], {
      generation: 'legacy',
    });
    expect(steps.at(-3)?.result).toBe('interrupted');
    expect(contentOf({ page1, page2 }, 'legacy')).toEqual([
      [0, 10],
      [1, 11],
      [2, 9],
      [9, 0x99],
    ]);
    expect(page1).toEqual(erased(SMALL1));
  });

  it('erases page 1 when both are valid', () => {
    const both = small([init, put(0, 1)]).page1;
    const other = erased(SMALL2);
    other.set([0, 0, 0xff, 0xff, 2, 0, 0, 0]);
    const { page1, page2 } = writeEeprom(both, other, [init], { generation: 'legacy' });
    expect(contentOf({ page1, page2 }, 'legacy')).toEqual([[0, 2]]);
  });
});

describe('refusals', () => {
  const pages = [erased(48), erased(64)] as const;
  it.each([
    [
      'EEPROM_PAGE_SIZE',
      () => writeEeprom(erased(47), erased(64), []),
      'EEPROM page 1 has an impossible size: expected a multiple of 4 bytes, from 8 to 65536, got 47 bytes',
    ],
    [
      'EEPROM_PAGE_SIZE',
      () => writeEeprom(erased(48), erased(0), []),
      'EEPROM page 2 has an impossible size: expected a multiple of 4 bytes, from 8 to 65536, got 0 bytes',
    ],
    [
      'EEPROM_INDEX',
      () => writeEeprom(...pages, [put(-1, 1)]),
      'EEPROM index is not usable: expected an integer between 0 and 65535, got -1',
    ],
    [
      'EEPROM_INDEX',
      () => writeEeprom(...pages, [put(1.5, 1)]),
      'EEPROM index is not usable: expected an integer between 0 and 65535, got 1.5',
    ],
    [
      'EEPROM_POWER',
      () => writeEeprom(...pages, [power(-1)]),
      'number of flash operations is not usable: expected null, or an integer from 0 on, got -1',
    ],
    [
      'EEPROM_NO_SUCH_OPERATION',
      () => writeEeprom(...pages, [{ operation: 'swap' }], { generation: 'legacy' }),
      'legacy firmware has no operation swap: expected init, put or clear, got swap',
    ],
    [
      'EEPROM_INDEX',
      () => buildEeprom(new Map([[2048, 1]])),
      'EEPROM index is not usable: expected an integer between 0 and 2047, got 2048',
    ],
    [
      'EEPROM_VALUE',
      () => buildEeprom(new Map([[3, 256]])),
      'EEPROM value of index 3 is not a byte: expected an integer between 0 and 255, got 256',
    ],
    [
      'EEPROM_TOO_MANY',
      () =>
        buildEeprom(
          new Map([
            [3, 5],
            [4, 5],
          ]),
          { size1: 8 },
        ),
      'EEPROM content does not fit page 1: expected at most 8 bytes, got 12 bytes',
    ],
  ])('%s', (code, run, message) => {
    try {
      run();
      expect.unreachable('nothing was thrown');
    } catch (error) {
      expect(error).toBeInstanceOf(BuildError);
      expect(error).toMatchObject({ code, message });
      expect((error as BuildError).help.length).toBeGreaterThan(10);
    }
  });
});

describe('canonical image', () => {
  it('is the flash that firmware has after its first writes in ascending order', () => {
    const built = buildEeprom(
      new Map([
        [7, 3],
        [0, 1],
        [9, 255],
      ]),
    );
    const written = writeEeprom(erased(0x4000), erased(0x10000), [init, put(0, 1), put(7, 3)]);
    expect(toHex(built.page1)).toBe(toHex(written.page1));
    expect(toHex(built.page2)).toBe(toHex(written.page2));
  });
});

describe('who wrote it', () => {
  it('is never taken for the other generation, whatever the writes and power losses', () => {
    const write = fc.tuple(
      fc.nat(5),
      fc.uint8Array({ minLength: 1, maxLength: 3 }),
      fc.option(fc.nat(8), { nil: null }),
    );
    fc.assert(
      fc.property(fc.array(write, { maxLength: 12 }), (writes) => {
        let pages = { page1: erased(256), page2: erased(256) };
        pages = writeEeprom(pages.page1, pages.page2, [init]);
        for (const [index, data, budget] of writes) {
          const operation: EepromOperation = { operation: 'put', index, data };
          pages = writeEeprom(pages.page1, pages.page2, [power(budget), operation, power(null), init]);
          const { author } = decodeEeprom({ ...pages, size1: 256, size2: 256 });
          expect(author.generation).not.toBe('legacy');
        }
      }),
      { numRuns: 200 },
    );
  });
});
