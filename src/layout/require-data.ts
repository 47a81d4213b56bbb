/** A data file that belongs to the package. */
import { readData } from '#data';
import { LayoutError } from '../core/errors.js';

/**
 * The content of `layouts/<name>`, which the caller knows the form of.
 * @throws LayoutError LAYOUT_MISSING_DATA
 */
export function requireData<T>(name: string): T {
  const content = readData(name);
  if (content !== undefined) return content as T;
  throw new LayoutError({
    code: 'LAYOUT_MISSING_DATA',
    what: 'a data file of the package is missing',
    where: `layouts/${name}`,
    help: 'Install the package again.',
  });
}
