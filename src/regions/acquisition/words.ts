/** A dump as words, the unit a debug port reads in. */

/** Little-endian words of the bytes; a view where alignment allows, else a copy. Trailing bytes are left out. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const count = bytes.length >> 2;
  // A typed array has the byte order of the machine, so it is only used where that is the order of the dump.
  if (bytes.byteOffset % 4 === 0 && LITTLE_ENDIAN) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: count }, (_, index) => view.getUint32(index * 4, true));
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
