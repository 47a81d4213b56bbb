/** inspect on made-up modules: placement, damage, padding, bad input, and the account of every byte. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeU16, writeU32 } from '../../../src/core/bytes.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { inspect } from '../../../src/operations/inspect/inspect.js';
import {
  bootloader,
  dump,
  FLASH_SIZE,
  healthyDump,
  noise,
  rawInput,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';

const board = loadBoard('particle-p1');
const judge = (bytes: Uint8Array, base?: number) => inspect(rawInput(bytes, base), board);
const rulesOf = (report: ReturnType<typeof judge>) => report.findings.map((finding) => finding.rule);

describe('inspect, a device', () => {
  it('finds nothing to object to in a healthy one', () => {
    const report = judge(healthyDump());
    expect(report.verdict).toBe('pass');
    expect(report.modules.map((module) => module.role)).toEqual(['main', 'main', 'main', 'main']);
  });

  it('names the field of a user module linked for 0x08010000', () => {
    const report = judge(
      dump([
        [0x08000000, bootloader()],
        [0x08020000, systemPart1()],
        [0x08060000, systemPart2()],
        [0x080a0000, userPart({ startAddress: 0x08010000 })],
      ]),
    );
    const finding = report.findings.find((entry) => entry.rule === 'placement/wrong-start-address');
    expect(finding).toMatchObject({ start: 0x080a0000, end: 0x080a0004, region: 'user', severity: 'error' });
    expect(finding?.message).toContain('module_start_address is 0x08010000, but it lies at 0x080A0000');
  });

  it('says what an erased device lacks', () => {
    const report = judge(new Uint8Array(FLASH_SIZE).fill(0xff));
    expect(report.verdict).toBe('fail');
    const missing = report.findings.filter((finding) => finding.rule === 'placement/missing');
    expect(missing.map((finding) => finding.region)).toEqual(['bootloader', 'system-part1', 'system-part2', 'user']);
    expect(report.coverage).toMatchObject({ erased: FLASH_SIZE, unknown: 0 });
  });

  it('reports the half-written module, and from where it is erased', () => {
    const bytes = healthyDump();
    bytes.fill(0xff, 0x22000, 0x60000);
    const finding = judge(bytes).findings.find((entry) => entry.rule === 'module/crc-mismatch');
    expect(finding?.message).toContain('everything from 0x08022000 to its end is erased');
  });

  it('explains a damaged header field by field instead of inventing a module', () => {
    const bytes = healthyDump();
    writeU32(bytes, 0xa0004, 0x12345678);
    const report = judge(bytes);
    expect(report.modules).toHaveLength(3);
    const finding = report.findings.find((entry) => entry.rule === 'module/damaged-header');
    expect(finding?.message).toMatch(/module_end_address is 0x12345678, expected at most 0x0829FFFC/);
    expect(rulesOf(report)).not.toContain('placement/missing');
  });

  it('blames a damaged start address alone when the end fits the place', () => {
    const bytes = healthyDump();
    writeU32(bytes, 0x20184, 0x1234);
    const finding = judge(bytes).findings.find((entry) => entry.rule === 'module/damaged-header');
    expect(finding?.message).toMatch(/damaged: module_start_address is 0x00001234, expected 0x08020000$/);
  });

  it('takes a copy in the OTA region for residue and one in the factory region for the factory image', () => {
    const bytes = healthyDump();
    bytes.set(systemPart1(), 0xc0000);
    bytes.set(userPart(), 0xe0000);
    const report = judge(bytes);
    expect(report.modules.slice(4).map((module) => [module.region, module.role])).toEqual([
      ['ota', 'ota'],
      ['factory', 'factory'],
    ]);
    expect(report.verdict).toBe('pass');
  });

  it('knows the parked user module of early factory images', () => {
    const bytes = healthyDump();
    bytes.set(userPart(), 0xc000);
    expect(judge(bytes).modules[1]).toMatchObject({ region: 'eeprom1', role: 'parked', address: 0x0800c000 });
  });

  it.each([
    { version: 1321, rule: 'eeprom/parked-module' },
    { version: 1401, rule: 'eeprom/abandoned-module' },
  ])('knows what firmware of system version $version does with it', ({ version, rule }) => {
    const bytes = dump([
      [0x0800c000, userPart()],
      [0x08020000, systemPart1(8, { version })],
      [0x08060000, systemPart2(8, { version })],
    ]);
    expect(rulesOf(judge(bytes)).filter((id) => id.startsWith('eeprom/'))).toEqual([rule]);
  });

  // Both recipes: hal/src/photon/wiced_test_mfg_combined.mk, see particle-modules 1.5.
  it.each([
    { generation: '0.4.7', length: 0x60000, functionId: 3 },
    { generation: '0.4.9 to 1.3.1', length: 0x80000, functionId: 4 },
  ])('knows the glued system parts in a factory image of $generation', ({ length, functionId }) => {
    const glued = new Uint8Array(length).fill(0xff);
    glued.set(systemPart1(8, { dependencies: [] }), 0);
    glued.set(systemPart2(8, { size: 100_000 }), 0x40000);
    writeU32(glued, 0x188, 0x08020000 + length - 4);
    glued[0x192] = functionId;
    new DataView(glued.buffer).setUint32(length - 4, crc32(glued.subarray(0, length - 4)), false);
    const test = systemPart1(0, { functionId: 3, index: 0, dependencies: [] });
    const first: Array<[number, Uint8Array]> = [
      [0x08000000, bootloader(6)],
      [0x08020000, test],
      [0x08080000, glued],
    ];
    const report = judge(dump(length === 0x60000 ? [...first, [0x080e0000, userPart()]] : first));
    expect(report.layout.variant).toBe('monolithic');
    expect(report.modules[2]).toMatchObject({ role: 'factory', combined: true, version: 8, length, crc: 'ok' });
    expect(report.modules[3]?.role).toBe(length === 0x60000 ? 'factory' : undefined);
    expect(report.sectors[8]?.summary).toMatch(/^combined system parts version 8/);
    expect(report.embedded).toMatchObject([
      { index: 2, address: 0x080c0000, inside: 'combined system parts version 8' },
    ]);
    expect(report.modules[1]?.combined).toBe(false);
  });

  it('keeps the words about a sector short', () => {
    const bytes = healthyDump();
    for (let offset = 0; offset < 0x1000; offset++) bytes[0xe0000 + offset] = offset & 0xff;
    expect(judge(bytes).sectors[11]?.summary).toBe('repeating pattern (99 % sure), then erased');
    for (let offset = 0; offset < 0x8000; offset += 0x1000) {
      bytes.set(new TextEncoder().encode('words for a reader '.repeat(5)), 0xe0000 + offset);
      bytes.set(noise(0x400, offset + 1), 0xe0000 + offset + 0x800);
    }
    expect(judge(bytes).sectors[11]?.summary).toMatch(/^[^,]+, [^,]+, [^,]+ and \d+ more$/);
  });

  it('says nothing before there is anything', () => {
    expect(judge(healthyDump().slice(0, 900_001)).sectors[10]?.summary).toBe('erased, not in this input');
  });

  it('does not take the copy in the OTA region of an erased device for a shifted dump', () => {
    const report = judge(dump([[0x080c0000, systemPart1(2101)]]));
    expect(rulesOf(report)).not.toContain('acquisition/odd-offset');
    expect(rulesOf(report)).toContain('placement/missing');
  });

  it('counts a module in the region of another as not installed', () => {
    const bytes = healthyDump();
    bytes.set(bootloader(), 0x8000);
    bytes.set(systemPart1(), 0xa0000);
    const report = judge(bytes);
    expect(report.modules.map(({ role }) => role)).toEqual(['main', 'other', 'main', 'main', 'other']);
    const misplaced = report.findings.filter((finding) => finding.region === 'user');
    expect(misplaced.map(({ rule }) => rule)).toEqual(['placement/wrong-module']);
    expect(report.modules[4]?.free).toBeNull();
  });

  it('lists a module at a sector inside a damaged one once', () => {
    const bytes = healthyDump();
    bytes.set(bootloader(), 0x80000);
    const report = judge(bytes);
    expect(report.modules.filter(({ address }) => address === 0x08080000)).toHaveLength(1);
    expect(report.embedded).toEqual([]);
  });

  it('finds a module at an unusual address', () => {
    const bytes = healthyDump();
    bytes.set(userPart({ version: 77 }), 0xb0010);
    expect(judge(bytes).modules.find((module) => module.version === 77)).toMatchObject({
      role: 'other',
      address: 0x080b0010,
      crc: 'ok',
    });
  });

  it('chooses the map of a monolithic build by the module that is there', () => {
    const mono = systemPart1(11, { functionId: 3, index: 0, dependencies: [] });
    const report = judge(
      dump([
        [0x08000000, bootloader(7)],
        [0x08020000, mono],
      ]),
    );
    expect(report.layout.variant).toBe('monolithic');
    expect(report.modules[1]).toMatchObject({ region: 'firmware', function: 'mono-firmware', role: 'main' });
  });

  it('warns of a bootloader from the other side of 0.7.0', () => {
    const bytes = healthyDump();
    bytes.set(bootloader(7), 0);
    const report = judge(bytes);
    expect(rulesOf(report)).toEqual(expect.arrayContaining(['dependency/mixed-generations', 'dependency/unmet']));
  });

  it('reports versions no release has, flags and odd fields', () => {
    const bytes = healthyDump();
    bytes.set(systemPart1(2299, { flags: 2 }), 0x20000);
    const report = judge(bytes);
    expect(rulesOf(report)).toEqual(expect.arrayContaining(['module/unknown-version', 'module/flags-set']));
    bytes.set(systemPart2(4000), 0x60000);
    expect(rulesOf(judge(bytes))).toContain('module/version-after-support');
  });
});

describe('inspect, a file', () => {
  it('places a module by its header', () => {
    const report = judge(systemPart2());
    expect(report.kind).toBe('module');
    expect(report.input).toMatchObject({ base: 0x08060000, baseSource: 'header' });
    expect(report.sectors).toEqual([]);
    expect(report.verdict).toBe('pass');
  });

  it.each([
    { name: 'system part 1, start', module: systemPart1(), base: 0x08020000, at: 0x184, value: 0x1234 },
    { name: 'system part 1, end', module: systemPart1(), base: 0x08020000, at: 0x188, value: 0x08020000 },
    { name: 'system part 2, start', module: systemPart2(), base: 0x08060000, at: 0x184, value: 0 },
    { name: 'bootloader, start', module: bootloader(), base: 0x08000000, at: 0x184, value: 0x1234 },
    { name: 'user part, end', module: userPart(), base: 0x080a0000, at: 4, value: 0 },
  ])('places a module with a damaged header by what is left of it: $name', ({ module, base, at, value }) => {
    writeU32(module, at, value);
    const report = judge(module);
    expect(report.kind).toBe('module');
    expect(report.input).toMatchObject({ base, baseSource: 'inferred' });
    expect(rulesOf(report)).toEqual(['module/damaged-header']);
  });

  it('names the field of a user module file linked for 0x08010000', () => {
    const report = judge(userPart({ startAddress: 0x08010000 }));
    expect(report).toMatchObject({ kind: 'module', verdict: 'fail', modules: [{ role: 'other' }] });
    expect(rulesOf(report)).toEqual(['placement/wrong-start-address']);
    expect(report.findings[0]).toMatchObject({ start: 0x08010000, end: 0x08010004 });
    expect(report.findings[0]?.message).toContain('module_start_address is 0x08010000, expected 0x080A0000');
    expect(report.findings[0]?.remedy).toBe('Link it for 0x080A0000.');
  });

  it('finds the end of a padded module through its header', () => {
    const padded = new Uint8Array(0x4000).fill(0xff);
    padded.set(bootloader());
    const report = judge(padded);
    expect(report.modules[0]).toMatchObject({ crc: 'ok', sha: 'ok' });
    expect(report.verdict).toBe('pass');
  });

  it('mentions bytes behind a module', () => {
    const module = userPart();
    const bytes = new Uint8Array(module.length + 300);
    bytes.set(module);
    bytes.set(noise(300, 9), module.length);
    const report = judge(bytes);
    expect(report.findings).toEqual([expect.objectContaining({ rule: 'container/trailing-bytes', severity: 'note' })]);
    expect(report.findings[0]?.message).toContain('300 bytes');
  });

  it('takes --base at its word', () => {
    const report = judge(userPart(), 0x080a0000);
    expect(report.input).toMatchObject({ base: 0x080a0000, baseSource: 'given' });
    const elsewhere = judge(userPart(), 0x080c0000);
    expect(elsewhere.modules[0]).toMatchObject({ role: 'ota' });
  });

  it('judges an image only for what it holds', () => {
    const image = MemoryImage.fromBytes(systemPart1(), 0x08020000).merge(MemoryImage.fromBytes(userPart(), 0x080a0000));
    const input = { ...rawInput(new Uint8Array(1)), image, addressSource: 'file' as const };
    const report = inspect(input, board);
    expect(report.kind).toBe('image');
    expect(rulesOf(report)).toEqual(['release/unknown-build']);
    expect(report.coverage.absent).toBe(FLASH_SIZE - image.byteCount);
  });

  it('gives an honest verdict on what it does not recognise', () => {
    const report = judge(noise(5000));
    expect(report.kind).toBe('unknown');
    expect(report.input.base).toBeNull();
    expect(report.verdict).toBe('fail');
    expect(rulesOf(report)).toEqual(['container/not-recognised']);
  });

  it('survives headers that point outside and sizes that overflow', () => {
    for (const [start, end] of [
      [0xfffffff0, 0xffffffff],
      [0x080a0000, 0xffffffff],
      [0x080a0000, 0x080a0000],
      [0, 0xffffffff],
      [0xffffff00, 0x00000010],
    ] as const) {
      const bytes = userPart();
      writeU32(bytes, 0, start);
      writeU32(bytes, 4, end);
      const report = judge(bytes);
      expect(['unknown', 'module']).toContain(report.kind);
      expect(report.verdict).toBe('fail');
    }
  });
});

describe('inspect, any bytes', () => {
  it('gives a result or one of our errors, and a coverage that adds up', () => {
    const header = fc.record({
      start: fc.constantFrom(0x08000000, 0x08020000, 0x080a0000, 0xfffffff0, 0),
      length: fc.integer({ min: 0, max: 0x30000 }),
      function: fc.integer({ min: 0, max: 12 }),
      platform: fc.constantFrom(6, 8, 10, 0, 77),
      at: fc.constantFrom(0, 0x184, 0x4000, 0x20184),
    });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.array(header, { maxLength: 4 }),
        fc.nat(0x30000),
        (noise, headers, size) => {
          const bytes = new Uint8Array(Math.max(size, noise.length)).fill(0xff);
          bytes.set(noise);
          for (const { start, length, function: kind, platform, at } of headers) {
            if (at + 24 > bytes.length) continue;
            writeU32(bytes, at, start);
            writeU32(bytes, at + 4, (start + length) >>> 0);
            writeU16(bytes, at + 12, platform);
            bytes[at + 14] = kind;
          }
          try {
            const { coverage } = judge(bytes);
            const { total, ...classes } = coverage;
            expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(total);
          } catch (error) {
            expect(error).toBeInstanceOf(FlashatlasError);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
