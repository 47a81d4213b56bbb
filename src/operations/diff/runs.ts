/**
 * Where two runs of bytes differ. Blocks are compared by the runtime's own comparison first, so that a megabyte of equal
 * flash costs microseconds; only blocks that differ are looked at word by word. The loops call nothing: in a program that
 * has just started, nothing is inlined yet, and most of what a comparison takes is spent in them.
 */
import { equalBytes } from '../../core/bytes.js';

/** A stretch that begins and ends with a difference; short stretches of equal bytes may lie inside it. */
export interface Run {
  start: number;
  end: number;
  /** How many of its bytes differ. */
  bytes: number;
}

/** Differences closer than this belong to one stretch: nobody wants to read that every second byte of a key changed. */
const JOIN_WITHIN = 16;
/** More stretches than this help nobody; the joining distance then grows instead of the list. */
const MAX_RUNS = 4096;
/** Sizes of the blocks that are compared as a whole before anyone looks into them. */
const LARGE = 0x1_0000;
const SMALL = 0x400;

/** The stretches in which two arrays of the same length differ, as offsets, in ascending order. */
export function differingRuns(a: Uint8Array, b: Uint8Array): Run[] {
  const search: Search = { a, b, runs: [], within: JOIN_WITHIN };
  // Words can be compared when those of both begin at the same offsets; what comes before the first is a block of its own.
  const first = -a.byteOffset & 3;
  const hasWords = first === (-b.byteOffset & 3);
  for (let start = 0; start < a.length; ) {
    const end = Math.min(start === 0 && first > 0 ? first : start + LARGE, a.length);
    if (!equalBytes(a.subarray(start, end), b.subarray(start, end))) {
      for (let from = start; from < end; from += SMALL) addBlock(search, from, Math.min(from + SMALL, end), hasWords);
      if (search.runs.length > MAX_RUNS) coarsen(search);
    }
    start = end;
  }
  return search.runs;
}

interface Search {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
  readonly runs: Run[];
  within: number;
}

function addBlock(search: Search, from: number, to: number, hasWords: boolean): void {
  const { a, b } = search;
  if (equalBytes(a.subarray(from, to), b.subarray(from, to))) return;
  const wordsEnd = hasWords && (a.byteOffset + from) % 4 === 0 ? to - ((to - from) % 4) : from;
  if (wordsEnd > from) addWords(search, from, wordsEnd);
  if (wordsEnd < to) addBytes(search, wordsEnd, to);
}

function addBytes({ a, b, runs, within }: Search, from: number, to: number): void {
  for (let offset = from; offset < to; offset++) {
    if (a[offset] === b[offset]) continue;
    const last = runs.at(-1);
    if (last && offset - last.end < within) {
      last.end = offset + 1;
      last.bytes++;
    } else runs.push({ start: offset, end: offset + 1, bytes: 1 });
  }
}

/** Looks at single bytes only where a stretch may begin or end. */
function addWords({ a, b, runs, within }: Search, from: number, to: number): void {
  const count = (to - from) >>> 2;
  const one = new Int32Array(a.buffer, a.byteOffset + from, count);
  const two = new Int32Array(b.buffer, b.byteOffset + from, count);
  let run: Run | undefined;
  let equal = 0;
  let bytes = 0;
  for (let index = 0; index < count; index++) {
    let bits = (one[index] as number) ^ (two[index] as number);
    if (bits === 0) {
      equal++;
      continue;
    }
    if (equal >= 3 || run === undefined) {
      const start = firstDifference(a, b, from + index * 4);
      const last = run ?? runs.at(-1);
      if (run) closeRun(run, a, b, from + (index - equal) * 4, bytes);
      if (last && start - last.end < within) run = last;
      else {
        run = { start, end: start, bytes: 0 };
        runs.push(run);
      }
      bytes = 0;
    }
    equal = 0;
    // One bit for each byte that is not zero, then their sum in the highest byte.
    bits |= bits >>> 4;
    bits |= bits >>> 2;
    bits |= bits >>> 1;
    bytes += Math.imul(bits & 0x01010101, 0x01010101) >>> 24;
  }
  if (run) closeRun(run, a, b, from + (count - equal) * 4, bytes);
}

function firstDifference(a: Uint8Array, b: Uint8Array, from: number): number {
  let offset = from;
  while (a[offset] === b[offset]) offset++;
  return offset;
}

/** @param end behind the last word that differs. */
function closeRun(run: Run, a: Uint8Array, b: Uint8Array, end: number, bytes: number): void {
  let last = end;
  while (a[last - 1] === b[last - 1]) last--;
  run.end = last;
  run.bytes += bytes;
}

/** Joins runs that are ever further apart until few enough are left. */
function coarsen(search: Search): void {
  const { runs } = search;
  while (runs.length > MAX_RUNS / 2) {
    search.within *= 4;
    let kept = 0;
    for (const run of runs) {
      const last = runs[kept - 1];
      if (last && run.start - last.end < search.within) {
        last.bytes += run.bytes;
        last.end = run.end;
      } else runs[kept++] = run;
    }
    runs.length = kept;
  }
}

/** How many bytes differ between two arrays of the same length. */
export function countDifferences(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  for (const { bytes } of differingRuns(a, b)) count += bytes;
  return count;
}
