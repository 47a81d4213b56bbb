/** Commands that change an image: opening the input with what its format knows, and writing it in the same manner. */
import type { MemoryImage } from '../core/image.js';
import { flashAlternate, targetName } from '../formats/dfu-device.js';
import { suffixOf } from '../formats/dfu-file.js';
import { type ReadResult, type WriteOptions, writeChunks } from '../formats/index.js';
import type { Board } from '../layout/types.js';
import { chooseOutputFormat, type Model, type OutputFormat } from '../operations/convert-format.js';
import type { InspectInput } from '../operations/inspect/inspect.js';
import { inputOf } from '../operations/open.js';
import type { ParsedArguments } from './args.js';
import { openFile } from './open.js';
import type { Output, WrittenOutput } from './output.js';

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
): WrittenImage {
  const model: Model = like ?? { format: 'bin', container: null };
  const target = chooseOutputFormat({
    name: output.path === '-' ? undefined : output.path,
    like: model,
    hasAddresses: like === undefined || like.addressSource === 'file',
  });
  const written = output.write(writeChunks(image, target.format, manner(target, like, board)));
  return { ...written, format: target.inner ?? target.format };
}

/** What the format needs beside the bytes: what the input had, else what the board says. */
function manner({ format, inner }: OutputFormat, like: ReadResult | undefined, { dfu }: Board): WriteOptions {
  const container = like && like.format === (inner ?? format) ? like.container : null;
  const alternate = dfu ? flashAlternate(dfu) : undefined;
  return {
    like: container,
    inner,
    ...(dfu && !suffixOf(container) ? { ids: { vendor: dfu.vendor, product: dfu.product } } : {}),
    ...(dfu && (inner ?? format) === 'dfuse' && container?.kind !== 'dfuse' && alternate !== undefined
      ? { alternate, targetName: targetName(dfu, alternate) }
      : {}),
  };
}
