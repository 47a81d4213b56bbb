/** gzip (RFC 1952) around any other format. Unpacks in steps and stops at a limit, so that a bomb does no harm. */
import { gunzipInSteps, gunzipSound, gzip } from '#inflate';
import { concatBytes, formatHex, readU32 } from '../core/bytes.js';
import { crc32 } from '../core/checksums.js';
import { FormatError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import type { ChecksumState, GzipContainer } from './container.js';
import { FindingList } from './finding-list.js';
import {
  DEFAULT_NAME,
  type Format,
  type FormatId,
  type ReadOptions,
  type ReadResult,
  type WriteOptions,
} from './format.js';

const DEFAULT_LIMIT = 256 * 1024 * 1024;
/** Small, because deflate can make a thousand bytes of one before the limit is looked at. */
const STEP_BYTES = 16 * 1024;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;

export interface GzipInner {
  read(bytes: Uint8Array, options: ReadOptions): ReadResult;
  write(image: MemoryImage, format: FormatId, options: WriteOptions): Uint8Array;
}

/** The gzip format for a set of formats that may lie inside. */
export function gzipFormat(inner: GzipInner): Format {
  return {
    id: 'gzip',
    title: 'gzip',
    extensions: ['.gz'],
    detect: (bytes) =>
      bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8
        ? { confidence: 'certain', reason: 'begins with the gzip magic' }
        : null,
    read(bytes, options) {
      const findings = new FindingList();
      const { data, crc } = gunzip(bytes, options, findings);
      const { format: _, ...rest } = options;
      const result = inner.read(data, rest);
      const container: GzipContainer = {
        kind: 'gzip',
        fileName: fileNameOf(bytes),
        modified: readU32(bytes, 4),
        crc,
        innerFormat: result.format,
        inner: result.container,
      };
      return { ...result, format: 'gzip', container, findings: [...findings.all(), ...result.findings] };
    },
    write(image, options) {
      const like = options.like?.kind === 'gzip' ? options.like : null;
      const format = options.inner ?? (like?.innerFormat as FormatId | undefined) ?? 'intel-hex';
      const data = inner.write(image, format, { ...options, like: like ? like.inner : options.like });
      const filename = like?.fileName;
      return gzip(data, {
        level: 9,
        // No time of writing: the same image gives the same file.
        mtime: like ? like.modified * 1000 : 0,
        ...(filename ? { filename } : {}),
      });
    },
  };
}

interface Unpacked {
  readonly data: Uint8Array;
  readonly crc: ChecksumState;
}

/**
 * All members of a gzip file, one after the other.
 * @throws FormatError GZIP_TOO_LARGE beyond the limit, GZIP_DAMAGED, GZIP_BAD_CRC (unless permissive).
 */
export function gunzip(bytes: Uint8Array, options: ReadOptions, findings: FindingList): Unpacked {
  const { name = DEFAULT_NAME, permissive = false, maxUncompressed: limit = DEFAULT_LIMIT } = options;
  const whole = gunzipSound(bytes, limit);
  if (whole) return { data: whole, crc: 'ok' };
  const chunks: Uint8Array[] = [];
  let size = 0;
  let memberCrc = 0;
  let sound = true;
  const checkTrailer = (end: number): void => {
    if (end < TRAILER_BYTES || readU32(bytes, end - TRAILER_BYTES) !== memberCrc) sound = false;
    memberCrc = 0;
  };
  const takeChunk = (chunk: Uint8Array): void => {
    size += chunk.length;
    if (size > limit) throw sizeError(name, limit);
    memberCrc = crc32(chunk, memberCrc);
    if (chunk.length > 0) chunks.push(chunk);
  };
  const stream = gunzipInSteps(takeChunk, checkTrailer);
  try {
    if (bytes.length < HEADER_BYTES + TRAILER_BYTES) throw new Error('the header is cut off');
    for (let offset = 0; offset < bytes.length; offset += STEP_BYTES) {
      stream.push(bytes.subarray(offset, offset + STEP_BYTES), false);
    }
    stream.push(new Uint8Array(0), true);
    checkTrailer(bytes.length);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const damage = damageError(name, error);
    if (!permissive || size === 0) throw damage;
    sound = true;
    findings.add({ rule: 'container/gzip-damaged', severity: 'error', message: damage.message, remedy: damage.help });
    return { data: concatBytes(chunks), crc: 'bad' };
  }
  if (!sound) reportCrc(bytes, name, permissive, findings);
  return { data: concatBytes(chunks), crc: sound ? 'ok' : 'bad' };
}

function reportCrc(bytes: Uint8Array, name: string, permissive: boolean, findings: FindingList): void {
  const error = new FormatError({
    code: 'GZIP_BAD_CRC',
    what: 'the CRC of the unpacked data does not match',
    where: name,
    got: formatHex(readU32(bytes, bytes.length - TRAILER_BYTES), 8),
    help: 'The file is damaged. Download it again.',
  });
  if (!permissive) throw error;
  findings.add({ rule: 'container/gzip-bad-crc', severity: 'error', message: error.message, remedy: error.help });
}

function sizeError(name: string, limit: number): FormatError {
  return new FormatError({
    code: 'GZIP_TOO_LARGE',
    what: 'the file unpacks to more than firmware needs',
    where: name,
    expected: `at most ${limit} bytes`,
    help: 'This is not a firmware image. If it is, unpack it first.',
  });
}

function damageError(name: string, cause: unknown): FormatError {
  const reason = cause instanceof Error ? cause.message : 'unknown reason';
  return new FormatError({
    code: 'GZIP_DAMAGED',
    what: `the gzip data is damaged or cut off (${reason})`,
    where: name,
    help: 'Download the file again.',
    cause,
  });
}

/** FNAME of the first member (Latin-1), or null. */
function fileNameOf(bytes: Uint8Array): string | null {
  const flags = bytes[3] as number;
  if ((flags & FLAG_NAME) === 0) return null;
  let offset = HEADER_BYTES;
  if ((flags & FLAG_EXTRA) !== 0) offset += 2 + ((bytes[10] ?? 0) | ((bytes[11] ?? 0) << 8));
  const end = bytes.indexOf(0, offset);
  // Longer than any file system allows: nobody's name.
  if (end < 0 || end - offset > 1024) return null;
  return String.fromCharCode(...bytes.subarray(offset, end));
}
