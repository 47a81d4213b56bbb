import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/core/errors.js';
import { MemoryImage, type Overlap, type Segment } from '../../src/core/image.js';
import { ADDRESS_SPACE_END, containsAddress, type Range, rangeOf, totalSize } from '../../src/core/range.js';
import { stopwatch } from '../support/growth.js';

/** Places where signed 32-bit arithmetic or the end of the address space would show. */
const BASES = [0, 0x08000000, 0x7fffff80, 0xffffff00];

const segmentNear = (base: number): fc.Arbitrary<Segment> =>
  fc
    .record({
      delta: fc.nat(200),
      bytes: fc.uint8Array({ maxLength: 40 }),
      name: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      offset: fc.option(fc.nat(100), { nil: undefined }),
    })
    .map(({ delta, bytes, name, offset }) => ({
      address: base + delta,
      bytes,
      source: name === undefined ? undefined : { name, offset },
    }));

const segmentLists = fc
  .constantFrom(...BASES)
  .chain((base) => fc.record({ base: fc.constant(base), list: fc.array(segmentNear(base), { maxLength: 12 }) }));

const images = segmentLists.map(({ base, list }) => ({ base, image: lastWins(list) }));

/** A range that starts and ends near the data, perhaps empty. */
const rangeNear = (base: number) =>
  fc.tuple(fc.nat(250), fc.nat(60)).map(([delta, size]) => ({
    start: base + delta,
    end: Math.min(base + delta + size, ADDRESS_SPACE_END),
  }));

const imageAndRange = images.chain(({ base, image }) =>
  fc.record({ image: fc.constant(image), range: rangeNear(base), base: fc.constant(base) }),
);

function lastWins(list: readonly Segment[]): MemoryImage {
  return MemoryImage.fromSegments(list, { overlap: 'last-wins' });
}

/** The obvious, slow way: one entry for every byte, later ones over earlier ones. */
function bytesByAddress(list: readonly Segment[]): Map<number, number> {
  const map = new Map<number, number>();
  for (const { address, bytes } of list) for (const [index, byte] of bytes.entries()) map.set(address + index, byte);
  return map;
}

const contentOf = (image: MemoryImage) => [...bytesByAddress(image.segments)].sort(([a], [b]) => a - b);

function expectSound(image: MemoryImage): void {
  for (const [index, segment] of image.segments.entries()) {
    expect(segment.bytes.length).toBeGreaterThan(0);
    const next = image.segments[index + 1];
    if (!next) continue;
    const end = segment.address + segment.bytes.length;
    expect(end).toBeLessThanOrEqual(next.address);
    if (end !== next.address || segment.source?.name !== next.source?.name) continue;
    const runsOn =
      segment.source?.offset === undefined
        ? next.source?.offset === undefined
        : segment.source.offset + segment.bytes.length === next.source?.offset;
    expect(runsOn, 'touching segments of one source are joined').toBe(false);
  }
}

function errorOf(action: () => unknown): FormatError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  throw new Error('nothing was thrown');
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('fromSegments', () => {
  it('holds what the segments hold, later ones over earlier ones', () => {
    fc.assert(
      fc.property(segmentLists, ({ list }) => {
        const image = lastWins(list);
        expectSound(image);
        expect(contentOf(image)).toEqual([...bytesByAddress(list)].sort(([a], [b]) => a - b));
        expect(image.byteCount).toBe(bytesByAddress(list).size);
      }),
    );
  });

  it('knows the source and offset of every byte', () => {
    fc.assert(
      fc.property(segmentLists, ({ list }) => {
        const image = lastWins(list);
        for (const address of bytesByAddress(list).keys()) {
          const owner = list.findLast((segment) =>
            containsAddress(rangeOf(segment.address, segment.bytes.length), address),
          );
          const offset = owner?.source?.offset;
          expect(image.sourceOf(address)?.name).toBe(owner?.source?.name);
          expect(image.sourceOf(address)?.offset).toBe(
            offset === undefined || !owner ? undefined : offset + address - owner.address,
          );
        }
      }),
    );
  });

  it('joins touching segments only when their sources run on', () => {
    const first = { address: 0x08000000, bytes: bytes(1, 2), source: { name: 'a.bin', offset: 0 } };
    const join = (source: Segment['source']) =>
      MemoryImage.fromSegments([first, { address: 0x08000002, bytes: bytes(3), source }]).segments.length;
    expect(join({ name: 'a.bin', offset: 2 })).toBe(1);
    expect(join({ name: 'a.bin', offset: 3 })).toBe(2);
    expect(join({ name: 'a.bin' })).toBe(2);
    expect(join({ name: 'b.bin', offset: 2 })).toBe(2);
    expect(join(undefined)).toBe(2);
  });

  it('ignores empty segments wherever they are', () => {
    const image = MemoryImage.fromSegments([{ address: -5, bytes: bytes() }]);
    expect(image.segments).toEqual([]);
    expect(image.span).toBeUndefined();
    expect(image.equals(MemoryImage.empty)).toBe(true);
  });

  it('takes the whole 32-bit address space, and no more', () => {
    for (const address of [0, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const image = MemoryImage.fromBytes(bytes(0x5a), address);
      expect(image.span).toEqual({ start: address, end: address + 1 });
      expect(image.byteAt(address)).toBe(0x5a);
      expect(image.byteAt(address - 1)).toBeUndefined();
      expect(image.byteAt(address + 1)).toBeUndefined();
    }
    const across = MemoryImage.fromBytes(bytes(1, 2, 3, 4), 0x7ffffffe);
    expect(across.bytes({ start: 0x7fffffff, end: 0x80000001 })).toEqual(bytes(2, 3));
    expect(errorOf(() => MemoryImage.fromBytes(bytes(1, 2), 0xffffffff, { name: 'x.hex' }))).toMatchObject({
      code: 'IMAGE_ADDRESS_RANGE',
      address: 0xffffffff,
      message:
        'data lies outside the 32-bit address space at x.hex: expected addresses between 0x00000000 and 0xFFFFFFFF, ' +
        'got 0xFFFFFFFF with 2 bytes',
    });
    for (const address of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53]) {
      expect(errorOf(() => MemoryImage.fromBytes(bytes(1), address)).code).toBe('IMAGE_ADDRESS_RANGE');
    }
  });
});

