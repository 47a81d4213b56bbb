/**
 * What turning one image into another means for the sectors of the flash. Programming can only clear bits (RM0033 3.5.2,
 * "Programming and erasing"), so one bit that has to become 1 makes an erase of the whole sector.
 */
import { isFilledWith } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import type { Board, Sector } from '../../layout/types.js';
import { flashOf } from '../../regions/module/find.js';
import { compareImages, type DeltaRange, type ImageDelta, rangesIn } from './delta.js';

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
  /** All that differs is blank (0xFF) in b: the erase alone does it. */
  readonly eraseOnly: boolean;
  /** Bytes of a, not blank, that b does not define: an erase loses them unless they are written back. */
  readonly atRisk: number;
}

const ERASED = 0xff;

/** Every sector of the flash of a board, with what it takes to get from one image to the other. */
export function changedSectors(from: MemoryImage, to: MemoryImage, board: Board): SectorDifference[] {
  const borders = flashOf(board).sectors.flatMap(({ start, end }) => [start, end]);
  return sectorDifferences(compareImages(from, to, borders), to, board);
}

/** @param delta whose ranges do not cross the border of a sector. */
export function sectorDifferences(delta: ImageDelta, to: MemoryImage, board: Board): SectorDifference[] {
  return flashOf(board).sectors.map((sector) => {
    const here = rangesIn(delta, sector);
    const sum = (kind: DeltaRange['kind']): number =>
      here.reduce((total, range) => (range.kind === kind ? total + range.bytes : total), 0);
    const totals = { changed: sum('changed'), onlyA: sum('only-a'), onlyB: sum('only-b') };
    const action = actionOf(here, totals, to.parts(sector).length > 0);
    return {
      ...sector,
      ...totals,
      action,
      eraseOnly: action === 'erase' && here.every(({ after }) => after === null || isFilledWith(after, ERASED)),
      atRisk: here.reduce((total, range) => total + usedBytes(range), 0),
    };
  });
}

type Totals = Pick<SectorDifference, 'changed' | 'onlyB'>;

function actionOf(ranges: readonly DeltaRange[], { changed, onlyB }: Totals, defined: boolean): SectorAction {
  if (!defined) return 'absent';
  if (ranges.some(raisesBits)) return 'erase';
  if (onlyB > 0) return 'unknown';
  return changed > 0 ? 'program' : 'same';
}

/** True when a bit has to go from 0 to 1. */
function raisesBits({ before, after }: DeltaRange): boolean {
  if (!before || !after || isFilledWith(before, ERASED)) return false;
  for (let offset = 0; offset < before.length; offset++) {
    const wanted = after[offset] as number;
    if (((before[offset] as number) & wanted) !== wanted) return true;
  }
  return false;
}

/** Bytes of a range of a, not blank, of which b knows nothing. */
function usedBytes({ kind, before }: DeltaRange): number {
  if (kind !== 'only-a' || !before || isFilledWith(before, ERASED)) return 0;
  let count = 0;
  for (let offset = 0; offset < before.length; offset++) if (before[offset] !== ERASED) count++;
  return count;
}

/** Numbers of the sectors that must be erased: bits have to go to 1, or nobody knows what is there now. */
export function sectorsToErase(sectors: readonly SectorDifference[]): number[] {
  return sectors.filter(({ action }) => action === 'erase' || action === 'unknown').map(({ number }) => number);
}
