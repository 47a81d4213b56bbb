/** The EEPROM vectors of test/vectors/eeprom: sparse pages and operation texts turned into bytes and operations. */
import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import type { EepromOperation } from '../../../src/regions/eeprom/index.js';

export interface SparseBytes {
  readonly size: number;
  readonly fill: string;
  readonly runs: readonly { readonly offset: number; readonly hex: string }[];
  readonly sha256: string;
}

export function readVectors<T>(name: string): T {
  const url = new URL(`../../vectors/eeprom/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

export function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (!bytes) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
}

/** The bytes of a sparse vector; its own digest guards the expansion. */
export function expand(sparse: SparseBytes): Uint8Array {
  const bytes = new Uint8Array(sparse.size).fill(Number.parseInt(sparse.fill, 16));
  for (const run of sparse.runs) bytes.set(hex(run.hex), run.offset);
  if (toHex(sha256(bytes)) !== sparse.sha256) throw new Error('vector does not match its own digest');
  return bytes;
}

export function digest(bytes: Uint8Array): string {
  return toHex(sha256(bytes));
}

const put = (index: number, data: Uint8Array): EepromOperation => ({ operation: 'put', index, data });
const block = (length: number, byteAt: (index: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => byteAt(index) & 0xff);
const repeat = (count: number, make: (k: number) => EepromOperation): EepromOperation[] =>
  Array.from({ length: count }, (_, k) => make(k));

/** Loops of the vectors that are described in words instead of listed. */
const LOOPS: readonly [RegExp, (match: RegExpExecArray) => EepromOperation[]][] = [
  [
    /^for k=0\.\.(\d+): put 0 with bytes k&255, k>>8, \(k\*7\)&255, 0x40$/,
    ([, last]) => repeat(Number(last) + 1, (k) => put(0, Uint8Array.of(k & 0xff, k >> 8, (k * 7) & 0xff, 0x40))),
  ],
  [
    /^for k=0\.\.59: put \(k%4\)\*512 with 512 bytes \(k\*31\+i\)&255$/,
    () =>
      repeat(60, (k) =>
        put(
          (k % 4) * 512,
          block(512, (i) => k * 31 + i),
        ),
      ),
  ],
  [
    /^put 0 with \(i\*3\)&255 for i=0\.\.1023; put 1024 with \(i\*5\)&255 for i=0\.\.1023$/,
    () => [
      put(
        0,
        block(1024, (i) => i * 3),
      ),
      put(
        1024,
        block(1024, (i) => i * 5),
      ),
    ],
  ],
  [
    /^for k=0\.\.(\d+): w k%(\d+) \(k\*3\)&255 \(hex\)$/,
    ([, last, modulus]) => repeat(Number(last) + 1, (k) => put(k % Number(modulus), Uint8Array.of((k * 3) & 0xff))),
  ],
  [/^(?:put|w) (\d+) ([0-9a-f]+)$/, ([, index, data]) => [put(Number(index), hex(data ?? ''))]],
  [
    /^budget (-?\d+)$/,
    ([, count]) => [{ operation: 'power', flashOperations: Number(count) < 0 ? null : Number(count) }],
  ],
  [/^init$/, () => [{ operation: 'init' }]],
  [/^perform$/, () => [{ operation: 'perform-pending-erase' }]],
];

export function parseOperations(texts: readonly string[]): EepromOperation[] {
  return texts.flatMap((text) => {
    for (const [pattern, make] of LOOPS) {
      const match = pattern.exec(text);
      if (match) return make(match);
    }
    throw new Error(`operation not understood: ${text}`);
  });
}
