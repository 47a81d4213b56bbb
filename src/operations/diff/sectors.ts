/**
 * What turning one image into another means for the sectors of the flash. Programming can only clear bits (RM0033 3.5.2,
 * "Programming and erasing"), so one bit that has to become 1 makes an erase of the whole sector.
 */
import type { MemoryImage } from '../../core/image.js';
import { overlaps } from '../../core/range.js';
import type { Board, Sector } from '../../layout/types.js';
import { flashOf } from '../../regions/module/find.js';
import { compareImages, type DeltaRange, type ImageDelta } from './delta.js';

/**
 * same: nothing to do. program: only bits that go from 1 to 0. erase: bits have to go from 0 to 1. unknown: b defines bytes
 * that a does not hold, so nobody knows whether they can be programmed without an erase. absent: b defines nothing here.
 */
export type SectorAction = 'same' | 'program' | 'erase' | 'unknown' | 'absent';

export interface SectorDifference extends Sector {
  readonly action: SectorAction;
  /** Bytes that both hold and that differ. */
  readonly changed: number;
  readonly onlyA: number;
  readonly onlyB: number;
  /** Bytes that b has blank (0xFF) and a has not: an erase makes them so, and nothing else can. */
  readonly cleared: number;
  /** Bytes of a, not blank, that b does not define: an erase loses them unless they are written back. */
  readonly atRisk: number;
}

const ERASED = 0xff;

/** Every sector of the flash of a board, with what it takes to get from one image to the other. */
export function changedSectors(from: MemoryImage, to: MemoryImage, board: Board): SectorDifference[] {
  return sectorDifferences(compareImages(from, to), to, board);
}

export function sectorDifferences({ ranges }: ImageDelta, to: MemoryImage, board: Board): SectorDifference[] {
  return flashOf(board).sectors.map((sector) => {
    const totals = { changed: 0, onlyA: 0, onlyB: 0, cleared: 0, atRisk: 0 };
    let raises = false;
    for (const range of ranges) {
      if (range.start >= sector.end) break;
      if (!overlaps(range, sector)) continue;
      raises = addRange(range, sector, totals) || raises;
    }
    const defined = to.parts(sector).length > 0;
    const action = !defined ? 'absent' : raises ? 'erase' : totals.onlyB > 0 ? 'unknown' : 'same';
    return { ...sector, ...totals, action: action === 'same' && totals.changed > 0 ? 'program' : action };
  });
}

interface Totals {
  changed: number;
  onlyA: number;
  onlyB: number;
  cleared: number;
  atRisk: number;
}

/** Adds the part of a range that lies in a sector; true when a bit has to go from 0 to 1. */
function addRange({ start, end, kind, before, after }: DeltaRange, sector: Sector, totals: Totals): boolean {
  const from = Math.max(start, sector.start) - start;
  const to = Math.min(end, sector.end) - start;
  if (kind === 'only-b') totals.onlyB += to - from;
  if (kind === 'only-a') {
    totals.onlyA += to - from;
    for (let offset = from; offset < to; offset++) if (before?.[offset] !== ERASED) totals.atRisk++;
  }
  if (!before || !after) return false;
  let raises = false;
  for (let offset = from; offset < to; offset++) {
    const [old, wanted] = [before[offset] as number, after[offset] as number];
    if (old === wanted) continue;
    totals.changed++;
    if (wanted === ERASED) totals.cleared++;
    if ((old & wanted) !== wanted) raises = true;
  }
  return raises;
}

/** Numbers of the sectors that must be erased: bits have to go to 1, or nobody knows what is there now. */
export function sectorsToErase(sectors: readonly SectorDifference[]): number[] {
  return sectors.filter(({ action }) => action === 'erase' || action === 'unknown').map(({ number }) => number);
}
