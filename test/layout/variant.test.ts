import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { chooseVariant, defaultVariant, type FoundModule, regionsAt } from '../../src/layout/variant.js';

const part = (address: number, index: number, version: number): FoundModule => ({
  address,
  function: 'system-part',
  index,
  version,
});

describe('chooseVariant', () => {
  const electron = loadBoard('particle-electron');
  const p1 = loadBoard('particle-p1');

  it.each([
    ['nothing', [], '0.6'],
    ['modules of 0.5.2', [part(0x08020000, 1, 17), part(0x08040000, 2, 17)], '0.5'],
    ['the last version before 0.6.0', [part(0x08040000, 2, 23)], '0.5'],
    ['the first version of 0.6.0', [part(0x08020000, 1, 100)], '0.6'],
    ['a current release', [part(0x08020000, 1, 2302), part(0x08060000, 3, 2302)], '0.6'],
    ['an old module in another place', [part(0x080c0000, 1, 17)], '0.6'],
  ])('Electron: %s', (_, found, id) => {
    expect(chooseVariant(electron, found)?.id).toBe(id);
  });

  it('P1: a monolithic module at 0x08020000 changes the map, a module of another kind does not', () => {
    const mono = { address: 0x08020000, function: 'mono-firmware', index: 0, version: 11 };
    expect(chooseVariant(p1, [mono])?.id).toBe('monolithic');
    expect(chooseVariant(p1, [{ ...mono, address: 0x08080000 }])?.id).toBe('modular');
    expect(chooseVariant(p1, [part(0x08020000, 1, 2302)])?.id).toBe('modular');
    expect(defaultVariant(p1)?.id).toBe('modular');
  });

  it('a board with one map has no variant', () => {
    expect(chooseVariant(loadBoard('stm32f205-generic'), [part(0x08020000, 1, 1)])).toBeNull();
  });
});

describe('regionsAt', () => {
  it('names the factory region before the OTA region around it', () => {
    const p1 = loadBoard('particle-p1');
    const ids = (address: number) => regionsAt(p1, defaultVariant(p1), address).map((region) => region.id);
    expect(ids(0x080e0000)).toEqual(['factory', 'ota']);
    expect(ids(0x080dffff)).toEqual(['ota']);
    expect(ids(0x080fffff)).toEqual(['factory', 'ota']);
    expect(ids(0x08100000)).toEqual([]);
    expect(ids(0x08000000)).toEqual(['bootloader']);
  });
});
