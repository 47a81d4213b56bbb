import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, writeU16, writeU32, writeU32BigEndian } from '../../../src/core/bytes.js';
import { moduleCrc } from '../../../src/core/checksums.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { appendDfuSuffix, inspectDfuSuffix } from '../../../src/formats/dfu-suffix.js';
import { readDfuse } from '../../../src/formats/dfuse.js';
import { buildDfuseFile, dfuseIds } from '../../../src/formats/dfuse-file.js';
import { loadBoard } from '../../../src/layout/load.js';
import { moduleEdits } from '../../../src/operations/repair/module-fields.js';
import {
  isDfuFile,
  type Repaired,
  type RepairOptions,
  repairDfuFile,
  repairImage,
} from '../../../src/operations/repair/repair.js';
import { readModule } from '../../../src/regions/module/decode.js';
import { bootloader, dump, healthyDump, noise, rawInput, systemPart2, userPart } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const IDS = { vendor: 0x2b04, product: 0xd008, device: 0xffff, dfuVersion: 0x0100 };

const repairModuleFile = (bytes: Uint8Array, options: RepairOptions = {}): Repaired =>
  repairImage(rawInput(bytes), P1, options);
const contentOf = ({ image, bytes }: Repaired): Uint8Array =>
  bytes ?? image?.bytes(image.span ?? { start: 0, end: 0 }) ?? new Uint8Array(0);
const fieldsOf = ({ changes }: Repaired): string[] => changes.map(({ field }) => field);

function expectSealed(bytes: Uint8Array, address: number): void {
  expect(readModule(bytes, address)).toMatchObject({ crc: 'ok', sha: 'ok' });
}

