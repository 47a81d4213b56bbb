/**
 * diff: what differs between two inputs, in the language of the board: regions, modules, fields, values, sectors. The
 * byte ranges come first and carry their contents, so that the difference can be applied; everything else explains them.
 */
import { formatAddress } from '../../core/bytes.js';
import { type Finding, sortFindings, type Verdict, verdictOf } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import type { Board } from '../../layout/types.js';
import type { Transform } from '../../regions/acquisition/index.js';
import { flashOf } from '../../regions/module/find.js';
import { TOOL } from '../../tool.js';
import type { InspectInput } from '../inspect/inspect.js';
import type { InspectedInput } from '../inspect/report.js';
import { compareDct, type DctDifference } from './dct.js';
import { applyDelta, compareImages, type ImageDelta } from './delta.js';
import { compareEeprom, type EepromDifference } from './eeprom.js';
import { bordersOf, compareModules, type ModuleDifference } from './modules.js';
import { compareOptionBytes, type OptionDifference } from './option-bytes.js';
import { compareRegions, type MovedRegion, movedRegions, type RegionDifference } from './regions.js';
import { type SectorDifference, sectorDifferences, sectorsToErase } from './sectors.js';
import { dctSideOf, describeSide, openSide, pairSides, type Side } from './side.js';
import { summaryOf } from './summary.js';

export interface DiffOptions {
  /** Show keys, passphrases and codes in the words of changed fields. Default: masked. */
  readonly showSecrets?: boolean;
  /** Compare only the addresses that both inputs hold. */
  readonly common?: boolean;
  /** FLASH_OPTCR of a and b, where it was read separately. */
  readonly optcr?: readonly [number | undefined, number | undefined];
}

