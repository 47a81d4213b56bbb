import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, writeU16, writeU32 } from '../../../src/core/bytes.js';
import { dfuSuffixCrc } from '../../../src/core/checksums.js';
import { MemoryImage } from '../../../src/core/image.js';
import {
  type AcquisitionReport,
  examineAcquisition,
  TRANSFORMS,
  undoTransform,
} from '../../../src/regions/acquisition/index.js';
import {
  FLASH_START,
  makeDump,
  makeForeignFirmware,
  makeModule,
  randomBytes,
  testChip,
  thumbCode,
} from '../unknown/synthetic.js';

const chip = testChip();
const examine = (bytes: Uint8Array, address = FLASH_START): AcquisitionReport =>
  examineAcquisition(MemoryImage.fromBytes(bytes, address), chip);

describe('a dump without faults', () => {
  it('has nothing to report and confirms its base', () => {
    const report = examine(makeDump());
    expect(report).toMatchObject({
      transform: null,
      repeat: null,
      stuck: null,
      readProtected: false,
      blank: false,
      truncated: false,
      shortBy: 0,
      longBy: 0,
      oddOffset: null,
      gluedModules: [],
      appended: null,
      droppedChunks: [],
      sentences: [],
    });
    expect(report.base?.address).toBe(FLASH_START);
    expect(report.base?.confidence).toBeGreaterThan(0.9);
    expect(report.base?.reason).toBe('4 module headers agree with 0x08000000 (4 with a right CRC).');
  });

  it('takes a copy in the OTA area for what it is', () => {
    const dump = makeDump();
    const update = makeModule({ start: 0x08020000, length: 150_000, function: 4, index: 1, seed: 8 });
    dump.set(update, 0xc0000);
    const report = examine(dump);
    expect(report.base?.address).toBe(FLASH_START);
    expect(report.gluedModules).toEqual([]);
    expect(report.sentences).toEqual([]);
  });

  it('takes the factory copy of an application for what it is', () => {
    const application = makeModule({ start: 0x080a0000, length: 6_000, function: 5, index: 1, vectors: 'none' });
    const areas = new Uint8Array(0x60000).fill(0xff);
    areas.set(application, 0);
    areas.set(application, 0x40000);
    const report = examine(areas, 0x080a0000);
    expect(report).toMatchObject({ repeat: null, stuck: null, sentences: [] });
    expect(report.base?.address).toBe(0x080a0000);
    areas[0x10000] = 0x12;
    areas[0x50000] = 0x12;
    expect(examine(areas, 0x080a0000).repeat).toEqual({ period: 0x40000 });
  });

  it('takes a single module for what it is', () => {
    const report = examine(makeModule({ start: 0x080a0000, length: 5_000, function: 5, index: 1, vectors: 'none' }));
    expect(report.base?.address).toBe(0x080a0000);
    expect(report.truncated).toBe(false);
    expect(report.sentences).toEqual([]);
  });

  it('says nothing about random bytes, text and foreign firmware', () => {
    const text = new TextEncoder().encode('All work and no play makes a dull board. '.repeat(2000));
    for (const bytes of [randomBytes(200_000), text, makeForeignFirmware(100_000), thumbCode(50_000, FLASH_START)]) {
      expect(examine(bytes)).toMatchObject({
        transform: null,
        repeat: null,
        stuck: null,
        readProtected: false,
        sentences: [],
      });
    }
  });
});

