/** Equal arrays of bytes are recognised at once: vitest would look at every byte of a flash as a property of its own. */
import { expect } from 'vitest';
import { equalBytes } from '../../src/core/bytes.js';

expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    const alike = a instanceof Uint8Array && b instanceof Uint8Array && a.constructor === b.constructor;
    // Whatever is not equal is left to vitest, which says where.
    return alike && equalBytes(a, b) ? true : undefined;
  },
]);
