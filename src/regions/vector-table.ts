/**
 * Cortex-M3 vector table of an STM32F2: initial stack pointer, reset vector, 14 system exceptions, 81 interrupts
 * (CMSIS stm32f2xx.h; device-os linker scripts assert module_info at the same +0x184).
 */
import { readU32 } from '../core/bytes.js';
import { containsAddress, type Range } from '../core/range.js';

export const VECTOR_COUNT = 97;
export const VECTOR_TABLE_BYTES = VECTOR_COUNT * 4;

export interface VectorTable {
  readonly initialStackPointer: number;
  /** Reset vector with its Thumb bit. */
  readonly reset: number;
  /** Words 0-96 that are not zero. System part 1 has only two: it is a stub (verified on released files). */
  readonly nonZeroWords: number;
  readonly distinctWords: number;
  /** Bit 0 of the reset vector; an even address faults at once on a Cortex-M. */
  readonly thumb: boolean;
  readonly resetInside: boolean;
}

/**
 * The word that Particle's loaders test to tell a vector table from a module header at the start of a module:
 * bit 29 set, bits 27-20 and 16 clear (device-os flash_mal.c, FLASH_ModuleInfo). 0x20020000 passes, 0x2001xxxx does not.
 */
export function looksLikeStackPointer(word: number): boolean {
  return (word & 0x2ff10000) === 0x20000000;
}

/** Reads a table; undefined when there are not enough bytes. `code` is where a reset vector may point. */
export function decodeVectorTable(bytes: Uint8Array, code: Range, offset = 0): VectorTable | undefined {
  if (offset + VECTOR_TABLE_BYTES > bytes.length) return undefined;
  const words: number[] = [];
  for (let index = 0; index < VECTOR_COUNT; index++) words.push(readU32(bytes, offset + index * 4));
  const nonZero = words.filter((word) => word !== 0);
  const reset = words[1] as number;
  return {
    initialStackPointer: words[0] as number,
    reset,
    nonZeroWords: nonZero.length,
    distinctWords: new Set(nonZero).size,
    thumb: (reset & 1) === 1,
    resetInside: containsAddress(code, reset - (reset & 1)),
  };
}
