/**
 * DEFLATE and gzip (RFC 1951, 1952) of the runtime. Must give the same results as ../web/inflate.ts; a test compares
 * them. fflate, which can stop in the middle and name a file, is only loaded by the few runs that need that.
 */
import { createRequire } from 'node:module';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import type * as Fflate from 'fflate';

let loaded: typeof Fflate | undefined;

function fflate(): typeof Fflate {
  loaded ??= createRequire(import.meta.filename)('fflate') as typeof Fflate;
  return loaded;
}

/** The same memory as an ordinary array: a Buffer's slice() would share it. */
function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The unpacked bytes, or undefined when the data are damaged or grow beyond `limit` bytes. */
export function inflateRaw(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    return plain(inflateRawSync(bytes, { maxOutputLength: Math.max(1, limit) }));
  } catch {
    return undefined;
  }
}

/** A whole sound gzip file at once, or undefined when it takes steps to say what it is: damaged, too large, or no gzip. */
export function gunzipSound(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  try {
    return plain(gunzipSync(bytes, { maxOutputLength: Math.max(1, limit) }));
  } catch {
    return undefined;
  }
}

/** A decompressor that is fed in steps. `onMember` is told the offset at which the next member begins. */
export function gunzipInSteps(onChunk: (chunk: Uint8Array) => void, onMember: (offset: number) => void): Fflate.Gunzip {
  const stream = new (fflate().Gunzip)(onChunk);
  stream.onmember = onMember;
  return stream;
}

export function gzip(bytes: Uint8Array, options: Fflate.GzipOptions): Uint8Array {
  return fflate().gzipSync(bytes, options);
}
