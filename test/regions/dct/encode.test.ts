/** Values that no field of the DCT can hold, and bytes that are no DCT. */
import { describe, expect, it } from 'vitest';
import { encodeServerAddress, encodeStoredNetworks } from '../../../src/regions/dct/encode.js';
import { splitDctCopies } from '../../../src/regions/dct/identify.js';
import { expand, type SparseImage, vectors } from './vectors.js';

describe('values that do not fit', () => {
  it.each([
    ['no server address', () => encodeServerAddress({ address: '' }), 'the server address does not fit'],
    ['port 65535', () => encodeServerAddress({ address: 'a.b', port: 65535 }), 'the port is out of range'],
    ['an IPv4 address', () => encodeServerAddress({ address: '1.2.3.256' }), 'this is not an IPv4 address'],
    [
      'a security that does not exist',
      () => encodeStoredNetworks([{ ssid: 'net', security: 'WPA9', key: 'pass' }]),
      'unknown Wi-Fi security',
    ],
  ])('%s', (_, encode, what) => {
    expect(encode).toThrow(expect.objectContaining({ code: 'DCT_BAD_VALUE', what }));
  });
});

describe('splitDctCopies', () => {
  it('refuses what is no sector', () => {
    expect(() => splitDctCopies(new Uint8Array(16_384))).toThrow(expect.objectContaining({ code: 'DCT_NOT_A_SECTOR' }));
  });

  it('takes one sector, and two', () => {
    const { cases } = vectors<{ cases: { copy1: SparseImage }[] }>('selection.json');
    const copy = cases.map(({ copy1 }) => expand(copy1)).find((bytes) => bytes[12] === 0x42) ?? new Uint8Array(0);
    expect(splitDctCopies(copy)).toEqual({ copy1: copy, copy2: null });
    expect(splitDctCopies(Uint8Array.from([...copy, ...copy])).copy2).toEqual(copy);
  });
});
