/** Lines of an address and bytes: `0x08000000: 12 34 …`. OpenOCD's mdb prints the same. */
import type { MemoryImage } from '../core/image.js';
import { detectDump, readDump, writeDump } from './dump-text.js';
import type { Format, ReadOptions, ReadResult, WriteOptions } from './format.js';

/** @throws FormatError HEXDUMP_…. */
export function readAddressList(text: Uint8Array, options: ReadOptions = {}): ReadResult {
  return readDump(text, options, 'address-list');
}

export function writeAddressList(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  const like = options.like?.kind === 'address-list' ? options.like : null;
  return writeDump(image, 'bytes', options.recordBytes ?? like?.bytesPerLine ?? 16);
}

export const addressList: Format = {
  id: 'address-list',
  title: 'address list',
  extensions: ['.txt'],
  detect(bytes) {
    const found = detectDump(bytes);
    return found?.style === 'bytes' ? { confidence: 'likely', reason: found.reason } : null;
  },
  read: readAddressList,
  write: writeAddressList,
};
