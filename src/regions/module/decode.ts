/**
 * Reads one module from its first byte. The header's place follows from the first word, as in the bootloader; nothing is
 * searched and nothing is scored. Bad bytes give a reading that says what is wrong with them, never an invented module.
 */
import { equalBytes, isFilledWith, readU16, readU32, readU32BigEndian } from '../../core/bytes.js';
import { moduleCrc, sha256 } from '../../core/checksums.js';
import { moduleFunctionName, platformOf } from '../../layout/platforms.js';
import { decodeVectorTable, looksLikeStackPointer, type VectorTable } from '../vector-table.js';
import {
  CRC_BYTES,
  CRC_PLACEHOLDER,
  DIGEST_TO_END,
  FOREIGN_HEADER_OFFSETS,
  HEADER_AFTER_VECTORS,
  MODULE_INFO,
  MODULE_SUFFIX,
  type ModuleInfo,
  PRODUCT_FIELDS,
  SHA_PLACEHOLDER,
  SUFFIX_SIZES,
} from './format.js';

/** ok: matches. placeholder: as the linker left it, never sealed. unreadable: its bytes are missing. */
export type CrcState = 'ok' | 'bad' | 'placeholder' | 'unreadable';
export type ShaState = CrcState | 'absent';

export interface ModuleDependency {
  readonly functionId: number;
  readonly function: string;
  readonly index: number;
  readonly minVersion: number;
}

export interface ModuleSuffix {
  readonly size: number;
  readonly reserved: number;
  readonly productId: number | null;
  readonly productVersion: number | null;
  readonly digest: Uint8Array;
}

export interface ParticleModule {
  /** Where its first byte lies. */
  readonly address: number;
  /** One past its CRC, or past its last present byte when it is truncated. */
  readonly end: number;
  /** 0 or 0x184; 0x10C and 0x200 on other platforms. */
  readonly headerOffset: number;
  readonly info: ModuleInfo;
  /** Length by its own header, CRC included. */
  readonly length: number;
  /** Bytes that its header promises and the input does not have. */
  readonly missing: number;
  readonly platform: string | null;
  readonly function: string;
  readonly dependencies: readonly ModuleDependency[];
  readonly vectors: VectorTable | null;
  readonly suffix: ModuleSuffix | null;
  readonly crc: CrcState;
  /** The stored CRC-32 and the one that the bytes have; null when unreadable. */
  readonly crcStored: number | null;
  readonly crcComputed: number | null;
  readonly sha: ShaState;
  /** True when a system part of its own platform stands inside at the place where that part is linked to run. */
  readonly combined: boolean;
  /** The module's bytes, CRC included, as far as they are present. */
  readonly bytes: Uint8Array;
}

