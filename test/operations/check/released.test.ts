/** check on released firmware: sets that belong together, and mixtures that people end up with. */
import { describe, expect, it } from 'vitest';
import { writeU16 } from '../../../src/core/bytes.js';
import { reaches } from '../../../src/core/finding.js';
import { loadBoard } from '../../../src/layout/load.js';
import { checkFile, checkOnto, checkSet } from '../../../src/operations/check/check.js';
import { examine } from '../../../src/operations/inspect/inspect.js';
import { sealModule } from '../../../src/regions/module/build.js';
import { describeWithFirmware, firmwareFile, knownModuleBytes, knownModules } from '../../support/firmware.js';
import { dctCopies, dump, eepromPages, healthyDump, rawInput } from '../../support/synthetic.js';

const board = loadBoard('particle-p1');
const UPDATES = 'particle-cli@2.16.0:assets/updates';
/** Where the system part 2 of 0.5.2 carries its bootloader, and how long that is. */
const CARRIED = { offset: 0x28434, length: 14_916 };

interface Released {
  readonly bootloader: () => Uint8Array;
  readonly part1: () => Uint8Array;
  readonly part2: () => Uint8Array;
  readonly user: () => Uint8Array;
  /** Firmware from 0.7.0 on writes a version record into the DCT. */
  readonly versionRecord: boolean;
}

const part2of052 = () => firmwareFile('system-part2-0.5.2-p1.bin');
const bootloader220 = () => firmwareFile(`${UPDATES}/p1-bootloader@2.2.0+lto.bin`);
const bootloader150 = () => firmwareFile('p1-bootloader@1.5.0+lto.bin');
const part1of220 = () => firmwareFile(`${UPDATES}/p1-system-part1@2.2.0.bin`);
const part2of220 = () => firmwareFile(`${UPDATES}/p1-system-part2@2.2.0.bin`);
const tinker = () => firmwareFile('tinker-0.4.5-p1.bin');

const SETS: Readonly<Record<string, Released>> = {
  '0.5.2': {
    bootloader: () => part2of052().slice(CARRIED.offset, CARRIED.offset + CARRIED.length),
    part1: () => firmwareFile('system-part1-0.5.2-p1.bin'),
    part2: part2of052,
    user: tinker,
    versionRecord: false,
  },
  '1.5.0': {
    bootloader: bootloader150,
    part1: () => firmwareFile('p1-system-part1@1.5.0.bin'),
    part2: () => firmwareFile('p1-system-part2@1.5.0.bin'),
    user: tinker,
    versionRecord: true,
  },
  '2.2.0': { bootloader: bootloader220, part1: part1of220, part2: part2of220, user: tinker, versionRecord: true },
  '2.3.1': {
    bootloader: bootloader220,
    part1: () => firmwareFile('p1-system-part1@2.3.1.bin'),
    part2: () => firmwareFile('p1-system-part2@2.3.1.bin'),
    user: () => firmwareFile('p1_doctor.bin'),
    versionRecord: true,
  },
};

function device({ bootloader, part1, part2, user, versionRecord }: Released): Uint8Array {
  const { copy1, copy2 } = dctCopies({ versionRecord });
  const { page1, page2 } = eepromPages();
  return dump([
    [0x08000000, bootloader()],
    [0x08004000, copy1],
    [0x08008000, copy2],
    [0x0800c000, page1],
    [0x08010000, page2],
    [0x08020000, part1()],
    [0x08060000, part2()],
    [0x080a0000, user()],
  ]);
}

const named = (bytes: Uint8Array, path: string) => ({ ...rawInput(bytes), path });

/** The released bootloader with another version in its header. */
function bootloaderOf(version: number): Uint8Array {
  const module = bootloader220();
  writeU16(module, 0x184 + 10, version);
  return sealModule(module);
}

