import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { BuildError } from '../../../src/core/errors.js';
import { buildDct, type EditOptions, type EditStyle, editDctField } from '../../../src/regions/dct/edit.js';
import { classifyCopy, selectBefore070, selectFrom070 } from '../../../src/regions/dct/selection.js';
import {
  applyFlashOperation,
  type DctPair,
  type DctWriter,
  dctWriter,
  formatDct,
  selectCopy,
  writeDctField,
} from '../../../src/regions/dct/write.js';
import { expand, hex, type SparseImage, vectors } from './vectors.js';

interface Sequence {
  code: string;
  start: { copy1: SparseImage; copy2: SparseImage };
  steps: {
    app_offset: number;
    data: string;
    after: { current: 1 | 2; copy1: SparseImage; copy2: SparseImage };
  }[];
}
interface FormatCase {
  name: string;
  copy1: SparseImage;
  copy2: SparseImage;
  result_0_7_0_and_later?: { copy1: SparseImage; copy2: SparseImage };
  result_before_0_7_0?: { copy1: SparseImage; copy2: SparseImage };
}

const { sequences } = vectors<{ sequences: Sequence[] }>('write-sequences.json');
const formats = vectors<{ cases: FormatCase[] }>('selection.json').cases.filter((vector) => vector.result_before_0_7_0);
const BLANK = new Uint8Array(16_384).fill(0xff);
/** Comparing 16 KiB element by element is what takes the time in toEqual. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(toHex(sha256(actual))).toBe(toHex(sha256(expected)));
}
const factory = (): DctPair => {
  const first = sequences[0] as Sequence;
  return { copy1: expand(first.start.copy1), copy2: expand(first.start.copy2) };
};

/** The vectors name the release of the object code first: "0.4.7..0.6.0 object code …". */
const writerOf = (code: string): DctWriter => dctWriter(code.split(/\.\.| /)[0] as string);