describe('overlaps', () => {
  const low = { address: 0x08000000, bytes: bytes(1, 2, 3, 4), source: { name: 'low.bin', offset: 0 } };
  const same = { address: 0x08000002, bytes: bytes(3, 4, 5), source: { name: 'same.bin', offset: 0 } };
  const other = { address: 0x08000003, bytes: bytes(9, 9), source: { name: 'other.hex' } };

  it('are refused by default, with both ranges and sources in the message', () => {
    const error = errorOf(() => MemoryImage.fromSegments([low, other]));
    expect(error.code).toBe('IMAGE_OVERLAP');
    expect(error.address).toBe(0x08000003);
    expect(error.message).toBe(
      'two inputs give different bytes for the same addresses at 0x08000003-0x08000003: got ' +
        '0x08000000-0x08000003 from low.bin and 0x08000003-0x08000004 from other.hex',
    );
    expect(error.help).toMatch(/^Leave one of the two out/);
    expect(errorOf(() => MemoryImage.fromSegments([low, same])).what).toBe('the same addresses are given twice');
  });

  it('may hold identical bytes under "identical", but nothing else', () => {
    const told: Overlap[] = [];
    const options = { overlap: 'identical', onOverlap: (overlap: Overlap) => told.push(overlap) } as const;
    const image = MemoryImage.fromSegments([low, same], options);
    expect(image.bytes({ start: 0x08000000, end: 0x08000005 })).toEqual(bytes(1, 2, 3, 4, 5));
    expect(told).toEqual([{ start: 0x08000002, end: 0x08000004, first: low, second: same, identical: true }]);
    const error = errorOf(() => MemoryImage.fromSegments([low, same, other], options));
    expect(error.message).toContain('from same.bin and 0x08000003-0x08000004 from other.hex');
  });

  it('are won by the later segment under "last-wins", whatever the addresses', () => {
    const over = (list: Segment[]) => lastWins(list).bytes({ start: 0x08000000, end: 0x08000005 });
    expect(over([low, same, other])).toEqual(bytes(1, 2, 3, 9, 9));
    expect(over([other, same, low])).toEqual(bytes(1, 2, 3, 4, 5));
    expect(over([same, other, low])).toEqual(bytes(1, 2, 3, 4, 9));
    const twins = [1, 2, 3].map((value) => ({ address: 7, bytes: bytes(value) }));
    expect(lastWins(twins).byteAt(7)).toBe(3);
  });

  it('are refused exactly when two segments share an address', () => {
    fc.assert(
      fc.property(segmentLists, ({ list }) => {
        const total = list.reduce((sum, segment) => sum + segment.bytes.length, 0);
        if (total === bytesByAddress(list).size) expect(MemoryImage.fromSegments(list).byteCount).toBe(total);
        else expect(errorOf(() => MemoryImage.fromSegments(list)).code).toBe('IMAGE_OVERLAP');
      }),
    );
  });

  it('are all reported: their sizes add up to what was covered twice', () => {
    fc.assert(
      fc.property(segmentLists, ({ list }) => {
        const told: Overlap[] = [];
        MemoryImage.fromSegments(list, { overlap: 'last-wins', onOverlap: (overlap) => told.push(overlap) });
        const given = list.reduce((sum, segment) => sum + segment.bytes.length, 0);
        expect(totalSize(told)).toBe(given - bytesByAddress(list).size);
        for (const { start, end, first, second, identical } of told) {
          const cut = (segment: Segment) => segment.bytes.slice(start - segment.address, end - segment.address);
          expect(identical).toBe(cut(first).join() === cut(second).join());
        }
      }),
    );
  });

  it('cost little even when very many segments overlap', () => {
    const count = 200_000;
    const scattered = Array.from({ length: count }, (_, index) => ({
      address: (index * 7919) % 50_000,
      bytes: bytes(index & 0xff),
    }));
    const wide = { address: 0, bytes: new Uint8Array(100_000) };
    const spent = stopwatch();
    let told = 0;
    const image = MemoryImage.fromSegments([wide, ...scattered], { overlap: 'last-wins', onOverlap: () => told++ });
    expect(spent()).toBeLessThan(4000);
    expect(told).toBe(count);
    expect(image.byteCount).toBe(100_000);
    expect(image.byteAt((199_999 * 7919) % 50_000)).toBe(199_999 & 0xff);
  });

  it.each(['identical', 'last-wins'] as const)(
    'cost little when every segment covers several others: %s',
    (overlap) => {
      const count = 200_000;
      const content = new Uint8Array(256);
      const shingles = Array.from({ length: count }, (_, index) => ({
        address: (index * 7919) % (8 * count),
        bytes: content.subarray(0, 1 + (index % 256)),
      }));
      const spent = stopwatch();
      const image = MemoryImage.fromSegments(shingles, { overlap });
      // About a second where nothing else runs; comparing every pair would take hours.
      expect(spent()).toBeLessThan(10_000);
      expect(image.segments.length).toBe(image.ranges().length);
    },
  );
});

