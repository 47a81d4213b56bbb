/** A package whose data files are gone says so, instead of failing somewhere else. */
import { describe, expect, it, vi } from 'vitest';
import { allReleases } from '../../src/layout/catalog.js';
import { platforms } from '../../src/layout/platforms.js';
import { dctTable } from '../../src/regions/dct/table.js';

vi.mock('#data', () => ({ readData: () => undefined, dataNames: () => [] }));

describe('data files that are missing', () => {
  it.each([
    ['the catalogue', () => allReleases(), 'CATALOG_MISSING', /layouts\/particle-releases\.json/],
    ['the DCT', () => dctTable(), 'DCT_TABLE_MISSING', /layouts\/particle-dct\.json/],
    ['the platforms', () => platforms(), 'LAYOUT_MISSING_DATA', /layouts\/particle-platforms\.json/],
  ])('%s', (_, read, code, where) => {
    expect(read).toThrow(expect.objectContaining({ code, where: expect.stringMatching(where) }));
  });
});
