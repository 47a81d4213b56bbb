/** Byte comparison of the runtime. Must give the same results as ../web/bytes.ts; a test compares them. */
import { Buffer } from 'node:buffer';

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
