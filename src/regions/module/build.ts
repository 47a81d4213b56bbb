/** Makes module files: sealing edited bytes, and whole modules around a payload (for samples and tests of other tools). */
import { copyBytes, writeU32, writeU32BigEndian } from '../../core/bytes.js';
import { moduleCrc, sha256 } from '../../core/checksums.js';
import { BuildError } from '../../core/errors.js';
import {
  CRC_BYTES,
  DIGEST_TO_END,
  HEADER_AFTER_VECTORS,
  MODULE_INFO,
  MODULE_SUFFIX,
  PRODUCT_FIELDS,
} from './format.js';

/**
 * A copy with SHA-256 and CRC-32 recomputed, in the order of the build (digest first, the CRC covers it).
 * @throws BuildError MODULE_TOO_SHORT
 */
export function sealModule(bytes: Uint8Array): Uint8Array {
  if (bytes.length < MODULE_INFO.size + MODULE_SUFFIX.size + CRC_BYTES) {
    throw new BuildError({
      code: 'MODULE_TOO_SHORT',
      what: 'too short for a module',
      expected: `at least ${MODULE_INFO.size + MODULE_SUFFIX.size + CRC_BYTES} bytes`,
      got: `${bytes.length} bytes`,
      help: 'Give the whole module, from its first byte to its CRC.',
    });
  }
  const sealed = copyBytes(bytes);
  const end = sealed.length - CRC_BYTES;
  sealed.set(sha256(sealed.subarray(0, end - DIGEST_TO_END)), end - DIGEST_TO_END);
  writeU32BigEndian(sealed, end, moduleCrc(sealed.subarray(0, end)));
  return sealed;
}

export interface Dependency {
  readonly functionId: number;
  readonly index: number;
  readonly version: number;
}

export interface ModuleSpecification {
  readonly startAddress: number;
  readonly platformId: number;
  readonly functionId: number;
  readonly index: number;
  readonly version: number;
  readonly dependencies?: readonly Dependency[];
  /** Initial stack pointer and reset vector; present exactly when the module begins with a vector table. */
  readonly vectors?: { readonly initialStackPointer: number; readonly reset: number };
  readonly payload: Uint8Array;
  readonly flags?: number;
  /** Suffix without product fields, as before 0.4.3. */
  readonly withoutProduct?: boolean;
  readonly productId?: number;
  readonly productVersion?: number;
}

const NOT_SET = 0xffff;
const NO_DEPENDENCY: Dependency = { functionId: 0, index: 0, version: 0 };

/** A sealed module. The payload is padded with 0xFF to a multiple of 4, as the linker does. @throws FormatError */
export function buildModule(spec: ModuleSpecification): Uint8Array {
  const headerOffset = spec.vectors ? HEADER_AFTER_VECTORS : 0;
  const bodyOffset = headerOffset + MODULE_INFO.size;
  const suffixSize = MODULE_SUFFIX.size + (spec.withoutProduct ? 0 : PRODUCT_FIELDS.size);
  const suffixOffset = bodyOffset + Math.ceil(spec.payload.length / 4) * 4;
  const end = suffixOffset + suffixSize;
  const bytes = new Uint8Array(end + CRC_BYTES).fill(0xff, bodyOffset, suffixOffset);
  if (spec.vectors) {
    writeU32(bytes, 0, spec.vectors.initialStackPointer);
    writeU32(bytes, 4, spec.vectors.reset);
  }
  const [first = NO_DEPENDENCY, second = NO_DEPENDENCY] = spec.dependencies ?? [];
  const info = {
    moduleStartAddress: spec.startAddress,
    moduleEndAddress: spec.startAddress + end,
    reserved: 0,
    flags: spec.flags ?? 0,
    moduleVersion: spec.version,
    platformId: spec.platformId,
    moduleFunction: spec.functionId,
    moduleIndex: spec.index,
    dependency: dependencyFields(first),
    dependency2: dependencyFields(second),
  };
  bytes.set(MODULE_INFO.encode(info), headerOffset);
  bytes.set(spec.payload, bodyOffset);
  if (!spec.withoutProduct) {
    const product = { productId: spec.productId ?? NOT_SET, productVersion: spec.productVersion ?? NOT_SET };
    bytes.set(PRODUCT_FIELDS.encode(product), suffixOffset);
  }
  const suffix = { reserved: 0, sha256: new Uint8Array(32), size: suffixSize };
  bytes.set(MODULE_SUFFIX.encode(suffix), end - MODULE_SUFFIX.size);
  return sealModule(bytes);
}

function dependencyFields({ functionId, index, version }: Dependency) {
  return { moduleFunction: functionId, moduleIndex: index, moduleVersion: version };
}
