/** Firmware-like bytes made from scratch: enough of the real structure for the detectors, and nothing else. */
import { concatBytes, writeU16, writeU32, writeU32BigEndian } from '../../../src/core/bytes.js';
import { crc32, sha256 } from '../../../src/core/checksums.js';
import type { Chip } from '../../../src/layout/types.js';

/** Deterministic numbers (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomBytes(size: number, seed = 1): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length: size }, () => Math.floor(next() * 256));
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * Functions as a compiler emits them: PUSH, moves, loads, literal loads, calls, POP, literal pool. `base` is the address
 * of the first byte; literals point into RAM, flash and peripherals.
 */
export function thumbCode(size: number, base: number, seed = 1): Uint8Array {
  const next = random(seed);
  const pick = (limit: number): number => Math.floor(next() * limit);
  const bytes = new Uint8Array(size + 512);
  let at = 0;
  const emit = (halfword: number): void => {
    writeU16(bytes, at, halfword);
    at += 2;
  };
  while (at < size) {
    const start = at;
    const length = 12 + pick(24);
    const loads: number[] = [];
    emit(0xb500 | (1 << (4 + pick(4))));
    for (let index = 0; index < length; index++) {
      const choice = pick(12);
      if (choice < 3) emit(0x2000 | (pick(8) << 8) | pick(256));
      else if (choice < 5) emit(0x4600 | pick(128));
      else if (choice < 7) emit(0x6800 | pick(512));
      else if (choice === 7) emit(0x6000 | pick(512));
      else if (choice === 8) {
        loads.push(at);
        emit(0x4800 | (pick(4) << 8));
      } else if (choice === 9) {
        emit(0xf000 | pick(0x400));
        emit(0xf800 | pick(0x400));
      } else if (choice === 10) emit(0xd000 | (pick(2) << 8) | pick(64));
      else emit(0x1800 | pick(0x800));
    }
    emit(0xbd00 | (1 << (4 + pick(4))));
    if (at % 4 !== 0) emit(0xbf00);
    for (const load of loads) {
      const pc = (load + 4) & ~3;
      bytes[load] = (at - pc) / 4;
      const targets = [0x20000000 + pick(0x8000) * 4, base + pick(size) + 1, 0x40020000 + pick(0x1000)];
      writeU32(bytes, at, targets[pick(3)] as number);
      at += 4;
    }
    if (at === start) break;
  }
  return bytes.slice(0, size);
}

export interface ModuleShape {
  readonly start: number;
  /** Bytes with the CRC; a multiple of four. */
  readonly length: number;
  readonly function: number;
  readonly index: number;
  readonly version?: number;
  readonly platformId?: number;
  /** none: header at offset 0; full: a vector table of 97 handlers; bare: stack pointer, reset vector, 95 zeros. */
  readonly vectors?: 'none' | 'full' | 'bare';
  readonly body?: Uint8Array;
  readonly seed?: number;
}

/** A Particle module with header, code, suffix, SHA-256 and CRC (device-os dynalib/inc/module_info.h). */
export function makeModule(shape: ModuleShape): Uint8Array {
  const { start, length, vectors = 'full', seed = 1 } = shape;
  const bytes = new Uint8Array(length);
  const headerAt = vectors === 'none' ? 0 : 0x184;
  const codeAt = headerAt + 24;
  const suffixAt = length - 44;
  bytes.set(thumbCode(Math.max(0, suffixAt - codeAt), start + codeAt, seed), codeAt);
  if (shape.body) bytes.set(shape.body, codeAt);
  if (vectors !== 'none') {
    writeU32(bytes, 0, 0x20020000);
    writeU32(bytes, 4, start + 0x1d1);
    const reserved = new Set([7, 8, 9, 10, 13]);
    for (let index = 2; index < 97 && vectors === 'full'; index++) {
      writeU32(bytes, index * 4, reserved.has(index) ? 0 : start + 0x201 + (index % 20) * 4);
    }
  }
  const end = start + length - 4;
  writeU32(bytes, headerAt, start);
  writeU32(bytes, headerAt + 4, end);
  writeU16(bytes, headerAt + 10, shape.version ?? 1000);
  writeU16(bytes, headerAt + 12, shape.platformId ?? 8);
  bytes[headerAt + 14] = shape.function;
  bytes[headerAt + 15] = shape.index;
  bytes.fill(0xff, suffixAt, suffixAt + 4);
  writeU16(bytes, length - 6, 40);
  bytes.set(sha256(bytes.subarray(0, length - 38)), length - 38);
  writeU32BigEndian(bytes, length - 4, crc32(bytes.subarray(0, length - 4)));
  return bytes;
}

export const FLASH_START = 0x08000000;

const SIZES = [16, 16, 16, 16, 64, 128, 128, 128, 128, 128, 128, 128];

/** The memories of an STM32F205RG that matter here (RM0033). */
export function testChip(): Chip {
  let start = FLASH_START;
  const sectors = SIZES.map((kib, number) => {
    const size = kib * 1024;
    const sector = { number, start, end: start + size, size };
    start += size;
    return sector;
  });
  const common = { title: '', source: 'RM0033' };
  return {
    id: 'stm32f205rg',
    name: 'STM32F205RG',
    vendor: 'STMicroelectronics',
    family: 'STM32F2',
    core: 'Cortex-M3',
    deviceId: 0x411,
    memories: [
      { ...common, id: 'flash', kind: 'flash', start: FLASH_START, end: start, erasedByte: 0xff, sectors },
      { ...common, id: 'sram', kind: 'ram', start: 0x20000000, end: 0x20020000, erasedByte: null, sectors: [] },
    ],
  };
}

/** A whole flash as a P1 has it: bootloader, two system parts, a user part, the rest erased. */
export function makeDump(size = 0x100000): Uint8Array {
  const dump = new Uint8Array(0x100000).fill(0xff);
  const place = (module: Uint8Array, address: number): void => dump.set(module, address - FLASH_START);
  place(makeModule({ start: 0x08000000, length: 12_000, function: 2, index: 0, seed: 2 }), 0x08000000);
  place(makeModule({ start: 0x08020000, length: 40_000, function: 4, index: 1, vectors: 'bare', seed: 3 }), 0x08020000);
  place(makeModule({ start: 0x08060000, length: 60_000, function: 4, index: 2, seed: 4 }), 0x08060000);
  place(makeModule({ start: 0x080a0000, length: 5_000, function: 5, index: 1, vectors: 'none', seed: 5 }), 0x080a0000);
  return dump.slice(0, size);
}

/** A firmware without any Particle structure: a vector table and code. */
export function makeForeignFirmware(size: number, base = FLASH_START): Uint8Array {
  const bytes = thumbCode(size, base, 9);
  writeU32(bytes, 0, 0x20010000);
  const reserved = new Set([7, 8, 9, 10, 13]);
  for (let index = 1; index < 97; index++) {
    writeU32(bytes, index * 4, reserved.has(index) ? 0 : base + 0x185 + (index % 30) * 8);
  }
  return bytes;
}

export { concatBytes };
