/** What each sector needs: nothing, bits cleared, or an erase with everything that was in it written again. */
import { equalBytes, isFilledWith } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import { intersect, type Range, rangeOf, subtractRanges } from '../../core/range.js';
import type { Memory, Sector } from '../../layout/types.js';

const ERASED = 0xff;
const WORD = 4;
/** Programming what is there already takes less time than another command, up to about this many bytes. */
const JOIN = 1024;
/** More runs than this in a sector are written as one, where all that lies between them is known. */
const MAX_RUNS = 32;

export interface SectorWork {
  readonly sector: Sector;
  readonly erase: boolean;
  /** Why it is erased; null when it is not. */
  readonly cause: EraseCause | null;
  /** Target addresses to program, in order. */
  readonly runs: readonly Range[];
  /** Content of the sector in the end; 0xFF where it is erased or unknown. */
  readonly final: Uint8Array;
  /** Bytes that the target does not give and nobody has read: an erase takes them. */
  readonly unknown: readonly Range[];
  /** Number of bytes that are written again although the target does not give them. */
  readonly restored: number;
}

/**
 * set-bits: a 0 has to become 1. unread: nobody knows the chip. not-in-dump: the dump does not hold the place. tool: no bit
 * asks for it, but the tool erases what it writes to.
 */
export interface EraseCause {
  readonly kind: 'set-bits' | 'unread' | 'not-in-dump' | 'tool';
  /** First place concerned. */
  readonly address: number;
}

export interface SectorOptions {
  readonly flash: Memory;
  /** What the chip holds; null: unknown. */
  readonly from: MemoryImage | null;
  readonly target: MemoryImage;
  readonly erasing: 'explicit' | 'by-write';
  /** Bytes not worth writing again when their sector is erased: the ends of modules that are replaced. */
  readonly drop: readonly Range[];
}

/** The sectors that have to change, in address order. */
export function decideSectors(options: SectorOptions): SectorWork[] {
  return options.flash.sectors.flatMap((sector) => decideSector(sector, options) ?? []);
}

interface Comparison {
  readonly changed: boolean;
  /** First address whose bits would have to become 1 again. */
  readonly setBits: number | null;
  /** First address of the target that nobody has read. */
  readonly unread: number | null;
}

function decideSector(sector: Sector, options: SectorOptions): SectorWork | undefined {
  const { from, target, erasing } = options;
  const wanted = target.parts(sector);
  if (wanted.length === 0) return undefined;
  const compared = compare(wanted, from);
  if (!compared.changed) return undefined;
  const erase = erasing === 'by-write' || compared.setBits !== null || compared.unread !== null;
  return erase ? eraseWork(sector, compared, options) : programWork(sector, wanted, from as MemoryImage);
}

function compare(wanted: readonly { address: number; bytes: Uint8Array }[], from: MemoryImage | null): Comparison {
  let changed = false;
  for (const { address, bytes } of wanted) {
    const range = rangeOf(address, bytes.length);
    const unread = from === null ? range : from.gaps(range)[0];
    if (unread) return { changed: true, setBits: null, unread: unread.start };
    const old = (from as MemoryImage).read(range, ERASED);
    if (equalBytes(old, bytes)) continue;
    for (let index = 0; index < bytes.length; index++) {
      const [now, then] = [old[index] as number, bytes[index] as number];
      if (now === then) continue;
      changed = true;
      if ((now & then) !== then) return { changed, setBits: address + index, unread: null };
    }
  }
  return { changed, setBits: null, unread: null };
}

function eraseWork(sector: Sector, compared: Comparison, options: SectorOptions): SectorWork {
  const { from, target, erasing, drop } = options;
  const final = from ? from.read(sector, ERASED) : new Uint8Array(sector.size).fill(ERASED);
  for (const range of drop) {
    const inside = intersect(range, sector);
    if (inside) final.fill(ERASED, inside.start - sector.start, inside.end - sector.start);
  }
  const wanted = target.parts(sector);
  const given = wanted.map(({ address, bytes }) => rangeOf(address, bytes.length));
  const others = subtractRanges(sector, given);
  let restored = 0;
  for (const { start, end } of others) {
    for (let offset = start - sector.start; offset < end - sector.start; offset++) {
      if (final[offset] !== ERASED) restored++;
    }
  }
  for (const { address, bytes } of wanted) final.set(bytes, address - sector.start);
  const unknown = others.flatMap((range) => (from ? from.gaps(range) : [range]));
  const apart = runsOf(final, sector);
  const runs = erasing === 'by-write' || apart.length > MAX_RUNS ? [wholeRun(final, sector)] : apart;
  return {
    sector,
    erase: true,
    cause: causeOf(compared, sector, from),
    runs,
    final,
    unknown,
    restored,
  };
}

