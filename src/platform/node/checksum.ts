/** CRC-32 and SHA-256 of the runtime. Must give the same results as ../web/checksum.ts; a test compares them. */
import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';

/** IEEE 802.3 CRC-32 as zlib defines it; `previous` continues an earlier call. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return zlibCrc32(bytes, previous) >>> 0;
}

/** 32-byte SHA-256 digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
