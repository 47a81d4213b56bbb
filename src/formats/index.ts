/** The file formats, and reading and writing by content or name. To add a format: one file, one line in FORMATS. */
import { FormatError, UsageError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import { addressList } from './address-list.js';
import { bin } from './bin.js';
import { type DetectedFormat, detectFormat as detectAmong } from './detect.js';
import { dfu } from './dfu.js';
import { dfuse } from './dfuse.js';
import { elf } from './elf.js';
import {
  DEFAULT_NAME,
  type Format,
  type FormatId,
  type ReadOptions,
  type ReadResult,
  type WriteOptions,
} from './format.js';
import { gzipFormat } from './gzip.js';
import { hexdump } from './hexdump.js';
import { intelHex } from './intel-hex.js';
import { srec } from './srec.js';

const gzip = gzipFormat({
  read(bytes, options) {
    if (gzip.detect(bytes)) {
      throw new FormatError({
        code: 'GZIP_NESTED',
        what: 'gzip data inside gzip data',
        where: options.name,
        help: 'Unpack it first.',
      });
    }
    return readAny(bytes, options);
  },
  write(image, format, options) {
    if (format === 'gzip') {
      throw new UsageError({
        code: 'GZIP_NESTED',
        what: 'gzip cannot hold gzip',
        expected: 'another format inside',
        help: 'Choose the format inside.',
      });
    }
    return writeAny(image, format, options);
  },
});

/** All formats, in the order of `--help`. */
export const FORMATS: readonly Format[] = [bin, intelHex, srec, elf, dfu, dfuse, gzip, hexdump, addressList];

/** @throws UsageError FORMAT_UNKNOWN naming the formats there are. */
export function formatById(id: string): Format {
  const format = FORMATS.find((candidate) => candidate.id === id);
  if (format) return format;
  throw new UsageError({
    code: 'FORMAT_UNKNOWN',
    what: 'unknown file format',
    expected: FORMATS.map((candidate) => candidate.id).join(', '),
    got: id,
    help: 'Give one of the formats listed, or leave --format out.',
  });
}

/** The format of a file, by content. @throws FormatError FORMAT_EMPTY, FORMAT_NOT_FIRMWARE, FORMAT_AMBIGUOUS. */
export function detectFormat(bytes: Uint8Array, name: string = DEFAULT_NAME): DetectedFormat {
  return detectAmong(bytes, FORMATS, name);
}

/** The format for a file name to write, by its ending; `image.hex.gz` gives gzip around Intel HEX. */
export function formatForName(name: string): { format: FormatId; inner: FormatId | undefined } | undefined {
  const lower = name.toLowerCase();
  const found = FORMATS.find((format) => format.extensions.some((extension) => lower.endsWith(extension)));
  if (!found) return undefined;
  if (found.id !== 'gzip') return { format: found.id, inner: undefined };
  const inner = formatForName(lower.slice(0, -3));
  return { format: 'gzip', inner: inner?.format };
}

/**
 * Reads any supported file: by `options.format`, else by content.
 * @throws FormatError when nothing can read it, or what the format's reader throws.
 */
export function readAny(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  const id = options.format ?? detectFormat(bytes, options.name).format;
  return formatById(id).read(bytes, options);
}

/** @throws BuildError when the format cannot hold the image; UsageError for impossible options. */
export function writeAny(image: MemoryImage, format: FormatId, options: WriteOptions = {}): Uint8Array {
  return formatById(format).write(image, options);
}

/**
 * `writeAny` in pieces, so that a large text need not be held whole. A piece is valid until the next one is asked for.
 * @throws as writeAny.
 */
export function writeChunks(image: MemoryImage, format: FormatId, options: WriteOptions = {}): Iterable<Uint8Array> {
  const { write, writeChunks: inChunks } = formatById(format);
  return inChunks ? inChunks(image, options) : [write(image, options)];
}

export type * from './container.js';
export type { DetectedFormat } from './detect.js';
export type * from './format.js';
