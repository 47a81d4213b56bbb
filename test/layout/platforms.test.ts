import { describe, expect, it } from 'vitest';
import { boardIds, loadBoard } from '../../src/layout/load.js';
import {
  moduleFlags,
  moduleFunctionCode,
  moduleFunctionName,
  moduleFunctions,
  platformName,
  platformOf,
  platforms,
} from '../../src/layout/platforms.js';

describe('platforms', () => {
  it('names the platform ids of module headers', () => {
    expect([0, 3, 6, 8, 10, 12, 13, 14, 22, 23, 24, 25, 26, 32].map(platformName)).toEqual([
      'Core',
      'GCC',
      'Photon',
      'P1',
      'Electron',
      'Argon',
      'Boron',
      'Xenon',
      'A SoM',
      'B SoM',
      'X SoM',
      'B5 SoM',
      'Tracker',
      'P2 / Photon 2',
    ]);
    expect(platformOf(8)?.mcu).toBe('STM32F205');
    expect(platformName(99)).toBe('platform 99');
    expect(platformOf(99)).toBeUndefined();
  });

  it('agrees with the boards', () => {
    for (const id of boardIds()) {
      const { platform } = loadBoard(id);
      if (platform) expect(platformName(platform.id)).toBe(platform.name);
    }
  });
});

describe('module functions', () => {
  it('translates codes and names both ways', () => {
    const names = moduleFunctions().map((entry) => entry.name);
    expect(names).toEqual([
      'none',
      'resource',
      'bootloader',
      'mono-firmware',
      'system-part',
      'user-part',
      'settings',
      'ncp-firmware',
      'radio-stack',
      'asset',
    ]);
    names.forEach((name, code) => {
      expect(moduleFunctionName(code)).toBe(name);
      expect(moduleFunctionCode(name)).toBe(code);
    });
    expect(moduleFunctionName(77)).toBe('function 77');
    expect(moduleFunctionCode('toString')).toBeUndefined();
  });
});

describe('module flags', () => {
  it('names the bits that are set', () => {
    expect(moduleFlags(0)).toEqual([]);
    expect(moduleFlags(0x1f).map((flag) => [flag.mask, flag.name])).toEqual([
      [0x01, 'DROP_MODULE_INFO'],
      [0x02, 'COMPRESSED'],
      [0x04, 'COMBINED'],
      [0x08, 'ENCRYPTED'],
      [0x10, 'PREFIX_EXTENSIONS'],
    ]);
    expect(moduleFlags(0xe2).map((flag) => flag.name)).toEqual(['COMPRESSED']);
  });
});

it('every entry has a source', () => {
  for (const entry of [...platforms(), ...moduleFunctions(), ...moduleFlags(0xff)]) {
    expect(entry.source.trim()).not.toBe('');
  }
});
