/** A dump divided into the pieces it consists of: disjoint, in address order, every byte in exactly one. */
import { isFilledWith } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import { intersect, type Range, sizeOf, subtractRanges } from '../../core/range.js';
import type { Board, Region } from '../../layout/types.js';
import type { LocatedModule, ModuleSurvey } from '../../regions/module/find.js';

export type Piece = Range &
  (
    | { readonly kind: 'module'; readonly located: LocatedModule }
    | { readonly kind: 'region'; readonly region: Region; readonly whole: boolean }
    /** Another memory than the flash: option bytes, OTP. */
    | { readonly kind: 'memory'; readonly memory: string; readonly title: string }
    | { readonly kind: 'fill'; readonly value: number }
    | { readonly kind: 'leftover' }
  );

/** A constant run is worth a line instead of a file from this length on. */
const MIN_FILL_BYTES = 256;
/** Nobody wants a folder of more files. */
const MAX_MODULES = 256;
const MAX_PIECES = 512;

/** Null where an image is in so many pieces that a file for each would help nobody. */
export function divide(image: MemoryImage, survey: ModuleSurvey, board: Board): Piece[] | null {
  // No piece reaches over a gap, so there are at least as many pieces as runs.
  if (image.ranges().length > MAX_PIECES) return null;
  const claims = claimed(image, survey, board);
  const rest = image.ranges().flatMap((range) => subtractRanges(range, claims));
  if (claims.length + rest.length > MAX_PIECES) return null;
  const fine = rest.flatMap((range) => splitLeftover(image, range));
  const leftovers = claims.length + fine.length > MAX_PIECES ? rest.map(leftover) : fine;
  return [...claims, ...leftovers].sort((a, b) => a.start - b.start);
}

function leftover({ start, end }: Range): Piece {
  return { kind: 'leftover', start, end };
}

function claimed(image: MemoryImage, survey: ModuleSurvey, board: Board): Piece[] {
  const pieces: Piece[] = [];
  const add = (piece: Piece): void => {
    if (!pieces.some((other) => intersect(other, piece))) pieces.push(piece);
  };
  if (survey.modules.length <= MAX_MODULES) {
    for (const located of survey.modules) {
      const { address: start, end } = located.module;
      if (image.bytes({ start, end })) add({ kind: 'module', start, end, located });
    }
  }
  for (const region of survey.regions) {
    if (region.role !== 'dct' && region.role !== 'eeprom') continue;
    for (const range of present(image, region)) {
      for (const part of subtractRanges(range, pieces)) {
        const whole = part.start === region.start && part.end === region.end;
        if (!isErased(image, part)) add({ kind: 'region', region, whole, ...part });
      }
    }
  }
  for (const memory of board.chip.memories) {
    if (memory.kind === 'flash') continue;
    const { id, title } = memory;
    for (const range of present(image, memory)) add({ kind: 'memory', memory: id, title, ...range });
  }
  return pieces;
}

function present(image: MemoryImage, range: Range): Range[] {
  return image.ranges().flatMap((run) => intersect(run, range) ?? []);
}

function isErased(image: MemoryImage, range: Range): boolean {
  return isFilledWith(image.read(range, 0xff), 0xff);
}

/** Long constant runs apart from the rest. */
function splitLeftover(image: MemoryImage, range: Range): Piece[] {
  const bytes = image.read(range, 0);
  const pieces: Piece[] = [];
  let open = 0;
  const close = (offset: number): void => {
    if (offset > open) pieces.push(leftover({ start: range.start + open, end: range.start + offset }));
  };
  for (let offset = 0; offset < bytes.length; ) {
    const value = bytes[offset] as number;
    let end = offset + 1;
    while (end < bytes.length && bytes[end] === value) end++;
    if (end - offset >= MIN_FILL_BYTES || end - offset === sizeOf(range)) {
      close(offset);
      pieces.push({ kind: 'fill', value, start: range.start + offset, end: range.start + end });
      open = end;
    }
    offset = end;
  }
  close(bytes.length);
  return pieces;
}