describe('repair of a module file', () => {
  it('leaves a sound one alone', () => {
    const result = repairModuleFile(userPart());
    expect(result).toMatchObject({ changes: [], refusals: [], notes: [], modules: ['user part'] });
    expect(contentOf(result)).toEqual(userPart());
  });

  it('seals a patched one, and says that sealing undoes no damage', () => {
    const bytes = userPart();
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const result = repairModuleFile(bytes);
    expect(fieldsOf(result)).toEqual(['sha256', 'crc32']);
    expect(result.changes[1]).toMatchObject({
      address: 0x080a0000 + bytes.length - 4,
      offset: bytes.length - 4,
      reason: 'it did not fit the content',
    });
    expect(result.changes[0]).toMatchObject({ reason: 'it did not fit the content' });
    expect(result.notes[0]).toContain('Sealing does not undo damage');
    expectSealed(contentOf(result), 0x080a0000);
    const crcOnly = userPart();
    crcOnly[crcOnly.length - 1] = (crcOnly.at(-1) ?? 0) ^ 0xff;
    expect(repairModuleFile(crcOnly)).toMatchObject({
      changes: [{ field: 'crc32', reason: 'it did not fit the content' }],
      notes: [],
    });
    expect(contentOf(repairModuleFile(crcOnly))).toEqual(userPart());
  });

  it('seals what the build left with placeholders', () => {
    const bytes = userPart();
    bytes.set(
      Array.from({ length: 32 }, (_, index) => index + 1),
      bytes.length - 38,
    );
    bytes.set([0x78, 0x56, 0x34, 0x12], bytes.length - 4);
    const result = repairModuleFile(bytes);
    expect(result.changes.map(({ reason }) => reason)).toEqual([
      'the build was never sealed',
      'the build was never sealed',
    ]);
    expect(contentOf(result)).toEqual(userPart());
  });

  it.each([
    ['too far', 0x080a_4000],
    ['impossible', 0xffff_ffff],
    ['too early', 0x080a_0100],
  ])('finds an end address that is %s again', (_, end) => {
    const bytes = userPart();
    writeU32(bytes, 4, end);
    const result = repairModuleFile(bytes);
    expect(result.changes[0]).toMatchObject({
      field: 'module_end_address',
      reason: 'there its digest or CRC is right',
      values: { after: `0x${(0x080a0000 + bytes.length - 4).toString(16).toUpperCase().padStart(8, '0')}` },
    });
    expect(contentOf(result)).toEqual(userPart());
  });

  it('finds the end at the end of the file when checksums are wrong as well', () => {
    const bytes = userPart();
    writeU32(bytes, 4, 0x080b_0000);
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    const result = repairModuleFile(bytes);
    expect(result.changes[0]).toMatchObject({ field: 'module_end_address', reason: 'the file ends in a suffix there' });
    expectSealed(contentOf(result), 0x080a0000);
  });

  it('finds the end of a padded bootloader', () => {
    const bytes = concatBytes([bootloader(), new Uint8Array(0x4000 - bootloader().length).fill(0xff)]);
    writeU32(bytes, 0x184 + 4, 0x08004000);
    const result = repairModuleFile(bytes);
    expect(fieldsOf(result)).toEqual(['module_end_address']);
    expectSealed(contentOf(result), 0x08000000);
  });

  it('knows the size of a suffix by erased product fields', () => {
    const bytes = userPart();
    writeU16(bytes, bytes.length - 6, 0xffff);
    const result = repairModuleFile(bytes);
    expect(result.changes[0]).toMatchObject({ field: 'size', values: { before: '65535', after: '40' } });
    expect(contentOf(result)).toEqual(userPart());
  });

  it('does not guess the size of a suffix', () => {
    const bytes = userPart({ withoutProduct: true });
    const whole = bytes.length;
    bytes.fill(0x11, whole - 52, whole - 40);
    writeU16(bytes, whole - 6, 0);
    const result = repairModuleFile(bytes);
    expect(result.refusals[0]).toMatchObject({
      what: 'the suffix of user part',
      why: expect.stringContaining('suffix-size=36 or 40'),
    });
    expect(fieldsOf(result)).toEqual(['crc32']);
    const told = repairModuleFile(bytes, { edits: moduleEdits([{ name: 'suffix-size', value: '36' }]) });
    expect(told.refusals).toEqual([]);
    expect(readModule(contentOf(told), 0x080a0000)).toMatchObject({ crc: 'ok', sha: 'ok', suffix: { size: 36 } });
  });

  it('refuses what is cut off, and what is no module', () => {
    const cut = userPart().slice(0, 2000);
    expect(() => repairModuleFile(cut)).toThrow(
      expect.objectContaining({ code: 'REPAIR_IMPOSSIBLE', help: expect.stringContaining('bytes are missing') }),
    );
    expect(() => repairModuleFile(noise(4000))).toThrow(expect.objectContaining({ code: 'REPAIR_NO_MODULE' }));
    const foreign = userPart({ platformId: 12 });
    foreign[100] = (foreign[100] ?? 0) ^ 1;
    expect(() => repairModuleFile(foreign)).toThrow(expect.objectContaining({ code: 'REPAIR_NO_MODULE' }));
  });

  it('writes no checksum where nothing shows that the module ends', () => {
    const bytes = concatBytes([userPart(), noise(5000)]);
    writeU32(bytes, 4, 0x080a_1000);
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    expect(() => repairModuleFile(bytes)).toThrow(
      expect.objectContaining({
        help: expect.stringContaining('Nothing in it shows that it ends where its header says, or anywhere else'),
      }),
    );
    // As the bootloader of RC2 is built: data behind the end, the CRC behind that.
    const early = concatBytes([userPart(), noise(400)]);
    writeU32BigEndian(early, early.length - 4, moduleCrc(early.subarray(0, -4)));
    expect(() => repairModuleFile(early)).toThrow(
      expect.objectContaining({ help: expect.stringContaining('ts CRC is right at the end of the file') }),
    );
  });

  it('sets fields and seals again', () => {
    const edits = moduleEdits([
      { name: 'version', value: '7' },
      { name: 'platform', value: 'Photon' },
      { name: 'product-id', value: '8' },
      { name: 'product-version', value: '2' },
      { name: 'dependency', value: 'system-part2:1300' },
      { name: 'dependency2', value: 'none' },
      { name: 'flags', value: '0' },
      { name: 'index', value: '1' },
      { name: 'function', value: 'user-part' },
    ]);
    const result = repairModuleFile(userPart(), { edits });
    const module = readModule(contentOf(result), 0x080a0000);
    expect(module).toMatchObject({
      crc: 'ok',
      sha: 'ok',
      info: { moduleVersion: 7, platformId: 6, dependency: { moduleFunction: 4, moduleIndex: 2, moduleVersion: 1300 } },
      suffix: { productId: 8, productVersion: 2 },
    });
    expect(result.notes).toEqual([]);
    expect(result.changes.filter(({ reason }) => reason === 'as asked for').map(({ field }) => field)).toEqual([
      'module_version',
      'platform_id',
      'dependency',
      'product_id',
      'product_version',
    ]);
    expect(() => repairModuleFile(userPart({ withoutProduct: true }), { edits })).toThrow(
      expect.objectContaining({ code: 'MODULE_NO_PRODUCT_FIELDS' }),
    );
  });

  it.each([
    ['versoin', '7', 'REPAIR_NO_FIELD', 'Did you mean version?'],
    ['colour', '7', 'REPAIR_NO_FIELD', 'Set one of these fields.'],
    ['version', '65536', 'REPAIR_BAD_VALUE', ''],
    ['platform', 'P2000', 'REPAIR_BAD_VALUE', ''],
    ['dependency', 'part2', 'REPAIR_BAD_VALUE', ''],
    ['function', 'nothing', 'REPAIR_BAD_VALUE', ''],
    ['suffix-size', '38', 'REPAIR_BAD_VALUE', ''],
  ])('refuses --set %s=%s', (name, value, code, help) => {
    expect(() => moduleEdits([{ name, value }])).toThrow(
      expect.objectContaining({ code, help: expect.stringContaining(help) }),
    );
  });
});

