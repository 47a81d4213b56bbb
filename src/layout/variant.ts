/** Choosing one of a board's memory maps, and asking it questions. */
import { containsAddress } from '../core/range.js';
import type { Board, Region, Variant } from './types.js';

/** What is known of a module found in an image: enough to tell maps apart. */
export interface FoundModule {
  /** Where it lies, not where it is linked for. */
  readonly address: number;
  readonly function: string;
  readonly index: number;
  readonly version: number;
}

/**
 * The memory map that the modules found in an image speak for: the first one with a sign among them, else the default
 * map. Null for a board that has only one map.
 */
export function chooseVariant(board: Board, found: readonly FoundModule[]): Variant | null {
  return board.variants.find((variant) => hasSign(variant, found)) ?? defaultVariant(board);
}

/** The map that holds when nothing speaks for another; null for a board that has only one map. */
export function defaultVariant(board: Board): Variant | null {
  return board.variants.find((variant) => variant.detect === null) ?? board.variants[0] ?? null;
}

function hasSign(variant: Variant, found: readonly FoundModule[]): boolean {
  return (variant.detect ?? []).some((sign) =>
    found.some(
      (module) =>
        module.address === sign.address &&
        module.function === sign.function &&
        module.index === sign.index &&
        (sign.versionBelow === null || module.version < sign.versionBelow),
    ),
  );
}

/** The regions of one map in address order: those without `variants` belong to every map. */
export function regionsOf(board: Board, variant: Variant | null): Region[] {
  return board.regions.filter(
    (region) => region.variants === null || (variant !== null && region.variants.includes(variant.id)),
  );
}

/** The regions of one map that hold an address, smallest first: the factory region before the OTA region around it. */
export function regionsAt(board: Board, variant: Variant | null, address: number): Region[] {
  return regionsOf(board, variant)
    .filter((region) => containsAddress(region, address))
    .sort((a, b) => a.end - a.start - (b.end - b.start));
}