describe('writing as the released code does', () => {
  it('has a sequence for every generation with vectors', () => {
    expect(sequences.map(({ code }) => writerOf(code))).toEqual(['0.4.2', '0.4.6', '0.4.6', '0.7.0', '0.7.0']);
  });

  it.each(sequences)('$code', ({ code, start, steps }) => {
    let pair: DctPair = { copy1: expand(start.copy1), copy2: expand(start.copy2) };
    for (const step of steps) {
      const write = { section: 'application', offset: step.app_offset, bytes: hex(step.data) } as const;
      const result = writeDctField(pair, write, writerOf(code));
      expect(result.current).toBe(step.after.current);
      expect(toHex(sha256(result.copy1))).toBe(step.after.copy1.sha256);
      expect(toHex(sha256(result.copy2))).toBe(step.after.copy2.sha256);
      pair = result;
    }
  });

  it.each(formats)('formats: $name', (vector) => {
    const pair = { copy1: expand(vector.copy1), copy2: expand(vector.copy2) };
    for (const [rules, expected] of [
      ['before-0.7.0', vector.result_before_0_7_0],
      ['from-0.7.0', vector.result_0_7_0_and_later],
    ] as const) {
      const result = formatDct(pair, rules);
      if (!expected) throw new Error('vector without result');
      expectSame(result.copy1, expand(expected.copy1));
      expectSame(result.copy2, expand(expected.copy2));
    }
  });

  it('names the generation of a release', () => {
    expect(['0.4.2', '0.4.3-rc.2', '0.4.5', '0.4.6-rc.1', '0.6.4', '0.7.0-rc.1', '3.3.1'].map(dctWriter)).toEqual([
      '0.4.2',
      '0.4.3',
      '0.4.3',
      '0.4.6',
      '0.4.6',
      '0.7.0',
      '0.7.0',
    ]);
  });

  it('erases a blank sector again and rewrites unchanged data only in the code that did', () => {
    const write = { section: 'wifi', offset: 836, bytes: new Uint8Array(6).fill(0xff) } as const;
    expect(writeDctField(factory(), write, '0.4.6').operations).toEqual([]);
    const old = writeDctField(factory(), write, '0.4.3').operations;
    expect(old.map(({ copy, operation }) => `${operation} ${copy}`)).toEqual([
      'erase 2',
      'program 2',
      'program 2',
      'program 2',
      'program 2',
      'erase 1',
    ]);
  });

  it('leaves old and new mixed in place when a write before 0.7.0 is cut before its rewrite', () => {
    const start = writeDctField(factory(), { section: 'application', offset: 1762, bytes: hex('0f0f') }, '0.4.6');
    const { operations } = writeDctField(start, { section: 'application', offset: 1762, bytes: hex('f0f0') }, '0.4.6');
    const cut = applyFlashOperation(start, operations[0] as (typeof operations)[number]);
    expect(cut.copy1.subarray(7548 + 1762, 7548 + 1764)).toEqual(hex('0000'));
  });

  it('refuses what lies outside a section', () => {
    const write = { section: 'wifi', offset: 840, bytes: new Uint8Array(5) } as const;
    expect(() => writeDctField(factory(), write, '0.7.0')).toThrow(
      'the bytes do not fit the section at wifi, offset 840: expected at most 844 bytes from offset 0, got 5 bytes',
    );
    expect(() => writeDctField(factory(), { ...write, section: 'version' }, '0.7.0')).toThrow(
      expect.objectContaining({ code: 'DCT_WRITE_OUTSIDE' }),
    );
    expect(() => writeDctField({ copy1: BLANK, copy2: new Uint8Array(3) }, write, '0.7.0')).toThrow(
      'a DCT copy is not one whole sector at copy 2: expected 16384 bytes, got 3 bytes',
    );
  });

  it('gives the old or the new value, never anything else, when the power fails in a write from 0.7.0', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 8351 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 255 }),
        (bytes, offset, writes, sequence) => {
          let pair: DctPair = factory();
          for (let index = 0; index < writes; index++) {
            pair = writeDctField(pair, { section: 'application', offset: 3000, bytes: hex(`0${index}`) }, '0.7.0');
          }
          const fresh = editDctField(pair, [], { style: 'single', rules: 'unknown' });
          pair = editDctField(fresh, [{ section: 'mfg_info', offset: 0, bytes: new Uint8Array([sequence]) }], {
            style: 'flip',
            rules: 'from-0.7.0',
          });
          const value = (state: DctPair): string => {
            const { current } = selectFrom070(state.copy1, state.copy2);
            expect(current).not.toBeNull();
            const copy = current === 1 ? state.copy1 : state.copy2;
            return toHex(copy.subarray(7548 + offset, 7548 + offset + bytes.length));
          };
          const old = value(pair);
          const { operations } = writeDctField(pair, { section: 'application', offset, bytes }, '0.7.0');
          let state = pair;
          for (const operation of operations) {
            state = applyFlashOperation(state, operation);
            expect([old, toHex(bytes)]).toContain(value(state));
          }
          expect(value(state)).toBe(toHex(bytes));
        },
      ),
      { numRuns: 30 },
    );
  });
});

const SERVER_KEY = { field: 'server_public_key', bytes: hex(serverKeyHex()) };
const SERVER_ADDRESS = { field: 'server_address', bytes: hex('010f6465766963652e737061726b2e696f00') };
const FLAGS = { field: 'system_flags', bytes: hex('c0') };

function serverKeyHex(): string {
  const run = (sequences[0] as Sequence).start.copy1.runs.find(({ offset }) => offset === 9630);
  if (!run) throw new Error('no server key in the vector');
  return run.hex;
}

