/**
 * The account of every byte: a partition of the judged addresses in which each one has exactly one class. Decoders claim
 * what they understand; what nobody claims is absent, erased, constant fill, or unknown.
 */
import { formatHex, leadingRun, wordsOf } from '../core/bytes.js';
import type { MemoryImage } from '../core/image.js';
import { intersect, type Range, sizeOf, subtractRanges } from '../core/range.js';

export type ClaimedClass = 'module' | 'dct' | 'eeprom';
export type ByteClass = ClaimedClass | 'erased' | 'fill' | 'unknown' | 'absent';

export const BYTE_CLASSES: readonly ByteClass[] = ['module', 'dct', 'eeprom', 'erased', 'fill', 'unknown', 'absent'];

export interface Claim extends Range {
  readonly class: ClaimedClass;
  /** What it is, for the tables: "system part 2 version 2202". */
  readonly label: string;
}

export interface Stretch extends Range {
  readonly class: ByteClass;
  readonly label: string;
}

/** Value of an erased byte of the STM32F2 flash. */
const ERASED = 0xff;
/** Shorter runs of 0xFF than this inside unknown data are ordinary values, not erased flash. */
const MIN_ERASED_RUN = 16;
/** Shorter runs of another constant are data. */
const MIN_FILL_RUN = 64;

/** Stretches in address order that cover `total` without gaps or overlaps. Earlier claims win over later ones. */
export function accountFor(image: MemoryImage, total: readonly Range[], claims: readonly Claim[]): Stretch[] {
  const stretches: Stretch[] = [];
  const taken: Range[] = [];
  for (const claim of claims) {
    for (const range of total) {
      const inside = intersect(range, claim);
      if (!inside) continue;
      for (const rest of subtractRanges(inside, taken)) {
        // A claim speaks for bytes; where there are none, it has nothing to say.
        for (const { address, bytes } of image.parts(rest)) {
          stretches.push({ start: address, end: address + bytes.length, class: claim.class, label: claim.label });
        }
      }
    }
    taken.push(claim);
  }
  const claimed = [...stretches];
  for (const range of total) {
    for (const rest of subtractRanges(range, claimed)) stretches.push(...classifyRest(image, rest));
  }
  return stretches.sort((a, b) => a.start - b.start);
}

function classifyRest(image: MemoryImage, range: Range): Stretch[] {
  const stretches: Stretch[] = image
    .gaps(range)
    .map((gap) => ({ ...gap, class: 'absent', label: 'not in this input' }));
  for (const { address, bytes } of image.parts(range)) stretches.push(...constantRuns(bytes, address));
  return stretches;
}

/**
 * Erased and filled runs, and what lies between them as unknown. Works on 32-bit words, because this loop sees every
 * byte that no decoder claimed: a run long enough to matter holds at least three equal aligned words of one byte value,
 * so that every second word and its neighbour are enough to find it.
 */
function constantRuns(bytes: Uint8Array, address: number): Stretch[] {
  const stretches: Stretch[] = [];
  const words = wordsOf(bytes);
  let unknownFrom = 0;
  for (let index = 0; index < words.length; ) {
    const word = words[index] as number;
    if (word !== words[index + 1] || !isUniform(word)) {
      index += 2;
      continue;
    }
    const run = growRun(bytes, unknownFrom, index * 4);
    pushRun(stretches, bytes, address, unknownFrom, run);
    if (stretches.at(-1)?.end === address + run.end) unknownFrom = run.end;
    index = Math.max(index + 1, Math.floor(run.end / 4));
  }
  if (unknownFrom < bytes.length) {
    // A remainder that is constant throughout is what it looks like, however short: the gap behind a full region.
    const rest = growRun(bytes, unknownFrom, unknownFrom);
    if (rest.end === bytes.length && bytes[unknownFrom] === ERASED) {
      stretches.push(constantStretch(address, rest, ERASED));
    } else pushUnknown(stretches, address, unknownFrom, bytes.length);
  }
  return stretches;
}

function isUniform(word: number): boolean {
  return word === Math.imul(word & 0xff, 0x01010101) >>> 0;
}

/** The run of one byte value around `place`, not reaching back before `floor`. */
function growRun(bytes: Uint8Array, floor: number, place: number): Range {
  const value = bytes[place] as number;
  let start = place;
  while (start > floor && bytes[start - 1] === value) start--;
  return { start, end: place + leadingRun(bytes.subarray(place), value) };
}

function pushRun(stretches: Stretch[], bytes: Uint8Array, address: number, unknownFrom: number, run: Range): void {
  const value = bytes[run.start] as number;
  if (sizeOf(run) < (value === ERASED ? MIN_ERASED_RUN : MIN_FILL_RUN)) return;
  pushUnknown(stretches, address, unknownFrom, run.start);
  stretches.push(constantStretch(address, run, value));
}

function constantStretch(address: number, run: Range, value: number): Stretch {
  const erased = value === ERASED;
  return {
    start: address + run.start,
    end: address + run.end,
    class: erased ? 'erased' : 'fill',
    label: erased ? 'erased' : `filled with ${formatHex(value, 2)}`,
  };
}

function pushUnknown(stretches: Stretch[], address: number, from: number, to: number): void {
  if (to > from) stretches.push({ start: address + from, end: address + to, class: 'unknown', label: 'unknown' });
}

export type ByteCounts = Readonly<Record<ByteClass, number>>;

/** Bytes per class inside a range. */
export function countClasses(stretches: readonly Stretch[], range: Range): ByteCounts {
  const counts = Object.fromEntries(BYTE_CLASSES.map((name) => [name, 0])) as Record<ByteClass, number>;
  for (const stretch of stretches) {
    const inside = intersect(stretch, range);
    if (inside) counts[stretch.class] += sizeOf(inside);
  }
  return counts;
}
