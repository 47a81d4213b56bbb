import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathTo } from '../../../src/core/part.js';
import { totalSize } from '../../../src/core/range.js';
import { buildEeprom, decodeEeprom, type Eeprom } from '../../../src/regions/eeprom/index.js';
import { hex } from './vectors.js';

/** A page that begins with the given bytes and is erased behind them. */
function page(size: number, text: string): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xff);
  bytes.set(hex(text.replaceAll(' ', '')));
  return bytes;
}
const page1 = (text: string): Uint8Array => page(0x4000, text);
const page2 = (text: string): Uint8Array => page(0x10000, text);
const ACTIVE = '0000ffff';
const COPY = 'eeeeffff';
const INACTIVE = '0000cccc';

function decode(first: string, second: string, reader?: 'current' | 'legacy'): Eeprom {
  return decodeEeprom({ page1: page1(first), page2: page2(second), ...(reader ? { reader } : {}) });
}

describe('choosing the page', () => {
  it.each([
    [ACTIVE, '', 1, 'Page 1 is marked active (0xFFFF0000).', 'normal'],
    [ACTIVE, COPY, 1, 'Page 1 is marked active (0xFFFF0000).', 'pending-erase'],
    [
      ACTIVE,
      ACTIVE,
      1,
      'Page 1 is marked active (0xFFFF0000). Page 2 is marked active too; page 1 is looked at first.',
      'pending-erase',
    ],
    [INACTIVE, ACTIVE, 2, 'Page 2 is marked active (0xFFFF0000) and page 1 is inactive.', 'pending-erase'],
    ['', ACTIVE, 2, 'Page 2 is marked active (0xFFFF0000) and page 1 is erased.', 'normal'],
    [COPY, '', null, 'Page 1 is copy and page 2 is erased: neither is active.', 'format'],
  ] as const)('%s / %s', (first, second, active, reason, outcome) => {
    const eeprom = decode(first, second, 'current');
    expect(eeprom.activePage).toBe(active);
    expect(eeprom.activeReason).toBe(reason);
    expect(eeprom.startUp.current.outcome).toBe(outcome);
  });

  it('says what it cannot know when a page is not in the image', () => {
    const only1 = decodeEeprom({ page1: page1(`${ACTIVE} 11000100`), page2: undefined });
    expect([only1.activePage, only1.page2.state, only1.startUp.current.outcome]).toEqual([1, 'absent', 'normal']);
    const only2 = decodeEeprom({ page1: undefined, page2: page2(`${ACTIVE} 11000100`) });
    expect(only2.activeReason).toContain('page 1 is not in the image');
    const none = decodeEeprom({ page1: undefined, page2: page2('') });
    expect([none.format, none.startUp.current.outcome, none.startUp.legacy.outcome]).toEqual([
      null,
      'unknown',
      'unknown',
    ]);
  });

  it('does not take the end of the image for the end of the page', () => {
    const eeprom = decodeEeprom({ page1: hex('0000ffff11000100'), page2: undefined });
    expect(eeprom.end?.reason).toBe('image-end');
    expect([...eeprom.values]).toEqual([[1, 0x11]]);
  });
});

describe('start of legacy firmware', () => {
  it.each([
    [ACTIVE, '', 'normal', 1],
    ['', ACTIVE, 'normal', 2],
    ['', COPY, 'repair', 2],
    [COPY, '', 'repair', 1],
    [ACTIVE, COPY, 'repair', 2],
    [COPY, ACTIVE, 'repair', 1],
    [ACTIVE, ACTIVE, 'repair', 2],
    ['', '', 'format', 1],
    [ACTIVE, 'deadbeef', 'format', 1],
  ] as const)('%s / %s: %s', (first, second, outcome, used) => {
    const { legacy } = decode(first, second).startUp;
    expect([legacy.outcome, legacy.page]).toEqual([outcome, used]);
  });

  it('loses data only where records go', () => {
    expect(decode('', '').startUp.legacy.dataLost).toBe(false);
    expect(decode(`${ACTIVE} 11000100`, 'deadbeef').startUp.legacy.dataLost).toBe(true);
    expect(decode(`${ACTIVE} 11000100`, ACTIVE).startUp.legacy.dataLost).toBe(true);
    expect(decode(ACTIVE, `${ACTIVE} 11000100`).startUp.legacy.dataLost).toBe(false);
  });
});

