/** Many inputs at once: how far apart every two are, and which of them share what a region holds. */
import { equalBytes, isFilledWith } from '../../core/bytes.js';
import { InputError, UsageError } from '../../core/errors.js';
import { type Finding, sortFindings, type Verdict, verdictOf } from '../../core/finding.js';
import type { Range } from '../../core/range.js';
import { formatSize } from '../../core/words.js';
import type { Board } from '../../layout/types.js';
import { dctSection } from '../../regions/dct/table.js';
import { functionTitle } from '../../regions/module/words.js';
import { TOOL } from '../../tool.js';
import type { InspectInput } from '../inspect/inspect.js';
import { BOOKKEEPING } from './dct.js';
import { compareImages } from './delta.js';
import { releaseOf } from './modules.js';
import { dctSideOf, describeSide, openSide, type Side } from './side.js';

/** Every two are compared, so the work grows with the square of their number, and all are in memory. */
export const MAX_MATRIX_FILES = 64;

/** All inputs of a matrix are in memory together. */
const MAX_MATRIX_BYTES = 512 << 20;

export interface PairDistance {
  /** Numbers of the inputs, from 1. */
  readonly a: number;
  readonly b: number;
  readonly same: number;
  readonly changed: number;
  readonly onlyA: number;
  readonly onlyB: number;
}

export interface RegionClasses {
  readonly id: string;
  /** A letter for each input: equal letters, equal bytes. "." erased, "-" absent or only in part there. */
  readonly classes: readonly string[];
  /** What a letter stands for, where it is a module. */
  readonly words: Readonly<Record<string, string>>;
}

export interface DiffMatrix {
  readonly sides: readonly Side[];
  readonly pairs: readonly PairDistance[];
  readonly regions: readonly RegionClasses[];
  readonly equal: boolean;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/** @throws UsageError DIFF_TOO_MANY */
export function requireFew(count: number): void {
  if (count <= MAX_MATRIX_FILES) return;
  throw new UsageError({
    code: 'DIFF_TOO_MANY',
    what: 'too many files to compare each with each',
    expected: `at most ${MAX_MATRIX_FILES}`,
    got: `${count}`,
    help: 'Compare a part of them at a time.',
  });
}

/**
 * @param bytes of all inputs read so far
 * @throws InputError DIFF_TOO_LARGE
 */
export function requireRoom(bytes: number): void {
  if (bytes <= MAX_MATRIX_BYTES) return;
  throw new InputError({
    code: 'DIFF_TOO_LARGE',
    what: 'these files are too large together to be compared each with each',
    expected: `at most ${formatSize(MAX_MATRIX_BYTES)}`,
    got: `${formatSize(bytes)} or more`,
    help: 'Compare a part of them at a time.',
  });
}

/** @throws UsageError DIFF_TOO_MANY */
export function compareAll(inputs: readonly InspectInput[], board: Board): DiffMatrix {
  requireFew(inputs.length);
  const sides: Side[] = [];
  for (const input of inputs) sides.push(openSide(input, board, sides));
  const pairs = sides.flatMap((one, index) =>
    sides.slice(index + 1).map((two, offset): PairDistance => {
      const { ranges, ...counts } = compareImages(one.placed.image, two.placed.image);
      return { a: index + 1, b: index + offset + 2, ...counts };
    }),
  );
  const findings = sortFindings(
    sides.flatMap(({ findings: own, input }) => own.map((finding) => ({ ...finding, origin: input.path }))),
  );
  return {
    sides,
    pairs,
    regions: [...regionsOf(sides).map((region) => regionClasses(region, sides)), ...dctClasses(sides)],
    equal: pairs.every(({ changed, onlyA, onlyB }) => changed + onlyA + onlyB === 0),
    findings,
    verdict: verdictOf(findings),
  };
}

type Place = Range & { readonly id: string };

function regionsOf(sides: readonly Side[]): Place[] {
  const places: Place[] = [];
  for (const { survey } of sides) {
    for (const { id, start, end } of survey.regions) {
      if (!places.some((place) => place.id === id && place.start === start)) places.push({ id, start, end });
    }
  }
  return places.sort((one, two) => one.start - two.start || two.end - one.end);
}

function regionClasses(region: Place, sides: readonly Side[]): RegionClasses {
  const contents = sides.map(({ placed }) =>
    contentOf(placed.image.bytes(region), placed.image.parts(region).length > 0),
  );
  const classes = classesOf(contents);
  const words: Record<string, string> = {};
  for (const [index, letter] of classes.entries()) {
    if (!/[A-Z]/.test(letter) || letter in words) continue;
    const found = sides[index]?.survey.modules.find(({ module }) => module.address === region.start);
    if (!found) continue;
    const { module } = found;
    const release = releaseOf(module) ?? `version ${module.info.moduleVersion}`;
    words[letter] = `${functionTitle(module.function, module.info.moduleIndex)} ${release}`;
  }
  return { id: region.id, classes, words };
}

type Content = Uint8Array | 'erased' | 'absent';

function contentOf(bytes: Uint8Array | undefined, present: boolean): Content {
  if (!bytes) return present ? NOTHING : 'absent';
  return isFilledWith(bytes, 0xff) ? 'erased' : bytes;
}

/** Stands for a region of which only a part is there: equal to nothing. */
const NOTHING = new Uint8Array(0);

function classesOf(contents: readonly Content[]): string[] {
  const known: Uint8Array[] = [];
  return contents.map((content) => {
    if (content === 'erased') return '.';
    if (content === 'absent' || content === NOTHING) return '-';
    let index = known.findIndex((other) => equalBytes(other, content));
    if (index < 0) index = known.push(content) - 1;
    return letterOf(index);
  });
}

/** A to Z, then A1 to Z1 and so on. */
function letterOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26)}`;
}

/** The values of the copy in use, wherever it lies and however often it was written. */
function dctClasses(sides: readonly Side[]): RegionClasses[] {
  const contents = sides.map((side): Content => {
    const dct = dctSideOf(side);
    if (!dct?.view) return 'absent';
    const bytes = new Uint8Array(dct.view.bytes);
    for (const [section, base] of dct.view.sections) {
      if (BOOKKEEPING.includes(section)) bytes.fill(0, base, base + dctSection(dct.store, section).size);
    }
    return bytes;
  });
  return contents.every((content) => content === 'absent')
    ? []
    : [{ id: 'dct values', classes: classesOf(contents), words: {} }];
}

/** The matrix as a document. */
export function matrixReport({ sides, ...rest }: DiffMatrix) {
  return {
    schema: 'flashatlas/diff-matrix',
    schemaVersion: 1,
    tool: TOOL,
    inputs: sides.map(describeSide),
    ...rest,
  } as const;
}