describe('failed reads', () => {
  it('calls zeros throughout a refused or failed read', () => {
    const report = examine(new Uint8Array(0x100000));
    expect(report.readProtected).toBe(true);
    expect(report.constantUnit).toEqual({ size: 1, hex: '00' });
    expect(report.sentences).toEqual([
      'All 1048576 bytes are 0x00, which flash never is by itself: the read was refused (read protection) or failed.',
    ]);
  });

  it('names both possibilities for 0xFF throughout', () => {
    const report = examine(new Uint8Array(0x100000).fill(0xff));
    expect(report.readProtected).toBe(false);
    expect(report.blank).toBe(true);
    expect(report.sentences[0]).toContain('the flash is erased, or the read failed in a way that gives 0xFF');
  });

  it.each([4, 16])('recognises the same %i bytes throughout', (size) => {
    const unit = randomBytes(size, 77);
    const report = examine(concatBytes(Array.from({ length: 65_536 / size }, () => unit)));
    expect(report.readProtected).toBe(true);
    expect(report.constantUnit?.size).toBe(size);
    expect(report.sentences[0]).toContain('the address did not advance');
  });

  it('finds chunks of zeros from boundary to boundary, and only those', () => {
    const dump = makeDump();
    dump.fill(0, 0x62000, 0x63000);
    dump.fill(0, 0x21400, 0x21800);
    dump.fill(0, 0x24010, 0x24410);
    const report = examine(dump);
    expect(report.droppedChunks).toEqual([
      { offset: 0x21400, length: 0x400, chunk: 1024 },
      { offset: 0x62000, length: 0x1000, chunk: 4096 },
    ]);
    expect(report.sentences.at(-1)).toBe(
      '2 stretches of zeros from one multiple of 1024 bytes to another, the first at 0x08021400 (1024 bytes): transfers that were lost.',
    );
  });
});

describe('rearranged bytes', () => {
  it.each(TRANSFORMS)('recognises and undoes %s', (transform) => {
    const dump = makeDump();
    const report = examine(undoTransform(dump, transform));
    expect(report.transform).toBe(transform);
    expect(report.base?.address).toBe(FLASH_START);
    expect(report.sentences[0]).toMatch(
      new RegExp(`^Undoing ${transform} brings out 4 module headers \\(4 with a right CRC\\) and 3 vector tables`),
    );
    expect(equalBytes(undoTransform(undoTransform(dump, transform), transform), dump)).toBe(true);
  });

  it.each(TRANSFORMS)('recognises %s in firmware without Particle headers', (transform) => {
    expect(examine(undoTransform(makeForeignFirmware(64_000), transform)).transform).toBe(transform);
  });

  it('finds no rearrangement in any bytes as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), (bytes) => {
        expect(examine(bytes).transform).toBeNull();
      }),
    );
  });

  it('is its own inverse at every length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.constantFrom(...TRANSFORMS), (bytes, transform) => {
        expect(undoTransform(undoTransform(bytes, transform), transform)).toEqual(bytes);
      }),
    );
  });

  it('keeps to the order its name says', () => {
    const bytes = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a);
    const undone = (transform: (typeof TRANSFORMS)[number]): number[] => [...undoTransform(bytes, transform)];
    expect(undone('byteswap16')).toEqual([0x34, 0x12, 0x78, 0x56, 0x9a]);
    expect(undone('byteswap32')).toEqual([0x78, 0x56, 0x34, 0x12, 0x9a]);
    expect(undone('wordswap32')).toEqual([0x56, 0x78, 0x12, 0x34, 0x9a]);
    expect(undone('bit-reverse8')).toEqual([0x48, 0x2c, 0x6a, 0x1e, 0x59]);
    expect(undone('bit-reverse32')).toEqual([0x1e, 0x6a, 0x2c, 0x48, 0x59]);
    expect(undone('nibble-swap')).toEqual([0x21, 0x43, 0x65, 0x87, 0xa9]);
    expect(undone('inverted')).toEqual([0xed, 0xcb, 0xa9, 0x87, 0x65]);
  });
});