describe('records', () => {
  it('keeps the history of an index, oldest first, with addresses', () => {
    const eeprom = decode(`${ACTIVE} 11000500 22000500 33000500 44000600`, '');
    expect(eeprom.history.get(5)?.map((record) => [record.data, record.address])).toEqual([
      [0x11, 0x0800c004],
      [0x22, 0x0800c008],
    ]);
    expect(eeprom.history.has(6)).toBe(false);
    expect([...eeprom.values]).toEqual([
      [5, 0x33],
      [6, 0x44],
    ]);
  });

  it('leaves values of 255 out, and keeps them in the logical bytes', () => {
    const eeprom = decode(`${ACTIVE} 11000500 ff000500`, '');
    expect(eeprom.values.size).toBe(0);
    expect(eeprom.logical[5]).toBe(0xff);
    expect(eeprom.records).toHaveLength(2);
  });

  it('names indices beyond the capacity without counting them', () => {
    const eeprom = decode(`${ACTIVE} 1100b80b 22000200`, '');
    expect(eeprom.beyondCapacity.map((record) => record.index)).toEqual([3000]);
    expect([...eeprom.values]).toEqual([[2, 0x22]]);
    expect(decodeEeprom({ page1: page1(`${ACTIVE} 1100ff07`), page2: page2(''), capacity: 2047 }).values.size).toBe(0);
  });
});

describe('accidents', () => {
  it('half-written legacy record: legacy reads on, current does not, and the rest is recovered', () => {
    const text = `${ACTIVE} 11000100 2200ffff 33000300`;
    const current = decode(text, '', 'current');
    expect(current.end?.reason).toBe('half-written-record');
    expect([...current.values]).toEqual([[1, 0x11]]);
    expect(current.recovered.map((entry) => [entry.source, entry.differs])).toEqual([['behind-the-end', [3]]]);
    expect(current.interruptions.map((entry) => [entry.kind, entry.start])).toEqual([
      ['half-written-record', 0x0800c008],
    ]);
    const auto = decode(text, '');
    expect(auto.format).toBe('legacy');
    expect(auto.author.evidence[0]).toContain('0x0800C008');
    expect([...auto.values]).toEqual([
      [1, 0x11],
      [3, 0x33],
    ]);
    expect(auto.recovered).toEqual([]);
  });

  it('unfinished block: hidden by its gap', () => {
    const eeprom = decode(`${ACTIVE} 11000100 ffffffff a2001500 a1001400`, '');
    expect([...eeprom.values]).toEqual([[1, 0x11]]);
    expect(eeprom.interruptions.map((entry) => entry.kind)).toEqual(['unfinished-block']);
    expect(eeprom.recovered[0]?.values).toEqual(
      new Map([
        [1, 0x11],
        [0x15, 0xa2],
        [0x14, 0xa1],
      ]),
    );
  });

  it('erased and receiving: legacy repairs, current formats, and the receiving page is read apart', () => {
    const eeprom = decode('', `${COPY} 99000900 f4000000`);
    expect(eeprom.author.generation).toBe('legacy');
    expect(eeprom.values.size).toBe(0);
    expect(eeprom.startUp.legacy).toMatchObject({ outcome: 'repair', page: 2, dataLost: false });
    expect(eeprom.startUp.current).toMatchObject({ outcome: 'format', dataLost: true });
    expect(eeprom.interruptions.map((entry) => entry.kind)).toEqual(['transfer-not-marked']);
    expect(eeprom.recovered.map((entry) => [entry.source, entry.page, [...entry.values]])).toEqual([
      [
        'receiving-page',
        2,
        [
          [9, 0x99],
          [0, 0xf4],
        ],
      ],
    ]);
  });

  it('lists differing indices in ascending order', () => {
    const eeprom = decode(`${INACTIVE} 11000900 22000200 33000500`, `${ACTIVE} 22000100`);
    expect(eeprom.recovered[0]?.differs).toEqual([1, 2, 5, 9]);
  });

  it.each([
    ['the same value again', '11000100 11000100'],
    ['255 where nothing was stored', 'ff000100'],
  ])('knows legacy firmware by an unchanged value: %s', (_, records) => {
    const { author, format } = decode(`${ACTIVE} ${records}`, '');
    expect([author.generation, format]).toEqual(['legacy', 'legacy']);
    expect(author.evidence[0]).toContain('only legacy firmware writes unchanged values');
  });

  it('does not take the rest of an unfinished block for an unchanged value', () => {
    expect(decode(`${ACTIVE} a1001400 ffffffff a1001400`, '').author.generation).toBe('either');
  });

  it('knows the current generation by what it alone does', () => {
    const far = new Uint8Array(0x10000).fill(0xff);
    far.set(hex(ACTIVE));
    far.set(hex('11000100'), 0x4000);
    const { author } = decodeEeprom({ page1: page1(''), page2: far });
    expect(author).toEqual({
      generation: 'current',
      evidence: ['Page 2 holds records beyond its first 16 KiB, which legacy firmware does not use.'],
    });
    expect(decode(`${ACTIVE} 11000100 22000100`, '').author).toEqual({ generation: 'either', evidence: [] });
  });

  it('superseded page: the older values', () => {
    const eeprom = decode(`${INACTIVE} 11000100 05000200`, `${ACTIVE} 22000100`);
    expect(eeprom.author.generation).toBe('current');
    expect(eeprom.recovered).toMatchObject([{ source: 'other-page', page: 1, differs: [1, 2] }]);
  });

  it('both active: which values differ', () => {
    const eeprom = decode(`${ACTIVE} 11000100`, `${ACTIVE} 22000100`);
    expect(eeprom.interruptions.map((entry) => entry.kind)).toEqual(['swap-last-step']);
    expect([...eeprom.values]).toEqual([[1, 0x11]]);
    expect(eeprom.recovered[0]?.values.get(1)).toBe(0x22);
  });

  it('damaged first word over good records', () => {
    const eeprom = decode('0000fff7 11000100', '');
    expect(eeprom.page1).toMatchObject({ state: 'invalid', content: 'eeprom' });
    expect(eeprom.startUp.current).toMatchObject({ outcome: 'format', dataLost: true });
    expect(eeprom.recovered).toMatchObject([{ source: 'unmarked-page', page: 1 }]);
  });
});

