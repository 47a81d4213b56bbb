/**
 * The checksums of the formats, each under its own name, because they share a polynomial and differ in inversion and
 * byte order. `#checksum` is the platform's CRC-32 (IEEE 802.3, as zlib) and SHA-256.
 */
import { crc32, sha256 } from '#checksum';

export { crc32, sha256 };

/**
 * Register value after the reflected CRC-32 (0xEDB88320, initial 0xFFFFFFFF) without the final inversion: what a DFU
 * suffix stores little-endian (DFU 1.1 appendix B), also known as CRC-32/JAMCRC.
 */
export function dfuSuffixCrc(bytes: Uint8Array): number {
  return (crc32(bytes) ^ 0xffffffff) >>> 0;
}

/** CRC-32 of a Particle module; the four bytes after the module hold it big-endian (device-os build/module.mk). */
export function moduleCrc(bytes: Uint8Array): number {
  return crc32(bytes);
}
