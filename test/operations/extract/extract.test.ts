/** build(extract(x)) = x, bit for bit, for any x; with and without the parts that hold secrets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unsafeName } from '../../../src/cli/output-folder.js';
import { equalBytes, toHex, writeU32 } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { BuildError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { readAny, writeAny } from '../../../src/formats/index.js';
import { loadBoard } from '../../../src/layout/load.js';
import { buildImage, requireSound } from '../../../src/operations/build/build.js';
import { parseRecipe } from '../../../src/operations/build/parse.js';
import { outputFormat, writeImage } from '../../../src/operations/build/write.js';
import { extract } from '../../../src/operations/extract/extract.js';
import { inspect } from '../../../src/operations/inspect/inspect.js';
import { inputOf } from '../../../src/operations/open.js';
import { undoTransform } from '../../../src/regions/acquisition/index.js';
import { describeWithFirmware, firmwareFile } from '../../support/firmware.js';
import {
  bootloader,
  dctCopies,
  dump,
  erasedThenFlashedDump,
  FLASH_START,
  healthyDump,
  noise,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';

const board = loadBoard('particle-p1');

interface Case {
  readonly bytes: Uint8Array;
  readonly base?: number | undefined;
  readonly showSecrets?: boolean;
  readonly boardId?: string;
  readonly permissive?: boolean;
}

/** The image, its recipe as text, and what building it again gives; files come from memory only. */
async function rebuild({ bytes, base, showSecrets = false, boardId, permissive }: Case) {
  const chosen = boardId ? loadBoard(boardId) : board;
  const result = readAny(bytes, { name: 'dump', base, permissive });
  const extraction = extract(inputOf('dump', bytes, result), chosen, { showSecrets, source: '../dump' });
  const files = new Map(extraction.files.map(({ name, content }) => [name, content]));
  const used = new Set<string>();
  const readFile = (name: string): Uint8Array => {
    used.add(name);
    const content = name === '../dump' ? bytes : files.get(name);
    if (!content) throw new Error(`the recipe names ${name}, which was not written`);
    return content;
  };
  const recipe = await parseRecipe(extraction.recipeText, 'recipe.yaml');
  const built = buildImage(recipe, readFile, { board: chosen });
  return { extraction, files, used, recipe, built, result };
}

/** Asserts the invariant, and what must hold for every extraction. */
async function expectSame(input: Case): Promise<void> {
  const { extraction, files, used, recipe, built, result } = await rebuild(input);
  expect(built.image.equals(extraction.image)).toBe(true);
  requireSound(built);
  expect(built.image.byteCount).toBe(result.image.byteCount);
  if (result.format === 'bin') {
    const [output] = recipe.outputs;
    const format = outputFormat(output?.file, output?.format ?? undefined);
    const written = [...writeImage({ ...built, shape: output?.shape ?? 'padded' }, format, []).chunks];
    expect(equalBytes(written[0] ?? new Uint8Array(0), input.bytes)).toBe(true);
  } else {
    expect(built.image.equals(result.image)).toBe(true);
  }
  for (const name of files.keys()) expect([name, unsafeName(name)]).toEqual([name, undefined]);
  expect(new Set([...files.keys()].map((name) => name.toLowerCase())).size).toBe(files.size);
  expect([...files.keys()].filter((name) => !used.has(name))).toEqual([]);
  if (input.showSecrets) expect(used.has('../dump')).toBe(false);
}

async function both(input: Case): Promise<void> {
  await expectSame(input);
  await expectSame({ ...input, showSecrets: true });
}