describe('names of accidents', () => {
  const kinds = (first: string, second: string, reader?: 'current' | 'legacy'): string[] =>
    decode(first, second, reader).interruptions.map((entry) => entry.kind);

  it.each([
    ['swap', `${ACTIVE} 11000100`, `${COPY} 11000100`],
    ['swap', `${COPY} 11000100`, `${ACTIVE} 11000100`],
    ['transfer-not-marked', `${COPY} 11000100`, ''],
    ['marginal-record', `${ACTIVE} 11010100`, ''],
    ['erase', 'ffffffff 11000100', `${ACTIVE} 11000100`],
  ])('%s', (kind, first, second) => {
    expect(kinds(first, second, 'current')).toEqual([kind]);
    expect(kinds(first, second, 'legacy')).toEqual([kind]);
  });

  it("calls only the current generation's gap an unfinished block", () => {
    expect(kinds(`${ACTIVE} ffffffff 11000100`, '', 'current')).toEqual(['unfinished-block']);
    expect(kinds(`${ACTIVE} ffffffff 11000100`, '', 'legacy')).toEqual([]);
  });
});

describe('sectors that are not EEPROM', () => {
  const garbage = new Uint8Array(0x10000).map((_, index) => (index * 31 + (index >> 8)) & 0xff);
  garbage.set(hex('ece0f13f'));

  it('garbage in sector 4 beside an active page 1', () => {
    const eeprom = decodeEeprom({ page1: page1(`${ACTIVE} 11000100`), page2: garbage });
    expect(eeprom.page2).toMatchObject({ state: 'invalid', content: 'other' });
    expect(eeprom.page2.description).toBe(
      'Not EEPROM: the first word 0x3FF1E0EC is none of the page states and no run of records follows.',
    );
    expect(eeprom.recovered).toEqual([]);
    expect(eeprom.coverage().unknown).toEqual([{ start: 0x08010000, end: 0x08020000 }]);
  });

  it('a parked user module, which legacy firmware would take for a valid page', () => {
    const first = page1('00000a08 fc400b08 0000 0600 0800 0501 04020600 00000000');
    const eeprom = decodeEeprom({ page1: first, page2: garbage, reader: 'legacy' });
    expect(eeprom.page1.content).toBe('other');
    const parked = page1('00000a08 fc200a08 0000 0600 0800 0501 04020600 00000000');
    const small = decodeEeprom({ page1: parked, page2: page2(''), reader: 'legacy' });
    expect(small.format).toBe(null);
    expect(small.page1.legacyState).toBe('valid');
    expect(small.page1.content).toBe('parked-module');
    expect(small.records).toEqual([]);
  });

  it('a parked user module that runs on into sector 4', () => {
    const first = page1('00000a08 fcff0a08 0000 0600 0800 0501 04020600 00000000');
    const eeprom = decodeEeprom({ page1: first, page2: garbage });
    expect([eeprom.page1.content, eeprom.page2.content]).toEqual(['parked-module', 'parked-module']);
    expect(eeprom.format).toBe(null);
  });

  it('takes no page for EEPROM by its records when an index is beyond any capacity', () => {
    expect(decode('deadbeef 11000100 2200b80b', '').page1.content).toBe('other');
    expect(decode('deadbeef 11000100 2200ff07', '').page1.content).toBe('eeprom');
  });

  it('an erased first word over something else', () => {
    const { page1: first, format } = decode('ffffffff 0102030405060708', '');
    expect([first.state, first.content, format]).toEqual(['erased', 'other', null]);
    expect(first.description).toBe('Not EEPROM: the first word is erased, but no run of records follows.');
  });

  it('erased sectors', () => {
    const eeprom = decode('', '');
    expect(eeprom.format).toBe(null);
    expect(eeprom.startUp.current).toMatchObject({ outcome: 'format', dataLost: false });
    expect(eeprom.coverage()).toEqual({ decoded: [], erased: [{ start: 0x0800c000, end: 0x08020000 }], unknown: [] });
  });
});

