/** The vectors of test/vectors and what their manifests expect. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from '../../src/core/checksums.js';
import { FlashatlasError } from '../../src/core/errors.js';
import type { MemoryImage } from '../../src/core/image.js';

const FOLDER = fileURLToPath(new URL('../vectors/', import.meta.url));

export interface ExpectedSegment {
  readonly address: string;
  readonly length: number;
  readonly crc32: string;
}

export interface Vector {
  readonly name: string;
  readonly what: string;
  readonly size: number;
  readonly expected: {
    readonly valid: boolean;
    readonly reason?: string;
    readonly severity?: string;
    readonly diagnosis?: string;
    readonly warning?: string;
    readonly line?: number;
    readonly segments?: readonly ExpectedSegment[];
    readonly [field: string]: unknown;
  };
}

/** Bytes of a file in test/vectors. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(FOLDER + path));
}

export function vectorJson<T>(path: string): T {
  return JSON.parse(readFileSync(FOLDER + path, 'utf8')) as T;
}

export function manifest(path: string): readonly Vector[] {
  return vectorJson<{ vectors: Vector[] }>(path).vectors;
}

/** Segments of an image the way the manifests list them. */
export function segmentsOf(image: MemoryImage): ExpectedSegment[] {
  return image.ranges().map((range) => ({
    address: hexAddress(range.start),
    length: range.end - range.start,
    crc32: crc32(image.read(range, 0)).toString(16).padStart(8, '0'),
  }));
}

export function hexAddress(value: number, digits = 8): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
}

/** The error of our own that a function throws; anything else fails the test. */
export function errorOf(run: () => unknown): FlashatlasError {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    if (error instanceof FlashatlasError) return error;
    throw error;
  }
  throw new Error(`expected an error, got ${JSON.stringify(result)?.slice(0, 200)}`);
}

/** The value for a key that the fixed tables of a test must have. */
export function required<V>(table: Readonly<Record<string, V>>, key: string | undefined): V {
  const value = key === undefined ? undefined : table[key];
  if (value === undefined) throw new Error(`no entry for ${key}`);
  return value;
}
