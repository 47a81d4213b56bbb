/** Files in and out. Reading is bounded; writing never replaces, never leaves half a file. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BuildError, type ErrorDetails, FlashatlasError, InputError, UsageError } from '../core/errors.js';
import { formatCount, formatSize } from '../core/words.js';

export const DEFAULT_MAX_SIZE = 64 << 20;
/** Node reads no more at once, and no flash comes near it. */
const LARGEST_SIZE = 0x7fff_ffff;
const STDIN = 0;
const CHUNK_BYTES = 1 << 20;
const MAX_ATTEMPTS = 1000;

/** What a file is read as: an image may be larger than usual (--max-size), no other file may. */
export type InputKind = 'image' | 'other';

/** The content of a file, or of stdin for "-". @throws InputError */
export function readInput(path: string, maxSize = DEFAULT_MAX_SIZE, kind: InputKind = 'image'): Uint8Array {
  if (path === '-') return readStream(STDIN, 'stdin', maxSize, kind);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const status = fstatSync(file);
    if (status.isDirectory()) {
      throw new InputError({
        code: 'INPUT_IS_DIRECTORY',
        what: 'found a directory instead of a file',
        where: path,
        help: 'Name a file in it.',
      });
    }
    // Files the system makes up while they are read (/proc, /sys) claim to have no size.
    if (!status.isFile() || status.size === 0) return readStream(file, path, maxSize, kind);
    if (status.size > Math.min(maxSize, LARGEST_SIZE)) throw tooLarge(path, maxSize, kind, status.size);
    return readExactly(file, path, status.size);
  } finally {
    closeSync(file);
  }
}

