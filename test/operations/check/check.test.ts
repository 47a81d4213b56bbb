/** Files judged together, and what a chip becomes when files are written onto it. */
import { describe, expect, it } from 'vitest';
import { readAny, writeAny } from '../../../src/formats/index.js';
import { loadBoard } from '../../../src/layout/load.js';
import { type CheckOptions, checkFile, checkOnto, checkSet } from '../../../src/operations/check/check.js';
import { selectFindings } from '../../../src/operations/check/select.js';
import type { InspectInput } from '../../../src/operations/inspect/inspect.js';
import { inputOf } from '../../../src/operations/open.js';
import { withModule } from '../../rules/samples/device.js';
import {
  bootloader,
  dctCopies,
  FLASH_SIZE,
  healthyDump,
  noise,
  rawInput,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';
import { errorOf } from '../../support/vectors.js';

const board = loadBoard('particle-p1');
const OPTIONS: CheckOptions = { ignore: ['release/unknown-build'] };
const file = (path: string, bytes: Uint8Array, base?: number): InspectInput => ({
  ...inputOf(path, bytes, readAny(bytes, { name: path, base })),
});
const onto = (chip: Uint8Array, ...files: readonly InspectInput[]) =>
  checkOnto(file('chip.bin', chip), files, board, OPTIONS).report;
const set = (...files: readonly InspectInput[]) => checkSet(files, board, OPTIONS).report;

describe('files judged together', () => {
  it('name what the board must have already', () => {
    const report = set(file('part2.bin', systemPart2()), file('app.bin', userPart()));
    expect(report).toMatchObject({ verdict: 'pass', scope: 'set', kind: 'image', input: null });
    expect(report.inputs.map(({ path, base }) => [path, base])).toEqual([
      ['part2.bin', 0x08060000],
      ['app.bin', 0x080a0000],
    ]);
    const [part2] = report.modules;
    expect(part2?.dependencies.map(({ minVersion, found }) => [minVersion, found])).toEqual([
      [2202, null],
      [1003, null],
    ]);
  });

  it('know which file a finding is about, and where in it', () => {
    const damaged = systemPart1().slice();
    damaged[0x1000] = 1;
    const [finding, ...more] = set(file('part2.bin', systemPart2()), file('part1.bin', damaged)).findings;
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      rule: 'module/crc-mismatch',
      file: 'part1.bin',
      fileOffset: damaged.length - 4,
      fileLine: null,
      start: 0x08020000 + damaged.length - 4,
    });
    expect(finding?.origin).toBe(`offset 0x${(damaged.length - 4).toString(16).toUpperCase()}`);
  });

  it('know the line of a text file', () => {
    const damaged = userPart().slice();
    damaged[0x100] = 1;
    const image = readAny(damaged, { base: 0x080a0000, name: 'a' }).image;
    const [finding] = set(file('app.hex', writeAny(image, 'intel-hex')), file('part1.bin', systemPart1())).findings;
    expect(finding).toMatchObject({ rule: 'module/crc-mismatch', file: 'app.hex', fileOffset: null });
    expect(finding?.fileLine).toBeGreaterThan(500);
  });

  it('say when two are for one place', () => {
    const report = set(file('old.bin', userPart({ version: 5 })), file('new.bin', userPart()));
    expect(report.findings.map(({ rule, severity, message }) => [rule, severity, message])).toEqual([
      [
        'placement/same-place',
        'error',
        'old.bin and new.bin both claim 9,068 bytes from 0x080A0000 on, with different content; the later one is judged',
      ],
    ]);
    expect(report.modules.map(({ version, file: from }) => [version, from])).toEqual([[6, 'new.bin']]);
    const same = set(file('a.bin', userPart()), file('b.bin', userPart()));
    expect(same.findings).toMatchObject([{ rule: 'placement/same-place', severity: 'note' }]);
    expect(same.verdict).toBe('pass');
  });

  it('for another board are called files, not a dump', () => {
    const photon = { platformId: 6 };
    const report = set(file('1.bin', systemPart1(2202, photon)), file('2.bin', systemPart2(2202, photon)));
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]?.message).toContain('these are files for a Photon');
    expect(report.findings[0]?.remedy).toBe(
      'If the board is a Photon, use --board particle-photon. If it is a Particle P1, flash the files for Particle P1.',
    );
  });

  it('may not be dumps of whole chips, nor bytes without a place', () => {
    const dump = errorOf(() => set(file('a.bin', healthyDump()), file('b.bin', userPart())));
    expect(dump).toMatchObject({ code: 'CHECK_DUMP_IN_SET', where: 'a.bin' });
    expect(dump.help).toContain('--onto');
    const nowhere = errorOf(() => set(file('a.bin', noise(100)), file('b.bin', userPart())));
    expect(nowhere).toMatchObject({ code: 'CHECK_NO_ADDRESS', where: 'a.bin' });
    expect(nowhere.help).toContain('0x080A0000:app.bin');
    expect(set(file('a.bin', noise(100), 0x080c0000), file('b.bin', userPart())).verdict).toBe('pass');
  });
});

