/** Small made-up modules and dumps, so that most tests need no released firmware. */
import { MemoryImage } from '../../src/core/image.js';
import type { InspectInput } from '../../src/operations/inspect/inspect.js';
import { buildModule, type ModuleSpecification } from '../../src/regions/module/build.js';

export const FLASH_START = 0x08000000;
export const FLASH_SIZE = 0x100000;
export const P1 = 8;

/** Bytes that look like nothing in particular, the same on every run. */
export function payload(size: number, seed = 1): Uint8Array {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const vectors = (start: number) => ({ initialStackPointer: 0x20020000, reset: start + 0x201 });

export function bootloader(version = 1006, size = 4000): Uint8Array {
  return make({ startAddress: 0x08000000, functionId: 2, index: 0, version, vectors: vectors(0x08000000), size });
}

export function systemPart1(version = 2202, more: Partial<ModuleSpecification> = {}): Uint8Array {
  const dependencies = [{ functionId: 4, index: 2, version: 207 }];
  return make({
    startAddress: 0x08020000,
    functionId: 4,
    index: 1,
    version,
    dependencies,
    size: 20000,
    ...withVectors(0x08020000),
    ...more,
  });
}

export function systemPart2(version = 2202, more: Partial<ModuleSpecification> = {}): Uint8Array {
  const dependencies = [
    { functionId: 4, index: 1, version },
    { functionId: 2, index: 0, version: 1003 },
  ];
  return make({
    startAddress: 0x08060000,
    functionId: 4,
    index: 2,
    version,
    dependencies,
    size: 30000,
    ...withVectors(0x08060000),
    ...more,
  });
}

export function userPart(more: Partial<ModuleSpecification> = {}): Uint8Array {
  const dependencies = [{ functionId: 4, index: 2, version: 6 }];
  return make({ startAddress: 0x080a0000, functionId: 5, index: 1, version: 6, dependencies, size: 5000, ...more });
}

function withVectors(start: number) {
  return { vectors: vectors(start) };
}

function make({
  size,
  ...spec
}: Omit<ModuleSpecification, 'payload' | 'platformId'> & Partial<ModuleSpecification> & { size: number }): Uint8Array {
  return buildModule({ platformId: P1, payload: payload(size, spec.startAddress), ...spec });
}

/** A full dump, erased where nothing is placed. */
export function dump(parts: readonly (readonly [address: number, bytes: Uint8Array])[]): Uint8Array {
  const bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
  for (const [address, part] of parts) bytes.set(part, address - FLASH_START);
  return bytes;
}

/** The dump of a healthy device without configuration. */
export function healthyDump(): Uint8Array {
  return dump([
    [0x08000000, bootloader()],
    [0x08020000, systemPart1()],
    [0x08060000, systemPart2()],
    [0x080a0000, userPart()],
  ]);
}

/** An input as if read from a raw binary. */
export function rawInput(bytes: Uint8Array, base?: number): InspectInput {
  return {
    path: 'dump.bin',
    bytes,
    format: 'bin',
    image: MemoryImage.fromBytes(bytes, base ?? 0, { name: 'dump.bin', offset: 0 }),
    addressSource: base === undefined ? 'assumed' : 'given',
    container: null,
    findings: [],
  };
}
