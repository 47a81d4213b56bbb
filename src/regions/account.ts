/**
 * The account of every byte: a partition of the judged addresses in which each one has exactly one class. Decoders claim
 * what they understand; what nobody claims is absent, erased, constant fill, or unknown.
 */
import { formatHex, isFilledWith } from '../core/bytes.js';
import type { MemoryImage } from '../core/image.js';
import { IndexSet } from '../core/index-set.js';
import { isEmpty, type Range, rangesWithin, subtractRanges } from '../core/range.js';
import { longRuns } from '../core/runs.js';

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

/**
 * Stretches in address order that cover `total` without gaps or overlaps. Earlier claims win over later ones.
 * @param total in address order and disjoint.
 */
export function accountFor(image: MemoryImage, total: readonly Range[], claims: readonly Claim[]): Stretch[] {
  const claimed: Stretch[] = [];
  for (const claim of settleClaims(claims)) {
    for (const range of rangesWithin(total, claim)) {
      const inside = { start: Math.max(range.start, claim.start), end: Math.min(range.end, claim.end) };
      // A claim speaks for bytes; where there are none, it has nothing to say.
      for (const { address, bytes } of image.parts(inside)) {
        claimed.push({ start: address, end: address + bytes.length, class: claim.class, label: claim.label });
      }
    }
  }
  const stretches = [...claimed];
  for (const range of total) {
    for (const rest of subtractRanges(range, rangesWithin(claimed, range))) {
      // Not spread into one call: an image in very many pieces has more stretches than a call takes arguments.
      for (const stretch of classifyRest(image, rest)) stretches.push(stretch);
    }
  }
  return stretches.sort((a, b) => a.start - b.start);
}

/** The claims without their overlaps, in address order. A claim that an earlier one divides comes in pieces. */
function settleClaims(claims: readonly Claim[]): Claim[] {
  const cuts = [...new Set(claims.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  const places = new Map(cuts.map((address, place) => [address, place]));
  const owners = new Array<Claim | undefined>(cuts.length);
  const free = new IndexSet(cuts.length);
  for (const place of cuts.keys()) free.add(place);
  for (const claim of claims) {
    if (isEmpty(claim)) continue;
    const end = places.get(claim.end) ?? 0;
    let place = free.next(places.get(claim.start) ?? 0);
    while (place !== undefined && place < end) {
      owners[place] = claim;
      free.delete(place);
      place = free.next(place + 1);
    }
  }
  const settled: Claim[] = [];
  for (let place = 0; place < cuts.length; place++) {
    const owner = owners[place];
    if (!owner) continue;
    const first = place;
    while (owners[place + 1] === owner) place++;
    settled.push({ ...owner, start: cuts[first] as number, end: cuts[place + 1] as number });
  }
  return settled;
}

function classifyRest(image: MemoryImage, range: Range): Stretch[] {
  const stretches: Stretch[] = image
    .gaps(range)
    .map((gap) => ({ ...gap, class: 'absent', label: 'not in this input' }));
  for (const { address, bytes } of image.parts(range)) {
    for (const stretch of constantRuns(bytes, address)) stretches.push(stretch);
  }
  return stretches;
}

/** Erased and filled runs, and what lies between them as unknown. */
function constantRuns(bytes: Uint8Array, address: number): Stretch[] {
  const stretches: Stretch[] = [];
  let unknownFrom = 0;
  for (const run of longRuns(bytes, { erased: MIN_ERASED_RUN, fill: MIN_FILL_RUN })) {
    pushUnknown(stretches, address, unknownFrom, run.start);
    stretches.push(constantStretch(address, run, bytes[run.start] as number));
    unknownFrom = run.end;
  }
  if (unknownFrom < bytes.length) {
    // A remainder that is constant throughout is what it looks like, however short: the gap behind a full region.
    const rest = { start: unknownFrom, end: bytes.length };
    const erased = bytes[unknownFrom] === ERASED && isFilledWith(bytes, ERASED, rest.start, rest.end);
    if (erased) stretches.push(constantStretch(address, rest, ERASED));
    else pushUnknown(stretches, address, rest.start, rest.end);
  }
  return stretches;
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

/** Bytes per class inside a range. The stretches are those of an account: in address order and disjoint. */
export function countClasses(stretches: readonly Stretch[], range: Range): ByteCounts {
  const counts = Object.fromEntries(BYTE_CLASSES.map((name) => [name, 0])) as Record<ByteClass, number>;
  for (const { class: name, start, end } of rangesWithin(stretches, range)) {
    counts[name] += Math.min(end, range.end) - Math.max(start, range.start);
  }
  return counts;
}
