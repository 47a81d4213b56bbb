/** Which 32-bit values could be addresses on the chip. */
import type { Range } from '../../core/range.js';
import type { Chip } from '../../layout/types.js';

export interface AddressMap {
  readonly flash: readonly Range[];
  readonly ram: readonly Range[];
}

/** Memory map of STM32F20x/21x with 1 MiB of flash and 128 KiB of SRAM (RM0033, memory map). */
const STM32F2: AddressMap = {
  flash: [{ start: 0x08000000, end: 0x08100000 }],
  ram: [{ start: 0x20000000, end: 0x20020000 }],
};

/**
 * Peripherals of the STM32F2 (RM0033, memory map) and the private peripheral bus of every ARMv7-M core (ARM DDI 0403).
 * The whole architectural region from 0x40000000 on would take in half of all Thumb instruction pairs.
 */
const PERIPHERALS: readonly Range[] = [
  { start: 0x40000000, end: 0x40080000 },
  { start: 0x50000000, end: 0x50061000 },
  { start: 0xe0000000, end: 0xe0100000 },
];

export function addressMapOf(chip: Chip | undefined): AddressMap {
  if (!chip) return STM32F2;
  const flash = chip.memories.filter((memory) => memory.kind === 'flash');
  const ram = chip.memories.filter((memory) => memory.kind === 'ram');
  return { flash, ram };
}

export function liesIn(ranges: readonly Range[], value: number): boolean {
  for (const range of ranges) if (value >= range.start && value < range.end) return true;
  return false;
}

export type PointerTarget = 'flash' | 'ram' | 'peripheral';

/** Where a 32-bit value points, or undefined when it is no address of the chip. */
export function pointerTarget(map: AddressMap, value: number): PointerTarget | undefined {
  if (liesIn(map.flash, value)) return 'flash';
  if (liesIn(map.ram, value)) return 'ram';
  if (liesIn(PERIPHERALS, value)) return 'peripheral';
  return undefined;
}

/** 1 for every top byte an address of the chip can have: a prefilter for searches. */
export function pointerTopBytes(map: AddressMap): Uint8Array {
  const possible = new Uint8Array(256);
  for (const { start, end } of [...map.flash, ...map.ram, ...PERIPHERALS]) {
    for (let top = start >>> 24; top <= (end - 1) >>> 24; top++) possible[top] = 1;
  }
  return possible;
}

/** A stack pointer starts at the end of a RAM, so one past the last address counts. */
export function isStackTop(map: AddressMap, value: number): boolean {
  return value % 4 === 0 && map.ram.some((range) => value > range.start && value <= range.end);
}
