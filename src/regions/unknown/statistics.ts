/**
 * The rest, by statistics: windows are sorted into code, text, dense bytes and other data, neighbours of one class are
 * joined, and the joined stretch is measured again as a whole.
 */
import type { Range } from '../../core/range.js';
import { type AddressMap, pointerTarget } from './address-map.js';
import {
  chiSquareOf,
  countBytesOf,
  countThumb,
  entropyOf,
  printableOf,
  randomEntropy,
  type ThumbCounts,
  WINDOW_BYTES,
} from './measures.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

/** near-code: too few calls to be sure, code when it adjoins code. */
type WindowClass = 'code' | 'near-code' | 'text' | 'dense' | 'data';

interface Group {
  start: number;
  end: number;
  kind: WindowClass;
  windows: number;
}

/** Below this nothing can be told from frequencies. */
const MIN_JUDGED = 24;
const MIN_WINDOW = WINDOW_BYTES / 4;
/** Bits per byte a dense window may lie below what random bytes of its size show. */
const DENSE_MARGIN = 0.4;

interface Options {
  readonly map: AddressMap;
  /** Measure only WINDOW_BYTES of each step of this many bytes. */
  readonly step: number;
  /** Check where literal loads point; costs a second look at code. */
  readonly literals: boolean;
}

/** Used by one window after the other: making it anew for each of very many small pieces takes longer than judging them. */
const counts = new Int32Array(256);

export function claimByStatistics(subject: Subject, free: readonly Range[], options: Options): Claim[] {
  const claims: Claim[] = [];
  for (const range of free) {
    for (const group of smooth(settleNearCode(groupWindows(subject, range, options.step)))) {
      claims.push(describe(subject, group, options));
    }
  }
  return claims;
}

function groupWindows(subject: Subject, range: Range, step: number): Group[] {
  const windows = windowsOf(subject, range, step);
  const kinds = kindsOf(subject, windows, step);
  const groups: Group[] = [];
  for (const [index, { start, end }] of windows.entries()) {
    const kind = kinds[index] as WindowClass;
    const last = groups.at(-1);
    if (last && last.kind === kind) {
      last.end = end;
      last.windows++;
    } else {
      groups.push({ start, end, kind, windows: 1 });
    }
  }
  return groups;
}

function windowsOf({ address }: Subject, range: Range, step: number): Range[] {
  const windows: Range[] = [];
  let start = range.start;
  while (start < range.end) {
    // Windows end on multiples of the step of the target, where linkers and tools put boundaries.
    const boundary = start + step - ((address + start) % step);
    // A sliver at either end would be too small to judge, so it joins the window beside it.
    const first = boundary - start < MIN_WINDOW ? boundary + step : boundary;
    const end = first + MIN_WINDOW >= range.end ? range.end : first;
    windows.push({ start, end });
    start = end;
  }
  return windows;
}

/** What a lone window between two of these is counted as, whatever it looks like (see smooth). */
const ABSORBING: readonly (WindowClass | undefined)[] = ['code', 'text', 'dense'];

/** Where windows are only sampled, every second one is, and those between two of one class take it unseen. */
function kindsOf(subject: Subject, windows: readonly Range[], step: number): WindowClass[] {
  const look = ({ start, end }: Range): WindowClass => classOf(subject, ...probeOf(start, end, step));
  if (step <= WINDOW_BYTES) return windows.map(look);
  const seen = windows.map((window, index) => (index % 2 === 0 ? look(window) : undefined));
  return windows.map((window, index) => {
    const [before, own, after] = [seen[index - 1], seen[index], seen[index + 1]];
    if (own !== undefined) return own;
    return before !== undefined && before === after && ABSORBING.includes(before) ? before : look(window);
  });
}

function classOf({ bytes, address }: Subject, start: number, end: number): WindowClass {
  const size = end - start;
  if (size < MIN_JUDGED) return 'data';
  counts.fill(0);
  countBytesOf(bytes, start, end, counts);
  const printable = printableOf(counts);
  const zeros = counts[0] as number;
  if (printable / size >= 0.7 && (printable + zeros) / size >= 0.94) return 'text';
  const entropy = entropyOf(counts, size);
  if (size >= 128 && entropy >= randomEntropy(size) - DENSE_MARGIN) return 'dense';
  const thumb: ThumbCounts = { halfwords: 0, calls: 0, common: 0, literalLoads: 0 };
  countThumb(bytes, start + ((address + start) & 1), end, thumb);
  if (looksLikeThumb(thumb)) return 'code';
  return entropy >= 5.2 && thumb.common >= thumb.halfwords * 0.13 ? 'near-code' : 'data';
}

