/** CRC-32 and SHA-256 without node. Must give the same results as ../node/checksum.ts; a test compares them. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { buf } from 'crc-32';

/** IEEE 802.3 CRC-32 as zlib defines it; `previous` continues an earlier call. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  // crc-32 takes and returns signed numbers.
  return buf(bytes, previous | 0) >>> 0;
}

/** 32-byte SHA-256 digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}
