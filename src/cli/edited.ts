/** Commands that change an image: opening the input with what its format knows, and writing it in the same manner. */
import type { MemoryImage } from '../core/image.js';
import { flashAlternate, targetName } from '../formats/dfu-device.js';
import { suffixOf } from '../formats/dfu-file.js';
import {
  type Container,
  type FormatId,
  type WriteOptions as FormatOptions,
  type ReadResult,
  writeChunks,
} from '../formats/index.js';
import type { Board } from '../layout/types.js';
import { chooseOutputFormat, type Model, type OutputFormat } from '../operations/convert-format.js';
import type { InspectInput } from '../operations/inspect/inspect.js';
import { inputOf } from '../operations/open.js';
import type { ParsedArguments } from './args.js';
import { openFile } from './open.js';
import type { Output, WriteOptions, WrittenOutput } from './output.js';

export interface EditableInput {
  readonly input: InspectInput;
  readonly result: ReadResult;
}

/** @throws InputError, FormatError */
export async function openEditable(path: string, args: ParsedArguments): Promise<EditableInput> {
  const { bytes, result } = await openFile(path, args);
  return { input: inputOf(path, bytes, result), result };
}

export interface WrittenImage extends WrittenOutput {
  readonly format: string;
}

/** Writes a changed image in the format that the name of the output asks for, else in that of the input. */
export function writeImage(
  image: MemoryImage,
  output: Output,
  like: ReadResult | undefined,
  board: Board,
  options?: WriteOptions,
): WrittenImage {
  const model: Model = like ?? { format: 'bin', container: null };
  const target = chooseOutputFormat({
    name: output.path === '-' ? undefined : output.path,
    like: model,
    hasAddresses: like === undefined || like.addressSource === 'file',
  });
  const written = output.write(writeChunks(image, target.format, manner(target, like, board)), options);
  return { ...written, format: target.inner ?? target.format };
}

/** What the format needs beside the bytes: what the input had, else what the board says. */
function manner({ format, inner }: OutputFormat, like: ReadResult | undefined, board: Board): FormatOptions {
  const written = inner ?? format;
  const container = like && like.format === written ? like.container : null;
  return { like: container, inner, ...dfuFields(board, written, container) };
}

/** Ids and target of a DFU or DfuSe file, where its model has none: those of the board. */
export function dfuFields(
  { dfu }: Board,
  written: FormatId,
  like: Container | null,
  alternate: number | undefined = dfu ? flashAlternate(dfu) : undefined,
): Pick<FormatOptions, 'ids' | 'alternate' | 'targetName'> {
  if (!dfu) return {};
  const ids = suffixOf(like) ? {} : { ids: { vendor: dfu.vendor, product: dfu.product } };
  if (written !== 'dfuse' || like?.kind === 'dfuse' || alternate === undefined) return ids;
  return { ...ids, alternate, targetName: targetName(dfu, alternate) };
}