describe('repair of a dump', () => {
  it('repairs the modules in their places and nothing else', () => {
    const before = healthyDump();
    const bytes = before.slice();
    bytes[0x20400] = (bytes[0x20400] ?? 0) ^ 1;
    writeU32(bytes, 0xa0004, 0x080b_fffc);
    const result = repairImage(rawInput(bytes), P1);
    expect(fieldsOf(result).sort()).toEqual(['crc32', 'module_end_address', 'sha256']);
    const after = contentOf(result);
    expectSealed(after.subarray(0x20000), 0x08020000);
    expect(toHex(after.subarray(0xa0000, 0xa1000))).toBe(toHex(before.subarray(0xa0000, 0xa1000)));
    for (const { offset, before: old } of result.changes) {
      expect(toHex(bytes.subarray(offset, offset + old.length / 2))).toBe(old);
    }
    const touched = new Set(
      result.changes.flatMap(({ offset, after: now }) =>
        Array.from({ length: now.length / 2 }, (_, index) => offset + index),
      ),
    );
    for (let offset = 0; offset < bytes.length; offset++) {
      if (after[offset] !== bytes[offset] && !touched.has(offset)) throw new Error(`byte ${offset} changed silently`);
    }
  });

  it('sets a field in the module of the region named', () => {
    const edits = moduleEdits([{ name: 'version', value: '9' }]);
    expect(() => repairImage(rawInput(healthyDump()), P1, { edits })).toThrow(
      expect.objectContaining({ code: 'REPAIR_WHICH_MODULE', got: expect.stringContaining('user part (user)') }),
    );
    const result = repairImage(rawInput(healthyDump()), P1, { edits, module: 'user' });
    expect(readModule(contentOf(result).subarray(0xa0000), 0x080a0000)).toMatchObject({
      crc: 'ok',
      info: { moduleVersion: 9 },
    });
    expect(() => repairImage(rawInput(healthyDump()), P1, { edits, module: 'ota' })).toThrow(
      'there is no module to change at dump.bin: expected a module of Photon, P1 or Electron, got none in region ota',
    );
  });

  it('repairs what it can and names what it cannot', () => {
    const bytes = dump([
      [0x08020000, systemPart2().subarray(0, 4)],
      [0x08060000, systemPart2()],
    ]);
    bytes[0x60400] = (bytes[0x60400] ?? 0) ^ 1;
    expect(fieldsOf(repairImage(rawInput(bytes), P1))).toEqual(['sha256', 'crc32']);
  });
});

