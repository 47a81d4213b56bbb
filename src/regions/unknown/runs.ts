/** Constant runs and repeating units: the cheapest and the surest claims, made first. */
import { leadingRun, lengthWithout } from '../../core/bytes.js';
import type { Range } from '../../core/range.js';
import { longRuns } from '../../core/runs.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

/** An erased run is worth its own line from here on; shorter ones are alignment inside something. */
const MIN_ERASED = 32;
/** Zero runs are common inside data and code, so other values need more. */
const MIN_FILL = 64;
/** At either end of a free part a short run is what is left of a longer one. */
const MIN_AT_EDGE = 4;

/** Maximal runs of one value in the parts of the input that are still free. */
export function claimRuns({ bytes }: Subject, free: readonly Range[]): Claim[] {
  return free.flatMap(({ start, end }) => {
    const part = bytes.subarray(start, end);
    const runs = longRuns(part, { erased: MIN_ERASED, fill: MIN_FILL });
    const head = edgeRun(part, 0, leadingRun(part, part[0] as number));
    if (head && runs[0]?.start !== 0) runs.unshift(head);
    const rest = lengthWithout(part, part.at(-1) as number);
    const tail = edgeRun(part, rest, part.length);
    if (tail && rest > 0 && runs.at(-1)?.end !== part.length) runs.push(tail);
    return runs.map((run) => runClaim(start + run.start, start + run.end, part[run.start] as number));
  });
}

/** A short run at an end of a free part is the remainder of a longer one. */
function edgeRun(part: Uint8Array, start: number, end: number): Range | undefined {
  return end - start >= MIN_AT_EDGE && isFillValue(part[start] as number) ? { start, end } : undefined;
}

function isFillValue(value: number | undefined): boolean {
  return value === 0xff || value === 0;
}

function runClaim(start: number, end: number, value: number): Claim {
  const size = end - start;
  if (value === 0xff) {
    return {
      start,
      end,
      kind: 'erased',
      confidence: size >= MIN_ERASED ? 1 : 0.7,
      reason: `${countBytes(size)}, all 0xFF, the value of erased flash.`,
      details: { value },
    };
  }
  const hex = `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
  return {
    start,
    end,
    kind: 'fill',
    confidence: size >= MIN_FILL ? 1 : 0.7,
    reason: `${countBytes(size)}, all ${hex}.`,
    details: { value },
  };
}

/** Longer units need a longer look than MIN_PATTERN, or two of them would not fit. */
const SHORT_PERIOD = 64;
/** A counter of one byte. */
const MAX_PERIOD = 256;
/** How far apart repetitions are looked for; a pattern shorter than this plus MIN_PATTERN can be missed. */
const PROBE_STEP = 128;
const MIN_PATTERN = 128;
const MIN_REPETITIONS = 4;

/** Repeating units in the parts of the input that are still free. */
export function claimPatterns({ bytes }: Subject, free: readonly Range[]): Claim[] {
  const claims: Claim[] = [];
  for (const { start, end } of free) {
    let position = start;
    let floor = start;
    while (position + MIN_PATTERN <= end) {
      const period = smallestPeriod(bytes, position, end);
      if (period === 0) {
        position += PROBE_STEP;
        continue;
      }
      let first = position;
      while (first > floor && bytes[first - 1] === bytes[first - 1 + period]) first--;
      let last = position + lookFor(period);
      while (last < end && bytes[last] === bytes[last - period]) last++;
      claims.push(patternClaim(bytes, first, last, period));
      position = last;
      floor = last;
    }
  }
  return claims;
}

/** Bytes that must repeat with a period: two whole units of the longest. */
function lookFor(period: number): number {
  return period <= SHORT_PERIOD ? MIN_PATTERN : 2 * MAX_PERIOD;
}

/** The shortest unit, from two bytes on, that the bytes at `start` repeat; 0 when they repeat none. */
function smallestPeriod(bytes: Uint8Array, start: number, limit: number): number {
  const most = start + 2 * MAX_PERIOD <= limit ? MAX_PERIOD : SHORT_PERIOD;
  const first = bytes[start] as number;
  // The search for the first byte is native: most bytes repeat nothing, and nothing else is looked at then.
  const window = bytes.subarray(start, start + most + 1);
  for (let period = window.indexOf(first, 2); period > 0; period = window.indexOf(first, period + 1)) {
    const end = start + lookFor(period);
    let offset = start + period;
    while (offset < end && bytes[offset] === bytes[offset - period]) offset++;
    if (offset === end) return period;
  }
  return 0;
}

function patternClaim(bytes: Uint8Array, start: number, end: number, period: number): Claim {
  const size = end - start;
  const repetitions = size / period;
  const unit = Array.from(bytes.subarray(start, start + Math.min(period, 16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join(' ');
  const shown = period > 16 ? `${unit} …` : unit;
  return {
    start,
    end,
    kind: 'pattern',
    confidence: repetitions >= MIN_REPETITIONS ? 0.99 : 0.8,
    reason: `The ${countBytes(period)} ${shown} repeated ${Math.round(repetitions * 10) / 10} times.`,
    details: { period, unit: shown, repetitions },
  };
}
