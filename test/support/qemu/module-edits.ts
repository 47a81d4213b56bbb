/** Modules with something wrong with them: each function gives an edited copy. */
import { readU32, writeU16, writeU32, writeU32BigEndian } from '../../../src/core/bytes.js';
import { moduleCrc } from '../../../src/core/checksums.js';

/** Offsets in module_info (device-os dynalib/inc/module_info.h), with the width of the field in bytes. */
const FIELDS = {
  start: [0, 4],
  end: [4, 4],
  reserved: [8, 1],
  flags: [9, 1],
  version: [10, 2],
  platform: [12, 2],
  function: [14, 1],
  index: [15, 1],
  dependencyFunction: [16, 1],
  dependencyIndex: [17, 1],
  dependencyVersion: [18, 2],
  secondDependencyFunction: [20, 1],
  secondDependencyVersion: [22, 2],
} as const;

type Field = keyof typeof FIELDS;

/** Where the header of a part with vector table lies. */
const HEADER = 0x184;

export type Fields = { readonly [field in Field]?: number };

/** A copy with fields of the header changed and the CRC as it was. */
export function headed(module: Uint8Array, values: Fields, header = HEADER): Uint8Array {
  const bytes = module.slice();
  for (const field of Object.keys(values) as Field[]) {
    const [offset, width] = FIELDS[field];
    const value = values[field] ?? 0;
    if (width === 4) writeU32(bytes, header + offset, value);
    else if (width === 2) writeU16(bytes, header + offset, value);
    else bytes[header + offset] = value;
  }
  return bytes;
}

/** A copy whose CRC is right again; the digest, which no bootloader looks at, stays. */
export function sealed(module: Uint8Array): Uint8Array {
  const bytes = module.slice();
  const end = bytes.length - 4;
  writeU32BigEndian(bytes, end, moduleCrc(bytes.subarray(0, end)));
  return bytes;
}

export function flipped(bytes: Uint8Array, offset: number, mask = 0x01): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = (copy[offset] ?? 0) ^ mask;
  return copy;
}

export function withWord(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  writeU32(copy, offset, value);
  return copy;
}

export function erasedFront(module: Uint8Array, size: number): Uint8Array {
  const bytes = module.slice();
  bytes.fill(0xff, 0, size);
  return bytes;
}

/** The header of a part copied to its first byte, where the bootloader looks when no stack word is there. */
export function headerInFront(module: Uint8Array): Uint8Array {
  const bytes = module.slice();
  bytes.set(module.subarray(HEADER, HEADER + 24), 0);
  return bytes;
}

/** Where the headers of the parts lead to the tables of what the bootloader calls (load_dct_functions). */
export const TABLES = { preInitOfPart1: HEADER + 32, dctOfPart2: HEADER + 96, preInitOfPart2: HEADER + 100 } as const;

/** The word `index` of the table that the word at `pointer` names, set to a value. */
export function withEntry(module: Uint8Array, base: number, pointer: number, index: number, value: number): Uint8Array {
  const table = readU32(module, pointer) - base;
  return sealed(withWord(module, table + 4 * index, value));
}

export function crcReversed(module: Uint8Array): Uint8Array {
  const bytes = module.slice();
  bytes.subarray(bytes.length - 4).reverse();
  return bytes;
}