describe('repair of a DFU suffix', () => {
  const module = userPart();
  const file = appendDfuSuffix(module, IDS);
  const repaired = (bytes: Uint8Array): Repaired => {
    expect(isDfuFile(bytes)).toBe(true);
    return repairDfuFile(bytes, 'file.dfu', P1);
  };
  const flip = (offset: number): Uint8Array => {
    const bytes = file.slice();
    bytes[offset] = (bytes[offset] ?? 0) ^ 0x20;
    return bytes;
  };

  it('leaves a sound one alone', () => {
    expect(repaired(file)).toMatchObject({ changes: [], modules: ['user part'] });
  });

  it('makes the CRC right, and looks into the module for what changed', () => {
    expect(repaired(flip(file.length - 1))).toMatchObject({ changes: [{ field: 'dwCRC' }] });
    expect(contentOf(repaired(flip(file.length - 1)))).toEqual(file);
    const patched = repaired(flip(200));
    expect(fieldsOf(patched)).toEqual(['sha256', 'crc32', 'dwCRC']);
    expect(inspectDfuSuffix(contentOf(patched), 'x').state).toBe('ok');
    const raw = appendDfuSuffix(noise(500), IDS);
    raw[7] = (raw[7] ?? 0) ^ 1;
    expect(repaired(raw).notes[0]).toContain('something in it changed after it was made');
  });

  it.each([
    ['bytes behind it', (): Uint8Array => concatBytes([file, Uint8Array.of(0x0d, 0x0a)]), ['bytes behind the suffix']],
    [
      'padding behind it',
      (): Uint8Array => concatBytes([file, new Uint8Array(4000).fill(0xff)]),
      ['bytes behind the suffix'],
    ],
    ['a second one', (): Uint8Array => appendDfuSuffix(file, IDS), ['second suffix', 'dwCRC']],
    ['an impossible length', (): Uint8Array => flipTo(file, file.length - 5, 3), ['bLength']],
    [
      'its signature forwards',
      (): Uint8Array => replacedAt(file, file.length - 8, [0x44, 0x46, 0x55]),
      ['ucDfuSignature'],
    ],
    ['its fields forwards', (): Uint8Array => forwards(file), ['suffix']],
    [
      'the version of a DfuSe file',
      (): Uint8Array => appendDfuSuffix(module, { ...IDS, dfuVersion: 0x011a }),
      ['bcdDFU', 'dwCRC'],
    ],
  ])('with %s', (_, make, fields) => {
    const result = repaired(make());
    expect(fieldsOf(result)).toEqual(fields);
    expect(toHex(contentOf(result))).toBe(toHex(file));
  });

  function flipTo(bytes: Uint8Array, offset: number, value: number): Uint8Array {
    return replacedAt(bytes, offset, [value]);
  }
  function replacedAt(bytes: Uint8Array, offset: number, content: readonly number[]): Uint8Array {
    const copy = bytes.slice();
    copy.set(content, offset);
    return copy;
  }
  function forwards(bytes: Uint8Array): Uint8Array {
    const suffix = bytes.slice(-16);
    const right = [
      ...suffix.slice(12),
      16,
      0x44,
      0x46,
      0x55,
      ...suffix.slice(6, 8),
      ...suffix.slice(4, 6),
      ...suffix.slice(2, 4),
      ...suffix.slice(0, 2),
    ];
    return concatBytes([bytes.subarray(0, -16), Uint8Array.from(right)]);
  }
});

