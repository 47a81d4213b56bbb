/** Statistics over a window: byte distribution and Thumb halfwords, gathered in one pass. */

/** Bytes per statistical window: large enough for an entropy, small enough for a boundary. */
export const WINDOW_BYTES = 512;

/** c·log2(c) for the counts a window can have; larger counts are computed. */
const C_LOG_C = new Float64Array(WINDOW_BYTES + 1);
for (let count = 2; count <= WINDOW_BYTES; count++) C_LOG_C[count] = count * Math.log2(count);

/** Shannon entropy in bits per byte of a histogram with 256 bins. */
export function entropyOf(counts: Int32Array, total: number): number {
  if (total === 0) return 0;
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    const count = counts[value] as number;
    if (count > 1) sum += count <= WINDOW_BYTES ? (C_LOG_C[count] as number) : count * Math.log2(count);
  }
  return Math.max(0, Math.log2(total) - sum / total);
}

/**
 * Chi-square of a histogram against the uniform distribution, 255 degrees of freedom: about 255 ± 23 for bytes that are
 * equally frequent (encrypted or random ones), more for everything else.
 */
export function chiSquareOf(counts: Int32Array, total: number): number {
  if (total === 0) return 0;
  const expected = total / 256;
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    const difference = (counts[value] as number) - expected;
    sum += difference * difference;
  }
  return sum / expected;
}

/** Entropy that `size` uniformly random bytes show on average; a small sample cannot reach 8 (Miller's correction). */
export function randomEntropy(size: number): number {
  if (size <= 256) return Math.log2(Math.max(1, size)) - 0.1 * Math.min(1, size / 256) * 4;
  return 8 - 255 / (2 * size * Math.LN2);
}

export interface ThumbCounts {
  halfwords: number;
  /** PUSH {…, LR}, PUSH.W, POP {…, PC}, POP.W, BX LR, BL: how functions begin, end and call. */
  calls: number;
  /** The most frequent data-processing and load/store encodings of compiled Thumb-2. */
  common: number;
  /** LDR Rt, [PC, #imm8·4] */
  literalLoads: number;
}

/** 1: call/return marker, 2: common instruction, 3: literal load (also common), 4: first half of BL, 5: wide push/pop. */
const HALFWORD_CLASS = new Uint8Array(256);
HALFWORD_CLASS[0xb5] = 1;
HALFWORD_CLASS[0xbd] = 1;
for (const high of [0x46, 0x60, 0x68, 0xd0, 0xd1, 0xf8]) HALFWORD_CLASS[high] = 2;
for (let high = 0x20; high <= 0x2b; high++) HALFWORD_CLASS[high] = 2;
for (let high = 0x48; high <= 0x4f; high++) HALFWORD_CLASS[high] = 3;
for (let high = 0xf0; high <= 0xf7; high++) HALFWORD_CLASS[high] = 4;
HALFWORD_CLASS[0x47] = 5;
HALFWORD_CLASS[0xe8] = 5;
HALFWORD_CLASS[0xe9] = 5;

/** Adds the Thumb measures of a stretch; `start` must be halfword-aligned in the target. */
export function countThumb(bytes: Uint8Array, start: number, end: number, into: ThumbCounts): void {
  let calls = 0;
  let common = 0;
  let literals = 0;
  let offset = start;
  for (; offset + 1 < end; offset += 2) {
    const high = bytes[offset + 1] as number;
    const kind = HALFWORD_CLASS[high];
    if (kind === 0) continue;
    if (kind === 1) calls++;
    else if (kind === 2) common++;
    else if (kind === 3) {
      literals++;
      if (high <= 0x4c) common++;
    } else if (kind === 4) {
      // BL: 11110xxx xxxxxxxx 11x1xxxx xxxxxxxx (ARM DDI 0403, encoding T1).
      if (offset + 3 < end && ((bytes[offset + 3] as number) & 0xd0) === 0xd0) calls++;
    } else {
      const halfword = (high << 8) | (bytes[offset] as number);
      if (halfword === 0x4770 || halfword === 0xe92d || halfword === 0xe8bd) calls++;
    }
  }
  into.halfwords += (offset - start) >> 1;
  into.calls += calls;
  into.common += common;
  into.literalLoads += literals;
}

/** Adds the byte counts of a stretch. */
export function countBytesOf(bytes: Uint8Array, start: number, end: number, counts: Int32Array): void {
  for (let offset = start; offset < end; offset++) {
    const value = bytes[offset] as number;
    counts[value] = (counts[value] as number) + 1;
  }
}

/** Bytes that text is made of: printable ASCII, tab, line feed, carriage return. */
export function printableOf(counts: Int32Array): number {
  let printable = (counts[9] as number) + (counts[10] as number) + (counts[13] as number);
  for (let value = 32; value < 127; value++) printable += counts[value] as number;
  return printable;
}