export interface Difference {
  readonly a: Side;
  readonly b: Side;
  /** Of what was compared: `a.placed.image` and `b.placed.image`. With contents, so never to be printed. */
  readonly delta: ImageDelta;
  readonly equal: boolean;
  /** One sentence or two: the answer. */
  readonly summary: string;
  /** What was done so that the inputs can be compared, as sentences. */
  readonly notes: readonly string[];
  readonly regions: readonly RegionDifference[];
  readonly modules: readonly ModuleDifference[];
  readonly dct: DctDifference | null;
  readonly eeprom: EepromDifference | null;
  readonly optionBytes: OptionDifference | null;
  /** Empty when what is compared has no place in flash. */
  readonly sectors: readonly SectorDifference[];
  readonly sectorsToErase: readonly number[];
  readonly moved: readonly MovedRegion[];
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/** What it takes to get from a to b. */
export function diff(a: InspectInput, b: InspectInput, board: Board, options: DiffOptions = {}): Difference {
  const first = openSide(a, board);
  return diffSides(first, openSide(b, board, [first]), options);
}

/** The same for images that come from no file. */
export function diffImages(a: MemoryImage, b: MemoryImage, board: Board, options: DiffOptions = {}): Difference {
  return diff(inputFrom('a', a), inputFrom('b', b), board, options);
}

function inputFrom(path: string, image: MemoryImage): InspectInput {
  const input = { path, bytes: new Uint8Array(0), format: 'bin', image, container: null, findings: [] };
  return { ...input, addressSource: 'file' };
}

/**
 * The image that the difference leads to: `applyDiff(diff(a, b), a)` is b, byte for byte.
 * @param image what was compared: `difference.a.placed.image`.
 * @throws BuildError DIFF_DOES_NOT_APPLY when it is another one.
 */
export function applyDiff({ delta }: Pick<Difference, 'delta'>, image: MemoryImage): MemoryImage {
  return applyDelta(delta, image);
}

function diffSides(one: Side, two: Side, options: DiffOptions): Difference {
  const { a, b, notes } = pairSides(one, two);
  const delta = compareImages(a.placed.image, b.placed.image, bordersBetween(a, b));
  const counted = options.common ? withoutOnes(delta) : delta;
  const modules = compareModules(a.survey.modules, b.survey.modules, delta).filter(
    (module) => !options.common || bothHold(module, a, b),
  );
  const regions = compareRegions(a, b, counted, modules);
  const hasPlace = a.kind !== 'dct-section' && a.placed.base !== null && b.placed.base !== null;
  const sectors = hasPlace ? sectorDifferences(counted, b.placed.image, a.board) : [];
  const [dctA, dctB] = [dctSideOf(one), dctSideOf(two)];
  const optionBytes = compareOptionBytes(a, b, options.optcr ?? [undefined, undefined]);
  const bare = {
    ...{ a, b, delta, regions, modules, optionBytes, sectors },
    equal: isEqual(counted, a.transform, b.transform, optionBytes),
    dct: dctA && dctB ? compareDct(dctA, dctB, options.showSecrets ?? false) : null,
    eeprom: compareEeprom(a, b),
    sectorsToErase: sectorsToErase(sectors),
    moved: movedRegions(a, b, regions),
  };
  const findings = sortFindings([...namedFindings(a), ...namedFindings(b)]);
  const summary = summaryOf(bare, counted);
  return { ...bare, summary, notes: [...notes, ...shiftNote(bare)], findings, verdict: verdictOf(findings) };
}

/** Where every range of differing bytes ends, so that everything that sums them up may take them whole. */
function bordersBetween(a: Side, b: Side): number[] {
  const places = [...a.survey.regions, ...b.survey.regions, ...a.board.chip.memories, ...flashOf(a.board).sectors];
  const borders = places.flatMap(({ start, end }) => [start, end]);
  const all = [...borders, ...bordersOf(a.survey.modules), ...bordersOf(b.survey.modules)];
  return [...new Set(all)].sort((one, two) => one - two);
}

function withoutOnes(delta: ImageDelta): ImageDelta {
  return { ...delta, ranges: delta.ranges.filter(({ kind }) => kind === 'changed'), onlyA: 0, onlyB: 0 };
}

/** False for a module of one input where the other holds nothing at all. */
function bothHold(module: ModuleDifference, a: Side, b: Side): boolean {
  const holds = (side: Side): boolean => {
    const { address, length } = (module.a ?? module.b) as { address: number; length: number };
    return side.placed.image.parts({ start: address, end: address + length }).length > 0;
  };
  return holds(a) && holds(b);
}

function isEqual(
  { changed, onlyA, onlyB }: ImageDelta,
  a: Transform | null,
  b: Transform | null,
  options: OptionDifference | null,
): boolean {
  return changed === 0 && onlyA === 0 && onlyB === 0 && a === b && options?.changed !== true;
}

/** The same bytes at other addresses are most likely one and the same file, placed twice. */
function shiftNote({ a, b, delta }: Pick<Difference, 'a' | 'b' | 'delta'>): string[] {
  const [one, two] = [a.placed.image, b.placed.image];
  const [spanA, spanB] = [one.span, two.span];
  if (delta.same + delta.changed > 0 || !spanA || !spanB || one.byteCount !== two.byteCount) return [];
  const isSame = one.shift(-spanA.start).equals(two.shift(-spanB.start));
  const places = `at ${formatAddress(spanA.start)} in a and at ${formatAddress(spanB.start)} in b`;
  return isSame ? [`Both hold the same bytes, ${places}.`] : [];
}

function namedFindings({ findings, input }: Side): Finding[] {
  return findings.map((finding) => {
    const origin = finding.origin === undefined ? input.path : `${input.path}, ${finding.origin}`;
    return { ...finding, origin };
  });
}

/** The difference as a document: everything but the contents of the ranges. */
export interface DiffReport extends Omit<Difference, 'a' | 'b' | 'delta'> {
  readonly schema: 'flashatlas/diff';
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly inputs: readonly [InspectedInput, InspectedInput];
  readonly layout: { readonly board: string; readonly chip: string };
  /** How the bytes of a and of b are rearranged in their files. */
  readonly transforms: readonly [Transform | null, Transform | null];
  /** Numbers of bytes. */
  readonly compared: Pick<ImageDelta, 'same' | 'changed' | 'onlyA' | 'onlyB'>;
}

export function diffReport(difference: Difference): DiffReport {
  const { a, b, delta, ...rest } = difference;
  const { same, changed, onlyA, onlyB } = delta;
  return {
    schema: 'flashatlas/diff',
    schemaVersion: 1,
    tool: TOOL,
    inputs: [describeSide(a), describeSide(b)],
    layout: { board: a.board.id, chip: a.board.chip.id },
    transforms: [a.transform, b.transform],
    compared: { same, changed, onlyA, onlyB },
    ...rest,
  };
}
