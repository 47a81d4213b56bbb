import { describe, expect, it } from 'vitest';
import { describeChip, describeLayout } from '../../src/layout/describe.js';
import { boardIds, loadBoard, loadChip } from '../../src/layout/load.js';

describe('describeLayout', () => {
  const p1 = describeLayout(loadBoard('particle-p1'));

  it('puts the default map first', () => {
    expect(p1.maps.map((map) => [map.variant, map.isDefault])).toEqual([
      ['modular', true],
      ['monolithic', false],
    ]);
    expect(p1.maps[1]?.detect).toEqual([
      { address: '0x08020000', function: 'mono-firmware', index: 0, versionBelow: null },
    ]);
  });

  it('gives addresses as strings, sizes as numbers and sectors by number', () => {
    const region = p1.maps[0]?.regions.find((candidate) => candidate.id === 'system-part2');
    expect(region).toMatchObject({ start: '0x08060000', size: 0x40000, sectors: [7, 8], decoder: 'particle-module' });
    expect(p1.dfu).toMatchObject({ usbId: '2b04:d008', transferSize: 4096 });
    expect(p1.dfu?.refusals[0]).toMatchObject({ alternate: 0, start: '0x08000000', size: 0x20000 });
  });

  it('lists the flash no region covers', () => {
    expect(p1.maps[0]?.free).toEqual([]);
    expect(p1.maps[1]?.free).toEqual([{ start: '0x080E0000', size: 0x20000 }]);
    const electron = describeLayout(loadBoard('particle-electron'));
    expect(electron.maps.map((map) => map.free)).toEqual([
      [{ start: '0x080E0000', size: 0x20000 }],
      [
        { start: '0x08060000', size: 0x20000 },
        { start: '0x080A0000', size: 0x20000 },
      ],
    ]);
  });

  it('describes a board with one map', () => {
    const generic = describeLayout(loadBoard('stm32f205-generic'));
    expect(generic.maps).toHaveLength(1);
    expect(generic.maps[0]).toMatchObject({ variant: null, title: null, isDefault: true, source: null, free: [] });
    expect(generic.dfu).toBeNull();
  });

  it('is plain JSON', () => {
    for (const id of boardIds()) {
      const description = describeLayout(loadBoard(id));
      expect(JSON.parse(JSON.stringify(description))).toEqual(description);
    }
  });
});

it('describeChip joins equal sectors', () => {
  const chip = describeChip(loadChip('stm32f205rg'));
  expect(chip.deviceId).toBe('0x411');
  expect(chip.memories[0]).toMatchObject({
    start: '0x08000000',
    size: 0x100000,
    sectors: [
      { first: 0, last: 3, size: 0x4000 },
      { first: 4, last: 4, size: 0x10000 },
      { first: 5, last: 11, size: 0x20000 },
    ],
  });
});
