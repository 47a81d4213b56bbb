/** The suffix of a DFU file (USB DFU 1.1, appendix B): whether bytes end in one. */
import { readU32 } from './bytes.js';
import { dfuSuffixCrc } from './checksums.js';

/** Without additional fields in front. */
export const DFU_SUFFIX_BYTES = 16;
/** "UFD": the suffix is written backwards, so that it can be read from the end of the file. */
export const DFU_SIGNATURE = Uint8Array.of(0x55, 0x46, 0x44);
/** Offsets in the last 16 bytes. */
export const DFU_SIGNATURE_OFFSET = 8;
export const DFU_LENGTH_OFFSET = 11;
/** dwCRC covers everything before it. */
export const DFU_CRC_BYTES = 4;

export interface DfuSuffixEnd {
  /** bLength, additional fields included. */
  readonly length: number;
  readonly crc: 'ok' | 'bad';
}

/** The suffix at the end of the bytes, or undefined without a signature or with an impossible length. */
export function findDfuSuffixEnd(bytes: Uint8Array): DfuSuffixEnd | undefined {
  const offset = bytes.length - DFU_SUFFIX_BYTES;
  if (offset < 0) return undefined;
  const at = offset + DFU_SIGNATURE_OFFSET;
  if (!DFU_SIGNATURE.every((code, index) => bytes[at + index] === code)) return undefined;
  const length = bytes[offset + DFU_LENGTH_OFFSET] as number;
  if (length < DFU_SUFFIX_BYTES || length > bytes.length) return undefined;
  const crcAt = bytes.length - DFU_CRC_BYTES;
  const crc = dfuSuffixCrc(bytes.subarray(0, crcAt)) === readU32(bytes, crcAt) ? 'ok' : 'bad';
  return { length, crc };
}
