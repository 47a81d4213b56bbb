/**
 * The suffix of a DFU file (USB DFU 1.1, appendix B): reading it, saying what is wrong with a damaged one, writing it.
 */
import { concatBytes, copyBytes, equalBytes, formatHex, lengthWithout } from '../core/bytes.js';
import { dfuSuffixCrc } from '../core/checksums.js';
import {
  DFU_CRC_BYTES as CRC_BYTES,
  DFU_SUFFIX_BYTES,
  findDfuSuffixEnd,
  DFU_SIGNATURE as SIGNATURE,
  DFU_SIGNATURE_OFFSET as SIGNATURE_OFFSET,
} from '../core/dfu-suffix.js';
import { FormatError } from '../core/errors.js';
import { struct } from '../core/struct.js';
import type { DfuSuffix } from './container.js';

export { DFU_SUFFIX_BYTES } from '../core/dfu-suffix.js';

/** bcdDFU of DFU files, and of DfuSe files (UM0391). */
export const DFU_VERSION = 0x0100;
export const DFUSE_VERSION = 0x011a;
/** An id that matches every device. */
export const ANY_ID = 0xffff;

/** How far from the end a displaced suffix is searched. */
const SEARCH_BYTES = 64 * 1024;

const suffixStruct = struct('DfuSuffix', [
  ['bcdDevice', 'u16'],
  ['idProduct', 'u16'],
  ['idVendor', 'u16'],
  ['bcdDFU', 'u16'],
  ['ucDfuSignature', { bytes: 3 }],
  ['bLength', 'u8'],
  ['dwCRC', 'u32'],
]);

/** absent: no suffix; damaged: the signature is there, the rest is not right. */
export type SuffixState =
  | { readonly state: 'ok'; readonly suffix: DfuSuffix }
  | { readonly state: 'damaged'; readonly suffix: DfuSuffix | null; readonly error: FormatError }
  | { readonly state: 'absent'; readonly error: FormatError; readonly diagnosis: string | null };

/** Judges the last bytes of a file. Never throws. */
export function inspectDfuSuffix(file: Uint8Array, name: string): SuffixState {
  if (file.length < DFU_SUFFIX_BYTES) {
    const error = new FormatError({
      code: 'DFU_TOO_SHORT',
      what: 'the file is too short for a DFU suffix',
      where: name,
      expected: `at least ${DFU_SUFFIX_BYTES} bytes`,
      got: `${file.length}`,
      help: 'The file is cut off or is not a DFU file. Download it again, or add a suffix with `dfu add`.',
    });
    return { state: 'absent', error, diagnosis: null };
  }
  const offset = file.length - DFU_SUFFIX_BYTES;
  const stored = suffixStruct.decode(file, offset);
  if (!equalBytes(stored.ucDfuSignature, SIGNATURE)) return absent(file, name);
  const length = stored.bLength;
  if (length < DFU_SUFFIX_BYTES || length > file.length) {
    const error = new FormatError({
      code: 'DFU_BAD_SUFFIX_LENGTH',
      what: 'bLength of the DFU suffix is impossible',
      where: `${name}, offset ${offset + 11}`,
      expected: `${DFU_SUFFIX_BYTES} to ${Math.min(255, file.length)}`,
      got: `${length}`,
      offset: offset + 11,
      help: 'The suffix is damaged. Remove its 16 bytes and add a new one with `dfu add`.',
    });
    return { state: 'damaged', suffix: null, error };
  }
  const crc = dfuSuffixCrc(file.subarray(0, file.length - CRC_BYTES));
  const suffix: DfuSuffix = {
    vendor: stored.idVendor,
    product: stored.idProduct,
    device: stored.bcdDevice,
    dfuVersion: stored.bcdDFU,
    length,
    extra: copyBytes(file, file.length - length, offset),
    crc: crc === stored.dwCRC ? 'ok' : 'bad',
    crcValue: stored.dwCRC,
  };
  if (suffix.crc === 'ok') return { state: 'ok', suffix };
  const diagnosis = explainCrc(file, length, crc, stored.dwCRC);
  const error = new FormatError({
    code: 'DFU_BAD_CRC',
    what: `the DFU suffix is damaged: its CRC does not match${diagnosis ? ` (${diagnosis})` : ''}`,
    where: `${name}, offset ${file.length - CRC_BYTES}`,
    expected: formatHex(crc, 8),
    got: formatHex(stored.dwCRC, 8),
    offset: file.length - CRC_BYTES,
    help: diagnosis
      ? 'The payload may be intact: the program that wrote the suffix computed its CRC wrongly. Remove the suffix and add a new one.'
      : 'The file changed after it was made. Download it again; dfu-util would write the suffix to flash as if it were payload.',
  });
  return { state: 'damaged', suffix, error };
}

