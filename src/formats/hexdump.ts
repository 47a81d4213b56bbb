/** Hex dumps: xxd, `hexdump -C`, OpenOCD mdw and mdh. (Bytes with addresses, as mdb prints them: address-list.ts.) */
import type { MemoryImage } from '../core/image.js';
import { detectDump, readDump, writeDump } from './dump-text.js';
import type { Format, ReadOptions, ReadResult, WriteOptions } from './format.js';

/** xxd and hexdump -C count from 0 unless `base` says where the file lies. @throws FormatError HEXDUMP_…. */
export function readHexdump(text: Uint8Array, options: ReadOptions = {}): ReadResult {
  return readDump(text, options, 'hexdump');
}

/** @throws BuildError HEXDUMP_UNALIGNED for words that are not complete. */
export function writeHexdump(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  const like = options.like?.kind === 'hexdump' ? options.like : null;
  const perLine = options.recordBytes ?? like?.bytesPerLine ?? 16;
  return writeDump(image, options.dumpStyle ?? like?.style ?? 'xxd', perLine);
}

export const hexdump: Format = {
  id: 'hexdump',
  title: 'hex dump',
  extensions: ['.txt', '.dump'],
  detect(bytes) {
    const found = detectDump(bytes);
    return found && found.style !== 'bytes' ? { confidence: 'likely', reason: found.reason } : null;
  },
  read: readHexdump,
  write: writeHexdump,
};
