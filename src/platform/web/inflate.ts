/** DEFLATE and gzip (RFC 1951, 1952) without node. Must give the same results as ../node/inflate.ts; a test compares them. */
import { Gunzip, type GzipOptions, gzipSync, Inflate } from 'fflate';

const FEED_BYTES = 16_384;

/** The unpacked bytes, or undefined when the data are damaged or grow beyond `limit` bytes. */
export function inflateRaw(bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const inflate = new Inflate((chunk) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  });
  try {
    // In small pieces, so that a bomb is noticed before it has grown far beyond the limit.
    for (let offset = 0; offset < bytes.length && size <= limit; offset += FEED_BYTES) {
      inflate.push(bytes.subarray(offset, offset + FEED_BYTES), offset + FEED_BYTES >= bytes.length);
    }
  } catch {
    return undefined;
  }
  if (size > limit) return undefined;
  const unpacked = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    unpacked.set(chunk, offset);
    offset += chunk.length;
  }
  return unpacked;
}

/** A whole sound gzip file at once, or undefined when it takes steps to say what it is: here always. */
export function gunzipSound(_bytes: Uint8Array, _limit: number): Uint8Array | undefined {
  return undefined;
}

/** A decompressor that is fed in steps. `onMember` is told the offset at which the next member begins. */
export function gunzipInSteps(onChunk: (chunk: Uint8Array) => void, onMember: (offset: number) => void): Gunzip {
  const stream = new Gunzip(onChunk);
  stream.onmember = onMember;
  return stream;
}

export function gzip(bytes: Uint8Array, options: GzipOptions): Uint8Array {
  return gzipSync(bytes, options);
}
