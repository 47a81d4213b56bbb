/** From arguments to a board and an input that was read. */
import { existsSync } from 'node:fs';
import { InputError, LayoutError, UsageError } from '../core/errors.js';
import type { ReadOptions, ReadResult } from '../formats/index.js';
import { loadBoard } from '../layout/load.js';
import type { Board } from '../layout/types.js';
import type { InspectInput } from '../operations/inspect/inspect.js';
import { DECODER_NAMES } from '../regions/names.js';
import type { ParsedArguments } from './args.js';
import { DEFAULT_MAX_SIZE, readInput } from './io.js';

const DEFAULT_BOARD = 'particle-p1';

/** The board of --layout or --board. @throws LayoutError, InputError */
export async function boardFrom(args: ParsedArguments): Promise<Board> {
  const file = args.text('--layout');
  return file === undefined ? loadBoard(args.text('--board') ?? DEFAULT_BOARD) : boardFromFile(file);
}

/** A board of one's own. @throws LayoutError, InputError */
export async function boardFromFile(file: string): Promise<Board> {
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
      got: jsonMistake(error),
      help: 'Compare it with layouts/particle-p1.board.json; an editor with JSON support shows the place.',
    });
  }
}

/** The engine's own message quotes the file, which may be anything: a dump named by mistake holds secrets. */
function jsonMistake(error: unknown): string {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? 'other content' : `a mistake at character ${position}`;
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

/**
 * File names with patterns expanded, for shells that leave that to the program. A name that exists is no pattern.
 * @throws InputError INPUT_NO_MATCH
 */
export async function expandFiles(names: readonly string[]): Promise<string[]> {
  if (!names.some((name) => PATTERN.test(name) && !existsSync(name))) return [...names];
  const { default: glob } = await import('fast-glob');
  const files: string[] = [];
  for (const name of names) {
    if (!PATTERN.test(name) || existsSync(name)) {
      files.push(name);
      continue;
    }
    const found = await glob(name.replaceAll('\\', '/'), { dot: false });
    if (found.length === 0) {
      throw new InputError({
        code: 'INPUT_NO_MATCH',
        what: 'no file matches the pattern',
        where: name,
        help: 'Check the folder and the pattern; quote it when the shell should not touch it.',
      });
    }
    files.push(...found.sort());
  }
  return files;
}

const PATTERN = /[*?[\]{}]/;

export interface OpenedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly result: ReadResult;
}

export interface OpenFileOptions extends ReadOptions {
  readonly maxSize?: number;
  /** What the file holds, when it has been read already; stdin can be read only once. */
  readonly content?: Uint8Array;
}

/**
 * Reads a file in whatever format it has, by the options of the command line and those given here.
 * @throws InputError, FormatError
 */
export async function openFile(
  path: string,
  args: ParsedArguments,
  { maxSize = DEFAULT_MAX_SIZE, content, ...options }: OpenFileOptions = {},
): Promise<OpenedFile> {
  const bytes = content ?? readInput(path, args.number('--max-size') ?? maxSize);
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
  const { inputOf } = await import('../operations/open.js');
  return inputOf(path, bytes, result);
}
