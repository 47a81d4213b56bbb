/**
 * Chips and boards by id, and board files of the user. Loading trusts the form of a file no further than it must:
 * a value of the wrong kind is a LayoutError. Whether the content makes sense is judged by check.ts, for the built-in
 * files in the tests and for the user's files before they are used.
 */
import { LayoutError } from '../core/errors.js';
import { Problems } from './fields.js';
import { byAddress, complete, inheritBoard, inheritChip, readBoard, readChip } from './inherit.js';
import { BOARD_SUFFIX, BUILT_IN, CHIP_SUFFIX, idsOf, type Library } from './library.js';
import { type BoardParts, type ChipParts, parseBoard, parseChip } from './parse.js';
import type { Board, Chip } from './types.js';

/** Origin of the boards that come with the package. */
export const BUILT_IN_ORIGIN = 'built-in';

/** Ids of the chips in the library, sorted. */
export function chipIds(library: Library = BUILT_IN): string[] {
  return idsOf(library, CHIP_SUFFIX);
}

/** Ids of the boards in the library, sorted. */
export function boardIds(library: Library = BUILT_IN): string[] {
  return idsOf(library, BOARD_SUFFIX);
}

/** @throws LayoutError when there is no such chip, or when its file is malformed. */
export function loadChip(id: string, library: Library = BUILT_IN): Chip {
  const problems = new Problems('throw');
  return finishChip(readChip({ value: id, where: '' }, library, problems), problems);
}

/** @throws LayoutError when there is no such board, or when its file is malformed. */
export function loadBoard(id: string, library: Library = BUILT_IN): Board {
  const problems = new Problems('throw');
  const parts = readBoard({ value: id, where: '' }, library, problems);
  return finishBoard(parts, BUILT_IN_ORIGIN, library, problems);
}

/**
 * A board from the parsed JSON of a user's file; `origin` is the name it has in messages.
 * @throws LayoutError at the first problem of form, at an unknown chip and at an `extends` that leads nowhere. Run
 * checkBoardFile first to hear of everything at once, including what does not make sense.
 */
export function resolveBoard(file: unknown, origin: string, library: Library = BUILT_IN): Board {
  const problems = new Problems('throw');
  return finishBoard(inheritBoard(parseBoard(file, origin, problems), library, problems), origin, library, problems);
}

/** A chip from the parsed JSON of a user's file; see resolveBoard. */
export function resolveChip(file: unknown, origin: string, library: Library = BUILT_IN): Chip {
  const problems = new Problems('throw');
  return finishChip(inheritChip(parseChip(file, origin, problems), library, problems), problems);
}

/** The chip, once everything it needs is there. */
function finishChip(parts: ChipParts | undefined, problems: Problems): Chip {
  if (!parts) throw unresolved('chip');
  const need = <T>(value: T | undefined, key: string, fallback: T): T =>
    complete(value, key, parts.where, problems) ?? fallback;
  const memories = parts.memories.length > 0 ? parts.memories : undefined;
  return {
    id: parts.id,
    name: need(parts.name, 'name', parts.id),
    vendor: need(parts.vendor, 'vendor', ''),
    family: need(parts.family, 'family', ''),
    core: need(parts.core, 'core', ''),
    deviceId: parts.deviceId ?? null,
    memories: need(memories, 'memories', []).map((entry) => entry.value),
  };
}

/** The board, once everything it needs is there. */
function finishBoard(parts: BoardParts | undefined, origin: string, library: Library, problems: Problems): Board {
  if (!parts) throw unresolved('board');
  const chip = complete(parts.chip, 'chip', parts.where, problems);
  if (!chip) throw unresolved('chip');
  return {
    id: parts.id,
    name: complete(parts.name, 'name', parts.where, problems) ?? parts.id,
    vendor: complete(parts.vendor, 'vendor', parts.where, problems) ?? '',
    chip: finishChip(readChip(chip, library, problems), problems),
    platform: parts.platform?.value ?? null,
    variants: parts.variants.map((entry) => entry.value),
    regions: byAddress(parts.regions).map((entry) => entry.value),
    dfu: parts.dfu?.value ?? null,
    origin,
  };
}

function unresolved(kind: string): LayoutError {
  return new LayoutError({
    code: 'LAYOUT_INCOMPLETE',
    what: `the ${kind} could not be put together`,
    help: 'Check the file first: its problems say what is missing.',
  });
}
