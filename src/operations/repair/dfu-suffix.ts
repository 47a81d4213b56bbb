/** Repairs the suffix of a DFU file: its CRC and fields, its place, a second one. */
import { copyBytes, equalBytes, readU16, writeU16, writeU32 } from '../../core/bytes.js';
import { dfuSuffixCrc } from '../../core/checksums.js';
import { DFU_SIGNATURE, DFU_SUFFIX_BYTES } from '../../core/dfu-suffix.js';
import {
  appendDfuSuffix,
  DFU_VERSION,
  DFUSE_VERSION,
  endsInValidSuffix,
  inspectDfuSuffix,
} from '../../formats/dfu-suffix.js';
import { beginsLikeDfuse } from '../../formats/dfuse-file.js';
import type { Patch } from './patch.js';

/** Offsets from the start of the 16 bytes (DFU 1.1, appendix B). */
const BCD_DFU = 6;
const SIGNATURE = 8;
const LENGTH = 11;
const CRC = 12;
/** How far a suffix may lie before the end of the file, and how many stray bytes may follow it. */
const SEARCH_BYTES = 64 * 1024;

/** True when the file has a DFU suffix, or the remains of one. */
export function hasSuffixTraces(bytes: Uint8Array): boolean {
  const state = inspectDfuSuffix(bytes, 'file');
  return state.state !== 'absent' || state.diagnosis !== null;
}

/** Brings the suffix to the end of the file and into its right order; its CRC is set last, by `sealSuffix`. */
export function repairSuffix(patch: Patch): void {
  cutTrailing(patch);
  cutSecond(patch);
  const start = patch.bytes.length - DFU_SUFFIX_BYTES;
  if (start < 0) return;
  reorder(patch, start);
  const signature = patch.bytes.subarray(start + SIGNATURE, start + LENGTH);
  if (equalBytes(signature, Uint8Array.of(0x44, 0x46, 0x55))) {
    patch.set(start + SIGNATURE, DFU_SIGNATURE, 'ucDfuSignature', 'it is stored as "UFD", from the end');
  }
  const length = patch.bytes[start + LENGTH] ?? 0;
  if (hasSignature(patch.bytes) && (length < DFU_SUFFIX_BYTES || length > patch.bytes.length)) {
    patch.set(start + LENGTH, Uint8Array.of(DFU_SUFFIX_BYTES), 'bLength', 'a suffix has 16 bytes', 'u8');
  }
}

function hasSignature(bytes: Uint8Array): boolean {
  const start = bytes.length - DFU_SUFFIX_BYTES + SIGNATURE;
  return start >= 0 && equalBytes(bytes.subarray(start, start + 3), DFU_SIGNATURE);
}

/** Bytes behind a valid suffix: padding, a line end, something stray. */
function cutTrailing(patch: Patch): void {
  const { bytes } = patch;
  if (hasSignature(bytes)) return;
  const first = Math.max(DFU_SUFFIX_BYTES, bytes.length - SEARCH_BYTES);
  for (let end = bytes.length - 1; end >= first; end--) {
    // A cheap look first: the CRC of the whole file costs too much to try at every place.
    if (bytes[end - 8] !== 0x55 || bytes[end - 7] !== 0x46 || bytes[end - 6] !== 0x44) continue;
    if (!endsInValidSuffix(bytes.subarray(0, end))) continue;
    const size = bytes.length - end;
    patch.cut(end, size, 'bytes behind the suffix', `a valid suffix ends ${size} bytes before the end`);
    return;
  }
}

/** The payload of a file with two suffixes ends in a valid one itself; dfu-util would write that to flash. */
function cutSecond(patch: Patch): void {
  for (;;) {
    const { bytes } = patch;
    const state = inspectDfuSuffix(bytes, 'file');
    if (state.state !== 'ok') return;
    const inner = bytes.length - state.suffix.length;
    if (inner < DFU_SUFFIX_BYTES || !endsInValidSuffix(bytes.subarray(0, inner))) return;
    const start = inner - (bytes[inner - DFU_SUFFIX_BYTES + LENGTH] ?? DFU_SUFFIX_BYTES);
    patch.cut(start, inner - start, 'second suffix', 'the payload ended in a suffix of its own; the outer one stays');
    sealSuffix(patch, 'it covers what was changed');
  }
}

/** A suffix written in the order of the table in the standard, first field first. */
function reorder(patch: Patch, start: number): void {
  const bytes = patch.bytes.subarray(start);
  if (bytes[4] !== DFU_SUFFIX_BYTES || !equalBytes(bytes.subarray(5, 8), Uint8Array.of(0x44, 0x46, 0x55))) return;
  const right = new Uint8Array(DFU_SUFFIX_BYTES);
  for (const [from, to] of [
    [14, 0],
    [12, 2],
    [10, 4],
    [8, BCD_DFU],
  ] as const) {
    writeU16(right, to, readU16(bytes, from));
  }
  right.set(DFU_SIGNATURE, SIGNATURE);
  right[LENGTH] = DFU_SUFFIX_BYTES;
  right.set(bytes.subarray(0, 4), CRC);
  patch.set(start, right, 'suffix', 'its fields stood in forward order; they are read from the end');
}

/** bcdDFU after the content, then the CRC over everything before it. */
export function sealSuffix(patch: Patch, reason?: string): void {
  const start = patch.bytes.length - DFU_SUFFIX_BYTES;
  if (start < 0 || !hasSignature(patch.bytes)) return;
  const dfuse = beginsLikeDfuse(patch.bytes);
  const version = readU16(patch.bytes, start + BCD_DFU);
  const right = dfuse ? DFUSE_VERSION : DFU_VERSION;
  if (version !== right && (dfuse || version === DFUSE_VERSION)) {
    const content = Uint8Array.of(right & 0xff, right >> 8);
    const why = dfuse ? 'the content is a DfuSe file' : 'the content is no DfuSe file';
    patch.set(start + BCD_DFU, content, 'bcdDFU', why, 'u16');
  }
  const changed = patch.changes.length > 0;
  const crc = new Uint8Array(4);
  writeU32(crc, 0, dfuSuffixCrc(patch.bytes.subarray(0, start + CRC)));
  const own = reason ?? (changed ? 'it covers what was changed' : 'it did not fit the content');
  patch.set(start + CRC, crc, 'dwCRC', own, 'address');
}

/** A suffix for a DfuSe file that lost its own. */
export function addSuffix(patch: Patch, ids: { readonly vendor: number; readonly product: number }): void {
  const whole = appendDfuSuffix(patch.bytes, { ...ids, device: 0xffff, dfuVersion: DFUSE_VERSION });
  const suffix = copyBytes(whole, patch.bytes.length);
  patch.append(suffix, 'suffix', 'the file had none; the ids are those of the board');
}