describe('names and coverage', () => {
  it('leads to the index of a record and says where it stands', () => {
    const eeprom = decode(`${ACTIVE} 11000500 22000500 ffffffff 33000700`, `${INACTIVE} 05000200`);
    const path = (address: number): string[] =>
      pathTo(eeprom.parts(), address).map((part) => `${part.name}: ${part.value}`);
    expect(path(0x0800c001)).toEqual(['page1: active', 'status: 0xFFFF0000 active']);
    expect(path(0x0800c006)).toEqual([
      'page1: active',
      'record[0]: index 5 = 17, superseded by 0x0800C008',
      'index: 5',
    ]);
    expect(path(0x0800c008)[1]).toBe('record[1]: index 5 = 34, current');
    expect(path(0x0800c00c)[1]).toBe('unused: erased');
    expect(path(0x0800c010)[1]).toBe('record[3]: index 7 = 51, hidden: behind the end of the list');
    expect(path(0x0800ffff)[1]).toBe('unused: erased');
    expect(path(0x08010004)[1]).toBe('record[0]: index 2 = 5, in page 2, which is not in use');
  });

  it('counts header and records as decoded, erased slots as erased, broken slots as unknown', () => {
    const eeprom = decode(`${ACTIVE} 11000500 22010600`, '');
    expect(eeprom.coverage()).toEqual({
      decoded: [{ start: 0x0800c000, end: 0x0800c008 }],
      erased: [{ start: 0x0800c00c, end: 0x08020000 }],
      unknown: [{ start: 0x0800c008, end: 0x0800c00c }],
    });
  });
});

describe('properties', () => {
  const words = fc.constantFrom(ACTIVE, COPY, INACTIVE, 'ffffffff', 'deadbeef', '00000a08');
  const content = fc
    .tuple(words, fc.uint8Array({ maxLength: 400 }))
    .map(([word, rest]) => Uint8Array.of(...hex(word), ...rest));
  const padded = content.map((bytes) => {
    const full = new Uint8Array(512).fill(0xff);
    full.set(bytes);
    return full;
  });
  const anything = fc.option(fc.oneof(fc.uint8Array({ maxLength: 600 }), content, padded), { nil: undefined });
  const reader = fc.constantFrom('auto' as const, 'current' as const, 'legacy' as const);

  it('any bytes have a result that accounts for every byte', () => {
    fc.assert(
      fc.property(anything, anything, reader, (first, second, chosen) => {
        const eeprom = decodeEeprom({ page1: first, page2: second, reader: chosen, size1: 512, size2: 1024 });
        const size1 = Math.min(512, first?.length ?? 0);
        const size2 = Math.min(1024, second?.length ?? 0);
        const { decoded, erased, unknown } = eeprom.coverage();
        expect(totalSize(decoded) + totalSize(erased) + totalSize(unknown)).toBe(size1 + size2);
        for (let offset = 0; offset < size1; offset++) {
          const path = pathTo(eeprom.parts(), 0x0800c000 + offset);
          expect(path.length).toBeGreaterThan(eeprom.page1.content === 'eeprom' ? 1 : 0);
          if (offset > 20) offset += 37;
        }
        expect(eeprom.logical).toHaveLength(2048);
      }),
      { numRuns: 300 },
    );
  });

  it('decode(build(values)) is values, in both generations', () => {
    const values = fc.uniqueArray(fc.tuple(fc.nat(2047), fc.nat(254)), {
      selector: ([index]) => index,
      maxLength: 2048,
    });
    fc.assert(
      fc.property(values, reader, (entries, chosen) => {
        const wanted = new Map(entries.sort((a, b) => a[0] - b[0]));
        const eeprom = decodeEeprom({ ...buildEeprom(wanted), reader: chosen });
        expect([...eeprom.values]).toEqual([...wanted]);
        expect(eeprom.activePage).toBe(1);
        expect(eeprom.interruptions).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
