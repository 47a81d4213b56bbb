import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, isFilledWith, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { loadBoard } from '../../../src/layout/load.js';
import { changedFields } from '../../../src/operations/edit/dct-compare.js';
import { copiedEdits, erasedEdits } from '../../../src/operations/edit/dct-copy.js';
import {
  currentCopy,
  type DctEdited,
  type DctEditOptions,
  editDct,
  openDct,
} from '../../../src/operations/edit/dct-edit.js';
import { settableFields } from '../../../src/operations/edit/dct-names.js';
import { newDct, newDctInto } from '../../../src/operations/edit/dct-new.js';
import { dctEdits } from '../../../src/operations/edit/dct-words.js';
import type { InspectInput } from '../../../src/operations/inspect/inspect.js';
import {
  checkValue,
  dctField,
  dctFields,
  dctSection,
  fieldKey,
  storedCheckValue,
} from '../../../src/regions/dct/index.js';
import { classifyCopy, selectBefore070, selectFrom070 } from '../../../src/regions/dct/selection.js';
import { fieldBytes, viewCopy } from '../../../src/regions/dct/view.js';
import { expand, type SparseImage, vectors } from '../../regions/dct/vectors.js';
import { dctCopies, dump, erasedThenFlashedDump, healthyDump, rawInput } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const COPY1 = 0x08004000;

const sectors = ({ copy1, copy2 }: { copy1: Uint8Array; copy2: Uint8Array }): InspectInput =>
  rawInput(concatBytes([copy1, copy2]));

function edit(
  input: InspectInput,
  assignments: Readonly<Record<string, string>>,
  options: DctEditOptions & { release?: string } = {},
): DctEdited {
  const file = openDct(input, P1, options.release);
  const list = Object.entries(assignments).map(([name, value]) => ({ name, value }));
  return editDct(file, dctEdits(list, { current: currentCopy(file)?.bytes }), options);
}

const bytesAt = ({ image }: DctEdited, start: number, size = 16_384): Uint8Array =>
  image.bytes({ start, end: start + size }) ?? new Uint8Array(0);
const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean => a !== null && b !== null && equalBytes(a, b);
const digest = (bytes: Uint8Array): string => toHex(sha256(bytes));

describe('dct set writes as the released code does', () => {
  interface Sequence {
    code: string;
    start: { copy1: SparseImage; copy2: SparseImage };
    steps: { app_offset: number; data: string; after: { current: 1 | 2; copy1: SparseImage; copy2: SparseImage } }[];
  }
  const { sequences } = vectors<{ sequences: Sequence[] }>('write-sequences.json');

  it.each(sequences)('$code', ({ code, start, steps }) => {
    const release = code.split(/\.\.| /)[0] as string;
    let pair = { copy1: expand(start.copy1), copy2: expand(start.copy2) };
    for (const step of steps) {
      const name = `application+${step.app_offset}`;
      const input = rawInput(concatBytes([pair.copy1, pair.copy2]), COPY1);
      const edited = edit(input, { [name]: `hex:${step.data}` }, { release, format: true });
      expect(edited.after.number).toBe(step.after.current);
      pair = { copy1: bytesAt(edited, COPY1), copy2: bytesAt(edited, COPY1 + 16_384) };
      expect(digest(pair.copy1)).toBe(step.after.copy1.sha256);
      expect(digest(pair.copy2)).toBe(step.after.copy2.sha256);
    }
    expect(sequences.length).toBe(5);
  });

  it('several times when several fields are set', () => {
    const edited = edit(sectors(dctCopies()), { claimed: 'no', antenna: 'auto', ssidPrefix: 'Bench' });
    expect(edited).toMatchObject({ flips: 3, style: 'flip', before: { number: 1 }, after: { number: 2 } });
    expect(classifyCopy(edited.after.bytes)).toEqual({ rank: 0x370, initialWrite: 0, sequence: 4 });
  });
});

describe('the firmware a DCT is written for', () => {
  it('is that of the system parts, or the one named, or any', () => {
    expect(openDct(rawInput(healthyDump()), P1)).toMatchObject({
      release: '2.2.0',
      releaseSource: 'system',
      writer: '0.7.0',
    });
    expect(openDct(rawInput(healthyDump()), P1, '0.6.4')).toMatchObject({ releaseSource: 'given', writer: '0.4.6' });
    expect(openDct(sectors(dctCopies()), P1)).toMatchObject({ release: null, writer: 'unknown', rules: 'unknown' });
    expect(() => openDct(rawInput(healthyDump()), P1, 'newest')).toThrow(
      expect.objectContaining({ code: 'DCT_BAD_RELEASE' }),
    );
  });
});

