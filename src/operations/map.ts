/** map: the flash drawn to scale. One row per cell of the drawing; sectors and classes as data, not as characters. */
import { intersect, rangesWithin, sizeOf } from '../core/range.js';
import type { Sector } from '../layout/types.js';
import { BYTE_CLASSES, type ByteClass, countClasses, type Stretch } from '../regions/account.js';

export interface MapCell {
  readonly start: number;
  readonly end: number;
  /** The class most of the cell's bytes have. */
  readonly class: ByteClass;
  /** Share of the cell, 0 to 1, that has this class. */
  readonly share: number;
}

export interface MapSector extends Sector {
  readonly regions: readonly string[];
  readonly cells: readonly MapCell[];
  readonly labels: readonly string[];
}

/** @param cellBytes how many bytes one cell stands for; every sector has at least one cell. */
export function drawMap(
  sectors: readonly Sector[],
  regions: readonly { readonly id: string; readonly start: number; readonly end: number }[],
  stretches: readonly Stretch[],
  cellBytes: number,
): MapSector[] {
  return sectors.map((sector) => {
    const cells: MapCell[] = [];
    for (let start = sector.start; start < sector.end; start += cellBytes) {
      cells.push(cellOf({ start, end: Math.min(start + cellBytes, sector.end) }, stretches));
    }
    const labels = rangesWithin(stretches, sector)
      .filter((stretch) => stretch.class !== 'erased' && stretch.class !== 'absent' && sizeOf(stretch) >= 16)
      .map((stretch) => stretch.label);
    return {
      ...sector,
      regions: regions.filter((region) => intersect(region, sector)).map((region) => region.id),
      cells,
      labels: [...new Set(labels)],
    };
  });
}

function cellOf(range: { start: number; end: number }, stretches: readonly Stretch[]): MapCell {
  const counts = countClasses(stretches, range);
  let best: ByteClass = 'absent';
  for (const name of BYTE_CLASSES) if (counts[name] > counts[best]) best = name;
  return { ...range, class: best, share: counts[best] / (range.end - range.start) };
}