describe('building and changing offline', () => {
  it('builds the factory files of the Device OS repository (hal/src/photon/dct_prep.bin)', () => {
    const edits = [SERVER_KEY, SERVER_ADDRESS, FLAGS];
    const newer = buildDct({ edits });
    expect(toHex(sha256(concatBytes([newer.copy1, newer.copy2])))).toBe(
      '214210fbf86d1cad326fcaa5a68304aceb6dc2e8079e07e6a2eb10de7fda4070',
    );
    const older = buildDct({ edits, emptyWifi: false });
    expect(toHex(sha256(concatBytes([older.copy1, older.copy2])))).toBe(
      '9cf6b9cead9514952f4fd194c363ee8df21bb3c75e5a922dbfecdaa22907545b',
    );
  });

  it('can add a version record that firmware from 0.7.0 accepts', () => {
    const { copy1 } = buildDct({ edits: [SERVER_KEY], versionRecord: true });
    expect(classifyCopy(copy1)).toEqual({ rank: 0x370, initialWrite: 0, sequence: 1 });
  });

  it('flips offline to the very bytes the firmware would leave', () => {
    const bytes = hex('4142434431');
    const write = { section: 'application', offset: 1762, bytes } as const;
    let pair = factory();
    for (let index = 0; index < 4; index++) {
      const offline = editDctField(pair, [{ field: 'claim_code', bytes }], { style: 'flip', rules: 'from-0.7.0' });
      const firmware = writeDctField(pair, write, '0.7.0');
      expectSame(offline.copy1, firmware.copy1);
      expectSame(offline.copy2, firmware.copy2);
      expect(offline.current).toBe(firmware.current);
      pair = firmware;
    }
  });

  it('keeps sequence and place in place, and both rule sets choose the result', () => {
    const written = writeDctField(factory(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0');
    const edited = editDctField(written, [SERVER_ADDRESS], { style: 'in-place', rules: 'unknown' });
    expect(edited.current).toBe(2);
    expect(classifyCopy(edited.copy2)).toEqual(classifyCopy(written.copy2));
    expectSame(edited.copy1, written.copy1);
    for (const rules of ['before-0.7.0', 'from-0.7.0'] as const) expect(selectCopy(edited, rules).current).toBe(2);
  });

  it('makes a result for any firmware', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 63 }), fc.constantFrom('before-0.7.0', 'from-0.7.0'), (bytes, rules) => {
        const pair = writeDctField(factory(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0');
        const { copy1, copy2 } = editDctField(pair, [{ field: 'claim_code', bytes }], { style: 'single', rules });
        expect(selectBefore070(copy1, copy2).current).toBe(1);
        expect(selectFrom070(copy1, copy2).current).toBe(1);
        expect(classifyCopy(copy1)).toMatchObject({ rank: 0x370, initialWrite: 0 });
      }),
      { numRuns: 20 },
    );
  });

  it('erases the old copy in a flip for firmware before 0.7.0', () => {
    const { copy1, copy2, current } = editDctField(factory(), [SERVER_ADDRESS], {
      style: 'flip',
      rules: 'before-0.7.0',
    });
    expect(current).toBe(2);
    expectSame(copy1, BLANK);
    expect(selectFrom070(copy1, copy2).current).toBe(2);
  });

  it('keeps the rank of an automatically formatted copy in place', () => {
    const formatted = formatDct({ copy1: BLANK, copy2: BLANK }, 'from-0.7.0');
    const edited = editDctField(formatted, [SERVER_ADDRESS], { style: 'in-place', rules: 'from-0.7.0' });
    expect(classifyCopy(edited.copy1)).toEqual(classifyCopy(formatted.copy1));
    expectSame(edited.copy1.subarray(0x3ff0), formatted.copy1.subarray(0x3ff0));
  });

  it('stops when the rule sets disagree and nobody said which firmware it is for', () => {
    const record = writeDctField(factory(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0').copy2;
    const pair = { copy1: factory().copy1, copy2: record };
    expect(() => editDctField(pair, [], { style: 'single', rules: 'unknown' })).toThrow(
      'the current DCT copy depends on the firmware: got copy 1 before 0.7.0, copy 2 from 0.7.0',
    );
    expect(() => editDctField(pair, [], { style: 'single', rules: 'unknown' })).toThrow(
      expect.objectContaining({ code: 'DCT_RULES_DISAGREE', help: 'Say which firmware the image is for.' }),
    );
    expect(() => editDctField({ copy1: BLANK, copy2: BLANK }, [], { style: 'flip', rules: 'unknown' })).toThrow(
      expect.objectContaining({ code: 'DCT_NO_CURRENT', help: 'Build a fresh DCT instead.' }),
    );
  });

  it('accepts pairs with equal copies, whatever made them so', () => {
    const record = writeDctField(factory(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0').copy2;
    const withRecords = { copy1: record, copy2: record };
    const without = { copy1: factory().copy1, copy2: factory().copy1 };
    expect(editDctField(withRecords, [], { style: 'in-place', rules: 'unknown' }).current).toBe(1);
    expect(editDctField(without, [], { style: 'flip', rules: 'from-0.7.0' }).current).toBe(2);
  });

  it('gives a result or a clear error for any pair of copies', () => {
    const start = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const record = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const copy = fc.tuple(start, record, fc.boolean(), fc.boolean()).map(([head, tail, magic, versioned]) => {
      const bytes = new Uint8Array(16_384).fill(0xff);
      bytes.set(head.map((byte, index) => (index < 8 ? 0 : byte % 3)));
      if (magic) bytes.set(hex('4252434d'), 12);
      bytes.set(tail, 0x3ff0);
      if (versioned) bytes.set(hex('cd0002dc00007003'), 0x3ff0);
      return bytes;
    });
    const options = fc.record({
      style: fc.constantFrom<EditStyle>('flip', 'in-place', 'single'),
      rules: fc.constantFrom<EditOptions['rules']>('before-0.7.0', 'from-0.7.0', 'unknown'),
    });
    fc.assert(
      fc.property(copy, copy, options, (copy1, copy2, chosen) => {
        try {
          const result = editDctField({ copy1, copy2 }, [SERVER_ADDRESS], chosen);
          const edited = result.current === 1 ? result.copy1 : result.copy2;
          expect(toHex(edited.subarray(7548 + 2466, 7548 + 2466 + 18))).toBe(toHex(SERVER_ADDRESS.bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(BuildError);
          expect((error as BuildError).help).not.toBe('');
        }
        const write = { section: 'application', offset: 0, bytes: hex('00') } as const;
        for (const writer of ['0.4.2', '0.4.3', '0.4.6', '0.7.0'] as const) {
          const written = writeDctField({ copy1, copy2 }, write, writer);
          expect((written.current === 1 ? written.copy1 : written.copy2)[7548]).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses content longer than its field', () => {
    const edits = [{ field: 'claimed', bytes: hex('3131') }];
    expect(() => buildDct({ edits })).toThrow(
      'the new content does not fit claimed: expected at most 1 bytes, got 2 bytes',
    );
    expect(() => buildDct({ edits })).toThrow(expect.objectContaining({ code: 'DCT_FIELD_TOO_LONG' }));
  });

  it('refuses a change that would make the other copy the current one', () => {
    const built = buildDct({ edits: [], versionRecord: true });
    const { copy2 } = writeDctField(built, { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0');
    // Formatted automatically and never written: used whatever sequence number the other copy has, until it is written.
    const formatted = built.copy1.slice();
    formatted.set(hex('00000000'), 0x3ff8);
    formatted[0x3ffc] = 1;
    const pair = { copy1: formatted, copy2 };
    expect(selectFrom070(formatted, copy2)).toMatchObject({ current: 1, rule: 5 });
    expect(() => editDctField(pair, [SERVER_ADDRESS], { style: 'in-place', rules: 'from-0.7.0' })).toThrow(
      expect.objectContaining({
        code: 'DCT_EDIT_NOT_CURRENT',
        where: 'firmware from 0.7.0',
        expected: 'copy 1',
        help: 'Use the style "single", which erases the other copy.',
      }),
    );
    expect(editDctField(pair, [SERVER_ADDRESS], { style: 'single', rules: 'from-0.7.0' }).current).toBe(1);
  });
});
