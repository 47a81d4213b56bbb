/**
 * Chips and boards by id, and board files of the user. Loading trusts the form of a file no further than it must:
 * a value of the wrong kind is a LayoutError. Whether the content makes sense is judged by check.ts, for the built-in
 * files in the tests and for the user's files before they are used.
 */
import { dataNames, readData } from '#data';
import { LayoutError } from '../core/errors.js';
import { type Located, Problems } from './fields.js';
import { nearest } from './nearest.js';
import { type BoardParts, type ChipParts, parseBoard, parseChip } from './parse.js';
import type { Board, Chip } from './types.js';

/** Where chip and board files come from: the package, unless a test or a page brings its own. */
export interface Library {
  /** The parsed content of a file, or undefined when there is none of that name. */
  readonly read: (name: string) => unknown;
  readonly names: () => readonly string[];
}

const BUILT_IN: Library = { read: readData, names: dataNames };
/** Origin of the boards that come with the package. */
export const BUILT_IN_ORIGIN = 'built-in';

const CHIP_SUFFIX = '.chip.json';
const BOARD_SUFFIX = '.board.json';
const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

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
  return finishChip(readChip({ value: id, where: `chip ${JSON.stringify(id)}` }, library, problems), problems);
}

/** @throws LayoutError when there is no such board, or when its file is malformed. */
export function loadBoard(id: string, library: Library = BUILT_IN): Board {
  const problems = new Problems('throw');
  const parts = readBoard({ value: id, where: `board ${JSON.stringify(id)}` }, library, problems);
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

function idsOf(library: Library, suffix: string): string[] {
  return library
    .names()
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

function readFile(id: Located<string>, suffix: string, library: Library, problems: Problems): unknown {
  // The pattern keeps an id from naming a file outside the library.
  const file = ID_PATTERN.test(id.value) ? library.read(id.value + suffix) : undefined;
  if (file !== undefined) return file;
  const kind = suffix === CHIP_SUFFIX ? 'chip' : 'board';
  const known = idsOf(library, suffix);
  const near = nearest(id.value, known);
  problems.wrong({
    code: kind === 'chip' ? 'LAYOUT_UNKNOWN_CHIP' : 'LAYOUT_UNKNOWN_BOARD',
    what: `there is no ${kind} with this id`,
    where: id.where,
    expected: `one of ${known.join(', ')}`,
    got: JSON.stringify(id.value.slice(0, 64)),
    help: near ? `Did you mean "${near}"?` : `Use one of the ${kind} ids listed above.`,
  });
  return undefined;
}

function readChip(
  id: Located<string>,
  library: Library,
  problems: Problems,
  trail: readonly string[] = [],
): ChipParts | undefined {
  const file = readFile(id, CHIP_SUFFIX, library, problems);
  if (file === undefined) return undefined;
  return inheritChip(parseChip(file, id.value + CHIP_SUFFIX, problems), library, problems, trail);
}

function readBoard(
  id: Located<string>,
  library: Library,
  problems: Problems,
  trail: readonly string[] = [],
): BoardParts | undefined {
  const file = readFile(id, BOARD_SUFFIX, library, problems);
  if (file === undefined) return undefined;
  return inheritBoard(parseBoard(file, id.value + BOARD_SUFFIX, problems), library, problems, trail);
}

/** True when `parts` may extend what it names; reports a circle. */
function mayExtend(
  parts: { readonly id: string; readonly extends: Located<string> | undefined },
  trail: readonly string[],
  problems: Problems,
): boolean {
  const target = parts.extends;
  if (!target) return false;
  const chain = [...trail, parts.id];
  if (!chain.includes(target.value)) return true;
  problems.wrong({
    code: 'LAYOUT_EXTENDS_CYCLE',
    what: 'the files extend each other in a circle',
    where: target.where,
    got: [...chain, target.value].join(' -> '),
    help: 'Let one of these files stand on its own.',
  });
  return false;
}

/** The chip with what it inherits; undefined when what it extends could not be read. */
export function inheritChip(
  own: ChipParts,
  library: Library,
  problems: Problems,
  trail: readonly string[] = [],
): ChipParts | undefined {
  if (!own.extends) return own;
  if (!mayExtend(own, trail, problems)) return undefined;
  const base = readChip(own.extends, library, problems, [...trail, own.id]);
  if (!base) return undefined;
  const kept = dropEntries(base.memories, own.without, problems);
  return {
    ...own,
    name: own.name ?? base.name,
    vendor: own.vendor ?? base.vendor,
    family: own.family ?? base.family,
    core: own.core ?? base.core,
    deviceId: own.deviceId ?? base.deviceId,
    memories: byAddress(mergeEntries(kept, own.memories, (memory) => memory.id)),
  };
}

/** The board with what it inherits; undefined when what it extends could not be read. */
export function inheritBoard(
  own: BoardParts,
  library: Library,
  problems: Problems,
  trail: readonly string[] = [],
): BoardParts | undefined {
  if (!own.extends) return own;
  if (!mayExtend(own, trail, problems)) return undefined;
  const base = readBoard(own.extends, library, problems, [...trail, own.id]);
  if (!base) return undefined;
  const kept = dropEntries(base.regions, own.without, problems);
  const regionKey = (region: { id: string; variants: readonly string[] | null }): string =>
    JSON.stringify([region.id, region.variants]);
  return {
    ...own,
    name: own.name ?? base.name,
    vendor: own.vendor ?? base.vendor,
    chip: own.chip ?? base.chip,
    platform: own.platform ?? base.platform,
    variants: mergeEntries(base.variants, own.variants, (variant) => variant.id),
    regions: mergeEntries(kept, own.regions, regionKey),
    dfu: own.dfu ?? base.dfu,
  };
}

/** Inherited entries without those named; naming one that is not there is a problem. */
function dropEntries<T extends { readonly id: string }>(
  inherited: readonly Located<T>[],
  without: readonly Located<string>[],
  problems: Problems,
): Located<T>[] {
  const known = [...new Set(inherited.map((entry) => entry.value.id))];
  for (const name of without) {
    if (known.includes(name.value)) continue;
    const near = nearest(name.value, known);
    problems.wrong({
      code: 'LAYOUT_UNKNOWN_ENTRY',
      what: `nothing inherited has the id "${name.value}"`,
      where: name.where,
      expected: `one of ${known.join(', ')}`,
      help: near ? `Did you mean "${near}"?` : 'Remove the entry from "without".',
    });
  }
  const dropped = new Set(without.map((name) => name.value));
  return inherited.filter((entry) => !dropped.has(entry.value.id));
}

/** An own entry replaces the inherited one with the same key, in its place; the others follow. */
function mergeEntries<T>(
  inherited: readonly Located<T>[],
  own: readonly Located<T>[],
  keyOf: (value: T) => string,
): Located<T>[] {
  const inheritedKeys = new Set(inherited.map((entry) => keyOf(entry.value)));
  const replacements = new Map<string, Located<T>>();
  for (const entry of own) replacements.set(keyOf(entry.value), entry);
  return [
    ...inherited.map((entry) => replacements.get(keyOf(entry.value)) ?? entry),
    ...own.filter((entry) => !inheritedKeys.has(keyOf(entry.value))),
  ];
}

function byAddress<T extends { readonly start: number }>(entries: readonly Located<T>[]): Located<T>[] {
  return [...entries].sort((a, b) => a.value.start - b.value.start);
}

/** The value, or a problem when neither the file nor what it extends has it. */
function complete<T>(value: T | undefined, key: string, where: string, problems: Problems): T | undefined {
  if (value === undefined) {
    problems.wrong({
      code: 'LAYOUT_INCOMPLETE',
      what: `the key "${key}" is missing, and the file extends nothing that has it`,
      where,
      help: `Add "${key}", or "extends" with the id of a file that has it.`,
    });
  }
  return value;
}

/** The chip, once everything it needs is there. */
export function finishChip(parts: ChipParts | undefined, problems: Problems): Chip {
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
export function finishBoard(
  parts: BoardParts | undefined,
  origin: string,
  library: Library,
  problems: Problems,
): Board {
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
