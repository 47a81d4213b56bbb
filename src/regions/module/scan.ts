/**
 * Looks for whole modules at any 4-byte-aligned place of a stretch of bytes: modules carried inside others (system part 2
 * of 0.4.3 to 0.6.3 holds a bootloader) and modules at unusual addresses. Every image also holds tables that look like a
 * header, so only region bounds, the header's own place and a right CRC make a module here.
 */
import { indexOfBytes } from '#bytes';
import { readU16, readU32, writeU32 } from '../../core/bytes.js';
import type { Range } from '../../core/range.js';
import { platformOf } from '../../layout/platforms.js';
import { looksLikeStackPointer } from '../vector-table.js';
import { type ParticleModule, readModule } from './decode.js';
import { CRC_BYTES, HEADER_AFTER_VECTORS, MODULE_INFO } from './format.js';

export interface ScanOptions {
  /** Offset to start from; modules that begin before it are not reported. */
  readonly from?: number;
  /** Start addresses that modules of the board have. Given them, only headers that name one of them are found, at once. */
  readonly starts?: readonly number[];
  /** The addresses a header may name. No STM32 has flash across a 16 MiB boundary: their highest byte is one value. */
  readonly flash: Range;
}

export interface ScanResult {
  readonly modules: readonly ParticleModule[];
  /** False when a hostile input offered more candidates than the budget allows to verify. */
  readonly complete: boolean;
}

/** Upper bound for bytes that are checksummed in one scan, so that crafted look-alikes cost milliseconds, not minutes. */
const VERIFY_BUDGET_BYTES = 32 << 20;

export function scanForModules(bytes: Uint8Array, address: number, options: ScanOptions): ScanResult {
  const modules: ParticleModule[] = [];
  let budget = VERIFY_BUDGET_BYTES;
  const first = alignUp(options.from ?? 0);
  const next = options.starts
    ? nextOf(options.starts.flatMap((start) => placesOf(bytes, start, options.flash)))
    : (from: number) => nextCandidate(bytes, from, options.flash);
  for (let header = first; ; header += 4) {
    header = next(header);
    if (header < 0) return { modules, complete: true };
    const length = readU32(bytes, header + 4) - readU32(bytes, header) + CRC_BYTES;
    for (const base of [header, header - HEADER_AFTER_VECTORS]) {
      if (base < first || base + length > bytes.length) continue;
      if (looksLikeStackPointer(readU32(bytes, base)) !== (base !== header)) continue;
      budget -= length;
      if (budget < 0) return { modules, complete: false };
      const module = readModule(bytes, address + base, base);
      if (module?.crc !== 'ok') continue;
      modules.push(module);
      // What it carries in turn belongs to it, not to this stretch.
      header = Math.max(header, alignUp(base + length) - 4);
      break;
    }
  }
}

/** All aligned places whose first word is `start` and that may be a header. */
function placesOf(bytes: Uint8Array, start: number, flash: Range): number[] {
  const needle = new Uint8Array(4);
  writeU32(needle, 0, start);
  const places: number[] = [];
  const last = bytes.length - MODULE_INFO.size - CRC_BYTES;
  for (
    let place = indexOfBytes(bytes, needle);
    place >= 0 && place <= last;
    place = indexOfBytes(bytes, needle, place + 1)
  ) {
    if (place % 4 === 0 && isCandidate(bytes, place, flash)) places.push(place);
  }
  return places;
}

/** Answers the first of some places that is not before `from`, or -1; each `from` is at least the one before. */
function nextOf(places: readonly number[]): (from: number) => number {
  const ascending = [...places].sort((a, b) => a - b);
  let index = 0;
  return (from) => {
    while ((ascending[index] ?? Infinity) < from) index++;
    return ascending[index] ?? -1;
  };
}

function isCandidate(bytes: Uint8Array, header: number, flash: Range): boolean {
  const start = readU32(bytes, header);
  const end = readU32(bytes, header + 4);
  return start >= flash.start && end > start && end + CRC_BYTES <= flash.end && isPlausible(bytes, header);
}

/**
 * The next aligned place that may be a header, or -1. Both addresses of a header lie in the flash, so their highest
 * bytes are known; letting indexOf look for the first of them skips erased flash and most code at memory speed, which a
 * loop in a program that has just started does not.
 */
function nextCandidate(bytes: Uint8Array, from: number, flash: Range): number {
  const highest = flash.start >>> 24;
  const last = bytes.length - MODULE_INFO.size - CRC_BYTES;
  for (let place = bytes.indexOf(highest, from + 3); place >= 0; place = bytes.indexOf(highest, place + 1)) {
    const header = place - 3;
    if (header > last) return -1;
    if (place % 4 !== 3 || bytes[place + 4] !== highest) continue;
    if (isCandidate(bytes, header, flash)) return header;
  }
  return -1;
}

function alignUp(offset: number): number {
  return (offset + 3) & ~3;
}

function isPlausible(bytes: Uint8Array, header: number): boolean {
  const moduleFunction = bytes[header + 14] as number;
  if (moduleFunction === 0 || moduleFunction > 9) return false;
  return platformOf(readU16(bytes, header + 12)) !== undefined;
}