function readExactly(file: number, path: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  try {
    while (length < size) {
      const count = readSync(file, bytes, length, size - length, null);
      if (count === 0) break;
      length += count;
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return length === size ? bytes : bytes.slice(0, length);
}

function readStream(file: number, name: string, maxSize: number, kind: InputKind): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK_BYTES);
    let count: number;
    try {
      count = readSync(file, chunk, 0, chunk.length, null);
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) continue;
      if (isErrno(error, 'EOF')) break;
      throw unreadable(name, error);
    }
    if (count === 0) break;
    total += count;
    if (total > Math.min(maxSize, LARGEST_SIZE)) throw tooLarge(name, maxSize, kind);
    chunks.push(chunk.subarray(0, count));
  }
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** @throws UsageError USAGE_STDIN_TWICE */
export function requireStdinOnce(paths: readonly string[]): void {
  if (paths.filter((path) => path === '-').length < 2) return;
  throw new UsageError({
    code: 'USAGE_STDIN_TWICE',
    what: 'stdin was named more than once',
    expected: '- once',
    help: 'Save one of the inputs to a file first.',
  });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function tooLarge(path: string, maxSize: number, kind: InputKind, size?: number): InputError {
  const capped = maxSize > LARGEST_SIZE;
  const got = size === undefined ? 'more' : `${formatCount(size)} bytes`;
  if (kind === 'other') {
    return new InputError({
      code: 'INPUT_TOO_LARGE',
      what: 'the file is larger than any of its kind',
      where: path,
      expected: `at most ${formatSize(maxSize)}`,
      got,
      help: 'Check that this is the right file, and not a dump.',
    });
  }
  return new InputError({
    code: 'INPUT_TOO_LARGE',
    what: capped ? 'files this large cannot be read' : 'the input is larger than any flash image should be',
    where: path,
    expected: capped ? `less than ${formatSize(LARGEST_SIZE + 1)}` : `at most ${formatSize(maxSize)}`,
    got,
    help: capped
      ? 'No --max-size goes beyond that: cut out the part that holds the flash, for example with dd.'
      : 'If this really is a flash image, raise the limit with --max-size.',
  });
}

function unreadable(path: string, error: unknown): InputError {
  const missing = isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR');
  const denied = isErrno(error, 'EACCES') || isErrno(error, 'EPERM');
  const details: ErrorDetails = {
    code: missing ? 'INPUT_NOT_FOUND' : denied ? 'INPUT_NO_PERMISSION' : 'INPUT_UNREADABLE',
    what: missing ? 'no such file' : denied ? 'the file may not be read' : 'the file cannot be read',
    where: path,
    got: missing || denied ? undefined : error instanceof Error ? error.message : String(error),
    help: missing ? 'Check the name and the folder.' : 'Check the permissions and the medium.',
    cause: error,
  };
  return new InputError(details);
}

/** Permissions of a file with keys or credentials. */
export const PRIVATE_MODE = 0o600;
const OTHERS_MAY_READ = 0o044;

/** Whether the permissions say so; Windows has no such permissions. */
export function isPrivateFile(path: string): boolean {
  if (path === '-' || process.platform === 'win32') return false;
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && (status.mode & OTHERS_MAY_READ) === 0;
}

export interface OutputOptions {
  /** Replace an existing file. */
  readonly force?: boolean;
  /** Files the output must not replace, whatever else is allowed. */
  readonly inputs?: readonly string[];
  /** Permissions of the file, PRIVATE_MODE for one that holds a secret. Default: what the system gives. */
  readonly mode?: number;
}

/**
 * Writes a file by way of a temporary one in the same folder, so that a failed run leaves nothing. Content in pieces is
 * written piece by piece; what asking for one throws is passed on.
 * @throws BuildError OUTPUT_EXISTS, OUTPUT_IS_INPUT, OUTPUT_NOT_A_FILE or OUTPUT_FAILED
 */
export function writeOutput(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
  options: OutputOptions = {},
): void {
  requireWritable(path, options);
  let temporary: string | undefined;
  try {
    const { name, file } = makeTemporary(path, (free) => ({ name: free, file: openSync(free, 'wx', options.mode) }));
    temporary = name;
    try {
      for (const piece of piecesOf(content)) writeAll(file, piece);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(name, path);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    if (error instanceof FlashatlasError) throw error;
    throw outputFailed(path, error);
  }
}

/**
 * Writes several files, all of them or none: what was written before one fails is taken back. A file that --force
 * replaced stays replaced.
 * @throws BuildError as writeOutput
 */
export function writeOutputs(
  files: readonly { readonly path: string; readonly content: Uint8Array; readonly mode?: number }[],
  options: OutputOptions = {},
): void {
  for (const { path } of files) requireWritable(path, options);
  const made: string[] = [];
  try {
    for (const { path, content, mode } of files) {
      const isNew = !existsSync(path);
      writeOutput(path, content, mode === undefined ? options : { ...options, mode });
      if (isNew) made.push(path);
    }
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    throw error;
  }
}

/** The error for an output that the system does not take. */
export function outputFailed(path: string, error: unknown): BuildError {
  return new BuildError({
    code: 'OUTPUT_FAILED',
    what: 'the output cannot be written',
    where: path,
    got: error instanceof Error ? error.message : String(error),
    help: 'Check that the folder exists, is writable and has room.',
    cause: error,
  });
}

/**
 * Makes something beside the output under a name that nothing has: what a killed process of the same number left there
 * blocks nobody. `make` throws EEXIST where the name is taken.
 */
export function makeTemporary<T>(path: string, make: (name: string) => T): T {
  for (let attempt = 0; ; attempt++) {
    const suffix = attempt === 0 ? '' : `-${attempt}`;
    try {
      return make(join(dirname(path), `.${basename(path)}.${process.pid}${suffix}.tmp`));
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function piecesOf(content: Uint8Array | string | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof content === 'string') return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** Commands that write several files ask for all of them before they write the first. @throws BuildError as writeOutput */
export function requireWritable(path: string, options: OutputOptions = {}): void {
  for (const input of options.inputs ?? []) {
    if (sameFile(path, input)) {
      throw new BuildError({
        code: 'OUTPUT_IS_INPUT',
        what: 'the output would replace an input',
        where: path,
        help: 'Give the output another name; inputs are never changed in place.',
      });
    }
  }
  if (existsSync(path) && !options.force && statSync(path).isFile()) {
    throw new BuildError({
      code: 'OUTPUT_EXISTS',
      what: 'the output exists already',
      where: path,
      help: 'Choose another name, or add --force to replace it.',
    });
  }
  // Renaming over a device would replace the device.
  if (existsSync(path) && !statSync(path).isFile()) {
    throw new BuildError({
      code: 'OUTPUT_NOT_A_FILE',
      what: 'the output is not a regular file',
      where: path,
      help: 'Name a file, or write to stdout with -o - and redirect it.',
    });
  }
}

/** The error for a standard stream that takes no more, such as a redirect to a full disk. */
export function streamFailed(error: unknown): BuildError | undefined {
  if (!(error instanceof Error && 'syscall' in error && error.syscall === 'write')) return undefined;
  return new BuildError({
    code: 'OUTPUT_FAILED',
    what: 'the output cannot be written',
    where: 'stdout',
    got: error.message,
    help: 'Check that there is room where the output is redirected to. What was written so far is incomplete.',
    cause: error,
  });
}

/** Writes everything to an open file, however little the system takes at once. */
export function writeAll(file: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(file, bytes, offset);
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error;
    }
  }
}

function sameFile(a: string, b: string): boolean {
  if (b === '-') return false;
  try {
    const first = statSync(a);
    const second = statSync(b);
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}
