/**
 * Parts: the tree that leads from a region down to a single field, so that every address has a name. Decoders build it
 * lazily, because a report needs the values and only `inspect --at` and `hex` need the tree.
 */
import { containsAddress, type Range } from './range.js';

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

/** The parts that hold an address, outermost first. */
export function pathTo(parts: readonly Part[], address: number): Part[] {
  const part = parts.find((candidate) => containsAddress(candidate, address));
  if (!part) return [];
  return [part, ...(part.parts ? pathTo(part.parts(), address) : [])];
}

/** Every secret stretch in a tree of parts. */
export function secretRanges(parts: readonly Part[]): Range[] {
  return parts.flatMap((part) =>
    part.secret ? [{ start: part.start, end: part.end }] : part.parts ? secretRanges(part.parts()) : [],
  );
}
