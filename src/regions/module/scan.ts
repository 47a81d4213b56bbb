/**
 * Looks for whole modules at any 4-byte-aligned place of a stretch of bytes: modules carried inside others (system part 2
 * of 0.4.3 to 0.6.3 holds a bootloader) and modules at unusual addresses. Every image also holds tables that look like a
 * header, so only region bounds, the header's own place and a right CRC make a module here.
 */
import { readU16, wordsOf } from '../../core/bytes.js';
import { platformOf } from '../../layout/platforms.js';
import { looksLikeStackPointer } from '../vector-table.js';
import { type ParticleModule, readModule } from './decode.js';
import { CRC_BYTES, HEADER_AFTER_VECTORS, MODULE_INFO } from './format.js';

export interface ScanOptions {
  /** Offset to start from; modules that begin before it are not reported. */
  readonly from?: number;
  /** Highest flash address a header may name, exclusive; lowest, inclusive. */
  readonly flash: { readonly start: number; readonly end: number };
}

export interface ScanResult {
  readonly modules: readonly ParticleModule[];
  /** False when a hostile input offered more candidates than the budget allows to verify. */
  readonly complete: boolean;
}

/** Upper bound for bytes that are checksummed in one scan, so that crafted look-alikes cost milliseconds, not minutes. */
const VERIFY_BUDGET_BYTES = 32 << 20;

export function scanForModules(bytes: Uint8Array, address: number, options: ScanOptions): ScanResult {
  const words = wordsOf(bytes);
  const { start: flashStart, end: flashEnd } = options.flash;
  const modules: ParticleModule[] = [];
  let budget = VERIFY_BUDGET_BYTES;
  const first = alignUp(options.from ?? 0) / 4;
  const headerWords = MODULE_INFO.size / 4;
  const last = words.length - headerWords - CRC_BYTES / 4;
  for (let header = first; header <= last; header++) {
    // The two tests that nearly every place fails come first, inline: this loop sees each word of the flash.
    const start = words[header] as number;
    if (start < flashStart || start >= flashEnd) continue;
    const end = words[header + 1] as number;
    if (end <= start || end + CRC_BYTES > flashEnd || !isPlausible(bytes, header * 4)) continue;
    const length = end - start + CRC_BYTES;
    for (const base of [header, header - HEADER_AFTER_VECTORS / 4]) {
      if (base < first || base * 4 + length > bytes.length) continue;
      if (looksLikeStackPointer(words[base] as number) !== (base !== header)) continue;
      budget -= length;
      if (budget < 0) return { modules, complete: false };
      const module = readModule(bytes, address + base * 4, base * 4);
      if (module?.crc !== 'ok') continue;
      modules.push(module);
      // What it carries in turn belongs to it, not to this stretch.
      header = Math.max(header, alignUp(base * 4 + length) / 4 - 1);
      break;
    }
  }
  return { modules, complete: true };
}

function alignUp(offset: number): number {
  return (offset + 3) & ~3;
}

function isPlausible(bytes: Uint8Array, header: number): boolean {
  const moduleFunction = bytes[header + 14] as number;
  if (moduleFunction === 0 || moduleFunction > 9) return false;
  return platformOf(readU16(bytes, header + 12)) !== undefined;
}