/**
 * Thresholds between compiled Thumb-2 (calls 5 … 18 %, common 20 … 50 %) and data, tables and random bytes (calls below
 * 3 %, common below 17 %), measured in windows of 512 bytes over Device OS system parts and bootloaders.
 */
function looksLikeThumb({ halfwords, calls, common }: ThumbCounts): boolean {
  if (halfwords < 8) return false;
  const callShare = calls / halfwords;
  const commonShare = common / halfwords;
  return (callShare >= 0.03 && commonShare >= 0.16) || (callShare >= 0.008 && commonShare >= 0.22);
}

/** Loops of arithmetic have hardly any calls; between or beside code they are code, anywhere else they stay data. */
function settleNearCode(groups: readonly Group[]): Group[] {
  return groups.map((group, index) => {
    if (group.kind !== 'near-code') return group;
    const beside = groups[index - 1]?.kind === 'code' || groups[index + 1]?.kind === 'code';
    return { ...group, kind: beside ? 'code' : 'data' };
  });
}

/** A lone window between two of one class is a literal pool, a table or a string inside it. */
function smooth(groups: readonly Group[]): Group[] {
  const joined: Group[] = [];
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index] as Group;
    const last = joined.at(-1);
    const next = groups[index + 1];
    const lone = last && next && last.kind === next.kind && group.windows <= 1 && last.windows + next.windows > 2;
    if (last && (last.kind === group.kind || (lone && last.kind !== 'data'))) {
      last.end = group.end;
      last.windows += group.windows;
    } else {
      joined.push({ ...group });
    }
  }
  return joined;
}

function describe(subject: Subject, group: Group, options: Options): Claim {
  const { start, end } = group;
  const size = end - start;
  if (size < MIN_JUDGED) {
    return claim(group, 'data', 0.2, `${countBytes(size)}, too few to judge.`, {});
  }
  counts.fill(0);
  sample(start, end, options.step, (from, to) => countBytesOf(subject.bytes, from, to, counts));
  const measured = sampledSize(start, end, options.step);
  const entropy = round(entropyOf(counts, measured), 2);
  if (group.kind === 'code') return describeCode(subject, group, entropy, options);
  if (group.kind === 'text') {
    const share = printableOf(counts) / measured;
    const reason = `${percent(share)} of ${countBytes(measured)} are printable ASCII, entropy ${entropy} bits per byte.`;
    return claim(group, 'text', Math.min(0.97, share), reason, {
      encoding: 'ascii',
      printable: round(share, 3),
      entropy,
    });
  }
  if (group.kind === 'dense') return describeDense(group, measured, entropy);
  const zeros = (counts[0] as number) / measured;
  const reason = `No known structure in ${countBytes(measured)}: entropy ${entropy} bits per byte, ${percent(printableOf(counts) / measured)} printable, ${percent(zeros)} zero.`;
  return claim(group, 'data', 0.4, reason, { entropy, zeros: round(zeros, 3) });
}

function describeDense(group: Group, measured: number, entropy: number): Claim {
  const chiSquare = Math.round(chiSquareOf(counts, measured));
  if (measured >= 1024 && chiSquare < 150) {
    const reason = `Every value occurs about equally often, more evenly than chance allows (chi-square ${chiSquare} for 255 degrees of freedom over ${countBytes(measured)}): a look-up table, as ciphers and checksums have.`;
    return claim(group, 'data', 0.6, reason, { likely: 'look-up table', entropy, chiSquare });
  }
  const figures = `entropy ${entropy} bits per byte over ${countBytes(measured)}, chi-square ${chiSquare} for 255 degrees of freedom`;
  // 99.9999 % of uniformly random samples lie below 380; a cipher that is off more than that would be broken.
  const uniform = chiSquare < 380;
  if (!uniform && measured >= 4096) {
    return claim(
      group,
      'compressed-or-encrypted',
      0.85,
      `Compressed rather than encrypted: ${figures}, which is too uneven for a cipher.`,
      { likely: 'compressed', entropy, chiSquare },
    );
  }
  const evidence =
    measured >= 4096
      ? 'even enough for a cipher, random numbers or a very good compressor'
      : 'too little to tell compressed from encrypted';
  return claim(
    group,
    'compressed-or-encrypted',
    measured >= 1024 ? 0.8 : 0.5,
    `Dense bytes: ${figures}, ${evidence}.`,
    {
      likely: 'undetermined',
      entropy,
      chiSquare,
    },
  );
}