describe('a single edit', () => {
  const styles = fc.constantFrom(undefined, 'flip', 'in-place', 'single') as fc.Arbitrary<DctEditOptions['style']>;
  const releases = fc.constantFrom(undefined, '0.4.2', '0.4.5', '0.6.4', '0.7.0', '2.3.1');
  const fields = settableFields();
  const starts = [dctCopies(), dctCopies({ versionRecord: false })];

  it('leaves every other field alone, has right check values, and is in use', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.uint8Array({ minLength: 1, maxLength: 24 }),
        styles,
        releases,
        fc.boolean(),
        fc.constantFrom(...starts),
        (field, content, style, release, wipeOld, start) => {
          // Firmware before 0.7.0 has no network section.
          fc.pre(field.section !== 'network' || release === undefined || release >= '0.7');
          const bytes = content.subarray(0, field.size);
          const input = sectors(start);
          const edited = edit(input, { [fieldKey(field)]: `hex:${toHex(bytes)}` }, {
            style,
            release,
            wipeOld,
          } as never);
          const before = viewCopy(start.copy1, 'wiced');
          const after = viewCopy(edited.after.bytes, 'wiced');
          const range = { start: field.offset, end: field.offset + field.size };
          for (const name of after.sections.keys()) {
            if (name === 'header' || name === 'version') continue;
            for (const other of dctFields(name)) {
              const touched =
                name === field.section && other.offset < range.end && other.offset + other.size > range.start;
              if (!touched)
                expect(sameBytes(fieldBytes(after, other), fieldBytes(before, other)), other.name).toBe(true);
            }
          }
          const place = dctSection('wiced', field.section).offset + field.offset;
          expect(edited.after.bytes.subarray(place, place + bytes.length)).toEqual(bytes);
          const { copy1, copy2 } = edited.pair ?? start;
          if (release === undefined || release >= '0.7') {
            expect(selectFrom070(copy1, copy2).current).toBe(edited.after.number);
            // A copy without version record has none to be wrong, unless this firmware gives it one.
            const { rank } = classifyCopy(edited.after.bytes);
            if (rank === 0x370) expect(storedCheckValue(edited.after.bytes)).toBe(checkValue(edited.after.bytes));
            else expect(style).toBe('in-place');
          }
          if (release === undefined || release < '0.7') {
            expect(selectBefore070(copy1, copy2).current).toBe(edited.after.number);
          }
          if (wipeOld) expect(isFilledWith(edited.after.number === 1 ? copy2 : copy1, 0xff)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is what the comparison of the copies shows', () => {
    const edited = edit(sectors(dctCopies()), { serverAddress: 'cloud.example.com', wifi: 'Bench:correct horse' });
    const changes = changedFields(viewCopy(dctCopies().copy1, 'wiced'), viewCopy(edited.after.bytes, 'wiced'));
    expect(changes.map(({ key }) => key)).toEqual(['wifi.stored_ap_list', 'server_address', 'server_port']);
    expect(JSON.stringify(changes)).not.toContain('horse');
    expect(changes[1]).toMatchObject({
      before: 'device.spark.io, port 5683',
      after: 'cloud.example.com, default port',
      secret: false,
    });
  });
});

describe('where a DCT lies', () => {
  it('in a dump: nothing outside its sectors changes', () => {
    const before = healthyDump();
    const edited = edit(rawInput(before), { claimed: 'no' });
    const after = edited.image.bytes({ start: 0x08000000, end: 0x08100000 }) ?? new Uint8Array(0);
    expect(digest(after.subarray(0, 0x4000))).toBe(digest(before.subarray(0, 0x4000)));
    expect(digest(after.subarray(0xc000))).toBe(digest(before.subarray(0xc000)));
    expect(digest(after.subarray(0x4000, 0xc000))).not.toBe(digest(before.subarray(0x4000, 0xc000)));
  });

  it('in one sector: changed in place, which is all that one sector allows', () => {
    const one = rawInput(dctCopies().copy1);
    const edited = edit(one, { claimed: 'no' });
    expect(edited).toMatchObject({ style: 'in-place', after: { number: 1 } });
    expect(edited.image.byteCount).toBe(16_384);
    expect(() => edit(one, { claimed: 'no' }, { style: 'flip' })).toThrow(
      expect.objectContaining({ code: 'DCT_SECTOR_MISSING', got: 'copy 1 alone' }),
    );
    const second = rawInput(dctCopies().copy1, 0x08008000);
    expect(edit(second, { claimed: 'no' })).toMatchObject({ after: { number: 2 } });
    expect(() =>
      editDct(openDct(rawInput(new Uint8Array(16_384).fill(0xff), 0x08008000), P1), [], { orFresh: true }),
    ).toThrow('a fresh DCT needs both DCT sectors at dump.bin: expected copy 1 and copy 2, got copy 2 alone');
  });

  it('in a file read over DFU: only bytes of the application section change', () => {
    const section = dctCopies().copy1.slice(7548, 7548 + 8391);
    const edited = edit(rawInput(section), { serverAddress: 'cloud.example.com' });
    const after = edited.image.segments[0]?.bytes ?? new Uint8Array(0);
    expect(after.length).toBe(section.length);
    expect(edited).toMatchObject({ style: null, pair: null });
    const { offset, size } = dctField('server_address');
    for (let index = 0; index < section.length; index++) {
      if (index < offset || index >= offset + size) expect(after[index]).toBe(section[index]);
    }
    expect(() => edit(rawInput(section), { wifi: 'Bench' })).toThrow(
      expect.objectContaining({ code: 'DCT_SECTION_ONLY', got: 'a field of the section wifi' }),
    );
    expect(() => edit(rawInput(section.slice(0, 4000)), { deviceSecret: 'hex:00' })).toThrow(
      'this file does not hold the field at dump.bin',
    );
  });

  it('nowhere: says so', () => {
    expect(() => edit(rawInput(erasedThenFlashedDump()), { claimed: 'no' })).toThrow(
      expect.objectContaining({ code: 'DCT_NO_CURRENT', help: expect.stringContaining('flashatlas dct new') }),
    );
    expect(() => openDct(rawInput(healthyDump().slice(0x20000), 0x08020000), P1)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_MISSING' }),
    );
    const electron = new Uint8Array(32_768).fill(0xff);
    electron.set([0x9a, 0x27, 0x1c, 0x1e, 0x00, 0x5e, 0xa1, 0xed]);
    expect(() => openDct(rawInput(electron), P1)).toThrow(expect.objectContaining({ code: 'DCT_STORE_READ_ONLY' }));
    expect(() => openDct(rawInput(healthyDump()), loadBoard('particle-electron'))).toThrow(
      'this kind of DCT can be read but not changed',
    );
  });
});

describe('copying', () => {
  it('brings the keys and networks of one board to another', () => {
    const from = openDct(rawInput(healthyDump()), P1);
    const target = dump([[0x08004000, newDct(P1, { edits: [] }).copy1]]);
    const to = openDct(rawInput(target), P1);
    const edited = editDct(to, copiedEdits(from, ['keys', 'wifi', 'serverAddress', 'productVersion'], to));
    const changes = changedFields(
      viewCopy(target.slice(0x4000, 0x8000), 'wiced'),
      viewCopy(edited.after.bytes, 'wiced'),
    );
    expect(changes.map(({ key }) => key)).toEqual(
      [
        'wifi.device_configured',
        'wifi.stored_ap_list',
        'wifi.soft_ap_settings',
        'wifi.config_ap_settings',
        'wifi.country_code',
        'wifi.mac_address',
        'wifi.padding',
        'device_private_key',
        'device_public_key',
        'server_address',
        'server_port',
      ].filter((key) => changes.some((change) => change.key === key)),
    );
    for (const key of ['device_private_key', 'wifi.stored_ap_list', 'server_address']) {
      const field = dctField(key);
      expect(fieldBytes(viewCopy(edited.after.bytes, 'wiced'), field)).toEqual(
        fieldBytes(viewCopy(dctCopies().copy1, 'wiced'), field),
      );
    }
  });

  it('brings everything, and makes a fresh DCT where there is none', () => {
    const from = openDct(rawInput(healthyDump()), P1);
    const to = openDct(rawInput(erasedThenFlashedDump()), P1);
    const edited = editDct(to, copiedEdits(from, [], to), { orFresh: true });
    expect(edited.fresh).toBe(true);
    expect(changedFields(viewCopy(dctCopies().copy1, 'wiced'), viewCopy(edited.after.bytes, 'wiced'))).toEqual([]);
  });

  it('leaves updates that are pending on the one board behind, and those on the other alone', () => {
    const pending = edit(rawInput(healthyDump()), { 'flash_modules[1].magicNumber': '0xABCD', antenna: 'auto' });
    const from = openDct(
      rawInput(pending.image.bytes({ start: 0x08000000, end: 0x08100000 }) ?? new Uint8Array(0)),
      P1,
    );
    const to = openDct(rawInput(healthyDump()), P1);
    const edited = editDct(to, copiedEdits(from, [], { ...to, current: currentCopy(to)?.bytes ?? null }));
    const changes = changedFields(viewCopy(dctCopies().copy1, 'wiced'), viewCopy(edited.after.bytes, 'wiced'));
    expect(changes.map(({ key }) => key)).toEqual(['antenna_selection']);
  });

  it('from a DFU file: the application section alone', () => {
    const section = openDct(rawInput(dctCopies().copy1.slice(7548, 7548 + 8391)), P1);
    const to = openDct(sectors(newDct(P1, { edits: [] })), P1);
    expect(copiedEdits(section, [], to).map((one) => ('section' in one ? one.section : one.field))).toEqual([
      'application',
    ]);
    expect(() => copiedEdits(section, ['wifi'], to)).toThrow(
      expect.objectContaining({ code: 'DCT_NOTHING_TO_COPY', got: 'a field of the section wifi' }),
    );
    expect(() => copiedEdits(section, ['application+4'], to)).toThrow('a place has no end of its own');
    expect(() => copiedEdits(openDct(rawInput(erasedThenFlashedDump()), P1), [], to)).toThrow(
      'there is no usable DCT to copy from at dump.bin',
    );
  });
});

describe('erasing fields', () => {
  it('leaves them as an erased sector has them, the list of networks empty', () => {
    const file = openDct(sectors(dctCopies()), P1);
    const edited = editDct(file, erasedEdits(['keys', 'wifi', 'server', 'claimCode']), { wipeOld: true });
    const view = viewCopy(edited.after.bytes, 'wiced');
    const content = (key: string) => new Set(fieldBytes(view, dctField(key)));
    expect(content('device_private_key')).toEqual(new Set([0xff]));
    expect(content('claim_code')).toEqual(new Set([0xff]));
    expect(content('wifi.stored_ap_list')).toEqual(new Set([0]));
    expect(content('server_address').has(0x64)).toBe(true);
    expect(toHex(bytesAt(edited, COPY1, 32_768))).not.toContain(toHex(new TextEncoder().encode('correct')));
  });
});

describe('dct new', () => {
  it.each([true, false])('is taken by every release (version record: %s)', (versionRecord) => {
    const edits = dctEdits([
      { name: 'claimed', value: 'no' },
      { name: 'wifi', value: 'Bench:correct horse' },
    ]);
    const { copy1, copy2, image, notes } = newDct(P1, { edits, versionRecord });
    expect(selectBefore070(copy1, copy2).current).toBe(1);
    expect(selectFrom070(copy1, copy2, true).current).toBe(1);
    expect(selectFrom070(copy1, copy2).current).toBe(1);
    expect(classifyCopy(copy1).rank).toBe(versionRecord ? 0x370 : 0x330);
    if (versionRecord) expect(storedCheckValue(copy1)).toBe(checkValue(copy1));
    expect(image.ranges()).toEqual([{ start: 0x08004000, end: 0x0800c000 }]);
    expect(notes).toHaveLength(3);
    // And every generation can go on writing.
    for (const release of ['0.4.2', '0.4.5', '0.6.4', '0.7.0']) {
      const edited = edit(sectors({ copy1, copy2 }), { antenna: 'auto' }, { release });
      expect(
        changedFields(viewCopy(copy1, 'wiced'), viewCopy(edited.after.bytes, 'wiced')).map(({ key }) => key),
      ).toEqual(['antenna_selection']);
    }
  });

  it('takes the place of what a dump holds', () => {
    const edited = newDctInto(openDct(rawInput(healthyDump()), P1), { edits: [] });
    expect(new Set(bytesAt(edited, COPY1 + 0x1d7c, 8391))).toEqual(new Set([0xff]));
    expect(edited.image.byteCount).toBe(0x100000);
  });
});
