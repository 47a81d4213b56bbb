/** The result of a command as a file or on stdout, in pieces, with its size and digest. */
import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.js';
import type { ParsedArguments } from './args.js';
import type { Context } from './command.js';
import { isPrivateFile, PRIVATE_MODE, requireStdinOnce, requireWritable, writeOutput } from './io.js';

/** Options of commands that write one file. */
export const OUTPUT_OPTIONS = {
  '-o': { type: 'text', value: 'OUT', about: 'output file; - is stdout' },
  '--force': { type: 'flag', about: 'replace an existing output file' },
} as const;

export interface Output {
  readonly path: string;
  /** Writes the content. @throws BuildError OUTPUT_… */
  write(chunks: Iterable<Uint8Array>, options?: WriteOptions): WrittenOutput;
}

export interface WriteOptions {
  /** Sees every piece before it is gone. */
  readonly observe?: ((chunk: Uint8Array) => void) | undefined;
  /** The content turned out to hold keys or credentials. */
  readonly isPrivate?: boolean;
}

export interface WrittenOutput {
  readonly size: number;
  /** Only with --json, where it is printed. */
  readonly sha256: string | null;
  /** Only its owner may read the file. */
  readonly private: boolean;
}

/**
 * The output that -o names, checked before any work is done.
 * @param inputs files that it must not replace; the output of one that only its owner may read is as private
 * @param isPrivate it holds keys or credentials, whatever the inputs
 * @throws UsageError USAGE_NO_OUTPUT, USAGE_JSON_ON_STDOUT, USAGE_STDIN_TWICE; BuildError OUTPUT_…
 */
export function outputFrom(
  args: ParsedArguments,
  context: Context,
  inputs: readonly string[],
  isPrivate = false,
): Output {
  requireStdinOnce(inputs);
  const path = requireOutputPath(args, 'OUT');
  if (path === '-' && context.json) {
    throw new UsageError({
      code: 'USAGE_JSON_ON_STDOUT',
      what: '--json and the output cannot both go to stdout',
      help: 'Name an output file, or leave --json out.',
    });
  }
  const options = { force: args.flag('--force'), inputs };
  if (path !== '-') requireWritable(path, options);
  return {
    path,
    write(chunks, { observe, isPrivate: turnsOut = false } = {}) {
      const hash = context.json ? createHash('sha256') : null;
      const keep = isPrivate || turnsOut || inputs.some(isPrivateFile);
      let size = 0;
      const observed = observeChunks(chunks, (chunk) => {
        size += chunk.length;
        hash?.update(chunk);
        observe?.(chunk);
      });
      if (path === '-') for (const chunk of observed) context.write(chunk);
      else writeOutput(path, observed, keep ? { ...options, mode: PRIVATE_MODE } : options);
      return {
        size,
        sha256: hash ? hash.digest('hex') : null,
        private: keep && path !== '-' && process.platform !== 'win32',
      };
    },
  };
}

/** @throws UsageError USAGE_NO_OUTPUT */
export function requireOutputPath(args: ParsedArguments, placeholder: string): string {
  const path = args.text('-o');
  if (path) return path;
  throw new UsageError({
    code: 'USAGE_NO_OUTPUT',
    what: 'no output was named',
    expected: `-o ${placeholder}`,
    help: 'Say where the result goes; inputs are never changed in place.',
  });
}

function* observeChunks(
  chunks: Iterable<Uint8Array>,
  observe: (chunk: Uint8Array) => void,
): Generator<Uint8Array, void> {
  for (const chunk of chunks) {
    observe(chunk);
    yield chunk;
  }
}
