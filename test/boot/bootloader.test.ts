/** Decisions of the bootloader: vector table, header of the first part, access to the DCT, button. */
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import { loadBoard } from '../../src/layout/load.js';
import { bootloader, dump, systemPart1, systemPart2, userPart } from '../support/synthetic.js';
import {
  alternative,
  boot,
  device,
  ERASED_SECTOR,
  flipped,
  maybeBoot,
  resultOf,
  summary,
  withHeader,
} from './boards.js';

const PART1 = 0x08020000;
const PART2 = 0x08060000;
const TABLE = 0x184;

function withWord(flash: Uint8Array, address: number, word: number): Uint8Array {
  const bytes = flash.slice();
  writeU32(bytes, address - 0x08000000, word);
  return bytes;
}

const part1 = (fields: Parameters<typeof withHeader>[2]) => device([[PART1, withHeader(systemPart1(), TABLE, fields)]]);
const part2 = (fields: Parameters<typeof withHeader>[2]) => device([[PART2, withHeader(systemPart2(), TABLE, fields)]]);

describe('sector 0', () => {
  it.each([
    ['erased', 0xffffffff, 0xffffffff, 'the reset vector is erased, so the processor finds no program'],
    [
      'an even reset vector',
      0x20020000,
      0x08000200,
      'the reset vector 0x08000200 is even, which faults on this processor, so the processor finds no program',
    ],
    [
      'a reset vector in RAM',
      0x20020000,
      0x20000001,
      'the reset vector 0x20000001 leads outside the flash, so the processor finds no program',
    ],
    [
      'a stack outside the RAM',
      0x30020000,
      0x08000201,
      'the stack pointer 0x30020000 lies outside the RAM, so the processor finds no program',
    ],
  ])('with %s starts nothing', (_, stack, reset, words) => {
    const flash = withWord(withWord(device(), 0x08000000, stack), 0x08000004, reset);
    const prediction = boot(flash);
    expect(summary(prediction)).toBe('lockup no-dct no-start dark certain');
    expect(resultOf(prediction, /reset vector at the start/)).toEqual([words]);
  });

  it('without a bootloader holds a program nobody knows', () => {
    const flash = device([[0x08000000, withHeader(bootloader(), TABLE, { kind: 4 })]]);
    expect(summary(boot(flash))).toBe('lockup no-dct no-start dark possible');
  });

  it('runs unchecked when it is damaged: the outcome is a guess', () => {
    const prediction = boot(flipped(device(), 0x08002000));
    expect(prediction.confidence).toBe('possible');
    expect(prediction.conditions.join()).toContain('nothing checks its CRC');
  });
});

describe('the header of the first part', () => {
  it.each([
    ['as released', {}, 'jump'],
    ['a start one sector on', { start: 0x08040000 }, 'dfu'],
    ['a start of nothing', { start: 0xffffffff }, 'dfu'],
    ['an end at the end of the flash', { end: 0x08100000 }, 'jump'],
    ['an end one byte above the flash', { end: 0x08100001 }, 'dfu'],
    ['an end before its start', { end: 0x08000000 }, 'jump'],
    ['an end of 0', { end: 0 }, 'jump'],
    ['the platform of the Photon', { platform: 6 }, 'dfu'],
    ['no platform', { platform: 0xffff }, 'dfu'],
    ['another function', { kind: 5 }, 'jump'],
    ['another index', { index: 2 }, 'jump'],
    ['another version', { version: 1 }, 'jump'],
  ])('%s', (_, fields, decision) => {
    // The CRC is not looked at, so it does not matter that the end moves it.
    expect(boot(part1(fields)).bootloader).toBe(decision);
  });

  it('is looked for where the first word says: only bits 29, 27 to 20 and 16 count', () => {
    for (const stack of [0x20020000, 0x20000000, 0x2002fffc, 0xf00e1234, 0x20000001]) {
      expect([stack, boot(withWord(device(), PART1, stack)).bootloader]).toEqual([stack, 'jump']);
    }
    for (const stack of [0x20010000, 0x2001fff0, 0x20120000, 0x00020000, 0xffffffff]) {
      expect([stack, boot(withWord(device(), PART1, stack)).bootloader]).toEqual([stack, 'dfu']);
    }
  });

  it('counts at offset 0 when no vector table comes first', () => {
    const flash = device();
    const header = systemPart1().subarray(TABLE, TABLE + 24);
    flash.set(header, PART1 - 0x08000000);
    const prediction = boot(flash);
    expect(prediction.bootloader).toBe('jump');
    // What it jumps to is the end address of the header.
    expect(prediction.outcome).toBe('hang');
  });

  it('does not matter in its body', () => {
    const prediction = boot(flipped(device(), PART1 + 0x1000));
    expect(summary(prediction)).toBe('jump no-dct hang dark possible');
  });
});

