import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { readElf, writeElf } from '../../src/formats/elf.js';
import { errorOf, hexAddress, manifest, required, segmentsOf, vectorBytes } from '../support/vectors.js';

const vectors = manifest('ihex/elf-manifest.json');

const CODES: Readonly<Record<string, string>> = {
  'segments overlap at 0x080A0010': 'ELF_SEGMENTS_OVERLAP',
  'truncated program header table': 'ELF_TRUNCATED_TABLE',
  'segment data past end of file': 'ELF_SEGMENT_PAST_END',
  'p_filesz greater than p_memsz': 'ELF_BAD_SEGMENT_SIZE',
  'no program headers': 'ELF_NO_PROGRAM_HEADERS',
  'not an ARM ELF': 'ELF_NOT_ARM',
  'unsupported byte order': 'ELF_BYTE_ORDER',
  'not ELF32': 'ELF_NOT_32_BIT',
  'unexpected e_phentsize': 'ELF_BAD_PHENTSIZE',
  'segment address range wraps': 'ELF_ADDRESS_WRAP',
  'not an ELF file': 'ELF_BAD_MAGIC',
  'no loadable data': 'ELF_NO_DATA',
  'not an executable (ET_REL)': 'ELF_NOT_EXECUTABLE',
};

describe('ELF vectors', () => {
  for (const { name, what, expected } of vectors) {
    it(`${name}: ${what}`, () => {
      const bytes = vectorBytes(`ihex/${name}`);
      if (!expected.valid) {
        const error = errorOf(() => readElf(bytes, { name }));
        expect(error.code).toBe(required(CODES, expected.reason));
        if (expected.reason?.includes('0x080A0010')) expect(error.address).toBe(0x080a0010);
        return;
      }
      const { image, container, findings } = readElf(bytes, { name });
      expect(segmentsOf(image)).toEqual(expected.segments);
      if (container?.kind !== 'elf') throw new Error('container');
      if (expected.entry) expect(hexAddress(container.entry)).toBe(expected.entry);
      const rules = findings.map(({ rule }) => rule);
      expect(rules).toEqual(expected.warning ? ['container/elf-virtual-addresses'] : []);
      expect(writeElf(image, { like: container })).toEqual(bytes);
    });
  }
});

describe('a segment without bytes', () => {
  it('may name an offset behind the end of the file', () => {
    const image = MemoryImage.fromSegments([
      { address: 0x08020000, bytes: Uint8Array.of(1, 2, 3, 4) },
      { address: 0x080a0000, bytes: Uint8Array.of(5, 6, 7, 8) },
    ]);
    const bytes = writeElf(image);
    const second = 52 + 32;
    writeU32(bytes, second + 4, 0xc973_c6ac);
    writeU32(bytes, second + 16, 0);
    const { image: first, container } = readElf(bytes, { name: 'empty.elf' });
    expect(first.byteCount).toBe(4);
    expect(writeElf(first, { like: container })).toEqual(bytes);
  });
});
