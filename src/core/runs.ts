/** Runs of one byte value: erased flash (0xFF) and constant fill. */
import { indexOfBytes } from '#bytes';
import { leadingRun, wordsOf } from './bytes.js';
import { type Range, sizeOf } from './range.js';

/** Value of an erased byte of the STM32F2 flash. */
const ERASED = 0xff;
const ERASED_WORD = 0xffff_ffff;

export interface RunLimits {
  /** Fewest bytes of a run of 0xFF. */
  readonly erased: number;
  /** Fewest bytes of a run of another value; at least 16. */
  readonly fill: number;
}

/** All runs that are long enough, as offsets, in order. Erased flash is found natively: there may be a lot of it. */
export function longRuns(bytes: Uint8Array, limits: RunLimits): Range[] {
  const runs: Range[] = [];
  if (bytes.length < Math.min(limits.erased, limits.fill)) return runs;
  const needle = new Uint8Array(limits.erased).fill(ERASED);
  let from = 0;
  while (from < bytes.length) {
    const start = indexOfBytes(bytes, needle, from);
    runs.push(...fillRuns(bytes, from, start < 0 ? bytes.length : start, limits.fill));
    if (start < 0) break;
    from = start + leadingRun(bytes.subarray(start), ERASED);
    runs.push({ start, end: from });
  }
  return runs;
}

/** Runs of other values. Words are looked at so far apart that two of them lie in every run, wherever it begins. */
function fillRuns(bytes: Uint8Array, from: number, to: number, least: number): Range[] {
  const runs: Range[] = [];
  if (to - from < least) return runs;
  const words = wordsOf(bytes);
  const step = least >> 3;
  let floor = from;
  for (let index = Math.ceil(from / 4); index * 4 + 8 <= to; index += step) {
    const word = words[index] as number;
    if (word !== words[index + 1] || word === ERASED_WORD || !isUniform(word)) continue;
    const run = growRun(bytes, floor, index * 4, to);
    if (sizeOf(run) < least) continue;
    runs.push(run);
    floor = run.end;
    index = Math.ceil(run.end / 4) - step;
  }
  return runs;
}

function isUniform(word: number): boolean {
  return word === Math.imul(word & 0xff, 0x01010101) >>> 0;
}

/** The run of one byte value around `place`, between `floor` and `limit`. */
function growRun(bytes: Uint8Array, floor: number, place: number, limit: number): Range {
  const value = bytes[place] as number;
  let start = place;
  while (start > floor && bytes[start - 1] === value) start--;
  return { start, end: place + leadingRun(bytes.subarray(place, limit), value) };
}