describe('repair of a DfuSe file', () => {
  const target = { alternate: 0, named: 1, nameBytes: new TextEncoder().encode('Internal Flash') };
  const elements = [
    { address: 0x080a0000, bytes: userPart() },
    { address: 0x08060000, bytes: noise(100) },
  ];
  const file = buildDfuseFile(
    [
      { ...target, elements },
      { ...target, alternate: 1, elements: elements.slice(1) },
    ],
    dfuseIds(0x2b04, 0xd008),
  );
  const second = 11 + 274 + 16 + userPart().length + 100;
  const with32 = (offset: number, value: number): Uint8Array => {
    const bytes = file.slice();
    writeU32(bytes, offset, value);
    return bytes;
  };

  it.each([
    ['DFUImageSize', () => with32(6, 5)],
    ['dwTargetSize', () => with32(11 + 266, 1)],
    ['dwNbElements', () => with32(11 + 270, 9)],
    ['dwTargetSize', () => with32(second + 266, 70_000)],
    ['dwNbElements', () => with32(second + 270, 0)],
    ['dwElementSize', () => with32(second + 274 + 4, 0x7fff_ffff)],
    ['bTargets', () => Uint8Array.from(file, (byte, index) => (index === 10 ? 7 : byte))],
    ['bVersion', () => Uint8Array.from(file, (byte, index) => (index === 5 ? 9 : byte))],
    ['szSignature', () => Uint8Array.from(file, (byte, index) => (index === 0 ? 0x64 : byte))],
    ['bcdDFU', () => appendDfuSuffix(file.subarray(0, -16), IDS)],
  ])('with a wrong %s', (field, make) => {
    const bytes = make();
    expect(() => readDfuse(bytes)).toThrow();
    const result = repairDfuFile(bytes, 'file.dfu', P1);
    expect(fieldsOf(result)).toContain(field);
    expect(toHex(contentOf(result))).toBe(toHex(file));
  });

  it('without suffix gets one with the ids of the board', () => {
    const result = repairDfuFile(file.subarray(0, -16), 'file.dfu', P1);
    expect(fieldsOf(result)).toEqual(['suffix']);
    expect(contentOf(result)).toEqual(file);
  });

  it('seals the modules in it', () => {
    const bytes = file.slice();
    bytes[11 + 274 + 8 + 300] = 0x77;
    const result = repairDfuFile(bytes, 'file.dfu', P1);
    expect(fieldsOf(result)).toEqual(['sha256', 'crc32', 'dwCRC']);
    expect(readDfuse(contentOf(result)).image.byteCount).toBeGreaterThan(0);
  });

  it('that is cut off is refused', () => {
    for (const size of [8, 200, 400, second - 20, second + 100]) {
      expect(() => repairDfuFile(file.subarray(0, size), 'file.dfu', P1)).toThrow(
        expect.objectContaining({ code: 'REPAIR_IMPOSSIBLE' }),
      );
    }
  });

  it('gives a sound file or a clear refusal whatever was done to it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (damage) => {
          const bytes = file.slice();
          for (const [offset, value] of damage) bytes[offset] = value;
          try {
            const result = isDfuFile(bytes) ? repairDfuFile(bytes, 'f', P1) : repairImage(rawInput(bytes), P1);
            if (result.kind === 'dfuse' && result.refusals.length === 0)
              readDfuse(contentOf(result), { permissive: false });
            const again = result.kind === 'dfuse' ? repairDfuFile(contentOf(result), 'f', P1) : null;
            if (again) expect(again.changes).toEqual([]);
          } catch (error) {
            expect(error).toBeInstanceOf(FlashatlasError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

it('takes an image of a format with addresses', () => {
  const bytes = userPart();
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  const image = MemoryImage.fromBytes(bytes, 0x080a0000);
  const result = repairImage({ path: 'app.hex', image, addressSource: 'file' }, P1);
  expectSealed(contentOf(result), 0x080a0000);
});
