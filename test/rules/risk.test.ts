/** What can go wrong later, and what the firmware changes by itself. */
import { describe, expect, it } from 'vitest';
import { readAny } from '../../src/formats/index.js';
import { loadBoard } from '../../src/layout/load.js';
import { checkFile, checkOnto } from '../../src/operations/check/check.js';
import { inputOf } from '../../src/operations/open.js';
import {
  bootloader,
  dctCopies,
  healthyDump,
  rawInput,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';
import { slotsWith, withCopies } from './samples/dct.js';
import { carrying, programWith, withModule } from './samples/device.js';
import { checked, P1_BOARD } from './samples/sample.js';

const OPTION_KEYS = [0x08192a3b, 0x4c5d6e7f];
const FLASH_KEYS = [0x45670123, 0xcdef89ab];
const USER = 0xa0000;
const about = (findings: ReturnType<typeof checked>, rule: string) =>
  findings.filter((finding) => finding.rule === rule);

describe('a program with the keys of the option bytes', () => {
  it('is told apart by all of key, key and register', () => {
    for (const words of [
      OPTION_KEYS,
      [OPTION_KEYS[0] ?? 0, 0x40023c14],
      [OPTION_KEYS[1] ?? 0, 0x40023c14],
      [0x40023c14],
    ]) {
      expect(checked(programWith(...words))).toEqual([]);
    }
    for (const register of [0x40023c00, 0x40023c08, 0x40023c14]) {
      const [finding] = about(checked(programWith(...OPTION_KEYS, register)), 'risk/writes-option-bytes');
      expect(finding).toMatchObject({ severity: 'warning', region: 'user', start: 0x080a00e0, end: 0x080a00e4 });
      expect(finding?.remedy).toContain('brown-out level 3');
    }
  });

  it('is found in the factory copy too, and not in system parts', () => {
    const program = programWith(...OPTION_KEYS, 0x40023c14);
    const device = withModule(0xe0000, program);
    expect(about(checked(device), 'risk/writes-option-bytes')).toMatchObject([{ region: 'factory' }]);
  });
});

describe('a program with the keys of the flash', () => {
  const device = withModule(USER, programWith(...FLASH_KEYS, 0x40023c04));

  it('reaches what is not write protected', () => {
    const message = (optcr?: number) =>
      about(checked(device, optcr === undefined ? {} : { optcr }), 'risk/writes-flash')[0]?.message;
    expect(message()).toMatch(/it reaches every sector that is not write protected$/);
    expect(message(0x0e1eaaed)).toMatch(/not write protected are the sectors 1, 2, 3, 4, 9, 10, 11$/);
    expect(message(0x0000aaed)).toMatch(/every sector is write protected, but a program can take that away$/);
  });
});

describe('the factory region', () => {
  const pending = (length: number, module: Uint8Array): Uint8Array => {
    const edits = [{ field: 'flash_modules', bytes: slotsWith(1, 'pending', length) }];
    return withCopies(dctCopies({ edits }), withModule(0xc0000, module));
  };

  it('has no image left when a pending update lies over it, which is a note', () => {
    const [finding] = about(checked(pending(180_456, systemPart1())), 'risk/factory-image-overwritten');
    expect(finding).toMatchObject({ severity: 'note', region: 'factory', start: 0x080e0000 });
    expect(finding?.message).toContain('there is no factory image any more');
    expect(finding?.remedy).toBeUndefined();
    expect(about(checked(pending(9068, userPart())), 'risk/factory-image-overwritten')).toEqual([]);
  });

  it('is not looked at when what lies in the OTA region is residue', () => {
    expect(checked(withModule(0xc0000, systemPart1()))).toEqual([]);
  });
});

describe('a factory reset', () => {
  const old = (part2 = systemPart2(110)): Uint8Array =>
    withModule(0x60000, part2, withModule(0x20000, systemPart1(110), withModule(0, bootloader(7))));

  it('cannot work where the bootloader looks into system part 2', () => {
    const device = withModule(0xe0000, userPart(), old());
    const [finding] = about(checked(device), 'risk/no-factory-reset');
    expect(finding?.message).toBe(
      'a factory reset cannot work here: bootloader 7 looks for the factory image at 0x08080000, inside system part 2, and not at 0x080E0000, where there is one',
    );
  });

  it('may work where system part 2 ends before', () => {
    expect(about(checked(old(systemPart2(110, { size: 100_000 }))), 'risk/no-factory-reset')).toEqual([]);
  });

  it('is not judged for other boards, which record their factory image', () => {
    const photon = loadBoard('particle-photon');
    const { report } = checkFile(rawInput(old()), photon);
    expect(report.findings.map(({ rule }) => rule)).not.toContain('risk/no-factory-reset');
  });
});

describe('the bootloader that system part 2 carries', () => {
  const device = (version: number, carried: number, installed: number): Uint8Array =>
    withModule(
      0x60000,
      carrying(version, carried),
      withModule(0x20000, systemPart1(version), withModule(0, bootloader(installed))),
    );

  it.each([
    [110, 11, 7, 'newer'],
    [110, 11, 101, 'older'],
    [23, 7, 201, 'older'],
    [108, 11, 101, undefined],
    [110, 7, 11, undefined],
    [110, 11, 11, undefined],
  ])('system %i with bootloader %i over %i: %s', (version, carried, installed, word) => {
    const [finding] = about(checked(device(version, carried, installed)), 'release/bootloader-replaced');
    expect(finding?.message).toBe(
      word &&
        `at its next start the firmware replaces bootloader ${installed} by the ${word} bootloader ${carried} that system part 2 carries`,
    );
  });
});

describe('a downgrade', () => {
  const system = (version: number): Uint8Array =>
    withModule(0x60000, systemPart2(version), withModule(0x20000, systemPart1(version)));
  const downgrade = (before: number, after: number) => {
    const files = [systemPart1(after), systemPart2(after)].map((bytes, index) =>
      inputOf(`${index}.bin`, bytes, readAny(bytes, { name: `${index}.bin` })),
    );
    const { findings } = checkOnto(rawInput(system(before)), files, P1_BOARD).report;
    return findings.find(({ rule }) => rule === 'release/downgrade');
  };

  it.each([
    [2202, 1502, 'note', 'the system goes back from version 2202 to 1502'],
    [2202, 110, 'warning', 'the system goes back from version 2202 to 110, which reads the DCT by other rules'],
    [110, 11, 'warning', 'the system goes back from version 110 to 11, which reads the EEPROM by other rules'],
    [
      2202,
      11,
      'warning',
      'the system goes back from version 2202 to 11, which reads the DCT and the EEPROM by other rules',
    ],
  ])('from %i to %i', (before, after, severity, message) => {
    expect(downgrade(before, after)).toMatchObject({ severity, message });
  });

  it('is none to the same or a later version', () => {
    expect(downgrade(2202, 2202)).toBeUndefined();
    expect(downgrade(1502, 2202)).toBeUndefined();
  });
});

describe('an erased place', () => {
  it('satisfies nothing, although the check of the firmware passes there', () => {
    const [finding] = about(checked(withModule(0x20000, new Uint8Array(0))), 'dependency/missing');
    expect(finding?.evidence).toMatchObject({ erased: true, minVersion: 2202 });
    expect(finding?.message).toMatch(
      /none is installed\. The firmware would not notice: its own check reads version 0xFFFF/,
    );
    const zeros = withModule(0x20000, new Uint8Array(0x40000));
    const [filled] = about(checked(zeros), 'dependency/missing');
    expect(filled?.evidence).toMatchObject({ erased: false });
    expect(filled?.message).toMatch(/none is installed$/);
  });
});

describe('builds', () => {
  it('that are not known are named once for all modules', () => {
    const find = (bytes: Uint8Array) =>
      about(checked(bytes, { ignore: [] }), 'release/unknown-build').map(({ message }) => message);
    expect(find(healthyDump())).toHaveLength(1);
    expect(find(systemPart1())).toEqual(['system part 1 version 2202 is not one of the known builds of this version']);
    expect(find(userPart())).toEqual([]);
    expect(find(bootloader(1007))).toEqual([]);
  });
});
