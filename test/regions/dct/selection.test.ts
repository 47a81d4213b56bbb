import { describe, expect, it } from 'vitest';
import { checkValue, checkValueParts, storedCheckValue } from '../../../src/regions/dct/check-value.js';
import { classifyCopy, selectBefore070, selectFrom070 } from '../../../src/regions/dct/selection.js';
import { expand, type SparseImage, vectors } from './vectors.js';

interface CrcCase {
  image: SparseImage;
  crc32: string;
  partials: Record<string, string>;
  validated_as: { initial_write: number; sequence: number };
}

interface SelectionCase {
  name: string;
  copy1: SparseImage;
  copy2: SparseImage;
  selected_0_7_0_and_later: 1 | 2 | null;
  selected_before_0_7_0: 1 | 2 | null;
  class1?: number[];
  class2?: number[];
}

const selection = vectors<{ cases: SelectionCase[] }>('selection.json').cases;

describe('check value', () => {
  it.each(vectors<{ cases: CrcCase[] }>('crc.json').cases)('$crc32', (vector) => {
    const copy = expand(vector.image);
    const parts = checkValueParts(copy);
    expect(parts).toEqual({
      header: Number(vector.partials.header_388),
      body: Number(vector.partials.body_xor_of_32_byte_chunks),
      version: Number(vector.partials.trailer_16_crc_zeroed),
    });
    expect(checkValue(copy)).toBe(Number(vector.crc32));
    expect(storedCheckValue(copy)).toBe(Number(vector.crc32));
    expect(classifyCopy(copy)).toEqual({
      rank: 0x370,
      initialWrite: vector.validated_as.initial_write,
      sequence: vector.validated_as.sequence,
    });
  });

  it('does not notice two whole pieces that change places, but notices one changed byte', () => {
    const copy = expand((vectors<{ cases: CrcCase[] }>('crc.json').cases[0] as CrcCase).image);
    const swapped = copy.slice();
    swapped.copyWithin(0x184 + 32 * 290, 0x184 + 32 * 300, 0x184 + 32 * 301);
    swapped.set(copy.subarray(0x184 + 32 * 290, 0x184 + 32 * 291), 0x184 + 32 * 300);
    expect(swapped).not.toEqual(copy);
    expect(checkValue(swapped)).toBe(checkValue(copy));
    swapped[10_000] = (swapped[10_000] ?? 0) ^ 1;
    expect(checkValue(swapped)).not.toBe(checkValue(copy));
  });
});

describe('selection of the current copy', () => {
  it('covers the 15 cases run through the released code', () => expect(selection).toHaveLength(15));

  it.each(selection)('$name', (vector) => {
    const [copy1, copy2] = [expand(vector.copy1), expand(vector.copy2)];
    const after = selectFrom070(copy1, copy2);
    const before = selectBefore070(copy1, copy2);
    expect(after.current).toBe(vector.selected_0_7_0_and_later);
    expect(before.current).toBe(vector.selected_before_0_7_0);
    for (const result of [after, before]) {
      expect(result.rule).toBeGreaterThan(0);
      expect(result.reason).toMatch(/^[A-Z].*\.$/);
    }
    for (const [copy, expected] of [
      [copy1, vector.class1],
      [copy2, vector.class2],
    ] as const) {
      const { rank, initialWrite, sequence } = classifyCopy(copy);
      if (expected) expect([rank, initialWrite, sequence]).toEqual(expected);
    }
  });

  it('leaves rule 8 out for the early release candidates', () => {
    const vector = selection.find(({ name }) => name === 'newer copy has a broken CRC') as SelectionCase;
    const [copy1, copy2] = [expand(vector.copy1), expand(vector.copy2)];
    copy1[9] = 0;
    expect(selectFrom070(copy1, copy2)).toMatchObject({ current: 2, rule: 8 });
    expect(selectFrom070(copy1, copy2, true)).toMatchObject({ current: 1, rule: 7 });
  });

  it('treats a copy the image does not hold as unusable', () => {
    const copy = expand((selection[0] as SelectionCase).copy1);
    expect(selectFrom070(null, copy)).toMatchObject({ current: 2, rule: 2 });
    expect(selectFrom070(copy, null)).toMatchObject({ current: 1, rule: 2 });
    expect(selectBefore070(null, null)).toMatchObject({ current: null, rule: 3 });
  });

  it('takes a formatted copy by rules 4 and 5', () => {
    const copy = expand((vectors<{ cases: CrcCase[] }>('crc.json').cases[0] as CrcCase).image);
    const formatted = copy.slice();
    formatted.set([0, 0, 0, 0, 1], 0x3ff8);
    expect(selectFrom070(copy, formatted)).toMatchObject({ current: 2, rule: 4 });
    expect(selectFrom070(formatted, copy)).toMatchObject({ current: 1, rule: 5 });
  });
});