describe('reading', () => {
  it('gives the whole range as gaps and present parts, without rest', () => {
    fc.assert(
      fc.property(imageAndRange, ({ image, range }) => {
        const present = image.parts(range).map((part) => rangeOf(part.address, part.bytes.length));
        const all: Range[] = [...present, ...image.gaps(range)].sort((a, b) => a.start - b.start);
        expect(totalSize(all)).toBe(range.end - range.start);
        let position = range.start;
        for (const piece of all) {
          expect(piece.start).toBe(position);
          expect(piece.end).toBeGreaterThan(piece.start);
          position = piece.end;
        }
      }),
    );
  });

  it('fills only what is absent', () => {
    fc.assert(
      fc.property(imageAndRange, fc.integer({ min: 0, max: 255 }), ({ image, range }, fill) => {
        const read = image.read(range, fill);
        expect(read.length).toBe(range.end - range.start);
        for (const [index, byte] of read.entries()) expect(byte).toBe(image.byteAt(range.start + index) ?? fill);
        const exact = image.bytes(range);
        if (image.gaps(range).length > 0) expect(exact).toBeUndefined();
        else expect(exact).toEqual(read);
      }),
    );
  });

  it('cuts into slice and rest, and merges both to the whole', () => {
    fc.assert(
      fc.property(imageAndRange, ({ image, range }) => {
        const inside = image.slice(range);
        const outside = image.without(range);
        expectSound(inside);
        expectSound(outside);
        expect(contentOf(inside)).toEqual(contentOf(image).filter(([address]) => containsAddress(range, address)));
        expect(outside.merge(inside).equals(image)).toBe(true);
        expect(outside.merge(inside).segments).toEqual(image.segments);
      }),
    );
  });

  it('finds nothing in an empty range, also inside a segment', () => {
    const image = MemoryImage.fromBytes(bytes(1, 2, 3, 4), 0x100, { name: 'a', offset: 0 });
    for (const range of [
      { start: 0x102, end: 0x102 },
      { start: 0x103, end: 0x101 },
    ]) {
      expect(image.parts(range)).toEqual([]);
      expect(image.slice(range).segments).toEqual([]);
      expect(image.read(range, 0xff)).toEqual(bytes());
      expect(image.bytes(range)).toEqual(bytes());
      expect(image.gaps(range)).toEqual([]);
      expect(image.without(range).segments).toEqual(image.segments);
      expect(image.statistics(range)).toMatchObject({ size: 0, present: 0, absent: 0 });
    }
  });

  it('gives a view where one segment holds the range', () => {
    const data = bytes(1, 2, 3, 4);
    const image = MemoryImage.fromBytes(data, 0x20000000);
    expect(image.bytes({ start: 0x20000001, end: 0x20000003 })?.buffer).toBe(data.buffer);
  });

  it('lists maximal present runs', () => {
    fc.assert(
      fc.property(images, ({ image }) => {
        const ranges = image.ranges();
        expect(totalSize(ranges)).toBe(image.byteCount);
        for (const [index, range] of ranges.entries()) {
          expect(image.gaps(range)).toEqual([]);
          const next = ranges[index + 1];
          if (next) expect(next.start).toBeGreaterThan(range.end);
        }
        expect(image.span).toEqual(
          ranges.length === 0 ? undefined : { start: ranges[0]?.start, end: ranges.at(-1)?.end },
        );
      }),
    );
  });
});

