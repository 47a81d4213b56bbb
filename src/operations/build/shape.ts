/** The shapes an image can have around what was given. */
import { MemoryImage } from '../../core/image.js';
import { intersect, type Range, sizeOf } from '../../core/range.js';
import type { Board, Region } from '../../layout/types.js';
import { flashOf } from '../../regions/module/find.js';
import type { Shape } from './recipe.js';

export interface ShapeOptions {
  readonly board: Board;
  /** The regions of the map that the image has. */
  readonly regions: readonly Region[];
  /** Value of gaps; default: erased flash. */
  readonly fill?: number | undefined;
}

const ERASED = 0xff;

/** Gaps in flash are filled as the shape asks; what lies outside the flash stays as it is. */
export function shapeImage(content: MemoryImage, shape: Shape, { board, regions, fill }: ShapeOptions): MemoryImage {
  if (shape === 'sparse') return content;
  const flash = flashOf(board);
  const value = fill ?? flash.erasedByte ?? ERASED;
  if (shape === 'trimmed') {
    const last = content
      .ranges()
      .filter((range) => intersect(range, flash))
      .at(-1);
    return last ? filled(content, { start: flash.start, end: Math.min(last.end, flash.end) }, value) : content;
  }
  const whole = filled(content, flash, value);
  return shape === 'padded'
    ? whole
    : configurationRegions(regions).reduce((image, range) => image.without(range), whole);
}

/** Where a device keeps what no release brings: keys, credentials, values of the application. */
export function configurationRegions(regions: readonly Region[]): readonly Region[] {
  return regions.filter(({ role }) => role === 'dct' || role === 'eeprom');
}

function filled(image: MemoryImage, range: Range, value: number): MemoryImage {
  const gaps = image.gaps(range).map((gap) => ({
    address: gap.start,
    bytes: new Uint8Array(sizeOf(gap)).fill(value),
    source: { name: 'fill' },
  }));
  return MemoryImage.fromSegments([...image.segments, ...gaps]);
}