describe('a chip that files are written onto', () => {
  it('loses what lay behind a shorter module, and keeps the rest', () => {
    const chip = withModule(0xa0000, userPart());
    chip.set(noise(1000), 0xb8000);
    const report = onto(chip, file('app.bin', userPart({ version: 7, size: 4000 })));
    expect(report).toMatchObject({ verdict: 'pass', scope: 'onto', sectorsErased: [9], kind: 'flash-dump' });
    expect(report.input?.path).toBe('chip.bin');
    expect(report.lost.map(({ what, replacedBy, how, region }) => [what, replacedBy, how, region])).toEqual([
      ['user part version 6', 'user part version 7', 'overwritten', 'user'],
      ['bytes that no decoder explains', null, 'erased', 'user'],
    ]);
    expect(report.kept.map(({ what, region }) => [what, region])).toEqual([
      ['bootloader version 1006', 'bootloader'],
      ['DCT copy 1 (current)', 'dct1'],
      ['EEPROM page 1 (active)', 'eeprom1'],
      ['system part 1 version 2202', 'system-part1'],
      ['system part 2 version 2202', 'system-part2'],
    ]);
  });

  it('loses nothing to the same files again', () => {
    const report = onto(healthyDump(), file('part1.bin', systemPart1()), file('part2.bin', systemPart2()));
    expect(report).toMatchObject({ verdict: 'pass', lost: [], sectorsErased: [5, 6, 7, 8] });
  });

  it('loses its factory image to an update in the OTA region that is longer than 128 KiB', () => {
    const chip = withModule(0xe0000, userPart());
    const report = onto(chip, file('part1.bin', systemPart1(), 0x080c0000));
    expect(report.sectorsErased).toEqual([10, 11]);
    expect(report.lost).toMatchObject([{ kind: 'module', region: 'factory', what: 'user part version 6' }]);
    const [finding] = report.findings;
    expect(finding).toMatchObject({ rule: 'risk/factory-image-overwritten', severity: 'warning', start: 0x080e0000 });
    expect(finding?.message).toContain('the factory image (user part version 6) is lost');
    expect(onto(chip, file('app.bin', userPart(), 0x080c0000)).findings).toEqual([]);
  });

  it('loses configuration to an image that covers it', () => {
    const blank = new Uint8Array(0x8000).fill(0xff);
    const report = onto(healthyDump(), file('blank.bin', blank, 0x08004000));
    expect(report.verdict).toBe('fail');
    expect(report.lost).toMatchObject([{ kind: 'dct', what: 'DCT copy 1 (current)', region: 'dct1' }]);
    expect(report.findings.map(({ rule }) => rule)).toEqual(['dct/no-usable-copy', 'risk/device-key-lost']);
    const other = dctCopies({ edits: [{ field: 'ssid_prefix', bytes: new Uint8Array(26) }] }).copy1;
    expect(onto(healthyDump(), file('dct.bin', other, 0x08004000)).findings).toEqual([]);
  });

  it('is judged by what it becomes', () => {
    const chip = withModule(0, bootloader(501));
    const before = checkFile(file('chip.bin', chip), board, OPTIONS).report;
    expect(before.findings.map(({ rule }) => rule)).toEqual(['dependency/unmet']);
    const report = onto(chip, file('bootloader.bin', bootloader(1006)));
    expect(report).toMatchObject({ verdict: 'pass', findings: [] });
    expect(report.lost).toMatchObject([{ replacedBy: 'bootloader version 1006' }]);
  });

  it('says what USB DFU refuses, and which sectors are write protected', () => {
    const report = checkOnto(
      file('chip.bin', healthyDump()),
      [file('boot.bin', bootloader()), file('part1.bin', systemPart1()), file('app.bin', userPart())],
      board,
      { ...OPTIONS, optcr: 0x0e1eaaed },
    ).report;
    expect(report.refusedByDfu).toMatchObject([
      { start: 0x08000000, end: 0x08000000 + bootloader().length, instead: expect.stringContaining('OTA region') },
    ]);
    expect(report.sectorsErased).toEqual([0, 5, 6, 9]);
    expect(report.sectorsProtected).toEqual([0, 5, 6]);
    const unknown = onto(healthyDump(), file('app.bin', userPart()));
    expect(unknown).toMatchObject({ refusedByDfu: [], sectorsProtected: [] });
    const generic = checkOnto(
      file('chip.bin', healthyDump()),
      [file('boot.bin', bootloader())],
      loadBoard('stm32f205-generic'),
    ).report;
    expect(generic.refusedByDfu).toEqual([]);
  });

  it('takes a whole image too', () => {
    const report = onto(healthyDump(), file('new.bin', withModule(0xa0000, userPart({ version: 9 }))));
    expect(report.sectorsErased).toHaveLength(12);
    expect(report.lost.map(({ what }) => what)).toEqual(['user part version 6']);
  });

  it('names another build of the same version as such', () => {
    const report = onto(healthyDump(), file('part1.bin', systemPart1(2202, { size: 150_000 })));
    expect(report.lost).toMatchObject([{ replacedBy: 'another build of the same version' }]);
  });
});

