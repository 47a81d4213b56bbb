/** The folder chip and board files come from, and finding a file by id. */
import { dataNames, readData } from '#data';
import type { Located, Problems } from './fields.js';
import { nearest } from './nearest.js';

/** Where chip and board files come from: the package, unless a test or a page brings its own. */
export interface Library {
  /** The parsed content of a file, or undefined when there is none of that name. */
  readonly read: (name: string) => unknown;
  readonly names: () => readonly string[];
}

export const BUILT_IN: Library = { read: readData, names: dataNames };
export const CHIP_SUFFIX = '.chip.json';
export const BOARD_SUFFIX = '.board.json';
const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Ids of all files with that ending, sorted. */
export function idsOf(library: Library, suffix: string): string[] {
  return library
    .names()
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

/** The parsed content of a file by id; reports an unknown id together with the nearest known one. */
export function readFile(id: Located<string>, suffix: string, library: Library, problems: Problems): unknown {
  // The pattern keeps an id from naming a file outside the library.
  const file = ID_PATTERN.test(id.value) ? library.read(id.value + suffix) : undefined;
  if (file !== undefined) return file;
  const kind = suffix === CHIP_SUFFIX ? 'chip' : 'board';
  const known = idsOf(library, suffix);
  const near = nearest(id.value, known);
  problems.wrong({
    code: kind === 'chip' ? 'LAYOUT_UNKNOWN_CHIP' : 'LAYOUT_UNKNOWN_BOARD',
    what: `there is no ${kind} ${JSON.stringify(id.value.slice(0, 64))}`,
    where: id.where,
    expected: `one of ${known.join(', ')}`,
    help: near ? `Did you mean "${near}"?` : `Use one of the ${kind} ids listed above.`,
  });
  return undefined;
}
