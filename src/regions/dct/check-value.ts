/**
 * The check value in the version record of a DCT copy (Device OS 0.7.0 and later).
 *
 * The vendor code feeds the copy in pieces to a routine named crc32 and expects it to continue its result; the routine
 * supplied by the HAL (hal/src/photon/dct_hal.c) starts again for every piece and combines the results by exclusive or.
 * So this is no CRC-32 of the copy: swapping two whole pieces goes unnoticed. It shows "written by firmware", no more.
 */
import { copyBytes, readU32, writeU32 } from '../../core/bytes.js';
import { dfuSuffixCrc } from '../../core/checksums.js';
import { dctSection } from './table.js';

const PIECE_BYTES = 32;
const WRITE_INCOMPLETE = 8;
const IS_CURRENT = 9;
/** Offsets in the version record. */
const CHECK_VALUE = 8;
const INITIAL_WRITE = 12;

/** CRC register without the final inversion; the same value a DFU suffix stores. */
const register = dfuSuffixCrc;

/** The three parts the check value is made of; for evidence and tests. */
export interface CheckValueParts {
  readonly header: number;
  readonly body: number;
  readonly version: number;
}

/** The parts for a copy of 16 384 bytes, with `isCurrent` in place of the stored mark when given. */
export function checkValueParts(copy: Uint8Array, isCurrent?: number): CheckValueParts {
  const header = copyBytes(copy, 0, dctSection('wiced', 'header').size);
  header[WRITE_INCOMPLETE] = 0;
  if (isCurrent !== undefined) header[IS_CURRENT] = isCurrent;
  const place = dctSection('wiced', 'version');
  const version = copyBytes(copy, place.offset, place.offset + place.size);
  writeU32(version, CHECK_VALUE, 0);
  version[INITIAL_WRITE] = 0;
  let body = 0;
  for (let start = header.length; start < place.offset; start += PIECE_BYTES) {
    body ^= register(copy.subarray(start, Math.min(start + PIECE_BYTES, place.offset)));
  }
  return { header: register(header), body: body >>> 0, version: register(version) };
}

/** The value a copy of 16 384 bytes should carry. */
export function checkValue(copy: Uint8Array, isCurrent?: number): number {
  const { header, body, version } = checkValueParts(copy, isCurrent);
  return (0xffffffff ^ header ^ body ^ version) >>> 0;
}

/** The value a copy of 16 384 bytes carries. */
export function storedCheckValue(copy: Uint8Array): number {
  return readU32(copy, dctSection('wiced', 'version').offset + CHECK_VALUE);
}