function causeOf({ setBits, unread }: Comparison, sector: Sector, from: MemoryImage | null): EraseCause {
  if (setBits !== null) return { kind: 'set-bits', address: setBits };
  if (from === null) return { kind: 'unread', address: sector.start };
  return unread === null ? { kind: 'tool', address: sector.start } : { kind: 'not-in-dump', address: unread };
}

/** From the first byte that is not erased to the last one, in words; the first word when there is none. */
function wholeRun(final: Uint8Array, sector: Sector): Range {
  let first = 0;
  while (first < final.length && final[first] === ERASED) first++;
  if (first === final.length) return rangeOf(sector.start, WORD);
  let end = final.length;
  while (final[end - 1] === ERASED) end--;
  return aligned({ start: sector.start + first, end: sector.start + end });
}

function runsOf(final: Uint8Array, sector: Sector): Range[] {
  const runs: Range[] = [];
  for (let offset = 0; offset < final.length; ) {
    if (final[offset] === ERASED) {
      offset++;
      continue;
    }
    const start = offset;
    let end = offset + 1;
    for (; offset < final.length && offset - end < JOIN; offset++) {
      if (final[offset] !== ERASED) end = offset + 1;
    }
    runs.push(aligned({ start: sector.start + start, end: sector.start + end }));
  }
  return joinClose(runs, JOIN);
}

function programWork(
  sector: Sector,
  wanted: readonly { address: number; bytes: Uint8Array }[],
  from: MemoryImage,
): SectorWork {
  const final = from.read(sector, ERASED);
  const runs: Range[] = [];
  for (const { address, bytes } of wanted) {
    for (let index = 0; index < bytes.length; index++) {
      if (final[address - sector.start + index] === bytes[index]) continue;
      const last = runs.at(-1);
      if (last && address + index - last.end < WORD)
        runs[runs.length - 1] = { start: last.start, end: address + index + 1 };
      else runs.push(rangeOf(address + index, 1));
    }
    final.set(bytes, address - sector.start);
  }
  // What lies between two runs is programmed with the value it has, so that value must be known.
  const isKnown = (range: Range): boolean => from.gaps(range).length === 0;
  const whole = runs.map((run) => (isKnown(aligned(run)) ? aligned(run) : run));
  const close = joinClose(whole, JOIN, isKnown);
  const first = close[0];
  const last = close.at(-1);
  const span = first && last ? { start: first.start, end: last.end } : undefined;
  return {
    sector,
    erase: false,
    cause: null,
    runs: span && close.length > MAX_RUNS && isKnown(span) ? [span] : close,
    final,
    unknown: [],
    restored: 0,
  };
}

function aligned({ start, end }: Range): Range {
  return { start: start - (start % WORD), end: Math.ceil(end / WORD) * WORD };
}

/** Runs with less than `distance` between them become one, where what lies between may be written. */
function joinClose(runs: readonly Range[], distance: number, mayJoin: (gap: Range) => boolean = () => true): Range[] {
  const joined: Range[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const near = last !== undefined && run.start - last.end < distance;
    if (last && near && (run.start <= last.end || mayJoin({ start: last.end, end: run.start }))) {
      joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, run.end) };
    } else joined.push(run);
  }
  return joined;
}

/** Consecutive runs of erased sectors that touch, or nearly, become one write. Two writes to one sector never do. */
export function joinAcrossSectors(works: readonly SectorWork[], erasing: SectorOptions['erasing']): Range[] {
  const runs: Range[] = [];
  let before: SectorWork | undefined;
  for (const work of works) {
    const [first, ...rest] = work.runs;
    const last = runs.at(-1);
    // st-flash leaves erased bytes at the end of a file out, and with them the sector they would have erased.
    const neighbours =
      before !== undefined &&
      before.sector.end === work.sector.start &&
      before.erase &&
      work.erase &&
      !isFilledWith(work.final, ERASED);
    if (first && last && neighbours && first.start - last.end < JOIN) {
      runs[runs.length - 1] = { start: last.start, end: first.end };
    } else if (first) runs.push(first);
    runs.push(...rest);
    before = work;
  }
  return erasing === 'by-write' ? runs : joinClose(runs, 1);
}
