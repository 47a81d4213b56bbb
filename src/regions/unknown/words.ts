import { copyBytes } from '../../core/bytes.js';

/** Bytes as words: a quarter of the steps for searches that only compare. */

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Little-endian words of the bytes; trailing bytes that fill no word are left out. A view where that is possible, so do
 * not write to it.
 */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const count = bytes.length >> 2;
  // A typed array has the byte order of the machine, so it is only used where that is the order of the dump.
  if (LITTLE_ENDIAN) {
    if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
    return new Uint32Array(copyBytes(bytes, 0, count * 4).buffer);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}
