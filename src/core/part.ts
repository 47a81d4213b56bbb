/**
 * Parts: the tree that leads from a region down to a single field, so that every address has a name. Decoders build it
 * lazily, because a report needs the values and only `inspect --at` and `hex` need the tree.
 */
import { containsAddress, firstEndingAfter, type Range } from './range.js';

export interface Part extends Range {
  /** The field's name in the reference: `platformId`, `device_private_key`. */
  readonly name: string;
  /** The value in words; already masked when `secret` is set and secrets were not asked for. */
  readonly value?: string | undefined;
  /** The bytes must not be shown unless the user asked for secrets. */
  readonly secret?: boolean | undefined;
  /** What the part is for, in a few words. */
  readonly about?: string | undefined;
  /** Parts inside this one, in address order; gaps between them belong to this part itself. */
  readonly parts?: (() => readonly Part[]) | undefined;
}

const children = new WeakMap<Part, readonly Part[]>();

/** The parts inside a part, worked out once. */
export function partsIn(part: Part): readonly Part[] {
  let parts = children.get(part);
  if (!parts) {
    parts = part.parts?.() ?? [];
    children.set(part, parts);
  }
  return parts;
}

/** The parts that hold an address, outermost first. */
export function pathTo(parts: readonly Part[], address: number): Part[] {
  const path: Part[] = [];
  for (let level = parts; ; ) {
    const part = level[firstEndingAfter(level, address)];
    if (!part || !containsAddress(part, address)) return path;
    path.push(part);
    level = partsIn(part);
  }
}

/** A stretch that no smaller part divides, with the parts around it, outermost first. */
export interface Leaf extends Range {
  readonly path: readonly Part[];
}

/** The leaves of a range in address order; stretches between parts belong to the part around them. */
export function* leavesOf(parts: readonly Part[], range: Range, around: readonly Part[] = []): Generator<Leaf> {
  let position = range.start;
  for (let index = firstEndingAfter(parts, range.start); index < parts.length; index++) {
    const part = parts[index] as Part;
    if (part.start >= range.end) break;
    if (part.start > position) yield { start: position, end: part.start, path: around };
    const inside = { start: Math.max(part.start, position), end: Math.min(part.end, range.end) };
    yield* leavesOf(partsIn(part), inside, [...around, part]);
    position = inside.end;
  }
  if (position < range.end) yield { start: position, end: range.end, path: around };
}

/** Every secret stretch in a tree of parts. */
export function secretRanges(parts: readonly Part[]): Range[] {
  return parts.flatMap((part) => (part.secret ? [{ start: part.start, end: part.end }] : secretRanges(partsIn(part))));
}
