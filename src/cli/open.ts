/** From arguments to a board and an input that was read. */
import { InputError, LayoutError, UsageError } from '../core/errors.js';
import type { ReadOptions, ReadResult } from '../formats/index.js';
import { loadBoard } from '../layout/load.js';
import type { Board } from '../layout/types.js';
import { summariseContainer } from '../operations/inspect/container.js';
import type { InspectInput } from '../operations/inspect/inspect.js';
import { DECODER_NAMES } from '../regions/names.js';
import type { ParsedArguments } from './args.js';
import { DEFAULT_MAX_SIZE, readInput } from './io.js';

const DEFAULT_BOARD = 'particle-p1';

/** The board of --layout or --board. @throws LayoutError, InputError */
export async function boardFrom(args: ParsedArguments): Promise<Board> {
  const file = args.text('--layout');
  if (file === undefined) return loadBoard(args.text('--board') ?? DEFAULT_BOARD);
  const { openBoard } = await import('../layout/check.js');
  return openBoard(parseJson(file), file, { decoders: DECODER_NAMES });
}

/** @throws LayoutError LAYOUT_BAD_JSON */
export function parseJson(file: string): unknown {
  const text = new TextDecoder().decode(readInput(file));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LayoutError({
      code: 'LAYOUT_BAD_JSON',
      what: 'the layout file is not JSON',
      where: file,
      got: error instanceof Error ? error.message : String(error),
      help: 'Compare it with layouts/particle-p1.board.json; an editor with JSON support shows the place.',
      cause: error,
    });
  }
}

/** @throws UsageError when there is not exactly one operand. */
export function requireOneFile(args: ParsedArguments): string {
  const [file, ...more] = args.operands;
  if (file !== undefined && more.length === 0) return file;
  throw new UsageError({
    code: 'USAGE_ONE_FILE',
    what: file === undefined ? 'no file was named' : 'more than one file was named',
    expected: 'one file, or - for stdin',
    got: args.operands.length === 0 ? undefined : args.operands.join(' '),
    help: 'Name one file. See --help for examples.',
  });
}

export interface OpenedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly result: ReadResult;
}

/**
 * Reads a file in whatever format it has, by the options of the command line and those given here.
 * @throws InputError, FormatError
 */
export async function openFile(
  path: string,
  args: ParsedArguments,
  { maxSize = DEFAULT_MAX_SIZE, ...options }: ReadOptions & { readonly maxSize?: number } = {},
): Promise<OpenedFile> {
  const bytes = readInput(path, args.number('--max-size') ?? maxSize);
  if (bytes.length === 0) {
    throw new InputError({
      code: 'INPUT_EMPTY',
      what: 'the file is empty',
      where: path,
      help: 'The dump or download failed. Make it again.',
    });
  }
  const { formatById, readAny } = await import('../formats/index.js');
  const format = args.text('--format');
  const result = readAny(bytes, {
    name: path,
    base: args.number('--base'),
    permissive: args.flag('--permissive'),
    format: format === undefined ? undefined : formatById(format).id,
    ...options,
  });
  return { path, bytes, result };
}

/** `openFile` in the shape that inspection takes. @throws InputError, FormatError */
export async function openInput(path: string, args: ParsedArguments): Promise<InspectInput> {
  const { bytes, result } = await openFile(path, args);
  return {
    path,
    bytes,
    format: result.format,
    image: result.image,
    addressSource: result.addressSource,
    container: summariseContainer(result.container),
    findings: result.findings,
    locate: (address) => result.locate(address),
  };
}