describe('build(extract(x)) = x', () => {
  it.each([
    ['a healthy dump', healthyDump()],
    ['an erased and flashed dump', erasedThenFlashedDump()],
    ['an erased chip', new Uint8Array(0x100000).fill(0xff)],
    ['zeros', new Uint8Array(0x100000)],
    ['noise of the size of the flash', noise(0x100000)],
    ['one module', userPart()],
    ['both DCT sectors', new Uint8Array([...dctCopies().copy1, ...dctCopies().copy2])],
    ['a DCT sector', dctCopies().copy1],
    ['a DFU alternate-1 file', dctCopies().copy1.slice(7548, 7548 + 8391)],
    ['a dump read with swapped bytes', undoTransform(healthyDump(), 'byteswap16')],
    ['a dump with a byte missing in front', healthyDump().slice(1)],
    ['the middle of a dump', healthyDump().slice(0x21234, 0x91234)],
  ])('%s', async (_, bytes) => {
    await both({ bytes });
  });

  it('a dump with damaged, foreign, stray and overlapping modules', async () => {
    const bytes = dump([
      [0x08000000, bootloader(7, { platformId: 6 })],
      [0x08020000, systemPart1()],
      [0x08060000, systemPart2(17)],
      [0x080a0000, userPart({ size: 200_000 })],
      [0x080c0000, userPart()],
      [0x080d1234, systemPart1(2202, { size: 1000 })],
      [0x080e0000, userPart()],
      [0x0800c000, userPart({ size: 2000 })],
    ]);
    bytes[0x25000] = (bytes[0x25000] as number) ^ 1;
    await both({ bytes });
  });

  it('bytes at any base, also where the chip has none', async () => {
    for (const base of [0, 0x08000001, 0x0800bff0, 0x080ffff0, 0x1fffc000, 0xfffffff0 - 48]) {
      await both({ bytes: noise(64, base + 1), base });
    }
    await both({ bytes: healthyDump(), base: 0x20000000 });
    await both({ bytes: userPart(), base: 0x080c0000 });
  });

  it('a HEX file with holes and other memories', async () => {
    const image = MemoryImage.fromSegments([
      { address: 0x08000000, bytes: bootloader() },
      { address: 0x08004010, bytes: noise(100) },
      { address: 0x080a0000, bytes: userPart() },
      { address: 0x1fffc000, bytes: noise(16) },
      { address: 0x1fff7800, bytes: noise(528) },
    ]);
    await both({ bytes: writeAny(image, 'intel-hex') });
    await both({ bytes: writeAny(image, 'dfuse') });
    const whole = MemoryImage.fromBytes(healthyDump(), FLASH_START).merge(MemoryImage.fromBytes(noise(16), 0x1fffc000));
    await both({ bytes: writeAny(whole, 'intel-hex') });
    await both({ bytes: writeAny(whole, 'gzip') });
  });

  it('other boards', async () => {
    for (const boardId of ['particle-photon', 'particle-electron', 'stm32f205-generic']) {
      await both({ bytes: healthyDump(), boardId });
    }
  });

  it('any bytes of any length and base', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc
        .array(fc.record({ value: fc.integer({ min: 0, max: 255 }), count: fc.integer({ min: 1, max: 600 }) }), {
          minLength: 1,
          maxLength: 8,
        })
        .map((runs) => Uint8Array.from(runs.flatMap(({ value, count }) => new Array<number>(count).fill(value)))),
    );
    const base = fc.option(fc.integer({ min: 0, max: 0xffff_0000 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(bytes, base, fc.boolean(), async (content, address, showSecrets) => {
        // What begins like another format is read as that; the property is about bytes.
        const hex = MemoryImage.fromBytes(content, address ?? 0);
        await expectSame({ bytes: writeAny(hex, 'intel-hex'), showSecrets });
        let raw = true;
        try {
          raw = readAny(content, { base: address }).format === 'bin';
        } catch {
          raw = false;
        }
        if (raw) await expectSame({ bytes: content, base: address, showSecrets });
      }),
      { numRuns: 60 },
    );
  });

  it('generated dumps: parts at random places, then random damage', async () => {
    const parts = [
      bootloader(),
      systemPart1(2202, { size: 3000 }),
      systemPart2(17, { size: 500 }),
      userPart(),
      noise(3000),
    ];
    const { copy1, copy2 } = dctCopies();
    const place = fc.record({
      part: fc.constantFrom(...parts, copy1, copy2),
      offset: fc.oneof(
        fc.constantFrom(0, 0x4000, 0x8000, 0xc000, 0x10000, 0x20000, 0x60000, 0xa0000, 0xc0000, 0xe0000),
        fc.integer({ min: 0, max: 0xff000 }),
      ),
    });
    const damage = fc.array(fc.record({ offset: fc.nat(0xfffff), value: fc.nat(255) }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(place, { maxLength: 7 }),
        damage,
        fc.integer({ min: 0x1000, max: 0x100000 }),
        async (places, changes, size) => {
          const bytes = new Uint8Array(0x100000).fill(0xff);
          for (const { part, offset } of places) bytes.set(part.subarray(0, bytes.length - offset), offset);
          for (const { offset, value } of changes) bytes[offset] = value;
          await both({ bytes });
          await both({ bytes: bytes.slice(0, size), base: FLASH_START });
        },
      ),
      { numRuns: 12 },
    );
  });
});