describe('pages', () => {
  it('are the aligned pages with at least one byte, ascending, each once', () => {
    fc.assert(
      fc.property(images, fc.constantFrom(1, 3, 16, 256), ({ image }, size) => {
        const starts = contentOf(image).map(([address]) => Math.floor(address / size) * size);
        expect([...image.pages(size)]).toEqual([...new Set(starts)].map((start) => ({ start, end: start + size })));
      }),
    );
  });
});

describe('statistics', () => {
  it('count every byte of the range', () => {
    fc.assert(
      fc.property(imageAndRange, ({ image, range }) => {
        const found = image.statistics(range);
        const values = contentOf(image.slice(range)).map(([, byte]) => byte);
        expect(found.size).toBe(range.end - range.start);
        expect(found.present + found.absent).toBe(found.size);
        expect(found.present).toBe(values.length);
        expect(found.erased).toBe(values.filter((byte) => byte === 0xff).length);
        expect(found.zero).toBe(values.filter((byte) => byte === 0).length);
        expect(found.constant).toBe(new Set(values).size === 1 ? values[0] : undefined);
      }),
    );
  });

  it('sees one value across segments', () => {
    const image = MemoryImage.fromSegments([
      { address: 0, bytes: bytes(7, 7) },
      { address: 8, bytes: bytes(7) },
    ]);
    expect(image.statistics({ start: 0, end: 16 })).toEqual({
      size: 16,
      present: 3,
      absent: 13,
      erased: 0,
      zero: 0,
      constant: 7,
    });
  });
});

describe('shift', () => {
  it('moves every byte, and back again', () => {
    fc.assert(
      fc.property(images, fc.integer({ min: -0x100, max: 0x100 }), ({ image }, delta) => {
        const span = image.span;
        if (span && (span.start + delta < 0 || span.end + delta > ADDRESS_SPACE_END)) {
          expect(errorOf(() => image.shift(delta)).code).toBe('IMAGE_ADDRESS_RANGE');
          return;
        }
        const moved = image.shift(delta);
        expect(contentOf(moved)).toEqual(contentOf(image).map(([address, byte]) => [address + delta, byte]));
        expect(moved.shift(-delta).segments).toEqual(image.segments);
      }),
    );
  });

  it('refuses to leave the address space', () => {
    const image = MemoryImage.fromBytes(bytes(1, 2, 3, 4), 0x08000000, { name: 'app.bin' });
    expect(errorOf(() => image.shift(-0x08000001)).message).toBe(
      'data lies outside the 32-bit address space at app.bin: expected addresses between 0x00000000 and 0xFFFFFFFF, ' +
        'got -1 with 4 bytes',
    );
    expect(errorOf(() => image.shift(0xf8000000)).code).toBe('IMAGE_ADDRESS_RANGE');
    expect(image.shift(0xf7fffffc).span).toEqual({ start: 0xfffffffc, end: ADDRESS_SPACE_END });
  });
});

describe('equals', () => {
  it('looks at addresses and bytes, not at sources or cuts', () => {
    fc.assert(
      fc.property(images, fc.string(), ({ image }, name) => {
        const single = contentOf(image).map(([address, byte]) => ({ address, bytes: bytes(byte), source: { name } }));
        const same = MemoryImage.fromSegments(single);
        expect(image.equals(same)).toBe(true);
        expect(same.equals(image)).toBe(true);
        const [first] = single;
        if (!first) return;
        const changed = { ...first, bytes: bytes((first.bytes[0] ?? 0) ^ 1) };
        expect(image.equals(MemoryImage.fromSegments([changed, ...single.slice(1)]))).toBe(false);
        expect(image.equals(MemoryImage.fromSegments(single.slice(1)))).toBe(false);
      }),
    );
  });
});

describe('sourceOf', () => {
  it('is undefined where nothing is present or no source is known', () => {
    const image = MemoryImage.fromSegments([
      { address: 4, bytes: bytes(1, 2), source: { name: 'a.hex' } },
      { address: 8, bytes: bytes(1) },
    ]);
    expect(image.sourceOf(5)).toEqual({ name: 'a.hex' });
    for (const address of [3, 6, 7, 8, 9]) expect(image.sourceOf(address)).toBeUndefined();
  });
});