describe('access to the DCT', () => {
  it.each([
    ['both parts whole', device(), true],
    ['part 2 damaged', flipped(device(), PART2 + 0x1000), false],
    ['part 1 damaged', flipped(device(), PART1 + 0x1000), false],
    ['part 2 of version 200', part2({ version: 200 }), true],
    ['part 2 of version 199', part2({ version: 199 }), false],
    ['part 2 with another index', part2({ index: 1 }), false],
    ['part 2 with another function', part2({ kind: 5 }), false],
    ['part 2 of the Photon', part2({ platform: 6 }), false],
    ['part 2 with another start', part2({ start: 0x08060004 }), false],
    ['part 1 with another index', part1({ index: 3 }), false],
    ['part 1 with another function', part1({ kind: 5 }), false],
    ['part 1 of the version that part 2 asks for', part1({ version: 2202 }), true],
    ['part 1 older than part 2 asks for', part1({ version: 2201 }), false],
    [
      'part 2 erased',
      device([
        [PART2, ERASED_SECTOR],
        [0x08080000, ERASED_SECTOR],
      ]),
      false,
    ],
  ])('%s: %#', (_, flash, access) => {
    expect(boot(flash).dctAccess).toBe(access);
  });

  it('ends with the region: an end behind it is refused even when the CRC is right', () => {
    // 262,144 bytes, so that the CRC lies in the first word behind the region.
    const empty = systemPart2(2202, { size: 0 }).length - 4;
    const long = systemPart2(2202, { size: 0x40000 - empty });
    expect(boot(device([[PART2, long]])).dctAccess).toBe(true);
    const longer = systemPart2(2202, { size: 0x40004 - empty });
    const prediction = boot(device([[PART2, longer]]));
    expect(prediction.dctAccess).toBe(false);
    expect(resultOf(prediction, /^access/)[0]).toContain('lies behind its region');
  });

  it('is asked for from bootloader 100 on; older ones read it themselves', () => {
    const bad = (version: number) =>
      device([
        [0x08000000, bootloader(version)],
        [PART2, systemPart2(199)],
      ]);
    expect(boot(bad(100)).dctAccess).toBe(false);
    expect(boot(bad(99)).dctAccess).toBe(true);
  });

  it('needs functions that lie inside their part', () => {
    const build = (target: number): Uint8Array => {
      const part = systemPart2();
      // Table 18 is a pointer to a list of functions; here the list begins at +0x1000 of the part.
      writeU32(part, TABLE + 24 + 18 * 4, PART2 + 0x1000);
      writeU32(part, 0x1000, target);
      writeU32(part, 0x1010, PART2 + 0x301);
      return device([[PART2, withHeader(part, TABLE, {})]]);
    };
    expect(boot(build(PART2 + 0x401)).dctAccess).toBe(true);
    expect(boot(build(0x08010001)).dctAccess).toBe(false);
  });
});

describe('platforms', () => {
  it('compares with the platform of the bootloader, not of the board', () => {
    const photon = { platformId: 6 };
    const flash = dump([
      [0x08000000, bootloader(1006, photon)],
      [PART1, systemPart1(2202, photon)],
      [PART2, systemPart2(2202, photon)],
      [0x080a0000, userPart(photon)],
    ]);
    const board = loadBoard('particle-photon');
    expect(boot(flash, { board }).bootloader).toBe('jump');
    expect(boot(device([[0x08000000, bootloader(1006, photon)]])).bootloader).toBe('dfu');
  });

  it('are those with a model, and only devices', () => {
    expect(maybeBoot(device(), { board: loadBoard('stm32f205-generic') })).toBeNull();
    expect(maybeBoot(userPart())).toBeNull();
    expect(maybeBoot(new Uint8Array(0x10000).fill(0xff))).toBeNull();
  });
});

describe('the button', () => {
  it.each([
    ['safe-mode', 'jump dct safe-mode safe-mode likely'],
    ['dfu', 'jump dct dfu dfu certain'],
    ['factory-restore', 'jump dct dfu dfu certain'],
    ['factory-restore-clear-wifi', 'jump dct listening listening certain'],
  ] as const)('%s without a factory image', (button, expected) => {
    // The decision of the contract stays the one with the button released.
    expect(summary(boot(device(), { button }))).toBe(expected);
  });

  it('restores a factory image', () => {
    const flash = device([
      [0x080a0000, userPart({ version: 9 })],
      [0x080e0000, userPart({ version: 4 })],
    ]);
    const prediction = boot(flash, { button: 'factory-restore' });
    expect(prediction.copies).toMatchObject([{ kind: 'factory-restore', result: 'copied', destination: 0x080a0000 }]);
    expect(prediction.outcome).toBe('runs');
    expect(alternative(boot(flash), 'factory-restore')).toMatchObject({ led: 'factory-restore' });
    expect(alternative(boot(device()), 'factory-restore')).toBeUndefined();
  });

  it('asks for DFU before pending updates are made', () => {
    expect(boot(device(), { button: 'dfu' }).copies).toEqual([]);
    expect(alternative(boot(device()), 'dfu')).toMatchObject({ led: 'dfu', confidence: 'certain' });
    expect(alternative(boot(device()), 'safe-mode')?.condition).toContain('1 second');
  });
});
