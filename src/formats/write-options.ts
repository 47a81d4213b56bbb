/** Options that several writers share. */
import { formatAddress } from '../core/bytes.js';
import { BuildError, UsageError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import type { Range } from '../core/range.js';
import type { WriteOptions } from './format.js';
import type { LineStyle, TextStyle } from './record-layout.js';

const DEFAULT_RECORD_BYTES = 16;
/** Gaps up to this total are filled with the erased value without being asked. */
const MAX_UNASKED_FILL = 16 * 1024 * 1024;
/** No flash is this large; a request for it is a stray address. */
const MAX_FLAT_BYTES = 1024 * 1024 * 1024;
const ERASED = 0xff;

/** @throws UsageError WRITE_RECORD_BYTES. */
export function recordBytesOption(value: number | undefined, most: number): number {
  const bytes = value ?? DEFAULT_RECORD_BYTES;
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= most) return bytes;
  throw new UsageError({
    code: 'WRITE_RECORD_BYTES',
    what: 'record size is out of range',
    expected: `1 to ${most} data bytes`,
    got: `${bytes}`,
    help: 'Give another record size; 16 and 32 are usual.',
  });
}

/** How records look that are planned anew: as the options ask, else as most of the input does. */
export function plannedStyle(options: WriteOptions, like: TextStyle | undefined): LineStyle {
  return {
    lead: '',
    trail: '',
    end: options.lineEnd ?? like?.lineEnd ?? '\n',
    lowerCase: options.lowerCase ?? like?.lowerCase ?? false,
    lowerMark: false,
  };
}

/** True when an option asks for something else than the input had. */
export function changesLayout(options: WriteOptions): boolean {
  const { recordBytes, lineEnd, lowerCase, addressBits, start, header, countRecord } = options;
  return [recordBytes, lineEnd, lowerCase, addressBits, start, header, countRecord].some(
    (value) => value !== undefined,
  );
}

/**
 * One run of bytes from the lowest to the highest address. Gaps get `fill`; without it, 0xFF where all gaps together are
 * small enough to be meant.
 * @throws BuildError WRITE_GAP_TOO_LARGE naming the largest gap.
 */
export function flatten(image: MemoryImage, fill: number | undefined): Uint8Array {
  const { span } = image;
  if (!span) return new Uint8Array(0);
  const size = span.end - span.start;
  const absent = size - image.byteCount;
  const limit = fill === undefined ? MAX_UNASKED_FILL : MAX_FLAT_BYTES;
  if (absent > limit) throw gapError(image, span, absent, fill);
  return image.bytes(span) ?? image.read(span, fill ?? ERASED);
}

function gapError(image: MemoryImage, span: Range, absent: number, fill: number | undefined): BuildError {
  const ranges = image.ranges();
  let largest: Range = { start: span.start, end: span.start };
  for (const [index, range] of ranges.entries()) {
    const next = ranges[index + 1];
    if (next && next.start - range.end > largest.end - largest.start) largest = { start: range.end, end: next.start };
  }
  return new BuildError({
    code: 'WRITE_GAP_TOO_LARGE',
    what: `${absent} bytes would have to be invented to write one run of bytes`,
    where: `${formatAddress(largest.start)}-${formatAddress(largest.end - 1)}`,
    expected: `gaps of at most ${fill === undefined ? MAX_UNASKED_FILL : MAX_FLAT_BYTES} bytes together`,
    got: `data at ${formatAddress(span.start)} and at ${formatAddress(largest.end)}`,
    address: largest.start,
    help:
      fill === undefined
        ? 'Crop the image to one memory, write a format that keeps gaps (Intel HEX, S-records, DfuSe), or give a fill byte.'
        : 'Crop the image to one memory, or write a format that keeps gaps (Intel HEX, S-records, DfuSe).',
  });
}
