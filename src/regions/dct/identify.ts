/**
 * What kind of DCT file some bytes are. A sector begins with a header; a file read over DFU alternate setting 1 begins at
 * the application section, and a read of 16 KiB from there runs past the copy into the following sector.
 */
import { copyBytes, readU32 } from '../../core/bytes.js';
import { FormatError } from '../../core/errors.js';
import { decodeServerAddress } from './application.js';
import { DCD_WATERMARK } from './electron.js';
import { HEADER_MAGIC } from './selection.js';
import { DCT_COPY_BYTES, type DctStore, dctField, dctSection } from './table.js';

export type DctFileKind = 'copies' | 'copy' | 'application-section' | 'unknown';

export interface DctFile {
  readonly kind: DctFileKind;
  /** The store the bytes belong to; null when that cannot be told. */
  readonly store: DctStore | null;
  /** What it was recognised by, as a clause. */
  readonly evidence: string;
}

/** Marks of an application section: any one of them is enough to tell it from noise. */
const KEY_PREFIX = 0x30;

/** Tells a sector, a pair of sectors and an application section apart. Never throws. */
export function identifyDctBytes(bytes: Uint8Array): DctFile {
  for (const [store, evidence] of [
    ['wiced', 'the letters BRCM at offset 12'],
    ['electron', 'the watermark 0x1E1C279A at offset 0'],
  ] as const) {
    const first = startsCopy(bytes, 0, store);
    const second = startsCopy(bytes, DCT_COPY_BYTES, store);
    if (bytes.length === 2 * DCT_COPY_BYTES && (first || second)) {
      return { kind: 'copies', store, evidence: first ? evidence : `${evidence} of the second copy` };
    }
    if (bytes.length === DCT_COPY_BYTES && first) return { kind: 'copy', store, evidence };
  }
  return identifyApplication(bytes);
}

function startsCopy(bytes: Uint8Array, offset: number, store: DctStore): boolean {
  const place = store === 'wiced' ? offset + 12 : offset;
  const magic = store === 'wiced' ? HEADER_MAGIC : DCD_WATERMARK;
  return place + 4 <= bytes.length && readU32(bytes, place) === magic;
}

function identifyApplication(bytes: Uint8Array): DctFile {
  const unknown: DctFile = { kind: 'unknown', store: null, evidence: 'neither a DCT header nor fields of one' };
  if (bytes.length > DCT_COPY_BYTES) return unknown;
  const found = (evidence: string): DctFile => ({ kind: 'application-section', store: null, evidence });
  const server = dctField('server_public_key').offset;
  if (bytes[server] === KEY_PREFIX && bytes[server + 1] === 0x82) return found('a public key at offset 2082');
  const device = dctField('device_private_key').offset;
  if (bytes[device] === KEY_PREFIX && bytes[device + 1] === 0x82) return found('a private key at offset 34');
  const address = dctField('server_address');
  const record = bytes.subarray(address.offset, address.offset + address.size);
  if (record.length === address.size && record[0] === 1 && decodeServerAddress(record).state === 'set') {
    return found('a server address at offset 2466');
  }
  const alternative = dctField('alt_server_public_key').offset;
  if (bytes[alternative] === KEY_PREFIX && bytes[alternative + 1] === 0x59) return found('an EC key at offset 3298');
  // Reading from the start of the application section reaches the next sector, which may be the other copy.
  const next = DCT_COPY_BYTES - dctSection('wiced', 'application').offset;
  if (startsCopy(bytes, next, 'wiced')) return found('the header of the other copy at offset 8836');
  return unknown;
}

/**
 * The two copies of a file that holds one or two sectors. @throws FormatError DCT_NOT_A_SECTOR for anything else, with
 * the way to read an application section.
 */
export function splitDctCopies(bytes: Uint8Array): { copy1: Uint8Array; copy2: Uint8Array | null } {
  const { kind, evidence } = identifyDctBytes(bytes);
  if (kind === 'copies') return { copy1: copyBytes(bytes, 0, DCT_COPY_BYTES), copy2: copyBytes(bytes, DCT_COPY_BYTES) };
  if (kind === 'copy') return { copy1: copyBytes(bytes), copy2: null };
  throw new FormatError({
    code: 'DCT_NOT_A_SECTOR',
    what: 'these are not the DCT sectors',
    expected: `${DCT_COPY_BYTES} or ${2 * DCT_COPY_BYTES} bytes that begin with a DCT header`,
    got: kind === 'application-section' ? `an application section (${evidence})` : `${bytes.length} other bytes`,
    help:
      kind === 'application-section'
        ? 'This file was read over DFU alternate setting 1; use it as an application section.'
        : 'Read sectors 1 and 2 (0x08004000 to 0x0800BFFF) from the chip.',
  });
}