function explainCrc(file: Uint8Array, length: number, crc: number, stored: number): string | null {
  if (stored === (crc ^ 0xffffffff) >>> 0) return 'it is the final-inverted zlib CRC-32 instead of the DFU CRC';
  const swapped = new DataView(Uint8Array.of(crc >>> 24, crc >>> 16, crc >>> 8, crc).buffer).getUint32(0, true);
  if (stored === swapped) return 'its bytes are in big-endian order';
  const payload = dfuSuffixCrc(file.subarray(0, file.length - length));
  if (stored === payload || stored === (payload ^ 0xffffffff) >>> 0)
    return 'it covers the payload only, not the suffix';
  return null;
}

/** The error is made when somebody wants it: asking every file for a suffix is how formats are told apart. */
function absent(file: Uint8Array, name: string): SuffixState {
  const diagnosis = explainAbsence(file);
  return {
    state: 'absent',
    diagnosis,
    get error() {
      return noSignature(file, name, diagnosis);
    },
  };
}

function noSignature(file: Uint8Array, name: string, diagnosis: string | null): FormatError {
  const offset = file.length - DFU_SUFFIX_BYTES + SIGNATURE_OFFSET;
  return new FormatError({
    code: 'DFU_NO_SIGNATURE',
    what: `the file has no DFU suffix${diagnosis ? `: ${diagnosis}` : ''}`,
    where: `${name}, offset ${offset}`,
    expected: '"UFD"',
    got: [...file.subarray(offset, offset + 3)].map((byte) => formatHex(byte, 2)).join(' '),
    offset,
    help: diagnosis
      ? 'Remove what does not belong there, or make the suffix again with `dfu remove` and `dfu add`.'
      : isDfuse(file)
        ? 'Add a suffix with `dfu add`; it refuses a DfuSe file whose end is missing too.'
        : 'Read it as a plain binary (--format bin), or add a suffix with `dfu add`.',
  });
}

function isDfuse(file: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(file.subarray(0, 5)) === 'DfuSe';
}

function explainAbsence(file: Uint8Array): string | null {
  const end = file.length - DFU_SUFFIX_BYTES;
  const signature = file.subarray(end + SIGNATURE_OFFSET, end + SIGNATURE_OFFSET + 3);
  if (equalBytes(signature, Uint8Array.of(0x44, 0x46, 0x55)))
    return 'the signature is stored as "DFU" instead of "UFD"';
  const forward = file.subarray(end);
  if (forward[4] === DFU_SUFFIX_BYTES && equalBytes(forward.subarray(5, 8), Uint8Array.of(0x44, 0x46, 0x55))) {
    return 'the suffix is written in forward order';
  }
  const displaced = findDisplacedSuffix(file);
  if (displaced === null) return null;
  const what = displaced.padding === null ? '' : ` (${formatHex(displaced.padding, 2)} padding)`;
  return `a valid suffix ends ${displaced.after} byte${displaced.after === 1 ? '' : 's'} before the end${what}`;
}

/** A valid suffix that is followed by a few bytes or by padding. */
function findDisplacedSuffix(file: Uint8Array): { after: number; padding: number | null } | null {
  const first = Math.max(0, file.length - SEARCH_BYTES);
  const last = file.at(-1);
  // Padding: one position to try, before the run of equal bytes or of line ends. Stray bytes: the last few positions.
  let end = file.length;
  if (last === 0x0a || last === 0x0d) while (end > first && (file[end - 1] === 0x0a || file[end - 1] === 0x0d)) end--;
  else if (last === 0 || last === 0xff) end = first + lengthWithout(file.subarray(first), last);
  const candidates: number[] = [];
  for (let stray = 1; stray <= DFU_SUFFIX_BYTES; stray++) candidates.push(file.length - stray);
  // dwCRC may itself end in the padding value.
  for (let more = 0; more <= CRC_BYTES; more++) candidates.push(Math.min(end + more, file.length - 1));
  for (const candidate of candidates) {
    if (!endsInValidSuffix(file.subarray(0, Math.max(0, candidate)))) continue;
    const after = file.length - candidate;
    return { after, padding: after > 1 && (last === 0 || last === 0xff) ? last : null };
  }
  return null;
}

/** True when the bytes end in a complete, undamaged suffix. */
export function endsInValidSuffix(bytes: Uint8Array): boolean {
  return findDfuSuffixEnd(bytes)?.crc === 'ok';
}

export type DfuSuffixIds = Pick<DfuSuffix, 'vendor' | 'product' | 'device' | 'dfuVersion'> & {
  readonly extra?: Uint8Array | undefined;
};

/** The bytes with a suffix behind them; its CRC covers everything before it. */
export function appendDfuSuffix(bytes: Uint8Array, ids: DfuSuffixIds): Uint8Array {
  const extra = ids.extra ?? new Uint8Array(0);
  const fixed = suffixStruct.encode({
    bcdDevice: ids.device,
    idProduct: ids.product,
    idVendor: ids.vendor,
    bcdDFU: ids.dfuVersion,
    ucDfuSignature: SIGNATURE,
    bLength: DFU_SUFFIX_BYTES + extra.length,
    dwCRC: 0,
  });
  const file = concatBytes([bytes, extra, fixed]);
  const crc = dfuSuffixCrc(file.subarray(0, file.length - CRC_BYTES));
  new DataView(file.buffer).setUint32(file.length - CRC_BYTES, crc, true);
  return file;
}
