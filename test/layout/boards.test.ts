import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import type { Board } from '../../src/layout/types.js';
import { regionsOf } from '../../src/layout/variant.js';

/** Id, start, size, module function and index of the regions of one map. */
function mapOf(board: Board, variant: string | null): unknown[] {
  const chosen = board.variants.find(({ id }) => id === variant) ?? null;
  expect(chosen?.id ?? null).toBe(variant);
  return regionsOf(board, chosen).map(({ id, start, end, module }) => [
    id,
    start,
    end - start,
    module ? `${module.function}.${module.index}` : null,
  ]);
}

const SETTINGS = [
  ['bootloader', 0x08000000, 0x4000, 'bootloader.0'],
  ['dct1', 0x08004000, 0x4000, null],
  ['dct2', 0x08008000, 0x4000, null],
  ['eeprom1', 0x0800c000, 0x4000, null],
  ['eeprom2', 0x08010000, 0x10000, null],
];

const MODULAR = [
  ...SETTINGS,
  ['system-part1', 0x08020000, 0x40000, 'system-part.1'],
  ['system-part2', 0x08060000, 0x40000, 'system-part.2'],
  ['user', 0x080a0000, 0x20000, 'user-part.1'],
  ['ota', 0x080c0000, 0x40000, null],
  ['factory', 0x080e0000, 0x20000, 'user-part.1'],
];

const MONOLITHIC = [
  ...SETTINGS,
  ['firmware', 0x08020000, 0x60000, 'mono-firmware.0'],
  ['ota', 0x08080000, 0x60000, null],
  ['factory', 0x08080000, 0x60000, 'mono-firmware.0'],
];

const FLASH_STRING = '@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg';
const DCT_STRING = '@DCT Flash   /0x00000000/01*016Kg';

describe.each([
  ['particle-p1', 8, 'P1', 0xd008],
  ['particle-photon', 6, 'Photon', 0xd006],
])('%s', (id, platformId, platformName, product) => {
  const board = loadBoard(id);

  it('has the map of ota_module_bounds.c', () => {
    expect(board).toMatchObject({ id, chip: { id: 'stm32f205rg' }, platform: { id: platformId, name: platformName } });
    expect(mapOf(board, 'modular')).toEqual(MODULAR);
    expect(mapOf(board, 'monolithic')).toEqual(MONOLITHIC);
  });

  it('says that factory and OTA region share flash', () => {
    for (const region of board.regions.filter((candidate) => candidate.id === 'factory')) {
      expect(region.overlays).toEqual(['ota']);
      expect(region.about.content).toMatch(/every update .*destroys it/);
    }
  });

  it('leaves no flash of the modular map without a region', () => {
    const modular = board.variants.find((variant) => variant.id === 'modular') ?? null;
    let covered = 0x08000000;
    for (const region of regionsOf(board, modular)) {
      expect(region.start).toBeLessThanOrEqual(covered);
      covered = Math.max(covered, region.end);
    }
    expect(covered).toBe(0x08100000);
  });

  it('has the DFU profile of its bootloader', () => {
    const { dfu } = board;
    expect(dfu).toMatchObject({ vendor: 0x2b04, product, transferSize: 4096 });
    expect(dfu?.alternates.slice(0, 2).map(({ number, layout, space }) => [number, layout, space])).toEqual([
      [0, FLASH_STRING, 'flash'],
      [1, DCT_STRING, 'dct-application'],
    ]);
    expect(dfu?.refusals).toHaveLength(1);
    expect(dfu?.refusals[0]).toMatchObject({ alternate: 0, start: 0x08000000, end: 0x08020000 });
    const instead = dfu?.refusals[0]?.instead;
    for (const way of ['0x080C0000', '0xA5', '1753', 'SWD', 'alternate 1']) expect(instead).toContain(way);
  });
});

describe('differences between the Particle boards', () => {
  it('only the P1 bootloader offers its serial flash', () => {
    const alternates = (id: string) => loadBoard(id).dfu?.alternates ?? [];
    expect(alternates('particle-p1')[2]).toMatchObject({
      number: 2,
      layout: '@Serial Flash   /0x00000000/256*004Kg',
      space: 'external-flash',
    });
    expect(alternates('particle-photon')).toHaveLength(2);
    expect(alternates('particle-electron')).toHaveLength(2);
  });

  it('the Photon states a region of its own and inherits the rest', () => {
    const p1 = loadBoard('particle-p1');
    const photon = loadBoard('particle-photon');
    const differing = photon.regions.filter((region, index) => {
      return JSON.stringify(region) !== JSON.stringify(p1.regions[index]);
    });
    expect(differing.map((region) => [region.id, region.variants])).toEqual([['factory', ['modular']]]);
    expect(photon.variants).toEqual(p1.variants);
  });
});

describe('particle-electron', () => {
  const board = loadBoard('particle-electron');
  const upToUser = [
    ...SETTINGS,
    ['system-part1', 0x08020000, 0x20000, 'system-part.1'],
    ['system-part2', 0x08040000, 0x20000, 'system-part.2'],
  ];

  it('has three system modules and the factory image below the OTA region since 0.6.0-rc.1', () => {
    expect(mapOf(board, '0.6')).toEqual([
      ...upToUser,
      ['system-part3', 0x08060000, 0x20000, 'system-part.3'],
      ['user', 0x08080000, 0x20000, 'user-part.1'],
      ['factory', 0x080a0000, 0x20000, 'user-part.1'],
      ['ota', 0x080c0000, 0x20000, null],
    ]);
  });

  it('has two system modules and the factory image at the end of flash before', () => {
    expect(mapOf(board, '0.5')).toEqual([
      ...upToUser,
      ['user', 0x08080000, 0x20000, 'user-part.1'],
      ['ota', 0x080c0000, 0x20000, null],
      ['factory', 0x080e0000, 0x20000, 'user-part.1'],
    ]);
  });

  it('has its own USB ids and platform', () => {
    expect(board.platform).toEqual({ id: 10, name: 'Electron' });
    expect(board.dfu).toMatchObject({ vendor: 0x2b04, product: 0xd00a });
  });
});

describe('stm32f205-generic', () => {
  it('reads the whole flash from its vector table and claims nothing else', () => {
    const board = loadBoard('stm32f205-generic');
    expect(board).toMatchObject({ platform: null, dfu: null, variants: [] });
    expect(mapOf(board, null)).toEqual([['flash', 0x08000000, 0x100000, null]]);
    expect(board.regions[0]?.decoder).toBe('vector-table');
  });
});
