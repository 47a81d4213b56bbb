/** Vector tables and other tables of addresses. */
import type { Range } from '../../core/range.js';
import { VECTOR_COUNT } from '../vector-table.js';
import { type AddressMap, isStackTop, liesIn, pointerTarget, pointerTopBytes } from './address-map.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

/** Reserved exceptions of ARMv7-M, zero in every full table. */
const RESERVED_VECTORS = [7, 8, 9, 10, 13];

/** The vectors of the core itself: a shorter table is none. */
const CORE_VECTORS = 16;
const SHORTEST_TABLE = CORE_VECTORS * 4;

export interface VectorTable {
  readonly stackPointer: number;
  readonly resetVector: number;
  /** Words that are valid handlers (odd flash addresses), the reset vector included. */
  readonly handlers: number;
  /** Words from index 2 on that are neither zero nor a handler. */
  readonly invalid: number;
  /** Words that belong to the table, at most VECTOR_COUNT. */
  readonly words: number;
}

/**
 * The vector table at an offset, or undefined when the bytes there are none. A table needs a stack pointer in RAM, an
 * odd reset vector in flash, and either seven or more handlers with the reserved vectors zero, or (system part 1 of
 * Particle boards) 95 zero words.
 */
export function readVectorTable(view: DataView, offset: number, map: AddressMap): VectorTable | undefined {
  const available = Math.min(VECTOR_COUNT, (view.byteLength - offset) >> 2);
  if (available < CORE_VECTORS) return undefined;
  const stackPointer = view.getUint32(offset, true);
  if (!isStackTop(map, stackPointer)) return undefined;
  const resetVector = view.getUint32(offset + 4, true);
  if (!isHandler(map, resetVector)) return undefined;
  let handlers = 1;
  let invalid = 0;
  let words = 2;
  for (let index = 2; index < available; index++) {
    const word = view.getUint32(offset + index * 4, true);
    if (isHandler(map, word)) handlers++;
    else if (word !== 0) {
      // Past the core's vectors a shorter table may have ended.
      if (index >= CORE_VECTORS) break;
      invalid++;
    }
    words = index + 1;
  }
  if (invalid > 0) return undefined;
  const reservedZero = RESERVED_VECTORS.every((index) => view.getUint32(offset + index * 4, true) === 0);
  const full = handlers >= 7 && reservedZero;
  const bare = handlers === 1 && words === VECTOR_COUNT;
  return full || bare ? { stackPointer, resetVector, handlers, invalid, words } : undefined;
}

function isHandler(map: AddressMap, word: number): boolean {
  return (word & 1) === 1 && liesIn(map.flash, word);
}

/**
 * Vector tables in the input, at addresses that are multiples of `alignment`. The whole input is searched, because the
 * 95 zero words of a bare table are a run of their own.
 */
export function claimVectorTables(subject: Subject, map: AddressMap, alignment: number): Claim[] {
  const claims: Claim[] = [];
  const { bytes, address } = subject;
  if (bytes.length < SHORTEST_TABLE) return claims;
  const view = viewOf(bytes);
  const isRamByte = new Uint8Array(256);
  for (const ram of map.ram) isRamByte[ram.start >>> 24] = 1;
  for (let offset = alignUp(0, address, alignment); offset + SHORTEST_TABLE <= bytes.length; offset += alignment) {
    // Prefilter: the top byte of a little-endian RAM address.
    if (isRamByte[bytes[offset + 3] as number] === 0) continue;
    const table = readVectorTable(view, offset, map);
    if (!table) continue;
    const end = Math.min(bytes.length, offset + table.words * 4);
    claims.push(vectorClaim(offset, end, table));
    offset += Math.floor((end - 1 - offset) / alignment) * alignment;
  }
  return claims;
}

function vectorClaim(start: number, end: number, table: VectorTable): Claim {
  const { stackPointer, resetVector, handlers, words } = table;
  const rest = handlers === 1 ? 'all other words are zero' : `${handlers} of ${words} words are handlers in flash`;
  return {
    start,
    end,
    kind: 'vector-table',
    confidence: handlers === 1 ? 0.8 : handlers >= 12 ? 0.98 : 0.9,
    reason: `Stack pointer ${hex(stackPointer)}, reset vector ${hex(resetVector)}, ${rest}: the start of a firmware.`,
    details: { stackPointer: hex(stackPointer), resetVector: hex(resetVector), handlers, words },
  };
}

/** A literal pool inside code rarely has more addresses in a row, unless all of them are code or constants in flash. */
const MIN_POINTERS = 16;
const MIN_FLASH_POINTERS = 8;

/** Runs of consecutive words that point into the chip; null pointers between them belong to the table. */
export function claimPointerTables(subject: Subject, free: readonly Range[], map: AddressMap): Claim[] {
  const claims: Claim[] = [];
  if (subject.bytes.length < Math.min(MIN_POINTERS, MIN_FLASH_POINTERS) * 4) return claims;
  const view = viewOf(subject.bytes);
  const possible = pointerTopBytes(map);
  for (const range of free) {
    let start = -1;
    let end = 0;
    const counts = { flash: 0, ram: 0, peripheral: 0, zero: 0 };
    let pending = 0;
    const close = (): void => {
      const pointers = counts.flash + counts.ram + counts.peripheral;
      const enough = pointers >= MIN_POINTERS || (counts.flash === pointers && pointers >= MIN_FLASH_POINTERS);
      if (start >= 0 && enough && counts.zero <= pointers) claims.push(pointerClaim(start, end, counts));
      start = -1;
      pending = 0;
      counts.flash = counts.ram = counts.peripheral = counts.zero = 0;
    };
    for (let offset = alignUp(range.start, subject.address, 4); offset + 4 <= range.end; offset += 4) {
      const word = view.getUint32(offset, true);
      const target = possible[word >>> 24] === 0 ? undefined : pointerTarget(map, word);
      if (target) {
        if (start < 0) start = offset;
        counts.zero += pending;
        pending = 0;
        counts[target]++;
        end = offset + 4;
      } else if (word === 0 && start >= 0 && pending < 4) {
        pending++;
      } else if (start >= 0) {
        close();
      }
    }
    close();
  }
  return claims;
}

function pointerClaim(
  start: number,
  end: number,
  counts: { flash: number; ram: number; peripheral: number; zero: number },
): Claim {
  const words = (end - start) / 4;
  const pointers = counts.flash + counts.ram + counts.peripheral;
  const parts = [
    counts.flash > 0 ? `${counts.flash} into flash` : '',
    counts.ram > 0 ? `${counts.ram} into RAM` : '',
    counts.peripheral > 0 ? `${counts.peripheral} into peripherals` : '',
    counts.zero > 0 ? `${counts.zero} null` : '',
  ].filter((part) => part !== '');
  return {
    start,
    end,
    kind: 'pointers',
    confidence: Math.min(0.97, 0.7 + pointers / 100),
    reason: `${words} consecutive words (${countBytes(end - start)}) are addresses of the chip: ${parts.join(', ')}.`,
    details: { words, flash: counts.flash, ram: counts.ram, peripheral: counts.peripheral, null: counts.zero },
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The first offset from `offset` on whose target address is a multiple of `alignment`. */
function alignUp(offset: number, address: number, alignment: number): number {
  return offset + ((alignment - ((address + offset) % alignment)) % alignment);
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}
