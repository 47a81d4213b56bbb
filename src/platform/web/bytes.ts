/** Byte comparison without node. Must give the same results as ../node/bytes.ts; a test compares them. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let offset = 0; offset < a.length; offset++) if (a[offset] !== b[offset]) return false;
  return true;
}

/** Offset of the first occurrence of `needle` from `from` on, or -1. */
export function indexOfBytes(bytes: Uint8Array, needle: Uint8Array, from = 0): number {
  const first = needle[0];
  if (first === undefined) return Math.min(from, bytes.length);
  const last = bytes.length - needle.length;
  for (let place = bytes.indexOf(first, from); place >= 0 && place <= last; place = bytes.indexOf(first, place + 1)) {
    let matched = 1;
    while (matched < needle.length && bytes[place + matched] === needle[matched]) matched++;
    if (matched === needle.length) return place;
  }
  return -1;
}
