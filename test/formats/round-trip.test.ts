import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/bytes.js';
import { FlashatlasError } from '../../src/core/errors.js';
import { MemoryImage, type Segment } from '../../src/core/image.js';
import { FORMATS, type FormatId, readAny, writeAny, writeChunks } from '../../src/formats/index.js';
import { manifest, vectorBytes } from '../support/vectors.js';

const EDGES = [0, 0xfff8, 0x10000, 0x1_fff0, 0x080a_0000, 0x7fff_fff0, 0x7fff_ffff, 0x8000_0000, 0xffff_ff00];

const pieces = fc.array(
  fc.record({
    address: fc.oneof(fc.constantFrom(...EDGES), fc.integer({ min: 0, max: 0xffff_ffff })),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 90 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Sparse images anywhere in the address space; what does not fit or overlaps is left out. */
const images = pieces.map((list) => {
  let image = MemoryImage.empty;
  for (const { address, bytes } of list) {
    const piece: Segment = { address, bytes: bytes.subarray(0, Math.min(bytes.length, 2 ** 32 - address)) };
    const free = image.parts({ start: address, end: address + piece.bytes.length }).length === 0;
    if (free) image = image.merge(MemoryImage.fromSegments([piece]));
  }
  return image;
});
const lastByte = MemoryImage.fromBytes(Uint8Array.of(0x5a), 0xffff_ffff);

const SPARSE: readonly FormatId[] = ['intel-hex', 'srec', 'elf', 'dfuse', 'hexdump', 'address-list', 'gzip'];

describe('read(write(image)) = image', () => {
  for (const format of SPARSE) {
    it(format, () => {
      fc.assert(
        fc.property(images, (image) => {
          expect(readAny(writeAny(image, format), { format }).image.equals(image)).toBe(true);
        }),
        { examples: [[lastByte]] },
      );
    });

    it(`${format}, found by content`, () => {
      fc.assert(
        fc.property(images, (image) => {
          const result = readAny(writeAny(image, format));
          expect(result.format).toBe(format);
          expect(result.image.equals(image)).toBe(true);
        }),
        { numRuns: 30 },
      );
    });

    it(`${format}, again like the first time`, () => {
      fc.assert(
        fc.property(images, (image) => {
          const written = writeAny(image, format);
          const { container, image: read } = readAny(written, { format });
          expect(writeAny(read, format, { like: container })).toEqual(written);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('every text option of Intel HEX and S-records', () => {
    const options = fc.record({
      recordBytes: fc.integer({ min: 1, max: 250 }),
      lineEnd: fc.constantFrom('\n' as const, '\r\n' as const),
      lowerCase: fc.boolean(),
      start: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(images, options, fc.constantFrom('intel-hex' as const, 'srec' as const), (image, option, format) => {
        const text = writeAny(image, format, option);
        const { image: read, container } = readAny(text);
        expect(read.equals(image)).toBe(true);
        const start = container?.kind === 'intel-hex' ? container.start?.address : undefined;
        expect(container?.kind === 'srec' ? container.start : start).toBe(option.start);
        expect(writeAny(read, format, { like: container })).toEqual(text);
      }),
    );
  });

  it('pieces are the whole', () => {
    const large = MemoryImage.fromBytes(new Uint8Array(700_001).fill(0x3c), 0x7fff_0001);
    for (const { id } of FORMATS) {
      const chunks: Uint8Array[] = [];
      for (const chunk of writeChunks(large, id)) chunks.push(chunk.slice());
      if (id === 'intel-hex' || id === 'srec') expect(chunks.length).toBeGreaterThan(2);
      expect(equalBytes(concatBytes(chunks), writeAny(large, id))).toBe(true);
    }
  });

  it('narrow addresses', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 0xfff0_0000 }), (data, place) => {
        for (const bits of [16, 20, 24] as const) {
          const image = MemoryImage.fromBytes(data, place % (2 ** bits - 300));
          const format = bits === 24 ? 'srec' : 'intel-hex';
          const text = writeAny(image, format, { addressBits: bits });
          expect(readAny(text).image.equals(image)).toBe(true);
        }
      }),
    );
  });

  it('formats without addresses, at a base', () => {
    const base = fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_fe00);
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(bytes, base, (data, address) => {
        const image = MemoryImage.fromBytes(data, address);
        for (const format of ['bin', 'dfu'] as const) {
          const file = writeAny(image, format);
          expect(readAny(file, { format, base: address }).image.equals(image)).toBe(true);
        }
      }),
    );
  });

  it('vendor prefixes', () => {
    const image = MemoryImage.fromBytes(Uint8Array.of(1, 2, 3, 4, 5), 0x20000);
    const lm = readAny(writeAny(image, 'dfu', { dfuKind: 'lmdfu' }));
    expect(lm.container?.kind).toBe('lmdfu');
    expect(lm.image.equals(image)).toBe(true);
    const lpc = readAny(writeAny(image, 'dfu', { dfuKind: 'lpcdfu' }), { base: 0x20000 });
    expect(lpc.container?.kind).toBe('lpcdfu');
    expect(lpc.image.equals(image)).toBe(true);
  });
});

describe('changed content keeps the manner of the input', () => {
  it('same shape, other bytes: same layout with new checksums', () => {
    const { image, container } = readAny(vectorBytes('ihex/q07-leading-spaces.hex'));
    const changed = image.merge(MemoryImage.fromBytes(Uint8Array.of(0xee), 0x080a0005), { overlap: 'last-wins' });
    const text = writeAny(changed, 'intel-hex', { like: container });
    expect(text.length).toBe(vectorBytes('ihex/q07-leading-spaces.hex').length);
    expect(readAny(text).image.equals(changed)).toBe(true);
  });

  it('other shape: same record size, line ends and start record', () => {
    const { image, container } = readAny(vectorBytes('ihex/p02-objcopy.hex'));
    const larger = image.merge(MemoryImage.fromBytes(new Uint8Array(40), 0x08020000));
    const text = new TextDecoder().decode(writeAny(larger, 'intel-hex', { like: container }));
    expect(text).toMatch(/^:020000040802F0\r\n:10000000/);
    expect(text).toContain(':0400000510140101D1\r\n');
  });
});

const folders: Readonly<Record<string, readonly string[]>> = {
  dfu: manifest('dfu/manifest.json').map(({ name }) => `dfu/${name}`),
  dfuse: manifest('dfuse/manifest.json').map(({ name }) => `dfuse/${name}`),
  ihex: manifest('ihex/manifest.json').map(({ name }) => `ihex/${name}`),
  srec: manifest('srec/manifest.json').map(({ name }) => `srec/${name}`),
  elf: manifest('ihex/elf-manifest.json').map(({ name }) => `ihex/${name}`),
};
const allVectors = Object.values(folders).flat();

function readsOrFails(bytes: Uint8Array, format: FormatId | undefined, permissive: boolean): void {
  try {
    const { image, locate, findings } = readAny(bytes, { format, permissive, maxUncompressed: 1 << 20 });
    if (image.span) locate(image.span.start);
    for (const { rule } of findings) expect(rule).toMatch(/^container\//);
  } catch (error) {
    if (!(error instanceof FlashatlasError)) throw error;
    expect(error.help).not.toBe('');
    expect(error.code).toMatch(/^[A-Z0-9]+(_[A-Z0-9]+)+$/);
  }
}

describe('any bytes give a result or one of our errors', () => {
  it('all vectors are walked', () => {
    expect(allVectors.length).toBe(237 + 16);
  });

  it('every vector in every format, strict and permissive', () => {
    for (const path of allVectors) {
      const bytes = vectorBytes(path);
      for (const permissive of [false, true]) {
        readsOrFails(bytes, undefined, permissive);
        for (const { id } of FORMATS) readsOrFails(bytes, id, permissive);
      }
    }
  });

  it('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, permissive) => {
        readsOrFails(bytes, undefined, permissive);
        for (const { id } of FORMATS) readsOrFails(bytes, id, permissive);
      }),
    );
  });

  it('damaged vectors', () => {
    const change = fc.record({
      path: fc.constantFrom(...allVectors),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      value: fc.integer({ min: 0, max: 255 }),
      cut: fc.boolean(),
      permissive: fc.boolean(),
    });
    fc.assert(
      fc.property(change, ({ path, at, value, cut, permissive }) => {
        const bytes = vectorBytes(path);
        const offset = Math.floor(at * bytes.length);
        if (offset < bytes.length) bytes[offset] = value;
        const input = cut ? bytes.subarray(0, offset) : bytes;
        readsOrFails(input, undefined, permissive);
        for (const { id } of FORMATS) readsOrFails(input, id, permissive);
      }),
      { numRuns: 400 },
    );
  });
});