describeWithFirmware('build(extract(x)) = x for released firmware', () => {
  it('a device with 2.2.0, module by module as released', async () => {
    const parts = [
      [0x08000000, 'p1-bootloader@2.2.0+lto.bin', 'bootloader-1006.bin'],
      [0x08020000, 'p1-system-part1@2.2.0.bin', 'system-part1-2.2.0.bin'],
      [0x08060000, 'p1-system-part2@2.2.0.bin', 'system-part2-2.2.0.bin'],
    ] as const;
    const bytes = dump(parts.map(([address, name]) => [address, firmwareFile(name)] as const));
    await both({ bytes });
    const { files } = await rebuild({ bytes });
    for (const [, released, name] of parts) {
      expect(toHex(sha256(files.get(name) ?? new Uint8Array(0)))).toBe(toHex(sha256(firmwareFile(released))));
    }
  });
});

describe('extract', () => {
  it('names what it finds', async () => {
    const { files } = await rebuild({ bytes: healthyDump(), showSecrets: true });
    expect([...files.keys()]).toEqual([
      'bootloader-1006.bin',
      'dct-copy1.bin',
      'eeprom-page1.bin',
      'system-part1-2.2.0.bin',
      'system-part2-2.2.0.bin',
      'user-part-6.bin',
    ]);
    const strange = dump([
      [0x080a0000, userPart()],
      [0x080c0000, userPart()],
      [0x080e0000, userPart({ platformId: 6 })],
      [0x080f0000, noise(300)],
    ]);
    expect([...(await rebuild({ bytes: strange, showSecrets: true })).files.keys()]).toEqual([
      'user-part-6.bin',
      'ota-user-part-6.bin',
      'foreign-user-part-6.bin',
      'leftover-0x080F0000.bin',
    ]);
  });

  it('leaves DCT copies and unexplained bytes to the dump unless secrets are shown', async () => {
    const bytes = healthyDump();
    bytes.set(noise(1000), 0xc0000);
    const { extraction, files, used } = await rebuild({ bytes });
    expect(extraction.withheld.map(({ start, end }) => [start, end])).toEqual([
      [0x08004000, 0x08008000],
      [0x080c0000, 0x080c0000 + 1000],
    ]);
    expect([...files.keys()].filter((name) => /dct|leftover/.test(name))).toEqual([]);
    expect(used.has('../dump')).toBe(true);
    expect(extraction.recipeText).toContain('from: "../dump"');
    expect(extraction.recipeText).toContain('--allow-outside');
  });

  it('lets the recipe ask for the errors that the dump has, and for no others', async () => {
    const bytes = healthyDump();
    bytes[0x30000] = (bytes[0x30000] as number) ^ 1;
    const { recipe, built } = await rebuild({ bytes });
    expect(recipe.allow).toEqual(['module/crc-mismatch']);
    const errors = inspect(inputOf('dump', bytes, readAny(bytes)), board).findings.filter(
      ({ severity }) => severity === 'error',
    );
    expect([...new Set(errors.map(({ rule }) => rule))]).toEqual(['module/crc-mismatch']);
    expect(() => requireSound({ ...built, recipe: { ...recipe, allow: [] } })).toThrow(BuildError);
    expect((await rebuild({ bytes: healthyDump() })).recipe.allow).toEqual([]);
  });

  it('takes very many pieces as one file, or refuses to leave some out', async () => {
    const segments = Array.from({ length: 2000 }, (_, index) => ({
      address: 0x08000000 + index * 16,
      bytes: Uint8Array.of(index & 0xff),
    }));
    const bytes = writeAny(MemoryImage.fromSegments(segments), 'intel-hex');
    await expectSame({ bytes, showSecrets: true });
    await expect(rebuild({ bytes })).rejects.toMatchObject({
      code: 'EXTRACT_NEEDS_SECRETS',
      help: expect.stringContaining('--show-secrets'),
    });
  });

  it('refuses to leave parts to an input that cannot be read again as it was', async () => {
    const text = new TextDecoder().decode(writeAny(MemoryImage.fromBytes(noise(64), 0x08000000), 'intel-hex'));
    const damaged = new TextEncoder().encode(text.replace(/(:10001000.*)..\n/, '$100\n'));
    await expect(rebuild({ bytes: damaged, permissive: true })).rejects.toMatchObject({
      code: 'EXTRACT_NEEDS_SECRETS',
    });
    await expectSame({ bytes: damaged, permissive: true, showSecrets: true });
  });

  it('does not divide a constant run that a module or page holds', async () => {
    const page = new Uint8Array(0x4000).fill(0xff);
    writeU32(page, 0, 0xffff0000);
    const { files } = await rebuild({ bytes: dump([[0x0800c000, page]]), showSecrets: true });
    expect([...files].map(([name, { length }]) => [name, length])).toEqual([['eeprom-page1.bin', 0x4000]]);
  });
});
