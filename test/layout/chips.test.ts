import { describe, expect, it } from 'vitest';
import { chipIds, loadChip } from '../../src/layout/load.js';

/** RM0033, table of flash sectors: number, first address, one past the last. */
const SECTORS = [
  [0, 0x08000000, 0x08004000],
  [1, 0x08004000, 0x08008000],
  [2, 0x08008000, 0x0800c000],
  [3, 0x0800c000, 0x08010000],
  [4, 0x08010000, 0x08020000],
  [5, 0x08020000, 0x08040000],
  [6, 0x08040000, 0x08060000],
  [7, 0x08060000, 0x08080000],
  [8, 0x08080000, 0x080a0000],
  [9, 0x080a0000, 0x080c0000],
  [10, 0x080c0000, 0x080e0000],
  [11, 0x080e0000, 0x08100000],
];
/** Last sector by the letter of the ordering code. */
const LAST_SECTOR: Record<string, number> = { b: 4, c: 5, e: 7, f: 9, g: 11 };

describe('STM32F2 chips', () => {
  it.each(chipIds())('%s has the sectors of its ordering code', (id) => {
    const chip = loadChip(id);
    expect(chip.id).toBe(id);
    expect(chip.name).toBe(id.toUpperCase());
    expect(chip).toMatchObject({ vendor: 'STMicroelectronics', family: 'STM32F2', deviceId: 0x411 });
    const flash = chip.memories.find((memory) => memory.kind === 'flash');
    const expected = SECTORS.slice(0, (LAST_SECTOR[id.at(-1) ?? ''] ?? Number.NaN) + 1);
    expect(flash?.sectors.map((sector) => [sector.number, sector.start, sector.end])).toEqual(expected);
    expect(flash?.sectors.every((sector) => sector.size === sector.end - sector.start)).toBe(true);
    expect([flash?.start, flash?.end]).toEqual([0x08000000, expected.at(-1)?.[2]]);
    expect(flash?.erasedByte).toBe(0xff);
  });

  it('stm32f205rg has every memory of RM0033', () => {
    const memories = loadChip('stm32f205rg').memories.map(({ id, kind, start, end }) => [id, kind, start, end - start]);
    expect(memories).toEqual([
      ['flash', 'flash', 0x08000000, 0x100000],
      ['system-memory', 'system-memory', 0x1fff0000, 30 * 1024],
      ['otp', 'otp', 0x1fff7800, 512],
      ['otp-lock', 'otp-lock', 0x1fff7a00, 16],
      ['unique-id', 'unique-id', 0x1fff7a10, 12],
      ['flash-size', 'flash-size', 0x1fff7a22, 2],
      ['option-bytes', 'option-bytes', 0x1fffc000, 16],
      ['sram1', 'ram', 0x20000000, 112 * 1024],
      ['sram2', 'ram', 0x2001c000, 16 * 1024],
      ['backup-sram', 'backup-ram', 0x40024000, 4096],
    ]);
  });

  it('the small parts have less SRAM and say that this is not verified', () => {
    for (const [id, end] of [
      ['stm32f205rb', 0x20010000],
      ['stm32f205rc', 0x20018000],
    ] as const) {
      const ram = loadChip(id).memories.filter((memory) => memory.kind === 'ram');
      expect(ram.map((memory) => [memory.start, memory.end])).toEqual([[0x20000000, end]]);
      expect(ram[0]?.source).toMatch(/neither size nor division is verified/);
    }
    const whole = loadChip('stm32f217vg').memories.filter((memory) => memory.kind === 'ram');
    expect(whole.at(-1)?.end).toBe(0x20020000);
  });
});
