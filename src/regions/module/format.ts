/**
 * The Particle module format (device-os dynalib/inc/module_info.h, unchanged in size from 0.4.0 to the last release for
 * these boards):
 *
 *     start  [vector table 0x184 bytes]   bootloader, system parts with a table, monolithic firmware
 *            module_info_t, 24 bytes
 *            code and data
 *            [product id u16, product version u16]   only when the suffix size is 40
 *            reserved u16, SHA-256, suffix size u16
 *     end    CRC-32, four bytes, big-endian
 */
import { type StructValue, struct } from '../../core/struct.js';
import { VECTOR_TABLE_BYTES } from '../vector-table.js';

export const MODULE_DEPENDENCY = struct('module_dependency_t', [
  ['moduleFunction', 'u8'],
  ['moduleIndex', 'u8'],
  ['moduleVersion', 'u16'],
]);

export const MODULE_INFO = struct('module_info_t', [
  ['moduleStartAddress', 'u32'],
  ['moduleEndAddress', 'u32'],
  ['reserved', 'u8'],
  ['flags', 'u8'],
  ['moduleVersion', 'u16'],
  ['platformId', 'u16'],
  ['moduleFunction', 'u8'],
  ['moduleIndex', 'u8'],
  ['dependency', MODULE_DEPENDENCY],
  ['dependency2', MODULE_DEPENDENCY],
]);

export type ModuleInfo = StructValue<typeof MODULE_INFO>;

/** The part of the suffix every module has; it ends where the CRC begins. */
export const MODULE_SUFFIX = struct('module_info_suffix_t', [
  ['reserved', 'u16'],
  ['sha256', { bytes: 32 }],
  ['size', 'u16'],
]);

/** In front of the suffix when its size is 40 (0.4.3-rc2 and later). */
export const PRODUCT_FIELDS = struct('module_info_product_t', [
  ['productId', 'u16'],
  ['productVersion', 'u16'],
]);

/** Header behind a Cortex-M3 vector table of 97 words. */
export const HEADER_AFTER_VECTORS = VECTOR_TABLE_BYTES;

/** Where modules of platforms other than STM32F2 keep their header: Core 0x10C, nRF52 and later 0x200. */
export const FOREIGN_HEADER_OFFSETS: readonly number[] = [0x10c, 0x200];

export const CRC_BYTES = 4;
/** Bytes between the digest and the module's end: the digest itself and the size word. */
export const DIGEST_TO_END = 34;

/** What the linker leaves where the build later writes the digest (device-os build/module.mk). */
export const SHA_PLACEHOLDER = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
/** What the linker leaves where the build later writes the CRC. */
export const CRC_PLACEHOLDER = Uint8Array.of(0x78, 0x56, 0x34, 0x12);

/** Suffix sizes of released firmware: 36 without product fields, 40 with them. */
export const SUFFIX_SIZES: readonly number[] = [36, 40];