describe('findings that count', () => {
  const all = checkFile(rawInput(withModule(0xa0000, new Uint8Array(0))), board, { optcr: 0x0e1eaae1 }).report;
  const rules = (options: CheckOptions) => selectFindings(all.findings, options).map(({ rule }) => rule);
  const everything = all.findings.map(({ rule }) => rule);

  it('are all, unless something is said', () => {
    expect(everything).toEqual([
      'release/unknown-build',
      'placement/missing',
      'protection/brown-out',
      'protection/write-protected',
    ]);
    expect(rules({})).toEqual(everything);
    expect(rules({ rules: [], ignore: [] })).toEqual(everything);
  });

  it.each([
    [{ rules: ['placement/missing'] }, ['placement/missing']],
    [{ rules: ['protection'] }, ['protection/brown-out', 'protection/write-protected']],
    [{ rules: ['protection/*'], ignore: ['protection/w*'] }, ['protection/brown-out']],
    [{ rules: ['*/*ss*'] }, ['placement/missing']],
    [{ ignore: ['release,protection'] }, ['placement/missing']],
    [{ rules: ['keys'] }, []],
    [{ rules: ['*'] }, everything],
  ] as [CheckOptions, string[]][])('%j', (options, expected) => expect(rules(options)).toEqual(expected));

  it('are named by words that exist', () => {
    expect(errorOf(() => rules({ rules: ['placement/mising'] }))).toMatchObject({
      code: 'USAGE_UNKNOWN_RULE',
      help: 'Did you mean placement/missing?',
    });
    expect(errorOf(() => rules({ rules: ['dtc'] })).help).toBe('Did you mean dct?');
    expect(errorOf(() => rules({ rules: ['crc-mismatch'] })).help).toBe('Did you mean module/crc-mismatch?');
    expect(errorOf(() => rules({ ignore: ['nothing-like-a-rule-at-all'] })).message).toContain(
      '--ignore names no rule',
    );
    for (const word of ['', 'toString', '__proto__', 'dct/', '**/x']) {
      expect(errorOf(() => rules({ rules: [word] })).code).toBe('USAGE_UNKNOWN_RULE');
    }
  });

  it('count as errors when warnings do', () => {
    const severities = selectFindings(all.findings, { strict: true }).map(({ severity }) => severity);
    expect(severities).toEqual(['note', 'error', 'error', 'note']);
  });

  it('decide whether the check is passed', () => {
    const judged = (options: CheckOptions) => checkFile(rawInput(healthyDump()), board, options).report;
    expect(judged({ optcr: 0x0fffaae1 })).toMatchObject({ verdict: 'warn', passed: true, failOn: 'error' });
    expect(judged({ optcr: 0x0fffaae1, failOn: 'warning' })).toMatchObject({ verdict: 'warn', passed: false });
    expect(judged({ optcr: 0x0fffaae1, strict: true })).toMatchObject({ verdict: 'fail', passed: false });
    expect(judged({ optcr: 0x0fffaae1, minimumSupply: 3.2 })).toMatchObject({ verdict: 'pass', passed: true });
    expect(judged({ failOn: 'note' })).toMatchObject({ verdict: 'pass', passed: false });
    expect(judged({ failOn: 'note', ignore: ['release'] })).toMatchObject({ passed: true, hidden: 1 });
    const blank = checkFile(rawInput(new Uint8Array(FLASH_SIZE)), board, { failOn: 'never' }).report;
    expect(blank).toMatchObject({ verdict: 'fail', passed: true });
    expect(blank.counts).toEqual({ error: 1, warning: 0, note: 0 });
  });
});