describe('lines without effect', () => {
  it('finds the period of a dump longer than the chip', () => {
    const half = makeDump(0x80000);
    expect(examine(concatBytes([half, half])).repeat).toEqual({ period: 0x80000 });
    const quarter = makeDump(0x40000);
    const report = examine(concatBytes([quarter, quarter, quarter, quarter]));
    expect(report.repeat).toEqual({ period: 0x40000 });
    expect(report.stuck).toBeNull();
    expect(report.sentences[0]).toContain('repeats every 262144 bytes');
  });

  it('finds a dump that wraps around at the end of flash', () => {
    const dump = makeDump();
    const report = examine(concatBytes([dump, dump.subarray(0, 0x10000)]));
    expect(report.repeat).toEqual({ period: 0x100000 });
    expect(report.longBy).toBe(0x10000);
  });

  it.each([
    [12, 0],
    [16, 0],
    [14, 1],
    [9, 1],
  ] as const)('finds address line %i stuck at %i', (bit, level) => {
    const dump = makeDump();
    const broken = dump.map((_, offset) => dump[level ? offset | (1 << bit) : offset & ~(1 << bit)] as number);
    const report = examine(broken);
    expect(report.stuck).toMatchObject({ kind: 'address', bit });
    expect(report.repeat).toBeNull();
    expect(report.sentences.join(' ')).toContain(`address line ${bit} has no effect`);
  });

  it('tells the level of an address line by a module that is at its own place', () => {
    const dump = makeDump();
    const low = dump.map((_, offset) => dump[offset & ~(1 << 17)] as number);
    expect(examine(low).stuck).toEqual({ kind: 'address', bit: 17, level: 0 });
  });

  it('finds every data line stuck at either level', () => {
    const dump = makeDump();
    for (let bit = 0; bit < 8; bit++) {
      const low = examine(dump.map((byte) => byte & ~(1 << bit)));
      expect(low.stuck).toMatchObject({ kind: 'data', bit, level: 0, width: 8 });
      const padded = dump.slice();
      padded.fill(0, 0x90000, 0x90100);
      const high = examine(padded.map((byte) => byte | (1 << bit)));
      expect(high.stuck).toMatchObject({ kind: 'data', bit, level: 1, width: 8 });
    }
  });

  it('finds a data line of a 32-bit bus', () => {
    const dump = makeDump();
    const words = new DataView(dump.buffer);
    for (let offset = 0; offset < dump.length; offset += 4) {
      words.setUint32(offset, words.getUint32(offset, true) & ~(1 << 21), true);
    }
    expect(examine(dump).stuck).toMatchObject({ kind: 'data', bit: 21, level: 0, width: 32 });
  });

  it('does not take ASCII for a stuck bit 7', () => {
    const text = new TextEncoder().encode('abcdefgh ijklm nop\n'.repeat(5000));
    expect(examine(text).stuck).toBeNull();
  });
});

describe('extent', () => {
  it('reports a module that is cut off', () => {
    const module = makeModule({ start: 0x08060000, length: 20_000, function: 4, index: 2 });
    const report = examine(module.subarray(0, 15_000), 0x08060000);
    expect(report).toMatchObject({ truncated: true, shortBy: 5_000 });
    expect(report.sentences).toEqual([
      'The module at offset 0 is 20000 bytes long by its header, 5000 more than there are.',
    ]);
  });

  it('tells a dump cut off in a sector from one that ends with a sector', () => {
    const cut = examine(makeDump(0xb3000));
    expect(cut).toMatchObject({ truncated: true, shortBy: 0x4d000 });
    const partial = examine(makeDump(0xc0000));
    expect(partial).toMatchObject({ truncated: false, shortBy: 0x40000 });
    expect(partial.sentences[0]).toContain('a sector boundary 262144 bytes before the end of flash');
  });

  it('accepts an image that ends with its last module', () => {
    const dump = makeDump(0xa0000 + 5_000);
    expect(examine(dump)).toMatchObject({ truncated: false, shortBy: 0 });
  });

  it('names a DFU suffix behind the flash', () => {
    const dump = concatBytes([makeDump(), new Uint8Array(16)]);
    const at = 0x100000;
    writeU16(dump, at + 4, 0x2b04);
    writeU16(dump, at + 6, 0x0100);
    dump.set([0x55, 0x46, 0x44, 16], at + 8);
    writeU32(dump, at + 12, dfuSuffixCrc(dump.subarray(0, at + 12)));
    const report = examine(dump);
    expect(report).toMatchObject({
      longBy: 16,
      appended: { kind: 'dfu-suffix', offset: at, length: 16, crc: 'ok' },
    });
    dump[0x50] = 0x33;
    expect(examine(dump).appended).toMatchObject({ crc: 'bad' });
  });
});

