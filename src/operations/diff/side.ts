/** One input of a comparison, read and put in its place; and two of them brought to terms with each other. */
import { equalBytes, formatAddress } from '../../core/bytes.js';
import type { Finding } from '../../core/finding.js';
import { MemoryImage, type Segment } from '../../core/image.js';
import { sizeOf } from '../../core/range.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import type { Transform } from '../../regions/acquisition/index.js';
import { chooseDctCopy, type DctChoice } from '../../regions/dct/decode.js';
import { type DctStore, dctSection } from '../../regions/dct/table.js';
import { type DctView, viewApplication, viewCopy } from '../../regions/dct/view.js';
import { flashOf, type ModuleSurvey } from '../../regions/module/find.js';
import { acquire } from '../inspect/acquire.js';
import { dctInput, regionPair, type SystemGeneration, systemGeneration } from '../inspect/configuration.js';
import { describeInput, type InspectInput } from '../inspect/inspect.js';
import { kindOf } from '../inspect/kind.js';
import type { InputKind, InspectedInput } from '../inspect/report.js';
import type { PlacedImage } from '../place.js';

/** The DCT of one input. */
export interface DctSide {
  readonly store: DctStore;
  readonly copies: readonly [Uint8Array | null, Uint8Array | null];
  /** Null: no copy is usable, or the input is an application section. */
  readonly current: 1 | 2 | null;
  readonly reason: string;
  /** The sections whose values count; null when no copy is usable. */
  readonly view: DctView | null;
}

export interface Side {
  readonly input: InspectInput;
  readonly board: Board;
  readonly placed: PlacedImage;
  readonly survey: ModuleSurvey;
  readonly kind: InputKind;
  readonly generation: SystemGeneration;
  readonly transform: Transform | null;
  /** False when the reading is so bad that the content is not that of a board. */
  readonly judged: boolean;
  readonly findings: readonly Finding[];
  readonly dctRegions: readonly [Region, Region] | null;
  readonly eepromRegions: readonly [Region, Region] | null;
}

/**
 * Reads one input for a comparison: modules and how it was read, nothing else.
 * @param earlier inputs that were read before: what they have verified is only compared here.
 */
export function openSide(input: InspectInput, board: Board, earlier: readonly Side[] = []): Side {
  const twin = earlier.find((side) => isSameInput(side.input, input));
  if (twin) return { ...twin, input };
  const known = earlier.flatMap(({ survey }) => survey.modules.map(({ module }) => module));
  const acquired = acquire(input, board, { known, inside: false });
  const { survey, acquisition, findings, judged } = acquired;
  const placed = isApplicationSection(input, board) ? sectionPlaced(acquired.placed) : acquired.placed;
  return {
    input,
    board,
    placed,
    survey,
    kind: kindOf(placed, survey, board, flashOf(board)),
    generation: systemGeneration(survey.modules),
    transform: acquisition?.transform ?? null,
    judged,
    findings: [...input.findings, ...findings],
    dctRegions: regionPair(survey.regions, 'dct'),
    eepromRegions: regionPair(survey.regions, 'eeprom'),
  };
}

/** A DfuSe file for the alternate setting whose addresses are offsets in the application section, from its start. */
function isApplicationSection({ container, image }: InspectInput, board: Board): boolean {
  if (container?.kind !== 'dfuse' || image.span?.start !== 0 || !Array.isArray(container.targets)) return false;
  const target = container.targets.find(({ inImage }: { inImage?: unknown }) => inImage === true);
  const alternate = board.dfu?.alternates.find(({ number }) => number === target?.alternate);
  return alternate?.space === 'dct-application';
}

function sectionPlaced({ image }: PlacedImage): PlacedImage {
  const baseReason = 'the DfuSe target is the alternate setting of the DCT application section';
  return { image, base: null, baseSource: null, baseReason, special: 'dct-section' };
}

function isSameInput(one: InspectInput, two: InspectInput): boolean {
  if (one.addressSource !== two.addressSource || one.findings.length + two.findings.length > 0) return false;
  return haveSameBytes(one.image.segments, two.image.segments);
}

/** Compares views, so that nothing as large as a dump is copied. */
export function haveSameBytes(one: readonly Segment[], two: readonly Segment[]): boolean {
  return (
    one.length === two.length &&
    one.every(({ address, bytes }, index) => {
      const other = two[index];
      return other?.address === address && equalBytes(bytes, other.bytes);
    })
  );
}

