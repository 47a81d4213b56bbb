/**
 * The Electron keeps the same application section in a store of its own: an 8-byte header before it and, from 0.7.0, a
 * footer with a counter and an ordinary CRC-32 (device-os services/inc/dcd.h).
 */
import { isFilledWith, readU8, readU32 } from '../../core/bytes.js';
import { crc32 } from '../../core/checksums.js';
import type { CopyBytes } from './selection.js';
import { DCT_COPY_BYTES, dctSection } from './table.js';

export const DCD_WATERMARK = 0x1e1c279a;
const SEAL_VALID = 0xeda15e00;
const SEAL_WRITING = 0xffffffff;
const SEAL_SUPERSEDED = 0x69a00c00;
const FOOTER_FLAGS = 16;
const FOOTER_WATERMARK = 24;
const FOOTER_CRC = 28;

export type DcdSeal = 'valid' | 'writing' | 'cleared' | 'superseded' | 'unknown';

export interface DcdSelection {
  readonly current: 1 | 2 | null;
  readonly rule: number;
  readonly reason: string;
}

/** True when the copy belongs to the Electron store. */
export function hasDcdWatermark(copy: CopyBytes): copy is Uint8Array {
  return copy !== null && readU32(copy, 0) === DCD_WATERMARK;
}

/** State of an Electron copy by its seal; `unknown` without the watermark. */
export function dcdSeal(copy: CopyBytes): DcdSeal {
  if (!hasDcdWatermark(copy)) return 'unknown';
  const seal = readU32(copy, 4);
  if (seal === SEAL_VALID) return 'valid';
  if (seal === SEAL_SUPERSEDED) return 'superseded';
  if (seal === SEAL_WRITING) return 'writing';
  return seal === 0 ? 'cleared' : 'unknown';
}

/** True when the copy carries a footer (0.7.0 and later). */
export function hasDcdFooter(copy: Uint8Array): boolean {
  const footer = dctSection('electron', 'dcd_footer').offset;
  return readU32(copy, footer + FOOTER_WATERMARK) === DCD_WATERMARK;
}

/** CRC-32 of everything between header and stored CRC. */
export function isDcdCrcValid(copy: Uint8Array): boolean {
  const { offset: start } = dctSection('electron', 'application');
  const stored = dctSection('electron', 'dcd_footer').offset + FOOTER_CRC;
  return readU32(copy, stored) === crc32(copy.subarray(start, stored));
}

/** The two-bit counter of the copy. */
export function dcdCounter(copy: Uint8Array): number {
  return readU8(copy, dctSection('electron', 'dcd_footer').offset + FOOTER_FLAGS) & 3;
}

/** Which copy the Electron uses. */
export function selectElectron(copy1: CopyBytes, copy2: CopyBytes): DcdSelection {
  const take = (current: 1 | 2 | null, rule: number, reason: string): DcdSelection => ({ current, rule, reason });
  const [seal1, seal2] = [dcdSeal(copy1), dcdSeal(copy2)];
  const primary = seal1 === 'valid' ? 1 : seal2 === 'valid' ? 2 : null;
  if (primary === null) return take(null, 1, 'Neither copy is sealed as valid: the firmware starts an empty store.');
  const other = primary === 1 ? 2 : 1;
  const good = (copy: CopyBytes): boolean => copy !== null && isDcdCrcValid(copy);
  const [first, second] = primary === 1 ? [copy1, copy2] : [copy2, copy1];
  const otherSeal = primary === 1 ? seal2 : seal1;
  if (otherSeal === 'valid') return selectBothValid(copy1, copy2, take);
  if (otherSeal !== 'superseded') {
    return take(primary, 4, `Only copy ${primary} is sealed as valid; the other holds nothing to fall back on.`);
  }
  if (good(first) || second === null) {
    return take(primary, 3, `Copy ${primary} is sealed as valid and its CRC is right; the other is superseded.`);
  }
  return take(other, 3, `Copy ${primary} is sealed as valid but its CRC is wrong, so the superseded copy is used.`);
}

function selectBothValid(
  copy1: CopyBytes,
  copy2: CopyBytes,
  take: (current: 1 | 2, rule: number, reason: string) => DcdSelection,
): DcdSelection {
  if (copy1 === null || copy2 === null) return take(copy1 ? 1 : 2, 2, 'The image holds only this copy.');
  const [good1, good2] = [isDcdCrcValid(copy1), isDcdCrcValid(copy2)];
  if (good1 !== good2) {
    return take(good1 ? 1 : 2, 2, `Both copies are sealed as valid; only copy ${good1 ? 1 : 2} has the right CRC.`);
  }
  if (!good1) return take(2, 2, 'Both copies are sealed as valid and both have a wrong CRC; copy 2 is preferred.');
  const newer = ((dcdCounter(copy1) + 1) & 3) === dcdCounter(copy2) ? 2 : 1;
  return take(
    newer,
    2,
    `Both copies are sealed as valid with the right CRC; the counter of copy ${newer} is taken as newer.`,
  );
}

/** True when a sector is entirely erased. */
export function isErased(copy: CopyBytes): boolean {
  return copy !== null && copy.length === DCT_COPY_BYTES && isFilledWith(copy, 0xff);
}
