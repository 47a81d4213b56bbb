/** What a chip or board file takes over from the file it extends. */
import type { Located, Problems } from './fields.js';
import { BOARD_SUFFIX, CHIP_SUFFIX, type Library, readFile } from './library.js';
import { nearest } from './nearest.js';
import { type BoardParts, type ChipParts, parseBoard, parseChip } from './parse.js';

/** The chip file of that id with what it inherits; undefined when a file is missing. */
export function readChip(
  id: Located<string>,
  library: Library,
  problems: Problems,
  trail: readonly string[] = [],
): ChipParts | undefined {
  const file = readFile(id, CHIP_SUFFIX, library, problems);
  if (file === undefined) return undefined;
  return inheritChip(parseChip(file, id.value + CHIP_SUFFIX, problems), library, problems, trail);
}

/** The board file of that id with what it inherits; undefined when a file is missing. */
export function readBoard(
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

/** Entries in address order; those that begin together keep their order. */
export function byAddress<T extends { readonly start: number }>(entries: readonly Located<T>[]): Located<T>[] {
  return [...entries].sort((a, b) => a.value.start - b.value.start);
}

/** The value, or a problem when neither the file nor what it extends has it. */
export function complete<T>(value: T | undefined, key: string, where: string, problems: Problems): T | undefined {
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
