/** extract: a dump as files, and the recipe that puts them together again, bit for bit. Pure: files are values. */
import { formatAddress, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { BuildError, FlashatlasError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { secretRanges } from '../../core/part.js';
import { overlaps, type Range } from '../../core/range.js';
import { writeAny } from '../../formats/index.js';
import type { Board } from '../../layout/types.js';
import { flashOf, surveyModules } from '../../regions/module/find.js';
import { buildImage } from '../build/build.js';
import { EMPTY_RECIPE, type Recipe, type RecipePart, type Shape, type SourceFile } from '../build/recipe.js';
import { recipeText } from '../build/recipe-text.js';
import { examine, type InspectInput, type Inspection } from '../inspect/inspect.js';
import { contentsOf } from '../locate.js';
import { placeImage } from '../place.js';
import { Names, titleOf } from './names.js';
import { divide, type Piece } from './pieces.js';

export const RECIPE_FILE = 'recipe.yaml';

export interface ExtractOptions {
  /** Write the parts that hold keys, credentials or bytes that nobody can explain. */
  readonly showSecrets?: boolean;
  /** Where the recipe finds the input again, relative to the folder; for parts that are left out. */
  readonly source: string;
}

export interface ExtractedFile extends Range {
  readonly name: string;
  readonly content: Uint8Array;
  readonly title: string;
  /** Holds, or may hold, secrets. */
  readonly secret: boolean;
}

/** A part that the recipe takes from the input, because it may hold secrets. */
export interface WithheldPart extends Range {
  readonly title: string;
}

export interface Extraction {
  readonly files: readonly ExtractedFile[];
  readonly withheld: readonly WithheldPart[];
  readonly recipe: Recipe;
  /** The recipe as a file. */
  readonly recipeText: string;
  /** The input as it was divided: what the recipe builds. */
  readonly image: MemoryImage;
  readonly inspection: Inspection;
}

/**
 * Divides an input. What lies in a container (DFU suffix, ELF sections) is not kept: the recipe builds the image.
 * @throws BuildError EXTRACT_NEEDS_SECRETS when the recipe could not take a part from the input again
 */
export function extract(input: InspectInput, board: Board, options: ExtractOptions): Extraction {
  const showSecrets = options.showSecrets ?? false;
  const inspection = examine(input, board, { showSecrets });
  const rearranged = inspection.report.acquisition?.transform != null;
  // What the chip holds is not what the file holds: only the file can be rebuilt.
  const image = rearranged ? placeImage(input, board).image : inspection.placed.image;
  const survey = rearranged ? surveyModules(image, board) : inspection.survey;
  const masked = showSecrets ? examine(input, board) : inspection;
  const secrets = rearranged ? image.ranges() : secretRanges(contentsOf(masked));
  const isSecret = (range: Range): boolean => secrets.some((secret) => overlaps(secret, range));
  const from = sourceFile(input, board, image, options.source);
  const full = image.gaps(flashOf(board)).length === 0;
  const pieces = divide(image, survey, board);
  const plan = pieces ? planPieces(pieces, { image, isSecret, inspection, showSecrets, from, full }) : planWhole(image);
  const withheld = plan.filter(({ part, secret }) => part.kind === 'range' && secret);
  if (!pieces && !showSecrets) throw needsSecrets(input.path);
  const recipe: Recipe = {
    ...EMPTY_RECIPE,
    name: RECIPE_FILE,
    board: board.id,
    shape: full ? 'padded' : 'sparse',
    parts: plan.map(({ part }) => part),
    outputs: [outputOf(input, full ? 'padded' : 'sparse')],
  };
  const files = plan.flatMap(({ file }) => file ?? []);
  const allow = rulesToAllow(recipe, files, input, board, { image, from });
  const complete = { ...recipe, allow };
  const comments = { head: headOf(input, image, withheld.length > 0), parts: plan.map(({ title }) => title) };
  return {
    files,
    withheld: withheld.map(({ title, range }) => ({ title, ...range })),
    recipe: complete,
    recipeText: recipeText(complete, comments),
    image,
    inspection,
  };
}

interface Planned {
  readonly title: string;
  readonly range: Range;
  readonly secret: boolean;
  readonly part: RecipePart;
  readonly file?: ExtractedFile;
}

interface PlanContext {
  readonly image: MemoryImage;
  readonly isSecret: (range: Range) => boolean;
  readonly inspection: Inspection;
  readonly showSecrets: boolean;
  readonly from: SourceFile;
  readonly full: boolean;
}

function planPieces(pieces: readonly Piece[], context: PlanContext): Planned[] {
  const { image, isSecret, inspection, showSecrets, from, full } = context;
  const names = new Names(inspection.report.modules);
  // Of an erased chip nothing but padding would be left, and a recipe without parts is taken for a mistake.
  const onlyPadding = pieces.length === 1;
  return pieces.flatMap((piece): Planned[] => {
    const { start, end } = piece;
    const range = { start, end };
    const title = titleOf(piece);
    if (piece.kind === 'fill') {
      const padding = !onlyPadding && full && piece.value === 0xff && overlaps(piece, flashOf(inspection.board));
      return padding
        ? []
        : [{ title, range, secret: false, part: { kind: 'fill', value: piece.value, range, where: '' } }];
    }
    const secret = isSecret(piece);
    if (secret && !showSecrets) return [{ title, range, secret, part: { kind: 'range', range, from, where: '' } }];
    const name = names.nameOf(piece);
    const file = { name, title, secret, start, end, content: image.read(range, 0) };
    return [{ title, range, secret, file, part: partOf(piece, name) }];
  });
}

/** A sound module finds its place by its header; everything else is put where it was. */
function partOf(piece: Piece, name: string): RecipePart {
  if (piece.kind === 'module') {
    const { module } = piece.located;
    const sound = module.crc === 'ok' && module.missing === 0 && module.info.moduleStartAddress === piece.start;
    if (sound) return { kind: 'module', file: name, where: '' };
  }
  return { kind: 'raw', file: name, address: piece.start, where: '' };
}

/** Too many pieces for a file each: one file that keeps addresses. */
function planWhole(image: MemoryImage): Planned[] {
  const name = 'everything.hex';
  const { start, end } = image.span ?? { start: 0, end: 0 };
  const title = 'the whole input, which is in too many pieces for a file each';
  const content = writeAny(image, 'intel-hex', {});
  const file = { name, title, secret: true, start, end, content };
  return [{ title, range: { start, end }, secret: true, file, part: { kind: 'image', file: name, where: '' } }];
}

/** How the recipe reads the input again: with its base where the content alone would not lead to it. */
function sourceFile(input: InspectInput, board: Board, image: MemoryImage, file: string): SourceFile {
  const start = image.span?.start;
  if (input.addressSource === 'file' || start === undefined) return { file };
  const plain = input.image.shift(-(input.image.span?.start ?? 0));
  const placed = placeImage({ image: plain, addressSource: 'assumed' }, board);
  return placed.image.span?.start === start ? { file } : { file, base: start };
}

function outputOf(input: InspectInput, shape: Shape): Recipe['outputs'][number] {
  const raw = input.addressSource !== 'file';
  return raw
    ? { file: 'rebuilt.bin', format: 'bin', shape, where: '' }
    : { file: 'rebuilt.hex', format: 'intel-hex', shape, where: '' };
}

/** The dump may have errors; the recipe then says so, because it is to build the dump with them. */
function rulesToAllow(
  recipe: Recipe,
  files: readonly ExtractedFile[],
  input: InspectInput,
  board: Board,
  { image, from }: { readonly image: MemoryImage; readonly from: SourceFile },
): string[] {
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  const readFile = (name: string): Uint8Array =>
    contents.get(name) ?? (name === from.file ? input.bytes : new Uint8Array(0));
  try {
    const result = buildImage(recipe, readFile, { board });
    if (result.image.equals(image)) {
      const errors = result.findings.filter(({ severity }) => severity === 'error');
      return [...new Set(errors.map(({ rule }) => rule))].sort();
    }
  } catch (error) {
    if (!(error instanceof FlashatlasError)) throw error;
    throw needsSecrets(input.path, error);
  }
  throw needsSecrets(input.path);
}

function needsSecrets(path: string, cause?: unknown): BuildError {
  return new BuildError({
    code: 'EXTRACT_NEEDS_SECRETS',
    what: 'parts that may hold secrets would be left out, and a recipe could not take them from this input again',
    where: path,
    help: 'Add --show-secrets to write them as files too.',
    cause,
  });
}

function headOf(input: InspectInput, image: MemoryImage, withheld: boolean): string[] {
  const { span } = image;
  const lines = ['Made by flashatlas extract. Builds the same image again, bit for bit:'];
  lines.push(`  flashatlas build ${RECIPE_FILE}${withheld ? ' --allow-outside' : ''}`);
  if (withheld) {
    lines.push('Parts that hold keys, credentials or unexplained bytes are taken from the input itself;');
    lines.push('extract --show-secrets writes them as files.');
  }
  if (input.addressSource !== 'file' && span) {
    lines.push(`SHA-256 of the image from ${formatAddress(span.start)}: ${toHex(sha256(image.read(span, 0xff)))}`);
  }
  return lines;
}