describeWithFirmware('check, released firmware', () => {
  describe.each(Object.entries(SETS))('the set of %s', (release, set) => {
    it('has nothing above a note as a configured device', () => {
      const { report } = checkFile(rawInput(device(set)), board);
      expect(report.findings.filter(({ severity }) => reaches(severity, 'warning'))).toEqual([]);
      expect(report).toMatchObject({ verdict: 'pass', passed: true, deviceOs: release, scope: 'one' });
      // That a factory reset finds nothing is normal life on a P1 with an old bootloader.
      const expected = release === '0.5.2' ? ['risk/no-factory-reset'] : [];
      expect(report.findings.map(({ rule }) => rule)).toEqual(expected);
    });

    it('fits together as files', () => {
      const files = [set.bootloader(), set.part1(), set.part2(), set.user()];
      const { report } = checkSet(
        files.map((bytes, index) => named(bytes, `${index}.bin`)),
        board,
      );
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ scope: 'set', verdict: 'pass', deviceOs: release, input: null });
      expect(report.modules.map(({ file }) => file)).toEqual(['0.bin', '1.bin', '2.bin', '3.bin']);
      expect(report.modules.flatMap(({ dependencies }) => dependencies).every(({ satisfied }) => satisfied)).toBe(true);
    });
  });

  it.each(['photon', 'electron'])('a set of 2.2.0 for the %s fits together', (platform) => {
    const parts =
      platform === 'electron' ? ['system-part1', 'system-part2', 'system-part3'] : ['system-part1', 'system-part2'];
    const files = ['bootloader', ...parts].map((part) => {
      const name = `${platform}-${part}@2.2.0${part === 'bootloader' ? '+lto' : ''}.bin`;
      return named(firmwareFile(name), name);
    });
    const { report } = checkSet(files, loadBoard(`particle-${platform}`));
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ verdict: 'pass', deviceOs: '2.2.0' });
    const p1 = checkSet(files, board).report;
    expect(p1.findings.map(({ rule }) => rule)).toEqual(['placement/wrong-platform']);
  });

  it('agrees with inspect about every device', () => {
    for (const bytes of [...Object.values(SETS).map(device), healthyDump()]) {
      const { report } = examine(rawInput(bytes), board);
      const checked = checkFile(rawInput(bytes), board).report;
      expect(checked.verdict).toBe(report.verdict);
      expect(checked.findings.map(({ rule, message }) => [rule, message])).toEqual(
        report.findings.map(({ rule, message }) => [rule, message]),
      );
      expect(checked.boot).toEqual(report.boot);
    }
  });

  it.each([
    [501, false],
    [1002, false],
    [1003, true],
    [1006, true],
  ])('bootloader %i under part 2 of 2.2.0: %s', (version, passes) => {
    const boot = version === 501 ? bootloader150() : bootloaderOf(version);
    const set = [named(boot, 'boot.bin'), named(part1of220(), 'part1.bin'), named(part2of220(), 'part2.bin')];
    const { report } = checkSet(set, board);
    expect(report.verdict).toBe(passes ? 'pass' : 'fail');
    const unmet = report.findings.filter(({ rule }) => rule === 'dependency/unmet');
    expect(unmet.map(({ message, file }) => [message, file])).toEqual(
      passes
        ? []
        : [
            [
              `system part 2 version 2202 needs bootloader of at least version 1003; installed is ${version} (${version} < 1003)`,
              'part2.bin',
            ],
          ],
    );
  });

  it('fails part 1 of 0.5.2 with part 2 of 2.2.0', () => {
    const part1 = firmwareFile('system-part1-0.5.2-p1.bin');
    const { report } = checkSet([named(part1, 'part1.bin'), named(part2of220(), 'part2.bin')], board);
    expect(report.verdict).toBe('fail');
    expect(report.findings.find(({ rule }) => rule === 'dependency/unmet')?.message).toContain('17 < 2202');
  });

  it('warns about parts of two releases that still meet what they ask of each other', () => {
    const part1 = firmwareFile('p1-system-part1@2.3.1.bin');
    const { report } = checkSet([named(part1, 'a.bin'), named(part2of220(), 'b.bin')], board);
    expect(report.verdict).toBe('warn');
    expect(report.findings.map(({ rule, message }) => [rule, message])).toEqual([
      [
        'release/mixed',
        'the system parts are of different releases: system part 1 version 2302 of 2.3.1 and system part 2 version 2202 of 2.2.0',
      ],
    ]);
  });

  it('says what the bootloader that 0.5.2 carries replaces', () => {
    const old = knownModules.find(({ function: name, moduleVersion, platformId }) => {
      return name === 'bootloader' && moduleVersion < 7 && platformId === 8;
    });
    if (!old) throw new Error('no older bootloader');
    const bytes = device({ ...(SETS['0.5.2'] as Released), bootloader: () => knownModuleBytes(old) });
    const { report } = checkFile(rawInput(bytes), board);
    expect(report.findings.find(({ rule }) => rule === 'release/bootloader-replaced')?.message).toBe(
      `at its next start the firmware replaces bootloader ${old.moduleVersion} by the newer bootloader 7 that system part 2 carries`,
    );
  });

  it('finds no key of the option bytes or the flash in a released user part', () => {
    for (const known of knownModules.filter(
      ({ platformId, function: name }) => platformId === 8 && name === 'user-part',
    )) {
      const { report } = checkFile(rawInput(knownModuleBytes(known)), board);
      expect(report.findings.filter(({ rule }) => rule.startsWith('risk/'))).toEqual([]);
    }
  });

  it('says what a downgrade over the change of the DCT leads to', () => {
    const chip = rawInput(device(SETS['2.2.0'] as Released));
    const files = [named(firmwareFile('system-part1-0.5.2-p1.bin'), '1.bin'), named(part2of052(), '2.bin')];
    const { report } = checkOnto(chip, files, board);
    expect(report.verdict).toBe('warn');
    expect(report.findings.filter(({ severity }) => severity !== 'note').map(({ rule }) => rule)).toEqual([
      'dependency/mixed-generations',
      'release/downgrade',
    ]);
    expect(report.sectorsErased).toEqual([5, 6, 7, 8]);
    expect(report.lost.map(({ what, replacedBy, how }) => [what, replacedBy, how])).toEqual([
      ['system part 1 version 2202', 'system part 1 version 17', 'overwritten'],
      ['system part 2 version 2202', 'system part 2 version 17', 'overwritten'],
    ]);
    expect(report.kept.map(({ what }) => what)).toEqual([
      'bootloader version 1006',
      'DCT copy 1 (current)',
      'EEPROM page 1 (active)',
      'user part version 3',
    ]);
  });
});
