/** What a difference says: modules, DCT fields, EEPROM values, option bits, and inputs of every kind against each other. */
import { describe, expect, it } from 'vitest';
import { type Copies, dctCopies } from '../../../samples/parts.js';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { type Difference, type DiffOptions, diff, diffImages, diffReport } from '../../../src/operations/diff/diff.js';
import { undoTransform } from '../../../src/regions/acquisition/transform.js';
import { buildDct, dctSection, encodeServerAddress, writeDctField } from '../../../src/regions/dct/index.js';
import { writeEeprom } from '../../../src/regions/eeprom/index.js';
import {
  bootloader,
  dump,
  eepromPages,
  erasedThenFlashedDump,
  FLASH_START,
  healthyDump,
  rawInput,
  SAMPLE_SECRETS,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const HEALTHY = healthyDump();
const APPLICATION = dctSection('wiced', 'application').offset;

function changed(change: (bytes: Uint8Array) => void, from = HEALTHY): Uint8Array {
  const bytes = from.slice();
  change(bytes);
  return bytes;
}

function compare(a: Uint8Array, b: Uint8Array, options?: DiffOptions): Difference {
  return diff(rawInput(a), rawInput(b), P1, options);
}

function changedFields({ dct }: Difference): string[] {
  return Object.entries(dct?.fields ?? {}).flatMap(([name, state]) => (state === 'same' ? [] : [name]));
}

function withCopies({ copy1, copy2 }: Copies): Uint8Array {
  return changed((bytes) => {
    bytes.set(copy1, 0x4000);
    bytes.set(copy2, 0x8000);
  });
}

describe('equal inputs', () => {
  it('are said to be equal, and nothing has to be done', () => {
    const difference = compare(HEALTHY, HEALTHY.slice());
    expect(difference).toMatchObject({ equal: true, sectorsToErase: [], verdict: 'pass', notes: [] });
    expect(difference.summary).toBe('Equal: both hold the same 1,048,576 bytes.');
    expect(difference.modules.map(({ change }) => change)).toEqual(['same', 'same', 'same', 'same']);
    expect(difference.regions.every(({ changed: differs, text }) => !differs && text === null)).toBe(true);
    expect(difference.dct?.currentCopy).toEqual([1, 1]);
    expect(changedFields(difference)).toEqual([]);
    expect(difference.eeprom).toMatchObject({ changed: false, changes: [] });
  });
});

describe('modules', () => {
  it('with other code are told from those that only have another version', () => {
    const b = changed((bytes) => {
      bytes.set(systemPart1(2302), 0x20000);
      bytes.set(systemPart2(2202, { flags: 1 }), 0x60000);
      bytes.set(userPart({ size: 9_400 }), 0xa0000);
    });
    const { modules, summary, regions } = compare(HEALTHY, b);
    expect(modules.map(({ change }) => change)).toEqual(['same', 'resealed', 'resealed', 'changed']);
    expect(modules[1]?.text).toMatch(
      /^system part 1 2\.2\.0 -> 2\.3\.1 \(\d+ bytes: version, SHA-256 and CRC; code identical\)$/,
    );
    expect(modules[2]?.parts.map(({ name }) => name)).toEqual(['flags', 'SHA-256', 'CRC']);
    expect(modules[3]?.text).toContain('code differs, 9,');
    expect(summary).toMatch(/^5 of 12 sectors differ: system part 1 2\.2\.0 -> /);
    const region = regions.find(({ id }) => id === 'system-part1');
    expect(region?.bytes).toBe(modules[1]?.bytes);
    expect(modules[1]?.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(region?.bytes);
  });

  it('that were damaged are not passed off as another build', () => {
    const b = changed((bytes) => {
      bytes[0x21000] = (bytes[0x21000] ?? 0) ^ 0xff;
    });
    const module = compare(HEALTHY, b).modules.find(({ change }) => change !== 'same');
    expect(module).toMatchObject({ change: 'changed', bytes: 1, a: { crc: 'ok' }, b: { crc: 'bad' } });
    expect(module?.text).toMatch(
      /^system part 1 2\.2\.0, other content \(1 of 180,\d+ bytes\); its CRC is bad in b and ok in a$/,
    );
  });

  it('are recognised where they moved or were copied to', () => {
    const waiting = changed((bytes) => {
      bytes.fill(0xff, 0xa0000, 0xc0000);
      bytes.set(userPart(), 0xc0000);
    });
    const [moved] = compare(HEALTHY, waiting).modules.filter(({ change }) => change !== 'same');
    expect(moved).toMatchObject({ change: 'moved', bytes: 0, a: { region: 'user' }, b: { region: 'ota' } });
    expect(moved?.text).toBe('user part version 6 has moved from user to ota');
    const factory = changed((bytes) => bytes.set(userPart(), 0xe0000));
    const [copied] = compare(HEALTHY, factory).modules.filter(({ change }) => change !== 'same');
    expect(copied?.text).toBe('user part version 6 is in factory too, with the bytes that user has in a');
    const other = changed((bytes) => bytes.set(userPart({ version: 7 }), 0xe0000));
    const [added] = compare(HEALTHY, other).modules.filter(({ change }) => change !== 'same');
    expect(added).toMatchObject({ change: 'added', a: null, b: { region: 'factory', version: 7 } });
    expect(added?.text).toMatch(/^user part version 7 \(9,\d+ bytes\) is only in b, in factory$/);
  });

  it('of the same function and index are compared wherever they are', () => {
    const a = dump([[0x080c0000, systemPart1(2202)]]);
    const b = dump([[0x08020000, systemPart1(2302)]]);
    const [module] = compare(a, b).modules;
    expect(module).toMatchObject({ change: 'resealed', a: { region: 'ota' }, b: { region: 'system-part1' } });
    expect(module?.text).toContain(', moved from ota to system-part1');
  });

  it('that are equal are not checked twice', () => {
    const { a, b } = compare(
      HEALTHY,
      changed((bytes) => bytes.fill(0, 0x10_0000 - 16)),
    );
    const [one, two] = [a.survey.modules[1]?.module, b.survey.modules[1]?.module];
    expect(two?.suffix).toBe(one?.suffix);
    expect(two?.bytes.buffer).not.toBe(one?.bytes.buffer);
    expect(two).toMatchObject({ crc: 'ok', sha: 'ok', address: 0x08020000 });
  });
});

describe('DCT', () => {
  it('that differs in one key names that field and nothing else', () => {
    const b = changed((bytes) => {
      bytes[0x4000 + APPLICATION + 34 + 40] = (bytes[0x4000 + APPLICATION + 34 + 40] ?? 0) ^ 0x55;
    });
    const difference = compare(HEALTHY, b);
    expect(changedFields(difference)).toEqual(['device_private_key']);
    expect(difference.dct).toMatchObject({ currentCopy: [1, 1], unnamedBytes: 0, bookkeeping: [] });
    expect(difference.dct?.changes).toMatchObject([{ field: 'device_private_key', change: 'changed', secret: true }]);
    expect(difference.summary).toBe(
      '1 of 12 sectors differs: DCT: device_private_key changed; everything else is equal.',
    );
  });

  it('that firmware wrote names the field it wrote; the flip is a consequence', () => {
    const key = SAMPLE_SECRETS.privateKey.map((byte, index) => (index > 30 ? byte ^ 1 : byte));
    const before = dctCopies();
    const after = writeDctField(before, { section: 'application', offset: 34, bytes: key }, '0.7.0');
    const difference = compare(withCopies(before), withCopies(after));
    expect(changedFields(difference)).toEqual(['device_private_key']);
    expect(difference.dct?.currentCopy).toEqual([1, 2]);
    expect(difference.dct?.consequences).toEqual([
      'The copy in use moved from 1 to 2: the firmware writes every change into the other copy.',
      'Copy 1 keeps the values from before, marked as superseded: it still holds the old secrets.',
    ]);
    expect(difference.dct?.bookkeeping.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['version.crc32', 'version.sequence']),
    );
    expect(difference.sectorsToErase).toEqual([]);
  });

  it('that old firmware wrote, which erases the copy it leaves', () => {
    const before = dctCopies({ versionRecord: false });
    const after = writeDctField(before, { section: 'application', offset: 1825, bytes: Uint8Array.of(0xff) }, '0.4.6');
    const difference = compare(withCopies(before), withCopies(after));
    expect(changedFields(difference)).toEqual(['claimed']);
    expect(difference.dct?.currentCopy).toEqual([1, 2]);
    expect(difference.dct?.consequences[1]).toBe('Copy 1, no longer in use, was erased.');
  });

  it('that was written again without a change says so', () => {
    const before = dctCopies();
    const claimed = before.copy1.slice(APPLICATION + 1825, APPLICATION + 1826);
    const after = writeDctField(before, { section: 'application', offset: 1825, bytes: claimed }, '0.7.0');
    const difference = compare(withCopies(before), withCopies(after));
    expect(changedFields(difference)).toEqual([]);
    expect(difference.summary).toContain('DCT: no value changed; the copy in use was copy 1 and is copy 2');
    expect(difference.moved).toEqual([]);
  });

  it('tells which of the five key commands did something', () => {
    const blank = withCopies(buildDct({ versionRecord: true, edits: [] }));
    const { dct } = compare(blank, HEALTHY);
    const set = dct?.changes.filter(({ change }) => change === 'set').map(({ field }) => field);
    expect(set).toEqual(
      expect.arrayContaining([
        ...['device_private_key', 'device_public_key', 'server_public_key', 'server_address', 'server_port'],
        ...['claim_code', 'claimed'],
      ]),
    );
    const port = buildDct({
      versionRecord: true,
      edits: [...[{ field: 'server_address', bytes: encodeServerAddress({ address: 'device.spark.io', port: 5684 }) }]],
    });
    const reference = buildDct({
      versionRecord: true,
      edits: [...[{ field: 'server_address', bytes: encodeServerAddress({ address: 'device.spark.io', port: 5683 }) }]],
    });
    const moved = compare(withCopies(reference), withCopies(port));
    expect(changedFields(moved)).toEqual(['server_port']);
    expect(moved.dct?.changes).toMatchObject([{ before: '5683', after: '5684' }]);
  });

  it('counts a board without one as blank, and never shows a secret', () => {
    const erased = compare(erasedThenFlashedDump(), HEALTHY);
    expect(erased.dct?.currentCopy).toEqual([null, 1]);
    expect(erased.dct?.fields.device_private_key).toBe('changed');
    expect(erased.dct?.consequences).toEqual(['No copy was in use in a; copy 1 is in b.']);
    const text = JSON.stringify(diffReport(erased));
    expect(text).not.toContain(SAMPLE_SECRETS.claimCode);
    expect(text).not.toContain(SAMPLE_SECRETS.passphrase);
    const shown = JSON.stringify(diffReport(compare(erasedThenFlashedDump(), HEALTHY, { showSecrets: true })));
    expect(shown).toContain(SAMPLE_SECRETS.claimCode);
    expect(compare(HEALTHY, erasedThenFlashedDump()).dct?.consequences).toEqual([
      'Copy 1 was in use in a; in b no copy is: the firmware will write an empty one.',
    ]);
  });

  it('copies that are not in use are compared too, and sectors that changed places are seen', () => {
    const { copy1 } = dctCopies();
    const stale = copy1.map((byte, offset) => (offset === APPLICATION + 1825 ? 0x30 : offset === 9 ? 0 : byte));
    const difference = compare(HEALTHY, withCopies({ copy1, copy2: stale }));
    expect(changedFields(difference)).toEqual([]);
    expect(difference.summary).toContain('DCT: only the copy that is not in use');
    expect(difference.dct?.consequences[0]).toMatch(/^Copy 2, which is not in use, differs too: .*claimed/);
    const blank = new Uint8Array(0x4000).fill(0xff);
    const swapped = compare(HEALTHY, withCopies({ copy1: blank, copy2: copy1 }));
    expect(swapped.moved).toEqual([{ from: 'dct1', to: 'dct2' }]);
  });
});

describe('EEPROM', () => {
  it('gives old and new values by index', () => {
    const pages = eepromPages();
    const { page1, page2 } = writeEeprom(pages.page1, pages.page2, [
      { operation: 'put', index: 9, data: Uint8Array.of(0x33, 7) },
    ]);
    const b = changed((bytes) => {
      bytes.set(page1, 0xc000);
      bytes.set(page2, 0x10000);
    });
    const difference = compare(HEALTHY, b);
    expect(difference.eeprom?.values).toEqual({ 9: { before: 0x32, after: 0x33 }, 10: { before: 255, after: 7 } });
    expect(difference.summary).toContain('EEPROM: 2 values changed (9: 50 -> 51, 10: 255 -> 7)');
    expect(difference.sectorsToErase).toEqual([]);
  });
});

describe('option bytes', () => {
  it('are compared setting by setting', () => {
    const difference = compare(HEALTHY, HEALTHY, { optcr: [0x0fffaaed, 0x0e1eaaed] });
    expect(difference.equal).toBe(false);
    expect(difference.optionBytes?.changes.map(({ name }) => name)).toEqual(
      [0, 5, 6, 7, 8].map((number) => `write protection of sector ${number}`),
    );
    expect(difference.summary).toContain('write protection of sector 0 off -> on');
  });

  it('in the image count too', () => {
    const options = Uint8Array.from([
      0xef,
      0xaa,
      0x10,
      0x55,
      ...Array(4).fill(0xff),
      0xff,
      0x0f,
      0,
      0xf0,
      ...Array(4).fill(0xff),
    ]);
    const flash = { address: FLASH_START, bytes: HEALTHY };
    const a = MemoryImage.fromSegments([flash, { address: 0x1fffc000, bytes: options }]);
    const other = options.slice();
    other[0] = 0xe3;
    const b = MemoryImage.fromSegments([flash, { address: 0x1fffc000, bytes: other }]);
    const difference = diffImages(a, b, P1);
    expect(difference.optionBytes?.changes).toEqual([{ name: 'brown-out reset', before: 'off', after: 'level 3' }]);
    expect(difference.regions.find(({ changed: differs }) => differs)).toMatchObject({ id: 'option-bytes', bytes: 1 });
    expect(diffImages(MemoryImage.fromSegments([flash]), b, P1).optionBytes).toMatchObject({
      optcr: [null, '0x0FFFAAE0'],
    });
  });
});

describe('inputs of different kinds', () => {
  const part = MemoryImage.fromBytes(systemPart1(), 0x08020000);
  const whole = MemoryImage.fromBytes(HEALTHY, FLASH_START);

  it('absent is not erased, and only what both hold can be compared', () => {
    const difference = diffImages(part, whole, P1);
    expect(difference.equal).toBe(false);
    expect(difference.delta).toMatchObject({ changed: 0, onlyA: 0, onlyB: 0x100000 - part.byteCount });
    expect(difference.summary).toMatch(
      /^The 180,\d+ bytes that both hold are equal\. \d+,\d+ bytes of b are absent from a\.$/,
    );
    expect(difference.regions[0]).toMatchObject({ id: 'bootloader', a: 'absent', b: 'used', text: 'only b holds it' });
    expect(diffImages(part, whole, P1, { common: true })).toMatchObject({ equal: true });
    expect(diffImages(part, whole, P1, { common: true }).modules.map(({ change }) => change)).toEqual(['same']);
    const erased = diffImages(
      part.slice({ start: 0, end: 0x08020100 }),
      MemoryImage.fromBytes(new Uint8Array(0x200).fill(0xff), 0x08020100),
      P1,
    );
    expect(erased.summary).toBe('The two have no address in common.');
  });

  it('says that the rest is only erased flash', () => {
    const trimmed = MemoryImage.fromBytes(HEALTHY.subarray(0, 0xe0000), FLASH_START);
    expect(diffImages(trimmed, whole, P1).summary).toBe(
      'The 917,504 bytes that both hold are equal. 131,072 bytes of b (all erased) are absent from a.',
    );
  });

  it('DCT sectors and application sections are compared by field', () => {
    const { copy1 } = dctCopies();
    const other = copy1.slice();
    other[APPLICATION + 1825] = 0x30;
    expect(changedFields(compare(copy1, other))).toEqual(['claimed']);
    const section = (copy: Uint8Array): Uint8Array => copy.slice(APPLICATION, APPLICATION + 8391);
    const sections = compare(section(copy1), section(other));
    expect(changedFields(sections)).toEqual(['claimed']);
    expect(sections).toMatchObject({ sectors: [], sectorsToErase: [], equal: false });
    expect(sections.regions).toMatchObject([{ id: 'dct-application', bytes: 1 }]);
    const mixed = compare(section(other), HEALTHY);
    expect(changedFields(mixed)).toEqual(['claimed']);
    expect(mixed.notes[0]).toContain('it is compared with that section of the copy in use in b');
    expect(compare(HEALTHY, section(copy1)).equal).toBe(true);
  });

  it('a dump with swapped bytes is undone, and said to be so', () => {
    const swapped = undoTransform(HEALTHY, 'byteswap16');
    const difference = compare(HEALTHY, swapped);
    expect(difference.notes).toEqual([
      'The bytes of b are rearranged (byteswap16): that was undone, and the flash behind it is compared.',
    ]);
    expect(difference).toMatchObject({ equal: false, delta: { changed: 0 } });
    expect(difference.summary).toBe('Both hold the same flash; only the order of the bytes in the files differs.');
    expect(
      difference.findings.some(({ rule, origin }) => rule.startsWith('acquisition/') && origin?.includes('dump.bin')),
    ).toBe(true);
  });

  it('bytes without a place are put where as many others are, or compared from 0', () => {
    const a = rawInput(
      Uint8Array.from({ length: 64 }, (_, index) => index),
      0x08010000,
    );
    const b = rawInput(Uint8Array.from({ length: 64 }, (_, index) => index ^ (index === 5 ? 1 : 0)));
    const difference = diff(a, b, P1);
    expect(difference.notes[0]).toContain('they are taken to begin at 0x08010000 too');
    expect(difference.delta).toMatchObject({ same: 63, changed: 1 });
    expect(diff(b, a, P1).delta).toMatchObject({ same: 63, changed: 1 });
    const nowhere = diff(b, { ...b, image: a.image.shift(-0x08010000) }, P1);
    expect(nowhere.summary).toBe('1 of 64 bytes differ.');
    const shorter = diff(a, rawInput(Uint8Array.of(1, 2, 3)), P1);
    expect(shorter.notes[0]).toBe(
      'Nothing says where the bytes of b belong: they are compared from address 0. Give --base.',
    );
    const twice = diff(a, rawInput(a.bytes, 0x08020000), P1);
    expect(twice.notes).toEqual(['Both hold the same bytes, at 0x08010000 in a and at 0x08020000 in b.']);
  });

  it('bytes outside every memory are not forgotten', () => {
    const a = MemoryImage.fromBytes(Uint8Array.of(1, 2), 0x90000000);
    const difference = diffImages(a, MemoryImage.fromBytes(Uint8Array.of(1, 3), 0x90000000), P1);
    expect(difference.regions.find(({ id }) => id === 'other')).toMatchObject({ bytes: 1, start: 0x90000001 });
    expect(diffImages(MemoryImage.empty, MemoryImage.empty, P1).summary).toBe('Neither holds any byte.');
  });
});

describe('what has to be erased', () => {
  it('leaves configuration alone when only firmware changes', () => {
    const b = changed((bytes) => {
      bytes.set(bootloader(1007), 0);
      bytes.set(systemPart1(2302), 0x20000);
    });
    const { sectorsToErase, sectors } = compare(HEALTHY, b);
    expect(sectorsToErase).toEqual([0, 5, 6]);
    expect(sectors.filter(({ action }) => action === 'same').map(({ number }) => number)).toEqual([
      1, 2, 3, 4, 7, 8, 9, 10, 11,
    ]);
  });
});