/** What a report says about an input. Hashes the file, so it is only asked for when it is printed. */
export function describeSide({ input, placed }: Side): InspectedInput {
  return describeInput(input, placed);
}

export function dctSideOf({ placed, dctRegions, generation, board, judged }: Side): DctSide | null {
  if (placed.special === 'dct-section') return sectionSide(placed.image, board);
  const input = dctRegions && judged ? dctInput(placed.image, dctRegions, generation, board) : null;
  if (!input) return null;
  const { store, current, why }: DctChoice = chooseDctCopy(input);
  const copies = [input.copy1, input.copy2] as const;
  const bytes = current === null ? null : copies[current - 1];
  return { store, copies, current, reason: why.reason, view: bytes ? viewCopy(bytes, store) : null };
}

function sectionSide(image: MemoryImage, board: Board): DctSide | null {
  const bytes = image.segments[0]?.bytes;
  if (!bytes) return null;
  const store = (board.platform && platformOf(board.platform.id)?.dctStore) ?? 'wiced';
  return { store, copies: [null, null], current: null, reason: '', view: viewApplication(bytes) };
}

export interface Pair {
  readonly a: Side;
  readonly b: Side;
  /** What was done so that the two can be compared, as sentences. */
  readonly notes: readonly string[];
}

/** Brings two inputs to the same addresses where that takes a decision, and says so. */
export function pairSides(a: Side, b: Side): Pair {
  const notes: string[] = [...transformNote('a', a), ...transformNote('b', b)];
  const [sectionA, sectionB] = [a, b].map(({ placed }) => placed.special === 'dct-section');
  if (sectionA && sectionB) return { a: asSection(a), b: asSection(b), notes };
  if (sectionA || sectionB) {
    const name = sectionA ? 'a' : 'b';
    const other = asSection(sectionA ? b : a);
    if (other.placed.special === 'dct-section') {
      notes.push(
        `${name} is a DCT application section, as DFU alternate setting 1 reads it: it is compared with that section of the copy in use in ${sectionA ? 'b' : 'a'}.`,
      );
      return sectionA ? { a: asSection(a), b: other, notes } : { a: other, b: asSection(b), notes };
    }
  }
  return placeBeside(a, b, notes);
}

function transformNote(name: string, { transform }: Side): string[] {
  if (!transform) return [];
  return [`The bytes of ${name} are rearranged (${transform}): that was undone, and the flash behind it is compared.`];
}

/** The application section of the copy in use, at 0; the side itself when it has none. */
function asSection(side: Side): Side {
  const view = dctSideOf(side)?.view;
  const base = view?.sections.get('application');
  if (!view || base === undefined) return side;
  const { size } = dctSection('wiced', 'application');
  const bytes = view.bytes.subarray(base, base + size);
  const { baseReason } = side.placed;
  const placed = { base: null, baseSource: null, baseReason, special: 'dct-section' } as const;
  return {
    ...side,
    kind: 'dct-section',
    placed: { ...placed, image: MemoryImage.fromBytes(bytes, 0) },
    survey: { ...side.survey, modules: [] },
  };
}

/** An input that says nothing of its place, beside one of the same size that has one, is taken to lie there too. */
function placeBeside(a: Side, b: Side, notes: string[]): Pair {
  const [spanA, spanB] = [a.placed.image.span, b.placed.image.span];
  const [lost, found] = a.placed.base === null ? (['a', 'b'] as const) : (['b', 'a'] as const);
  const oneIsLost = (a.placed.base === null) !== (b.placed.base === null);
  if (!oneIsLost || !spanA || !spanB) return { a, b, notes };
  if (sizeOf(spanA) !== sizeOf(spanB)) {
    notes.push(`Nothing says where the bytes of ${lost} belong: they are compared from address 0. Give --base.`);
    return { a, b, notes };
  }
  const start = (found === 'a' ? spanA : spanB).start;
  notes.push(
    `Nothing says where the bytes of ${lost} belong: as many as ${found} has, they are taken to begin at ${formatAddress(start)} too.`,
  );
  return lost === 'a' ? { a: movedTo(a, start), b, notes } : { a, b: movedTo(b, start), notes };
}

function movedTo(side: Side, start: number): Side {
  const image = side.placed.image.shift(start - (side.placed.image.span?.start ?? 0));
  const baseReason = 'taken to begin where the other input does';
  return { ...side, placed: { ...side.placed, image, base: start, baseSource: 'inferred', baseReason } };
}
