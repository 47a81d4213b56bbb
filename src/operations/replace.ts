/** Parts of an image exchanged for others. */
import { MemoryImage } from '../core/image.js';

/** The image with the bytes at a place replaced. */
export function replaced(image: MemoryImage, { start }: { readonly start: number }, bytes: Uint8Array): MemoryImage {
  return image.merge(MemoryImage.fromBytes(bytes, start), { overlap: 'last-wins' });
}
