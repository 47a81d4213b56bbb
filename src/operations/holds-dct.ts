/** Whether an image is one to keep from others: a DCT holds the device's private key and Wi-Fi passphrases. */
import { isFilledWith } from '../core/bytes.js';
import type { MemoryImage } from '../core/image.js';
import type { Range } from '../core/range.js';
import type { RegionRole } from '../layout/types.js';

const BLANK = [0xff, 0x00];

/** True when a DCT region holds anything but erased or cleared flash. */
export function holdsDct(image: MemoryImage, regions: readonly (Range & { readonly role: RegionRole })[]): boolean {
  return regions
    .filter(({ role }) => role === 'dct')
    .some((region) => image.parts(region).some(({ bytes }) => !BLANK.some((value) => isFilledWith(bytes, value))));
}