export interface HeaderProblem {
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** A header that cannot be one, field by field. */
export interface DamagedHeader {
  readonly headerOffset: number;
  readonly info: ModuleInfo;
  readonly problems: readonly HeaderProblem[];
  /** How many of its statements (start, end, platform, function with index) are the expected ones. */
  readonly agreeing: number;
}

/** No flash of a supported chip, and no module of any platform, is larger (Gen 3 parts stay below 2 MiB). */
const MAX_MODULE_BYTES = 0x20_0000;
const MAX_FUNCTION = 9;
/** The linker scripts of every F2 board begin each system part at a 128 KiB sector. */
const PART_ALIGNMENT = 0x2_0000;

/** Header offset by the rule of the device: a stack pointer first means vectors first. Undefined: too few bytes. */
export function headerOffsetOf(bytes: Uint8Array, offset = 0): number | undefined {
  if (offset + 4 > bytes.length) return undefined;
  const headerOffset = looksLikeStackPointer(readU32(bytes, offset)) ? HEADER_AFTER_VECTORS : 0;
  return offset + headerOffset + MODULE_INFO.size <= bytes.length ? headerOffset : undefined;
}

/** What speaks against these 24 bytes being a module header of any platform; empty when nothing does. */
export function headerProblems(info: ModuleInfo, headerOffset: number): HeaderProblem[] {
  const problems: HeaderProblem[] = [];
  const { moduleStartAddress: start, moduleEndAddress: end } = info;
  const minimum = start + headerOffset + MODULE_INFO.size;
  if (start % 4 !== 0) problems.push(problem('module_start_address', 'a multiple of 4', hex(start)));
  if (end < minimum) problems.push(problem('module_end_address', `at least ${hex(minimum)}`, hex(end)));
  else if (end - start + CRC_BYTES > MAX_MODULE_BYTES) {
    problems.push(problem('module_end_address', `at most ${hex(start + MAX_MODULE_BYTES - CRC_BYTES)}`, hex(end)));
  }
  if (info.moduleFunction === 0 || info.moduleFunction > MAX_FUNCTION) {
    problems.push(problem('module_function', `1 to ${MAX_FUNCTION}`, `${info.moduleFunction}`));
  }
  if (platformOf(info.platformId) === undefined) {
    problems.push(problem('platform_id', 'a known platform', `${info.platformId}`));
  }
  return problems;
}

function problem(field: string, expected: string, got: string): HeaderProblem {
  return { field, expected, got };
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** The header of the module that begins with these bytes, nothing verified; undefined when none is in its place. */
export function readModuleInfo(bytes: Uint8Array): ModuleInfo | undefined {
  const headerOffset = headerOffsetOf(bytes);
  if (headerOffset === undefined) return undefined;
  const info = MODULE_INFO.decode(bytes, headerOffset);
  return headerProblems(info, headerOffset).length === 0 ? info : undefined;
}

/**
 * Reads the module that begins at `offset`.
 * @param address target address of that byte.
 * @returns the module (perhaps truncated), or undefined when no module header is in its place.
 */
export function readModule(bytes: Uint8Array, address: number, offset = 0): ParticleModule | undefined {
  const headerOffset = headerOffsetOf(bytes, offset);
  if (headerOffset === undefined) return undefined;
  const info = MODULE_INFO.decode(bytes, offset + headerOffset);
  if (headerProblems(info, headerOffset).length > 0) return undefined;
  return decodeModule(bytes, address, offset, headerOffset, info);
}

/**
 * Reads a module of a platform that keeps its header elsewhere. Because these places are only guesses here, the CRC
 * must be right as well.
 */
export function readForeignModule(bytes: Uint8Array, address: number): ParticleModule | undefined {
  for (const headerOffset of FOREIGN_HEADER_OFFSETS) {
    if (headerOffset + MODULE_INFO.size > bytes.length) continue;
    const info = MODULE_INFO.decode(bytes, headerOffset);
    if (headerProblems(info, headerOffset).length > 0) continue;
    const module = decodeModule(bytes, address, 0, headerOffset, info);
    if (module.crc === 'ok') return module;
  }
  return undefined;
}

/**
 * Explains bytes where a module is expected but none can be read: undefined when they are erased, blank or too short, or
 * when too little agrees with `expected` to call them a header at all.
 */
export function readDamagedHeader(
  bytes: Uint8Array,
  expected: {
    readonly start: number;
    readonly functionId: number;
    readonly index: number;
    readonly platformId: number;
  },
): DamagedHeader | undefined {
  const headerOffset = headerOffsetOf(bytes);
  if (headerOffset === undefined) return undefined;
  const headerEnd = headerOffset + MODULE_INFO.size;
  if (isFilledWith(bytes, 0xff, headerOffset, headerEnd) || isFilledWith(bytes, 0, headerOffset, headerEnd)) {
    return undefined;
  }
  const info = MODULE_INFO.decode(bytes, headerOffset);
  if (headerProblems(info, headerOffset).length === 0) return undefined;
  const agreeing = [
    info.moduleStartAddress === expected.start,
    info.platformId === expected.platformId,
    info.moduleFunction === expected.functionId && info.moduleIndex === expected.index,
    info.moduleEndAddress >>> 20 === expected.start >>> 20 && info.moduleEndAddress > expected.start,
  ].filter(Boolean).length;
  // One agreeing field happens by chance in code; two independent ones do not.
  return agreeing >= 2
    ? { headerOffset, info, problems: problemsAt(info, headerOffset, expected.start), agreeing }
    : undefined;
}

/** Problems of a header whose place is known: a wrong start does not make the end wrong that fits the right one. */
function problemsAt(info: ModuleInfo, headerOffset: number, start: number): HeaderProblem[] {
  const problems = headerProblems({ ...info, moduleStartAddress: start }, headerOffset);
  if (info.moduleStartAddress === start) return problems;
  return [problem('module_start_address', hex(start), hex(info.moduleStartAddress)), ...problems];
}

function decodeModule(
  bytes: Uint8Array,
  address: number,
  offset: number,
  headerOffset: number,
  info: ModuleInfo,
): ParticleModule {
  const length = info.moduleEndAddress - info.moduleStartAddress + CRC_BYTES;
  const body = bytes.subarray(offset, Math.min(offset + length, bytes.length));
  const missing = length - body.length;
  const code = { start: info.moduleStartAddress, end: info.moduleEndAddress };
  const common = {
    address,
    end: address + body.length,
    headerOffset,
    info,
    length,
    missing,
    platform: platformOf(info.platformId)?.name ?? null,
    function: moduleFunctionName(info.moduleFunction),
    dependencies: dependenciesOf(info),
    vectors: headerOffset === 0 ? null : (decodeVectorTable(body, code) ?? null),
    combined: standsInside(body, info),
    bytes: body,
  };
  if (missing > 0) {
    return { ...common, suffix: null, crc: 'unreadable', crcStored: null, crcComputed: null, sha: 'unreadable' };
  }
  const end = length - CRC_BYTES;
  const crcStored = readU32BigEndian(body, end);
  const crcComputed = moduleCrc(body.subarray(0, end));
  const suffix = readSuffix(body, end);
  let sha: ShaState | undefined;
  return {
    ...common,
    suffix,
    crc: crcState(body, end, crcStored, crcComputed),
    crcStored,
    crcComputed,
    // No firmware looks at it, and it takes longer than all the rest: worked out for those who ask.
    get sha() {
      sha ??= suffix ? shaState(body, end, suffix) : 'absent';
      return sha;
    },
  };
}

/** A module that was read before, as it is found with the same bytes at another place. */
export function moduleAt(module: ParticleModule, address: number, bytes: Uint8Array): ParticleModule {
  // Not a spread, which would work out the digest.
  const moved = Object.defineProperties({}, Object.getOwnPropertyDescriptors(module)) as ParticleModule;
  return Object.assign(moved, { address, end: address + module.length, bytes });
}

/**
 * Whether a system part stands inside where it is linked to run, as in the factory images of 0.4.x to 1.3.x: part 1 and
 * part 2 as one block, its end (and up to 0.4.7 its function) rewritten (device-os wiced_test_mfg_combined.mk). Update
 * packages carry modules too, but at any place.
 */
function standsInside(body: Uint8Array, outer: ModuleInfo): boolean {
  for (let offset = PART_ALIGNMENT; offset < body.length; offset += PART_ALIGNMENT) {
    const inner = readModuleInfo(body.subarray(offset));
    if (!inner || inner.moduleStartAddress !== outer.moduleStartAddress + offset) continue;
    if (inner.platformId === outer.platformId && moduleFunctionName(inner.moduleFunction) === 'system-part')
      return true;
  }
  return false;
}

function dependenciesOf(info: ModuleInfo): ModuleDependency[] {
  // The firmware stops looking when the first dependency is "none" (validate_module_dependencies, early exit).
  return [info.dependency, info.dependency2]
    .filter((dependency) => dependency.moduleFunction !== 0)
    .map(({ moduleFunction, moduleIndex, moduleVersion }) => ({
      functionId: moduleFunction,
      function: moduleFunctionName(moduleFunction),
      index: moduleIndex,
      minVersion: moduleVersion,
    }));
}

function crcState(body: Uint8Array, end: number, stored: number, computed: number): CrcState {
  if (stored === computed) return 'ok';
  return equalBytes(body.subarray(end, end + CRC_BYTES), CRC_PLACEHOLDER) ? 'placeholder' : 'bad';
}

function shaState(body: Uint8Array, end: number, suffix: ModuleSuffix): ShaState {
  if (equalBytes(suffix.digest, SHA_PLACEHOLDER)) return 'placeholder';
  return equalBytes(sha256(body.subarray(0, end - DIGEST_TO_END)), suffix.digest) ? 'ok' : 'bad';
}

/**
 * Early monolithic images have no suffix, so the size word may be any data. 36 and 40 are taken at their word; another
 * size only counts when the digest in its place is right.
 */
function readSuffix(body: Uint8Array, end: number): ModuleSuffix | null {
  if (end < MODULE_INFO.size + MODULE_SUFFIX.size) return null;
  const size = readU16(body, end - 2);
  if (size > end - MODULE_INFO.size) return null;
  const { reserved, sha256: digest } = MODULE_SUFFIX.decode(body, end - MODULE_SUFFIX.size);
  if (!SUFFIX_SIZES.includes(size)) {
    const plausible = size > MODULE_SUFFIX.size && reserved === 0;
    if (!plausible || !equalBytes(sha256(body.subarray(0, end - DIGEST_TO_END)), digest)) return null;
  }
  if (size === MODULE_SUFFIX.size) return { size, reserved, productId: null, productVersion: null, digest };
  const product = PRODUCT_FIELDS.decode(body, end - MODULE_SUFFIX.size - PRODUCT_FIELDS.size);
  // 42 bytes: a later, wider product id whose exact meaning is not established; only its version is in a known place.
  return {
    size,
    reserved,
    productId: size === 42 ? null : product.productId,
    productVersion: product.productVersion,
    digest,
  };
}
