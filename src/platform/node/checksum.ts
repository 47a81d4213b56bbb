/** CRC-32 and SHA-256 of the runtime. Must give the same results as ../web/checksum.ts; a test compares them. */
import type * as Crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { crc32 as zlibCrc32 } from 'node:zlib';

let loaded: typeof Crypto | undefined;

/** Loading it takes longer than many a command that needs no digest. */
function crypto(): typeof Crypto {
  loaded ??= createRequire(import.meta.filename)('node:crypto') as typeof Crypto;
  return loaded;
}

/** IEEE 802.3 CRC-32 as zlib defines it; `previous` continues an earlier call. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return zlibCrc32(bytes, previous) >>> 0;
}

/** 32-byte SHA-256 digest. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(crypto().createHash('sha256').update(bytes).digest());
}
