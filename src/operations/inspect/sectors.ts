/** The sector table: what each erase unit holds, in bytes and in words. */
import { containsRange, intersect, overlaps, rangesWithin, sizeOf } from '../../core/range.js';
import type { Region, Sector } from '../../layout/types.js';
import { type ByteCounts, countClasses, type Stretch } from '../../regions/account.js';
import type { SectorReport, SectorState } from './report.js';

export function sectorReports(
  sectors: readonly Sector[],
  regions: readonly Region[],
  stretches: readonly Stretch[],
): SectorReport[] {
  return sectors.map((sector) => {
    const counts = countClasses(stretches, sector);
    const decoded = counts.module + counts.dct + counts.eeprom;
    const { erased, fill, unknown, absent } = counts;
    return {
      number: sector.number,
      start: sector.start,
      size: sector.size,
      state: sectorState(counts, sector.size),
      regions: regions.filter((region) => overlaps(region, sector)).map((region) => region.id),
      summary: summarise(sector, stretches),
      bytes: { decoded, erased, fill, unknown, absent },
    };
  });
}

function sectorState(counts: ByteCounts, size: number): SectorState {
  if (counts.absent === size) return 'absent';
  const present = size - counts.absent;
  if (counts.erased === present) return 'erased';
  if (counts.fill === present) return 'fill';
  if (counts.unknown === present) return 'unknown';
  return counts.unknown === 0 ? 'decoded' : 'mixed';
}

/** More different things than this in one sector are counted instead of listed. */
const LISTED = 3;

/** The labels of what lies in a sector, in address order; runs too small to matter are left out. */
function summarise(sector: Sector, stretches: readonly Stretch[]): string {
  const labels: string[] = [];
  let last = '';
  const here = rangesWithin(stretches, sector);
  for (const stretch of here) {
    const inside = intersect(stretch, sector);
    if (!inside) continue;
    const label =
      stretch.start < sector.start && stretch.class === 'module' ? `${stretch.label} (continued)` : stretch.label;
    // Neighbours that differ in how sure the guess is are one thing to the reader.
    if (last === kindOfLabel(label)) continue;
    const minor = (stretch.class === 'erased' || stretch.class === 'fill') && !containsRange(inside, sector);
    if (minor && (here.length > 4 || sizeOf(inside) < 64)) continue;
    labels.push(minor && labels.length > 0 ? `then ${stretch.label}` : label);
    last = kindOfLabel(label);
  }
  if (labels.length <= LISTED + 1) return labels.join(', ');
  return `${labels.slice(0, LISTED).join(', ')} and ${labels.length - LISTED} more`;
}

function kindOfLabel(label: string): string {
  return label.replace(/ \(\d+ % sure\)$/, '');
}
