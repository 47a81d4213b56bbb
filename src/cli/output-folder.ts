/** A folder of files as one output: all of them, complete and on the medium, or nothing. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { BuildError, FlashatlasError } from '../core/errors.js';
import { makeTemporary, type OutputOptions, outputFailed, writeAll } from './io.js';

export interface OutputFile {
  /** A plain file name, without folders. */
  readonly name: string;
  readonly content: Uint8Array | string;
  /** Permissions, such as 0o600 for secrets; default: what the system gives new files. */
  readonly mode?: number;
}

export interface WrittenFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** The longest name that the usual file systems take, in bytes. */
const LONGEST_NAME = 255;
const DEFAULT_MODE = 0o666;
/** Names that Windows gives to devices, whatever ending follows. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;

/**
 * Writes files into a new folder by way of a temporary one beside it, so that a failed run leaves nothing. With `force`
 * it replaces a folder that holds nothing but files of these names; what else lies there is never removed.
 * @throws BuildError OUTPUT_EXISTS, OUTPUT_IS_INPUT, OUTPUT_NOT_A_FOLDER, OUTPUT_FOLDER_IN_USE, OUTPUT_UNSAFE_NAME,
 * OUTPUT_DUPLICATE_NAME or OUTPUT_FAILED; and what asking for a file throws.
 */
export function writeFolder(path: string, files: Iterable<OutputFile>, options: OutputOptions = {}): WrittenFile[] {
  const target = existsSync(path) ? realpathSync(path) : resolve(path);
  requireFree(path, target, options);
  let temporary: string | undefined;
  try {
    temporary = makeFolder(target);
    const written = writeFiles(temporary, files);
    syncFolder(temporary);
    moveIntoPlace(temporary, target, path, written);
    syncFolder(dirname(target));
    return written;
  } catch (error) {
    if (temporary) rmSync(temporary, { recursive: true, force: true });
    if (error instanceof FlashatlasError) throw error;
    throw outputFailed(path, error);
  }
}

/** A folder beside the target, with a name that nothing else has. */
function makeFolder(target: string): string {
  return makeTemporary(target, (name) => {
    mkdirSync(name);
    return name;
  });
}

function requireFree(path: string, target: string, { force, inputs }: OutputOptions): void {
  if (!existsSync(target)) return;
  for (const input of inputs ?? []) {
    if (input === '-' || !existsSync(input)) continue;
    if (!realpathSync(input).startsWith(target.endsWith(sep) ? target : target + sep)) continue;
    throw new BuildError({
      code: 'OUTPUT_IS_INPUT',
      what: 'the output folder holds an input',
      where: `${path}, ${input}`,
      help: 'Give the output another name; inputs are never changed in place.',
    });
  }
  if (!statSync(target).isDirectory()) {
    throw new BuildError({
      code: 'OUTPUT_NOT_A_FOLDER',
      what: 'the output is not a folder',
      where: path,
      help: 'Name a folder that does not exist yet.',
    });
  }
  if (!force) {
    throw new BuildError({
      code: 'OUTPUT_EXISTS',
      what: 'the output folder exists already',
      where: path,
      help: 'Choose another name, or add --force to replace it.',
    });
  }
}

function writeFiles(folder: string, files: Iterable<OutputFile>): WrittenFile[] {
  const encoder = new TextEncoder();
  const seen = new Map<string, string>();
  const written: WrittenFile[] = [];
  for (const { name, content, mode } of files) {
    requireSafeName(name);
    const key = name.normalize('NFC').toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) throw duplicateName(name, other);
    seen.set(key, name);
    const bytes = typeof content === 'string' ? encoder.encode(content) : content;
    const file = openSync(join(folder, name), 'wx', mode ?? DEFAULT_MODE);
    try {
      writeAll(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    written.push({ name, size: bytes.length });
  }
  return written;
}

/** What makes a name unfit for a file on some system, as the end of a sentence; undefined when nothing does. */
export function unsafeName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (/[/\\:]/.test(name)) return 'it names a folder or drive';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(name)) {
    return 'it holds control characters';
  }
  if (/[<>"|?*]/.test(name)) return 'it holds characters that not every system takes';
  if (/[. ]$/.test(name) || name.startsWith(' ')) return 'it begins or ends with a space, or ends with a dot';
  if (RESERVED.test(name)) return 'Windows keeps it for a device';
  if (new TextEncoder().encode(name).length > LONGEST_NAME) return `it is longer than ${LONGEST_NAME} bytes`;
  return undefined;
}

function requireSafeName(name: string): void {
  const reason = unsafeName(name);
  if (reason === undefined) return;
  throw new BuildError({
    code: 'OUTPUT_UNSAFE_NAME',
    what: `a file of this name will not be written, because ${reason}`,
    where: JSON.stringify(name),
    help: 'Give it a plain file name.',
  });
}

function duplicateName(name: string, other: string): BuildError {
  return new BuildError({
    code: 'OUTPUT_DUPLICATE_NAME',
    what: name === other ? 'two files have the same name' : 'the names of two files differ only in case',
    where: name === other ? JSON.stringify(name) : `${JSON.stringify(other)} and ${JSON.stringify(name)}`,
    help: 'Give every file a name of its own.',
  });
}

/** Where a folder is replaced, it stays whole under another name until the new one has its name. */
function moveIntoPlace(temporary: string, target: string, path: string, written: readonly WrittenFile[]): void {
  if (!existsSync(target)) {
    renameSync(temporary, target);
    return;
  }
  requireOnlyOurs(target, path, written);
  const shelter = makeFolder(target);
  const old = join(shelter, 'old');
  try {
    renameSync(target, old);
    renameSync(temporary, target);
  } catch (error) {
    // Never removed with what is in it: if the way back fails too, the files are still there.
    if (existsSync(old)) renameSync(old, target);
    rmdirSync(shelter);
    throw error;
  }
  rmSync(shelter, { recursive: true, force: true });
}

function requireOnlyOurs(target: string, path: string, written: readonly WrittenFile[]): void {
  const ours = new Set(written.map(({ name }) => name));
  const other = readdirSync(target).find((name) => !ours.has(name) || !lstatSync(join(target, name)).isFile());
  if (other === undefined) return;
  throw new BuildError({
    code: 'OUTPUT_FOLDER_IN_USE',
    what: 'the folder holds something that is no file of this output, so it will not be replaced',
    where: `${path}, ${basename(other)}`,
    help: 'Move it away, or give the output another name.',
  });
}

/** Makes the names in a folder last; where the system cannot do that for folders, it does so by itself. */
function syncFolder(path: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(path, 'r');
    fsyncSync(folder);
  } catch {
    // Windows opens no folders.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
