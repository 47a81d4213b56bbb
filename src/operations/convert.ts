/** Converting images: several inputs into one, cut, filled, moved, and written in any format. */
import { formatAddress, lengthWithout } from '../core/bytes.js';
import { BuildError, UsageError } from '../core/errors.js';
import { MemoryImage, type OverlapPolicy, type Segment } from '../core/image.js';
import { type Range, sizeOf } from '../core/range.js';
import { type FormatId, type WriteOptions, writeAny, writeChunks } from '../formats/index.js';

export interface ConvertInput {
  /** What a message calls the input. */
  readonly name: string;
  readonly image: MemoryImage;
}

export interface ConvertOptions {
  /** Keep only these ranges. */
  readonly crop?: readonly Range[] | undefined;
  /** Leave these ranges out. */
  readonly exclude?: readonly Range[] | undefined;
  /** Move everything by this many bytes; may be negative. */
  readonly offset?: number | undefined;
  /** Move everything so that the lowest address is this one. */
  readonly base?: number | undefined;
  /** Give every gap inside `range` (default: from the lowest to the highest address) this value. */
  readonly fill?: { readonly value: number; readonly range?: Range | undefined } | undefined;
  /** Drop bytes of this value from the end of every run. */
  readonly trim?: number | undefined;
  /** What happens where inputs overlap. Default: refuse. */
  readonly overlap?: OverlapPolicy | undefined;
}

/** More filling than this is a mistake in an address. */
const MAX_FILL_BYTES = 256 * 1024 * 1024;

/**
 * The inputs as one image. Steps, in this order: merge, crop, exclude, trim, fill, move.
 * @throws FormatError IMAGE_OVERLAP naming both ranges and both inputs, IMAGE_ADDRESS_RANGE;
 * UsageError CONVERT_…; BuildError CONVERT_FILL_TOO_LARGE.
 */
export function convertImages(inputs: readonly ConvertInput[], options: ConvertOptions = {}): MemoryImage {
  let image = mergeInputs(inputs, options.overlap ?? 'refuse');
  if (options.crop) {
    const parts = options.crop.map((range) => image.slice(requireRange(range, 'crop')));
    image = parts.reduce((whole, part) => whole.merge(part, { overlap: 'identical' }), MemoryImage.empty);
  }
  for (const range of options.exclude ?? []) image = image.without(requireRange(range, 'exclude'));
  if (options.trim !== undefined) image = trimImage(image, requireByte(options.trim, 'trim'));
  if (options.fill) image = fillImage(image, requireByte(options.fill.value, 'fill'), options.fill.range);
  return moveImage(image, options);
}

export type ConvertWriteOptions = ConvertOptions & Omit<WriteOptions, 'fill'>;

/** `convertImages`, then written in a format. @throws also what writing throws. */
export function convert(
  inputs: readonly ConvertInput[],
  format: FormatId,
  options: ConvertWriteOptions = {},
): { readonly image: MemoryImage; readonly bytes: Uint8Array } {
  const image = requireData(convertImages(inputs, options), inputs);
  return { image, bytes: writeAny(image, format, writeOptions(options)) };
}

/**
 * `convert`, with the output in pieces (see writeChunks) so that a large text is never held whole.
 * @throws what convert throws, some of it only when the pieces are asked for.
 */
export function convertChunks(
  inputs: readonly ConvertInput[],
  format: FormatId,
  options: ConvertWriteOptions = {},
): { readonly image: MemoryImage; readonly chunks: Iterable<Uint8Array> } {
  const image = requireData(convertImages(inputs, options), inputs);
  return { image, chunks: writeChunks(image, format, writeOptions(options)) };
}

function writeOptions({ fill, base, offset, ...rest }: ConvertWriteOptions): WriteOptions {
  return { ...rest, fill: fill?.value };
}

function requireData(image: MemoryImage, inputs: readonly ConvertInput[]): MemoryImage {
  if (image.byteCount > 0) return image;
  throw new BuildError({
    code: 'CONVERT_NO_DATA',
    what: 'nothing is left to write',
    where: inputs.map(({ name }) => name).join(', '),
    help: 'Check the inputs, and the ranges given to crop, exclude and trim.',
  });
}

