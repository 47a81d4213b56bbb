import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { loadBoard } from '../../../src/layout/load.js';
import { newEeprom, newEepromInto, openEeprom, putEeprom } from '../../../src/operations/edit/eeprom.js';
import { contentFile, type EepromPut, parsePut, putsOfFile } from '../../../src/operations/edit/eeprom-words.js';
import { decodeEeprom, PAGE1_BYTES } from '../../../src/regions/eeprom/index.js';
import { hex, type SparseImage } from '../../regions/dct/vectors.js';
import { parseOperations } from '../../regions/eeprom/vectors.js';
import { healthyDump, noise, rawInput, userPart } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const BASE = 0x0800c000;
const BOTH = 0x14000;
const erased = (): Uint8Array => new Uint8Array(BOTH).fill(0xff);
const bytesOf = (image: { bytes(range: { start: number; end: number }): Uint8Array | undefined }): Uint8Array =>
  image.bytes({ start: BASE, end: BASE + BOTH }) ?? new Uint8Array(0);
const digest = (bytes: Uint8Array): string => toHex(sha256(bytes));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

interface Case {
  readonly name: string;
  readonly class_release?: string;
  readonly operations: readonly string[];
  readonly page1: SparseImage;
  readonly page2: SparseImage;
}

function cases(name: string): Case[] {
  const path = new URL(`../../vectors/eeprom/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: Case[] }).cases;
}

/** Those without a power failure: the others are the business of the write model. */
const withPower = (list: Case[]): Case[] =>
  list.filter(({ operations }) => !operations.some((one) => one.startsWith('budget')));

/** Runs the operations of a vector. What the firmware ignores is refused here. */
function replay({ operations }: Case, options: { release?: string; generation?: 'legacy' }): Uint8Array {
  let pages = erased();
  let puts: EepromPut[] = [];
  const run = (list: readonly EepromPut[], erasePending = false): void => {
    pages = bytesOf(putEeprom(openEeprom(rawInput(pages, BASE), P1, options), list, erasePending).image);
  };
  const flush = (): void => {
    const capacity = options.release === '0.5.0' ? 2047 : 2048;
    const fitting = puts.filter(({ index, data }) => index + data.length <= capacity);
    if (fitting.length < puts.length)
      expect(() => run(puts)).toThrow(expect.objectContaining({ code: 'EEPROM_NO_ROOM' }));
    if (fitting.length > 0) run(fitting);
    puts = [];
  };
  for (const operation of parseOperations(operations)) {
    if (operation.operation === 'put') puts.push(operation);
    else {
      flush();
      run([], operation.operation === 'perform-pending-erase');
    }
  }
  flush();
  return pages;
}

describe('writing as the released code does', () => {
  const newer = withPower(cases('newer-format'));
  const legacy = withPower(cases('legacy-format'));

  it('has vectors of both generations', () => {
    expect(newer.length).toBeGreaterThan(8);
    expect(legacy.length).toBeGreaterThan(3);
  });

  it.each(newer)('$name', (vector) => {
    const pages = replay(vector, { release: vector.class_release ?? '2.3.1' });
    expect(digest(pages.subarray(0, PAGE1_BYTES))).toBe(vector.page1.sha256);
    expect(digest(pages.subarray(PAGE1_BYTES))).toBe(vector.page2.sha256);
  });

  it.each(legacy)('legacy: $name', (vector) => {
    const pages = replay(vector, { generation: 'legacy' });
    expect(digest(pages.subarray(0, PAGE1_BYTES))).toBe(vector.page1.sha256);
    expect(digest(pages.subarray(PAGE1_BYTES))).toBe(vector.page2.sha256);
  });
});

describe('putEeprom', () => {
  it('changes nothing but the EEPROM sectors of a dump', () => {
    const before = healthyDump();
    const file = openEeprom(rawInput(before), P1);
    expect(file).toMatchObject({ release: '2.2.0', generation: 'current', capacity: 2048 });
    const edited = putEeprom(file, [{ index: 100, data: Uint8Array.of(7, 8) }]);
    expect(edited.changes).toEqual([
      { index: 100, before: 255, after: 7 },
      { index: 101, before: 255, after: 8 },
    ]);
    const after = edited.image.bytes({ start: 0x08000000, end: 0x08100000 }) ?? new Uint8Array(0);
    expect(digest(after.subarray(0, 0xc000))).toBe(digest(before.subarray(0, 0xc000)));
    expect(digest(after.subarray(0x20000))).toBe(digest(before.subarray(0x20000)));
  });

  it('moves to the other page when one is full', () => {
    let input = rawInput(erased(), BASE);
    let edited = putEeprom(openEeprom(input, P1), []);
    for (let round = 0; round < 3; round++) {
      const data = new Uint8Array(2048).fill(round);
      edited = putEeprom(openEeprom(input, P1), [{ index: 0, data }]);
      input = rawInput(bytesOf(edited.image), BASE);
    }
    expect(edited).toMatchObject({ pageBefore: 2, pageAfter: 2 });
    const swapped = openEeprom(input, P1);
    expect(swapped.eeprom.logical.every((byte) => byte === 2)).toBe(true);
    const wiped = putEeprom(swapped, [], true);
    expect(
      bytesOf(wiped.image)
        .subarray(0, PAGE1_BYTES)
        .every((byte) => byte === 0xff),
    ).toBe(true);
  });

  it('refuses what the firmware would refuse or destroy', () => {
    const file = openEeprom(rawInput(erased(), BASE), P1);
    expect(() => putEeprom(file, [{ index: 2047, data: Uint8Array.of(1, 2) }])).toThrow(
      expect.objectContaining({ code: 'EEPROM_NO_ROOM', got: '2 bytes from index 2047' }),
    );
    const old = openEeprom(rawInput(erased(), BASE), P1, { release: '0.5.0' });
    expect(() => putEeprom(old, [{ index: 2047, data: Uint8Array.of(1) }])).toThrow(
      'the firmware would refuse this block',
    );
    const other = openEeprom(rawInput(concatBytes([noise(PAGE1_BYTES), erased().subarray(PAGE1_BYTES)]), BASE), P1);
    expect(() => putEeprom(other, [])).toThrow(expect.objectContaining({ code: 'EEPROM_OTHER_CONTENT' }));
    const parked = concatBytes([userPart(), erased()]).subarray(0, BOTH);
    expect(() => putEeprom(openEeprom(rawInput(parked, BASE), P1), [])).toThrow('user module');
    expect(() => openEeprom(rawInput(healthyDump().subarray(0x20000), 0x08020000), P1)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_MISSING' }),
    );
  });

  it('writes to one sector alone as long as the firmware needs no other', () => {
    const [first] = [erased().subarray(0, PAGE1_BYTES)];
    const edited = putEeprom(openEeprom(rawInput(first, BASE), P1), [{ index: 3, data: Uint8Array.of(9) }]);
    expect(edited.image.byteCount).toBe(PAGE1_BYTES);
    const full = putEeprom(openEeprom(rawInput(first, BASE), P1), [{ index: 0, data: new Uint8Array(2048) }]);
    const again = rawInput(full.image.bytes({ start: BASE, end: BASE + PAGE1_BYTES }) ?? new Uint8Array(0), BASE);
    expect(() => putEeprom(openEeprom(again, P1), [{ index: 0, data: new Uint8Array(2048).fill(1) }])).toThrow(
      expect.objectContaining({ code: 'EEPROM_SECTOR_MISSING' }),
    );
  });

  it('reads back what was put, in both generations', () => {
    const puts = fc.array(fc.record({ index: fc.nat(2000), data: fc.uint8Array({ minLength: 1, maxLength: 40 }) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        puts,
        fc.constantFrom('current', 'legacy') as fc.Arbitrary<'current' | 'legacy'>,
        (list, generation) => {
          const expected = new Uint8Array(2048).fill(0xff);
          for (const { index, data } of list) expected.set(data, index);
          const { after, image } = putEeprom(openEeprom(rawInput(erased(), BASE), P1, { generation }), list);
          expect(toHex(after.logical)).toBe(toHex(expected));
          const pages = bytesOf(image);
          const newer = decodeEeprom({
            page1: pages.subarray(0, PAGE1_BYTES),
            page2: pages.subarray(PAGE1_BYTES),
            reader: 'current',
          });
          expect(toHex(newer.logical)).toBe(toHex(expected));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('fresh pages', () => {
  it('hold the content and no history, alone or in a dump', () => {
    const puts = [{ index: 5, data: Uint8Array.of(1, 255, 3) }];
    const alone = bytesOf(newEeprom(P1, puts));
    expect(toHex(alone.subarray(0, 16))).toBe('0000ffff0100050003000700ffffffff');
    const edited = newEepromInto(openEeprom(rawInput(healthyDump()), P1), puts);
    expect(toHex(bytesOf(edited.image))).toBe(toHex(alone));
    expect(() => newEeprom(loadBoard('stm32f205-generic'), puts)).toThrow(
      expect.objectContaining({ code: 'EEPROM_NO_SECTORS' }),
    );
    expect(() => newEeprom(P1, [{ index: 4000, data: Uint8Array.of(1) }])).toThrow(
      expect.objectContaining({ code: 'EEPROM_INDEX' }),
    );
  });
});

describe('content in words', () => {
  it.each([
    ['4=42', 4, '2a'],
    ['0x10=1,2, 0xFF', 16, '0102ff'],
    ['0=hex:DE AD', 0, 'dead'],
    ['0=text:a=b', 0, '613d62'],
    ['2=u16:513', 2, '0102'],
    ['2=u32:0x01020304', 2, '04030201'],
    ['2=i8:-1', 2, 'ff'],
    ['2=i32:-2', 2, 'feffffff'],
    ['2=float:1.5', 2, '0000c03f'],
    ['2=double:21092', 2, '000000000099d440'],
    ['2=@file', 2, '7b'],
  ])('%s', (words, index, data) => {
    expect(parsePut(words, () => Uint8Array.of(0x7b))).toEqual({ index, data: hex(data) });
  });

  it.each([
    '42',
    'a=1',
    '4=256',
    '4=',
    '4=1,,2',
    '4=hex:1',
    '4=u8:300',
    '4=i8:-129',
    '4=u16:1.5',
    '4=u64:1',
    '4=u16:',
    '4=@f',
  ])('refuses %s', (words) => {
    expect(() => parsePut(words)).toThrow(expect.objectContaining({ code: 'EEPROM_BAD_VALUE' }));
  });

  it('comes from JSON in every shape that the tool writes, and from plain bytes', () => {
    const puts = [
      { index: 0, data: Uint8Array.of(1, 2) },
      { index: 9, data: Uint8Array.of(3) },
    ];
    const values = { 9: 3, 0: 1, 1: 2 };
    for (const document of [values, { values }, { eeprom: { values } }]) {
      expect(putsOfFile(text(JSON.stringify(document)), 'f')).toEqual(puts);
    }
    expect(putsOfFile(text(' [1, 2]'), 'f')).toEqual(puts.slice(0, 1));
    expect(putsOfFile(text('{ not JSON'), 'f')[0]?.data.length).toBe(10);
    expect(putsOfFile(Uint8Array.of(1, 2), 'f')).toEqual(puts.slice(0, 1));
    for (const bad of ['', '{}', '[]', '[256]', '{"a":1}', '{"0":"1"}', '{"values":3}']) {
      expect(() => putsOfFile(text(bad), 'f')).toThrow(expect.objectContaining({ code: 'EEPROM_BAD_DATA' }));
    }
    const logical = new Uint8Array(2048).fill(0xff);
    logical.set([1, 2]);
    logical[9] = 3;
    expect(putsOfFile(contentFile(logical, 'json'), 'f')).toEqual(puts);
    expect(contentFile(logical, 'bin')).toBe(logical);
  });
});
