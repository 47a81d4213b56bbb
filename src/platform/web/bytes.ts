/** Byte comparison without node. Must give the same results as ../node/bytes.ts; a test compares them. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let offset = 0; offset < a.length; offset++) if (a[offset] !== b[offset]) return false;
  return true;
}
