/** What a program reads from the emulated EEPROM in two inputs. */
import type { Eeprom } from '../../regions/eeprom/index.js';
import { readEeprom } from '../inspect/configuration.js';
import { haveSameBytes, type Side } from './side.js';

/** A byte at an index; null where nothing is stored, which a program reads as 255. */
export interface EepromChange {
  readonly index: number;
  readonly before: number | null;
  readonly after: number | null;
}

export interface EepromDifference {
  /** Whether the pages differ at all. */
  readonly changed: boolean;
  readonly changes: readonly EepromChange[];
  readonly activePage: readonly [1 | 2 | null, 1 | 2 | null];
  readonly format: readonly [string | null, string | null];
  /** Index to old and new byte, 255 for none. */
  readonly values: Readonly<Record<string, { readonly before: number; readonly after: number }>>;
}

/** Null when neither holds an EEPROM, or only one has its pages. */
export function compareEeprom(a: Side, b: Side): EepromDifference | null {
  if (!a.judged || !b.judged || !a.eepromRegions || !b.eepromRegions) return null;
  const pagesEqual = a.eepromRegions.every((region, index) => {
    const other = b.eepromRegions?.[index] ?? region;
    return haveSameBytes(a.placed.image.parts(region), b.placed.image.parts(other));
  });
  const before = readEeprom(a.placed.image, a.eepromRegions, a.generation);
  const after = pagesEqual ? before : readEeprom(b.placed.image, b.eepromRegions, b.generation);
  if (!before || !after || (before.format === null && after.format === null)) return null;
  const changes = changedValues(before, after);
  const values = Object.fromEntries(
    changes.map(({ index, before: old, after: now }) => [index, { before: old ?? 255, after: now ?? 255 }]),
  );
  return {
    changed: !pagesEqual,
    changes,
    activePage: [before.activePage, after.activePage],
    format: [before.format, after.format],
    values,
  };
}

function changedValues(before: Eeprom, after: Eeprom): EepromChange[] {
  const indices = [...new Set([...before.values.keys(), ...after.values.keys()])].sort((one, two) => one - two);
  return indices.flatMap((index) => {
    const [old, now] = [before.values.get(index) ?? null, after.values.get(index) ?? null];
    return old === now ? [] : [{ index, before: old, after: now }];
  });
}
