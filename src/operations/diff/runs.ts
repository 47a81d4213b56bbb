/**
 * Where two runs of bytes differ. Blocks are compared by the runtime's own comparison first, so that a megabyte of equal
 * flash costs microseconds; only blocks that differ are looked at byte by byte.
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
/** More stretches than this per piece help nobody; the joining distance then grows instead of the list. */
const MAX_RUNS = 4096;

/** Collects the differences of one piece of memory, in address order. */
export class RunCollector {
  readonly runs: Run[] = [];
  #within = JOIN_WITHIN;

  add(start: number, end: number): void {
    const last = this.runs.at(-1);
    if (last && start - last.end < this.#within) {
      last.bytes += end - start;
      last.end = end;
      return;
    }
    this.runs.push({ start, end, bytes: end - start });
    if (this.runs.length > MAX_RUNS) this.#coarsen();
  }

  #coarsen(): void {
    while (this.runs.length > MAX_RUNS / 2) {
      this.#within *= 4;
      let kept = 0;
      for (const run of this.runs) {
        const last = this.runs[kept - 1];
        if (last && run.start - last.end < this.#within) {
          last.bytes += run.bytes;
          last.end = run.end;
        } else this.runs[kept++] = run;
      }
      this.runs.length = kept;
    }
  }
}

const BLOCKS: readonly number[] = [0x1_0000, 0x400, 0x40];

type Visit = (start: number, end: number) => void;

/** Calls `visit` with the offsets of every maximal run of differing bytes; both arrays have the same length. */
export function eachDifference(a: Uint8Array, b: Uint8Array, visit: Visit): void {
  compareBlocks(a, b, 0, a.length, 0, visit);
}

function compareBlocks(a: Uint8Array, b: Uint8Array, start: number, end: number, level: number, visit: Visit): void {
  const size = BLOCKS[level];
  if (size === undefined) {
    compareEach(a, b, start, end, visit);
    return;
  }
  for (let from = start; from < end; from += size) {
    const to = Math.min(from + size, end);
    if (!equalBytes(a.subarray(from, to), b.subarray(from, to))) compareBlocks(a, b, from, to, level + 1, visit);
  }
}

function compareEach(a: Uint8Array, b: Uint8Array, start: number, end: number, visit: Visit): void {
  for (let offset = start; offset < end; offset++) {
    if (a[offset] === b[offset]) continue;
    const from = offset;
    while (offset < end && a[offset] !== b[offset]) offset++;
    visit(from, offset);
  }
}

/** How many bytes differ between two arrays of the same length. */
export function countDifferences(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  eachDifference(a, b, (start, end) => {
    count += end - start;
  });
  return count;
}