describe('place', () => {
  it('infers the base of a dump that lost its address', () => {
    const report = examine(makeDump().slice(0x20000), 0);
    expect(report.base?.address).toBe(0x08020000);
    expect(report.oddOffset).toBeNull();
  });

  it('infers the base from a vector table when there is no header', () => {
    const report = examine(makeForeignFirmware(0x20000, 0x08020000), 0);
    expect(report.base?.address).toBe(0x08020000);
    expect(report.base?.reason).toContain('vector table at offset 0');
  });

  it.each([1, 2, 3, 5, 0x102])('finds a dump that begins %i bytes late', (offset) => {
    const report = examine(makeDump().slice(offset));
    expect(report.base?.address).toBe(FLASH_START + offset);
    expect(report.oddOffset).toBe(offset);
    expect(report.transform).toBeNull();
  });

  it('finds bytes in front of the content', () => {
    const report = examine(concatBytes([Uint8Array.of(1, 2, 3), makeDump()]));
    expect(report.oddOffset).toBe(-3);
    expect(report.sentences.join(' ')).toContain('3 bytes stand in front of the content');
  });

  it('does not take the table entry of a build for content that starts late', () => {
    const bytes = makeForeignFirmware(0x20000, 0x08020000);
    const entry = makeModule({ start: 0x08000000, length: 8_000, function: 2, index: 0, vectors: 'none' });
    bytes.set(entry.subarray(0, 24), 0x5008);
    expect(examine(bytes, 0x08020000)).toMatchObject({ oddOffset: null });
  });

  it('lists modules that were simply concatenated', () => {
    const first = makeModule({ start: 0x08020000, length: 8_000, function: 4, index: 1, vectors: 'bare' });
    const second = makeModule({ start: 0x08060000, length: 9_000, function: 4, index: 2 });
    const third = makeModule({ start: 0x080a0000, length: 4_000, function: 5, index: 1, vectors: 'none' });
    const report = examine(concatBytes([first, second, third]));
    expect(report.gluedModules).toEqual([
      { offset: 0, startAddress: 0x08020000, length: 8_000 },
      { offset: 8_000, startAddress: 0x08060000, length: 9_000 },
      { offset: 17_000, startAddress: 0x080a0000, length: 4_000 },
    ]);
    expect(report.sentences).toEqual([
      '3 modules follow each other in the file but belong to 0x08020000, 0x08060000, 0x080A0000.',
    ]);
  });
});

describe('any input', () => {
  it('gives a report for every image, the empty one included', () => {
    expect(examineAcquisition(MemoryImage.empty, chip).sentences).toEqual(['The image is empty.']);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.integer({ min: 0, max: 0xffff0000 }), (bytes, address) => {
        const report = examine(bytes, address);
        expect(report.shortBy).toBeGreaterThanOrEqual(0);
        expect(report.sentences.every((sentence) => sentence.endsWith('.'))).toBe(true);
      }),
    );
  });

  it('examines the largest range of an image with gaps', () => {
    const image = MemoryImage.fromSegments([
      { address: 0x08000000, bytes: new Uint8Array(64) },
      { address: 0x08020000, bytes: makeModule({ start: 0x08020000, length: 6_000, function: 4, index: 1 }) },
    ]);
    const report = examineAcquisition(image, chip);
    expect(report.range).toEqual({ start: 0x08020000, end: 0x08020000 + 6_000 });
    expect(report.readProtected).toBe(false);
  });

  it('refuses a chip without flash with a help text', () => {
    expect(() => examineAcquisition(MemoryImage.empty, { ...chip, memories: [] })).toThrow(
      'chip stm32f205rg has no flash memory: expected a memory of kind flash',
    );
  });
});

describe('a chip description', () => {
  it('must have flash to compare the dump with', () => {
    expect(() => examineAcquisition(MemoryImage.empty, { ...chip, memories: [] })).toThrow(
      expect.objectContaining({ code: 'CHIP_WITHOUT_FLASH', help: 'Add the flash to the chip file.' }),
    );
  });
});