function mergeInputs(inputs: readonly ConvertInput[], overlap: OverlapPolicy): MemoryImage {
  const segments = inputs.flatMap(({ name, image }) =>
    image.segments.map((segment): Segment => ({ ...segment, source: { ...segment.source, name } })),
  );
  if (overlap === 'refuse') requireDisjoint(segments);
  return MemoryImage.fromSegments(segments, { overlap });
}

/** Finds the first overlap by sorting, so that inputs of very many pieces are refused as fast as others. */
function requireDisjoint(segments: readonly Segment[]): void {
  const sorted = [...segments].sort((a, b) => a.address - b.address);
  for (const [index, segment] of sorted.entries()) {
    const next = sorted[index + 1];
    // Two segments are enough for the image to name both sides.
    if (next && segment.address + segment.bytes.length > next.address) MemoryImage.fromSegments([segment, next]);
  }
}

function trimImage(image: MemoryImage, value: number): MemoryImage {
  const kept = image.ranges().map((range) => ({ start: range.start, end: trimmedEnd(image, range, value) }));
  return MemoryImage.fromSegments(kept.flatMap((range) => image.parts(range)));
}

/** The end of a run without the bytes of this value that it ends in. */
function trimmedEnd(image: MemoryImage, range: Range, value: number): number {
  let { end } = range;
  for (const { bytes } of image.parts(range).reverse()) {
    const length = lengthWithout(bytes, value);
    end -= bytes.length - length;
    if (length > 0) break;
  }
  return end;
}

function fillImage(image: MemoryImage, value: number, range: Range | undefined): MemoryImage {
  const whole = range ? requireRange(range, 'fill') : image.span;
  if (!whole) return image;
  const gaps = image.gaps(whole);
  const size = gaps.reduce((total, gap) => total + sizeOf(gap), 0);
  if (size > MAX_FILL_BYTES) {
    throw new BuildError({
      code: 'CONVERT_FILL_TOO_LARGE',
      what: 'there is too much to fill',
      where: `${formatAddress(whole.start)}-${formatAddress(whole.end - 1)}`,
      expected: `at most ${MAX_FILL_BYTES} bytes`,
      got: `${size}`,
      help: 'Crop the image to one memory first, or give a range to fill.',
    });
  }
  const filling = gaps.map((gap): Segment => {
    const bytes = new Uint8Array(sizeOf(gap)).fill(value);
    return { address: gap.start, bytes, source: { name: 'fill' } };
  });
  return MemoryImage.fromSegments([...image.segments, ...filling]);
}

function moveImage(image: MemoryImage, { base, offset }: ConvertOptions): MemoryImage {
  if (base !== undefined && offset !== undefined) {
    throw new UsageError({
      code: 'CONVERT_BASE_AND_OFFSET',
      what: 'base and offset cannot be given together',
      help: 'Give the new lowest address (base), or how far to move (offset).',
    });
  }
  const { span } = image;
  const delta = base !== undefined && span ? base - span.start : (offset ?? 0);
  if (!Number.isInteger(delta)) {
    throw new UsageError({
      code: 'CONVERT_OFFSET',
      what: 'offset is not a whole number of bytes',
      got: `${delta}`,
      help: 'Give a whole number.',
    });
  }
  return delta === 0 ? image : image.shift(delta);
}

function requireByte(value: number, option: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xff) return value;
  throw new UsageError({
    code: 'CONVERT_BYTE',
    what: `value of ${option} is not a byte`,
    expected: '0 to 255',
    got: `${value}`,
    help: 'Give one byte, such as 0xFF.',
  });
}

function requireRange(range: Range, option: string): Range {
  if (Number.isInteger(range.start) && Number.isInteger(range.end) && range.start < range.end) return range;
  throw new UsageError({
    code: 'CONVERT_RANGE',
    what: `range of ${option} is empty or reversed`,
    expected: 'start below end',
    got: `${range.start} to ${range.end}`,
    help: 'Give the start and the end (or size) of the range.',
  });
}
