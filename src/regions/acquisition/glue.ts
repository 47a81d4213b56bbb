/** Files that are several things in a row: modules simply concatenated, a suffix left at the end. */
import { readU16 } from '../../core/bytes.js';
import { DFU_SUFFIX_BYTES, findDfuSuffixEnd } from '../../core/dfu-suffix.js';
import type { Landmark, ModuleLandmark } from './landmarks.js';

export interface GluedModule {
  /** Offset in the file. */
  readonly offset: number;
  /** Where the module belongs. */
  readonly startAddress: number;
  /** Bytes with the CRC. */
  readonly length: number;
}

/**
 * Modules that follow each other in a file without regard to their addresses; empty when there is only one, or when
 * their distances in the file are those of their addresses, as in a dump.
 */
export function findGluedModules(landmarks: readonly Landmark[]): GluedModule[] {
  const whole = landmarks.filter(
    (landmark): landmark is ModuleLandmark => landmark.kind === 'module' && landmark.crc === 'ok',
  );
  const chain: ModuleLandmark[] = [];
  let next = 0;
  for (const module of whole) {
    // A header inside the module before it is payload.
    if (module.offset < next) continue;
    // Tools pad to a word at most; anything further apart is an image with gaps.
    if (module.offset - next > 3) break;
    chain.push(module);
    next = module.offset + module.length;
  }
  const first = chain[0];
  if (!first || chain.length < 2) return [];
  const base = first.header.startAddress - first.offset;
  if (chain.every((module) => module.header.startAddress - module.offset === base)) return [];
  return chain.map(({ offset, header, length }) => ({ offset, startAddress: header.startAddress, length }));
}

export interface Appended {
  readonly kind: 'dfu-suffix' | 'erased' | 'other';
  readonly offset: number;
  readonly length: number;
  /** Of a DFU suffix: whether its CRC is right over the whole file. */
  readonly crc?: 'ok' | 'bad';
}

/** bcdDFU lies this far into the last 16 bytes. */
const VERSION_OFFSET = 6;

/** A DFU 1.1 suffix at the end of the bytes (appendix B: "UFD", bLength, dwCRC), or undefined. */
export function findDfuSuffix(bytes: Uint8Array): Appended | undefined {
  const suffix = findDfuSuffixEnd(bytes);
  // bcdDFU: 1.0, 1.1, or 1.1a as DfuSe writes it.
  const version = suffix && readU16(bytes, bytes.length - DFU_SUFFIX_BYTES + VERSION_OFFSET);
  if (!suffix || ![0x0100, 0x0110, 0x011a].includes(version ?? 0)) return undefined;
  return { kind: 'dfu-suffix', offset: bytes.length - suffix.length, ...suffix };
}
