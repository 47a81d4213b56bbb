/** What recipes build: places, shapes, configuration, refusals. */
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { readAny, writeAny } from '../../../src/formats/index.js';
import { loadBoard } from '../../../src/layout/load.js';
import { type BuildResult, buildImage, requireRules, requireSound } from '../../../src/operations/build/build.js';
import { parseRecipe } from '../../../src/operations/build/parse.js';
import type { Shape } from '../../../src/operations/build/recipe.js';
import { defaultShape, outputFormat, writeImage } from '../../../src/operations/build/write.js';
import { examineImage } from '../../../src/operations/examine-image.js';
import { undoTransform } from '../../../src/regions/acquisition/index.js';
import { dctField, dctSection } from '../../../src/regions/dct/table.js';
import { buildEeprom } from '../../../src/regions/eeprom/index.js';
import { describeWithFirmware, firmwareFile } from '../../support/firmware.js';
import {
  bootloader,
  dctCopies,
  dump,
  eepromPages,
  healthyDump,
  noise,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';

const damaged = userPart();
damaged[3] = 0x18;
damaged[5000] = 0x77;
const badBody = userPart();
badBody[500] = (badBody[500] as number) ^ 1;

const FILES: Readonly<Record<string, Uint8Array>> = {
  'boot.bin': bootloader(),
  'part1.bin': systemPart1(),
  'part2.bin': systemPart2(),
  'app.bin': userPart(),
  'app.hex': writeAny(MemoryImage.fromBytes(userPart(), 0x080a0000), 'intel-hex'),
  'photon.bin': userPart({ platformId: 6 }),
  'old-part1.bin': systemPart1(1512),
  'big.bin': userPart({ size: 140_000 }),
  'bad-body.bin': badBody,
  'damaged.bin': damaged,
  'noise.bin': noise(1000),
  'empty.bin': new Uint8Array(0),
  'old.bin': healthyDump(),
  'old.bin.gz': writeAny(MemoryImage.fromBytes(healthyDump(), 0x08000000), 'gzip'),
  'old-swapped.bin': undoTransform(healthyDump(), 'byteswap16'),
  'zeros.bin': new Uint8Array(0x100000),
  'cut.bin': healthyDump().slice(0, 0x9000),
  'dct.bin': dctCopies().copy1,
  'dcts.bin': new Uint8Array([...dctCopies().copy1, ...dctCopies().copy2]),
  'section.bin': dctCopies().copy1.slice(dctSection('wiced', 'application').offset),
  'page1.bin': eepromPages().page1,
  'server.txt': new TextEncoder().encode('x'),
};

function readFile(name: string): Uint8Array {
  const bytes = FILES[name];
  if (bytes) return bytes;
  throw new Error(`no ${name}`);
}

const ALL = ['boot', 'part1', 'part2', 'app'].map((name) => `  - module: ${name}.bin\n`).join('');
const WHOLE = `recipe: 1\nparts:\n${ALL}`;

async function build(text: string, shape?: Shape): Promise<BuildResult> {
  return buildImage(await parseRecipe(text, 'r.yaml'), readFile, { shape });
}

async function refusal(text: string): Promise<FlashatlasError> {
  try {
    requireSound(await build(text));
  } catch (error) {
    if (error instanceof FlashatlasError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const expectBytes = ({ image }: BuildResult, address: number, bytes: Uint8Array): void => {
  expect(equalBytes(image.bytes({ start: address, end: address + bytes.length }) ?? new Uint8Array(0), bytes)).toBe(
    true,
  );
};

/** Rules of the findings that are more than notes: made-up modules are no known builds. */
function grave({ findings }: BuildResult): string[] {
  return findings.filter(({ severity }) => severity !== 'note').map(({ rule }) => rule);
}

/** A chunk is valid until the next one is asked for. */
function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  return concatBytes(Array.from(chunks, (chunk) => chunk.slice()));
}

describe('parts', () => {
  it('go where their headers, addresses and regions say', async () => {
    const result = await build(`recipe: 1
parts:
  - module: boot.bin
  - image: app.hex
  - raw: noise.bin
    at: 0x080C0000
  - region: system-part1
    from: old.bin
  - range: 0x08060000-0x0809FFFF
    from: { file: old.bin, base: 0x08000000 }
  - fill: 0x12
    at: 0x080D0000+4
`);
    expectBytes(result, 0x08000000, bootloader());
    expectBytes(result, 0x080a0000, userPart());
    expectBytes(result, 0x080c0000, noise(1000));
    expectBytes(result, 0x08020000, healthyDump().slice(0x20000, 0xa0000));
    expectBytes(result, 0x080d0000, Uint8Array.of(0x12, 0x12, 0x12, 0x12, 0xff));
    expect(result.placed).toEqual([
      {
        title: 'bootloader version 1006',
        source: 'boot.bin',
        start: 0x08000000,
        end: 0x08003878,
        region: 'bootloader',
      },
      {
        title: 'system part 1 version 2202',
        source: 'old.bin',
        start: 0x08020000,
        end: 0x08060000,
        region: 'system-part1',
      },
      {
        title: 'system part 2 version 2202',
        source: 'old.bin',
        start: 0x08060000,
        end: 0x080a0000,
        region: 'system-part2',
      },
      { title: 'user part version 6', source: 'app.hex', start: 0x080a0000, end: 0x080a236c, region: 'user' },
      { title: 'data', source: 'noise.bin', start: 0x080c0000, end: 0x080c03e8, region: 'ota' },
      { title: 'fill of 0x12', source: 'the recipe', start: 0x080d0000, end: 0x080d0004, region: 'ota' },
    ]);
    expect(result.content.byteCount).toBeLessThan(0x100000);
    expect(result.image.byteCount).toBe(0x100000);
  });

  it('are judged together', async () => {
    const result = await build(WHOLE);
    requireSound(result);
    expect(result.report.deviceOs).toBe('2.2.0');
    expect(result.report.boot?.outcome).toBe('listening');
    expect(grave(result)).toEqual(['build/blank-configuration']);
  });

  it.each([
    [
      'the same place twice',
      `${WHOLE}  - module: app.bin\n`,
      'BUILD_OVERLAP',
      'user part version 6 (app.bin, r.yaml, line 6, parts[3]) at 0x080A0000-0x080A236B and user part version 6 (app.bin, r.yaml, line 7, parts[4]) at 0x080A0000-0x080A236B',
    ],
    [
      'a part inside another',
      `${WHOLE}  - fill: 0\n    at: 0x08030000+4\n`,
      'BUILD_OVERLAP',
      'two parts want the same addresses at 0x08030000-0x08030003',
    ],
    [
      'a part that reaches into the next',
      `${WHOLE}  - raw: noise.bin\n    at: 0x0809FFFF\n`,
      'BUILD_OVERLAP',
      '0x080A0000-0x080A03E6',
    ],
    [
      'no module',
      'recipe: 1\nparts:\n  - module: noise.bin\n',
      'BUILD_NOT_A_MODULE',
      'this is no module with an address in its header',
    ],
    [
      'a module with a damaged header',
      'recipe: 1\nparts:\n  - module: damaged.bin\n',
      'BUILD_NOT_A_MODULE',
      'damaged.bin',
    ],
    [
      'an image without addresses',
      'recipe: 1\nparts:\n  - image: noise.bin\n',
      'BUILD_NO_ADDRESSES',
      'the file carries no addresses at r.yaml, line 3, parts[0]: noise.bin',
    ],
    [
      'an empty file',
      'recipe: 1\nparts:\n  - raw: empty.bin\n    at: 0\n',
      'BUILD_EMPTY_FILE',
      'a part is an empty file at empty.bin',
    ],
    [
      'an address at the very end',
      'recipe: 1\nparts:\n  - raw: noise.bin\n    at: 0xFFFFFFF0\n',
      'BUILD_PAST_END',
      '1,000 bytes at 0xFFFFFFF0',
    ],
    [
      'an unknown region',
      'recipe: 1\nparts:\n  - region: users\n    from: old.bin\n',
      'BUILD_UNKNOWN_REGION',
      'got "users"',
    ],
    [
      'what the source does not hold',
      'recipe: 1\nparts:\n  - region: user\n    from: { file: cut.bin, base: 0x08000000 }\n',
      'BUILD_ABSENT',
      'expected 0x080A0000-0x080BFFFF, got nothing at 0x080A0000-0x080BFFFF',
    ],
    [
      'a huge fill',
      'recipe: 1\nparts:\n  - fill: 0\n    at: 0+0x10000000\n',
      'BUILD_FILL_TOO_LARGE',
      'at most 67,108,864 bytes',
    ],
    ['nothing', 'recipe: 1\n', 'BUILD_NOTHING', 'the recipe gives no bytes'],
  ])('refuse %s', async (_, text, code, words) => {
    const error = await refusal(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it.each([
    ['another platform', 'photon.bin', 'placement/wrong-platform'],
    ['an older part', 'old-part1.bin', 'dependency/unmet'],
    ['a wrong CRC', 'bad-body.bin', 'module/crc-mismatch'],
    ['a module too large for its region', 'big.bin', 'placement/past-region'],
  ])('refuse %s unless that is allowed', async (_, file, expected) => {
    const replaced = file === 'old-part1.bin' ? 'part1.bin' : 'app.bin';
    const text = WHOLE.replace(replaced, file);
    const error = await refusal(text);
    expect(error.code).toBe('BUILD_REFUSED');
    expect(error.message).toMatch(/the image has .*error/);
    const rules = [...error.help.matchAll(/--allow (\S+?)(?=[ .]|$)/g)].map(([, rule = '']) => rule);
    expect([file, rules.length > 0, rules.includes(expected) || rules.join()]).toEqual([file, true, true]);
    requireSound(await build(`${text}allow: [${rules.join(', ')}]\n`));
    requireSound(await build(text), rules);
  });

  it('outside the memories of the chip are refused unless that is allowed', async () => {
    const text = 'recipe: 1\nshape: sparse\nparts:\n  - raw: noise.bin\n    at: 0x20000000\n';
    expect((await build(text.replace('0x20000000', '0x08010000'))).findings.map(({ rule }) => rule)).not.toContain(
      'build/outside-memory',
    );
    const outside = text.replace('0x20000000', '0x60000000');
    expect((await refusal(outside)).message).toContain('data from noise.bin lies outside the memories of STM32F205RG');
    requireSound(await build(outside), ['build/outside-memory']);
  });

  it('knows the rules that can be allowed', () => {
    requireRules(['dependency/missing']);
    expect(() => requireRules(['dependency/mising'])).toThrow(
      expect.objectContaining({ code: 'BUILD_UNKNOWN_RULE', help: 'Did you mean dependency/missing?' }),
    );
  });
});

describe('shapes', () => {
  it('padded is the whole flash', async () => {
    const { image } = await build(WHOLE);
    expect(image.ranges()).toEqual([{ start: 0x08000000, end: 0x08100000 }]);
    expect((await build(`${WHOLE}fill: 0x00\n`)).image.byteAt(0x080fffff)).toBe(0);
  });

  it('trimmed ends with the last byte given', async () => {
    const { image } = await build(WHOLE, 'trimmed');
    expect(image.ranges()).toEqual([{ start: 0x08000000, end: 0x080a0000 + userPart().length }]);
    const tail = 'recipe: 1\nshape: trimmed\nparts:\n  - module: app.bin\n';
    expect((await build(tail)).image.ranges()).toEqual([{ start: 0x08000000, end: 0x080a0000 + userPart().length }]);
  });

  it('restore leaves the sectors of DCT and EEPROM out, whatever was given for them', async () => {
    const ranges = [
      { start: 0x08000000, end: 0x08004000 },
      { start: 0x08020000, end: 0x08100000 },
    ];
    const without = await build(WHOLE, 'restore');
    expect(without.image.ranges()).toEqual(ranges);
    expect(grave(without)).toEqual([]);
    const given = await build(`${WHOLE}dct: { from: old.bin }\n`, 'restore');
    expect(given.image.ranges()).toEqual(ranges);
    expect(given.findings.map(({ message }) => message)).toContain(
      'the restore shape leaves out what was given for dct1, dct2',
    );
    expect(given.findings.map(({ rule }) => rule)).toContain('build/left-out');
  });

  it('sparse is only what was given', async () => {
    const { image, content } = await build(WHOLE, 'sparse');
    expect(image.equals(content)).toBe(true);
    expect(image.ranges()).toHaveLength(4);
  });

  it('warn of sectors left blank only where a board keeps its configuration there', async () => {
    const rules = async (text: string): Promise<string[]> => (await build(text)).findings.map(({ rule }) => rule);
    expect(await rules(WHOLE)).toContain('build/blank-configuration');
    const whole = `${WHOLE}dct: { from: old.bin }\neeprom: { values: {} }\n`;
    expect(await rules(whole)).not.toContain('build/blank-configuration');
  });

  it('depend on whether the format keeps addresses', () => {
    expect(
      ['a.bin', 'a.hex', 'a.s19', 'a.elf', 'a.dfu', 'a.hex.gz'].map((name) =>
        defaultShape(outputFormat(name, undefined)),
      ),
    ).toEqual(['padded', 'sparse', 'sparse', 'sparse', 'sparse', 'sparse']);
  });
});

describe('DCT', () => {
  const dctOf = ({ image }: BuildResult) => ({
    copy1: image.bytes({ start: 0x08004000, end: 0x08008000 }) as Uint8Array,
    copy2: image.bytes({ start: 0x08008000, end: 0x0800c000 }) as Uint8Array,
  });
  const old = dctCopies();

  it.each(['old.bin', 'old.bin.gz', 'old-swapped.bin', 'dcts.bin', 'dct.bin'])(
    'from %s is taken as it is',
    async (file) => {
      const result = await build(`${WHOLE}dct: { from: ${file} }\neeprom: { values: {} }\n`);
      const { copy1, copy2 } = dctOf(result);
      expect(equalBytes(copy1, old.copy1)).toBe(true);
      expect(equalBytes(copy2, old.copy2)).toBe(true);
      expect(grave(result)).toEqual([]);
    },
  );

  it('from a file read over DFU is put into a fresh table', async () => {
    const { copy1, copy2 } = dctOf(await build(`${WHOLE}dct: { from: section.bin }\n`));
    const { offset, size } = dctSection('wiced', 'application');
    expect(equalBytes(copy1.subarray(offset, offset + size), old.copy1.subarray(offset, offset + size))).toBe(true);
    expect(copy2.every((byte) => byte === 0xff)).toBe(true);
  });

  it('is changed in words, and stored where every release looks', async () => {
    const result = await build(`${WHOLE}dct:\n  from: old.bin\n  set: { serverAddress: "cloud.example.com:5684" }\n`);
    expect(result.report.dct).toMatchObject({ current: 1, serverAddress: 'cloud.example.com', serverPort: 5684 });
    expect(result.report.dct?.devicePrivateKey).toBe('rsa-1024');
    const flipped = await build(`${WHOLE}dct:\n  from: old.bin\n  style: flip\n  set: { claimed: 0 }\n`);
    expect(flipped.report.dct).toMatchObject({ current: 2, claimed: false });
  });

  it('is fresh when asked for', async () => {
    const result = await build(`${WHOLE}dct:\n  fresh: true\n  set: { device_id: "hex:340026000447343134383839" }\n`);
    const { offset, size } = dctField('device_id');
    const start = dctSection('wiced', 'application').offset + offset;
    expect(toHex(dctOf(result).copy1.subarray(start, start + size))).toBe('340026000447343134383839');
    expect(result.report.dct?.current).toBe(1);
  });

  it.each([
    ['a dump without it', 'zeros.bin', 'BUILD_BAD_READING'],
    ['a dump with one copy of two', '{ file: cut.bin, base: 0x08000000 }', 'BUILD_NO_CONFIGURATION'],
    ['noise', 'noise.bin', 'BUILD_NO_CONFIGURATION'],
  ])('is not taken from %s', async (_, file, code) => {
    expect((await refusal(`${WHOLE}dct: { from: ${file} }\n`)).code).toBe(code);
  });

  it('has no place on a board without one', async () => {
    const text = `recipe: 1\nboard: stm32f205-generic\nshape: sparse\ndct: { from: old.bin }\n`;
    expect((await refusal(text)).code).toBe('BUILD_NO_PLACE');
    expect((await refusal(text.replace('dct: { from: old.bin }', 'factory: app.bin'))).code).toBe('BUILD_NO_PLACE');
  });
});

describe('EEPROM', () => {
  it('is written from values', async () => {
    const result = await build(`${WHOLE}eeprom: { values: { 3: 7, 10: "hi" } }\n`);
    const { page1, page2 } = buildEeprom(
      new Map([
        [3, 7],
        [10, 0x68],
        [11, 0x69],
      ]),
    );
    expectBytes(result, 0x0800c000, page1);
    expectBytes(result, 0x08010000, page2);
    expect(result.report.eeprom?.values).toEqual({ 3: 7, 10: 0x68, 11: 0x69 });
  });

  it.each(['old.bin', 'page1.bin'])('is taken from %s as it is', async (file) => {
    const result = await build(`${WHOLE}eeprom: { from: ${file} }\n`);
    expectBytes(result, 0x0800c000, eepromPages().page1);
    expectBytes(result, 0x08010000, eepromPages().page2);
  });

  it('is not taken from a dump without it', async () => {
    const error = await refusal(`${WHOLE}eeprom: { from: { file: cut.bin, base: 0x08000000 } }\n`);
    expect(error.code).toBe('BUILD_NO_CONFIGURATION');
    expect(error.message).toContain('the source holds no complete EEPROM');
  });
});

describe('the factory copy', () => {
  it('keeps its header and lies in the factory region', async () => {
    const result = await build(`${WHOLE}factory: app.bin\n`);
    expectBytes(result, 0x080e0000, userPart());
    expect(result.report.modules.at(-1)).toMatchObject({ role: 'factory', address: 0x080e0000 });
    requireSound(result);
  });

  it('must be a module that fits', async () => {
    expect((await refusal(`${WHOLE}factory: noise.bin\n`)).code).toBe('BUILD_NOT_A_MODULE');
    expect((await refusal(`${WHOLE}factory: big.bin\n`)).code).toBe('BUILD_DOES_NOT_FIT');
  });
});

describe('option bytes', () => {
  it('are a word, or made from settings, and judged', async () => {
    expect((await build(WHOLE)).optionBytes).toBeNull();
    expect((await build(`${WHOLE}optionBytes: 0x0FFFAAED\n`)).optionBytes).toBe(0x0fffaaed);
    const protectedOnes = await build(`${WHOLE}optionBytes: { protectedSectors: [0, 1] }\n`);
    expect(protectedOnes.optionBytes).toBe(0x0ffcaaec);
    expect(protectedOnes.findings.map(({ rule }) => rule).join()).toContain('protection/');
  });

  it('never lock the chip for good', async () => {
    const error = await refusal(`${WHOLE}optionBytes: 0x0FFFCCED\n`);
    expect(error).toMatchObject({ code: 'BUILD_PERMANENT_LOCK', got: '0xCC' });
  });
});

describe('files', () => {
  const write = (result: BuildResult, name: string, allow: readonly string[] = []): Uint8Array =>
    joined(writeImage(result, outputFormat(name, undefined), allow).chunks);

  it('hold each module at its address, whatever the format', async () => {
    const result = await build(WHOLE, 'sparse');
    for (const name of ['a.hex', 'a.s19', 'a.elf', 'a.hex.gz']) {
      const { image, container } = readAny(write(result, name));
      expect(image.equals(result.content)).toBe(true);
      if (container?.kind === 'elf') expect(container.entry).toBe(0x08000201);
    }
  });

  it('for DFU hold what the board takes, with its ids, or are refused', async () => {
    const text = WHOLE.replace('  - module: boot.bin\n', '');
    const bytes = write(await build(text, 'sparse'), 'a.dfu');
    expect(readAny(bytes).container).toMatchObject({ kind: 'dfuse', vendor: 0x2b04, product: 0xd008 });
    const whole = await build(WHOLE, 'sparse');
    expect(() => write(whole, 'a.dfu')).toThrow(expect.objectContaining({ code: 'PACK_REFUSED' }));
    expect(write(whole, 'a.dfu', ['container/refused-range']).length).toBeGreaterThan(400_000);
    const generic = await build(
      'recipe: 1\nboard: stm32f205-generic\nparts:\n  - raw: noise.bin\n    at: 0x08000000\n',
      'sparse',
    );
    expect(() => write(generic, 'a.dfu')).toThrow(expect.objectContaining({ code: 'BUILD_NO_DFU' }));
  });

  it('without addresses cannot leave sectors out', async () => {
    const result = await build(WHOLE, 'restore');
    expect(() => write(result, 'a.bin')).toThrow(expect.objectContaining({ code: 'BUILD_NO_HOLES' }));
  });
});

describe('check(build(recipe))', () => {
  it('finds no error that the recipe did not ask for', async () => {
    const extras = [
      '',
      'factory: app.bin\n',
      'dct: { from: old.bin }\n',
      'eeprom: { values: { 1: 2 } }\n',
      'eeprom: { from: old.bin }\n',
    ];
    const board = loadBoard('particle-p1');
    for (const extra of extras) {
      for (const shape of ['padded', 'trimmed', 'restore', 'sparse'] as const) {
        const result = await build(`${WHOLE}${extra}`, shape);
        requireSound(result);
        const errors = examineImage(result.image, board).report.findings.filter(({ severity }) => severity === 'error');
        // A recipe that says nothing about the DCT asks for a board without one.
        const asked = extra.startsWith('dct') ? [] : ['dct/no-usable-copy'];
        expect(errors.map(({ rule }) => rule).filter((rule) => !asked.includes(rule))).toEqual([]);
      }
    }
  });
});

describeWithFirmware('the 2.2.0 set', () => {
  const released: Readonly<Record<string, string>> = {
    'boot.bin': 'p1-bootloader@2.2.0+lto.bin',
    'part1.bin': 'p1-system-part1@2.2.0.bin',
    'part2.bin': 'p1-system-part2@2.2.0.bin',
    'app.bin': 'particle-cli@2.3.0:assets/binaries/tinker-0.4.5-p1.bin',
  };
  const readReleased = (name: string): Uint8Array => firmwareFile(released[name] ?? name);

  it('is the known image, and the HEX holds the same modules', async () => {
    const recipe = await parseRecipe(WHOLE, 'r.yaml');
    const padded = buildImage(recipe, readReleased);
    requireSound(padded);
    const bytes = padded.image.read({ start: 0x08000000, end: 0x08100000 }, 0);
    expect(toHex(sha256(bytes))).toBe('7d2ae09c01748b6e54bed6a3e3b696487f816187b746509a65a9a6e5d07457f0');
    const sparse = buildImage(recipe, readReleased, { shape: 'sparse' });
    const hex = joined(writeImage(sparse, outputFormat('a.hex', undefined), []).chunks);
    const { image } = readAny(hex);
    for (const [name, address] of [
      ['boot.bin', 0x08000000],
      ['part1.bin', 0x08020000],
      ['part2.bin', 0x08060000],
      ['app.bin', 0x080a0000],
    ] as const) {
      const module = readReleased(name);
      expect(
        equalBytes(image.bytes({ start: address, end: address + module.length }) ?? new Uint8Array(0), module),
      ).toBe(true);
    }
  });
});

describe('dumps of the old board', () => {
  it('give a new one its keys, Wi-Fi and values', async () => {
    const result = await build(`${WHOLE}dct: { from: old.bin }\neeprom: { from: old.bin }\n`);
    requireSound(result);
    expect(result.report.boot?.outcome).toBe('runs');
    expect(result.image.equals(MemoryImage.fromBytes(dump([]), 0x08000000))).toBe(false);
    expect(result.image.equals(MemoryImage.fromBytes(healthyDump(), 0x08000000))).toBe(true);
  });
});
