/** Reads the vectors in test/vectors/dct: sparse images of a fill byte and runs, each with its SHA-256. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { fromHex, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';

export interface SparseImage {
  size: number;
  fill: string;
  runs: { offset: number; hex: string }[];
  sha256: string;
}

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/dct/${name}`, import.meta.url), 'utf8')) as T;
}

export function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (!bytes) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
}

export function expand(image: SparseImage): Uint8Array {
  const bytes = new Uint8Array(image.size).fill(Number.parseInt(image.fill, 16));
  for (const run of image.runs) bytes.set(hex(run.hex), run.offset);
  expect(toHex(sha256(bytes))).toBe(image.sha256);
  return bytes;
}
