/** inspect for an image that comes from no file: what a plan, a build or a simulation leads to. */
import type { MemoryImage } from '../core/image.js';
import type { Board } from '../layout/types.js';
import { examine, type Inspection, type InspectOptions } from './inspect/inspect.js';

/** Judges an image as `inspect` does. `input` of its report has no size and no digest of a file. */
export function examineImage(
  image: MemoryImage,
  board: Board,
  { name = 'image', ...options }: InspectOptions & { readonly name?: string } = {},
): Inspection {
  const input = { path: name, bytes: new Uint8Array(0), format: 'bin', image, container: null, findings: [] };
  return examine({ ...input, addressSource: 'file' }, board, options);
}
