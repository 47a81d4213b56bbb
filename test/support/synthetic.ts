/** Made-up modules and dumps for tests (see samples/parts.ts), and inputs as if they had been read from a file. */
import { MemoryImage } from '../../src/core/image.js';
import type { InspectInput } from '../../src/operations/inspect/inspect.js';

export * from '../../samples/parts.js';

/** Bytes that look like nothing in particular, the same on every run. */
export function noise(size: number, seed = 1): Uint8Array {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
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