function describeCode(subject: Subject, group: Group, entropy: number, options: Options): Claim {
  const thumb: ThumbCounts = { halfwords: 0, calls: 0, common: 0, literalLoads: 0 };
  const odd = (subject.address + group.start) & 1;
  sample(group.start + odd, group.end, options.step, (from, to) => countThumb(subject.bytes, from, to, thumb));
  const callShare = thumb.calls / Math.max(1, thumb.halfwords);
  const commonShare = thumb.common / Math.max(1, thumb.halfwords);
  const literals = options.literals ? resolveLiterals(subject, group, options.map) : undefined;
  const size = thumb.halfwords * 2;
  let confidence = Math.min(0.95, 0.5 + callShare * 3 + commonShare * 0.5) * Math.min(1, 0.6 + size / 2560);
  let sentence = `${percent(callShare)} of ${thumb.halfwords} halfwords push, pop, call or return, ${percent(commonShare)} are the commonest Thumb-2 loads, moves and branches`;
  if (literals && literals.loads > 0) {
    const share = literals.resolved / literals.loads;
    sentence += `; ${literals.pointers} of ${literals.resolved} literals loaded from it point into flash, RAM or peripherals`;
    if (share > 0.8) confidence = Math.min(0.99, confidence + 0.1);
  }
  return claim(group, 'thumb-code', round(confidence, 2), `${sentence}.`, {
    callShare: round(callShare, 3),
    commonShare: round(commonShare, 3),
    entropy,
    ...(literals
      ? { literalLoads: literals.loads, literalsInside: literals.resolved, literalPointers: literals.pointers }
      : {}),
  });
}

interface Literals {
  loads: number;
  /** Loads whose literal lies inside the stretch, as compilers place them. */
  resolved: number;
  /** Resolved literals that are addresses of the chip. */
  pointers: number;
}

/** Where the PC-relative loads of a stretch point (LDR literal, encoding T1: Align(PC, 4) + imm8·4). */
function resolveLiterals({ bytes, address }: Subject, { start, end }: Range, map: AddressMap): Literals {
  const literals: Literals = { loads: 0, resolved: 0, pointers: 0 };
  for (let offset = start + ((address + start) & 1); offset + 1 < end; offset += 2) {
    if (((bytes[offset + 1] as number) & 0xf8) !== 0x48) continue;
    literals.loads++;
    const place = ((address + offset + 4) & ~3) - address + (bytes[offset] as number) * 4;
    if (place < start || place + 4 > end) continue;
    literals.resolved++;
    const word =
      ((bytes[place] as number) |
        ((bytes[place + 1] as number) << 8) |
        ((bytes[place + 2] as number) << 16) |
        ((bytes[place + 3] as number) << 24)) >>>
      0;
    if (pointerTarget(map, word)) literals.pointers++;
  }
  return literals;
}

/** Calls `visit` for the measured part of every step. */
function sample(start: number, end: number, step: number, visit: (from: number, to: number) => void): void {
  if (step <= WINDOW_BYTES) {
    visit(start, end);
    return;
  }
  for (let from = start; from < end; from += step) visit(...probeOf(from, Math.min(end, from + step), step));
}

/** The measured part of a window: all of it, or WINDOW_BYTES in its middle (an end may be the edge of something). */
function probeOf(start: number, end: number, step: number): [number, number] {
  if (step <= WINDOW_BYTES || end - start <= WINDOW_BYTES) return [start, end];
  const from = start + (((end - start - WINDOW_BYTES) >> 2) << 1);
  return [from, from + WINDOW_BYTES];
}

function sampledSize(start: number, end: number, step: number): number {
  let size = 0;
  sample(start, end, step, (from, to) => {
    size += to - from;
  });
  return size;
}

function claim(
  { start, end }: Range,
  kind: Claim['kind'],
  confidence: number,
  reason: string,
  details: Claim['details'],
): Claim {
  return { start, end, kind, confidence, reason, details };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`;
}
