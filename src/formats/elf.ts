/** ELF32 for ARM: the loadable segments at their physical (load) addresses, as a programmer writes them to flash. */
import { equalBytes, formatAddress, readU16, readU32 } from '../core/bytes.js';
import { BuildError, FormatError } from '../core/errors.js';
import { MemoryImage, type Segment } from '../core/image.js';
import { ADDRESS_SPACE_END, mergeRanges, type Range, subtractRanges, totalSize } from '../core/range.js';
import { struct } from '../core/struct.js';
import type { ElfContainer } from './container.js';
import { FindingList } from './finding-list.js';
import { DEFAULT_NAME, type Format, type ReadOptions, type ReadResult, type WriteOptions } from './format.js';
import { RecordCollector } from './record-collector.js';

const MAGIC = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);
const CLASS_32 = 1;
const LITTLE_ENDIAN = 1;
const TYPE_NAMES: Readonly<Record<number, string>> = { 1: 'ET_REL', 3: 'ET_DYN', 4: 'ET_CORE' };
const TYPE_EXECUTABLE = 2;
const MACHINE_ARM = 40;
const FLAGS_EABI5 = 0x05000000;
const SEGMENT_LOAD = 1;
const SEGMENT_READ_EXECUTE = 5;
const SECTION_HEADER_BYTES = 40;
/** Overlapping segments may repeat the file this often, in permissive reading. */
const MAX_REPETITION = 8;

const headerStruct = struct('Elf32Header', [
  ['e_ident', { bytes: 16 }],
  ['e_type', 'u16'],
  ['e_machine', 'u16'],
  ['e_version', 'u32'],
  ['e_entry', 'u32'],
  ['e_phoff', 'u32'],
  ['e_shoff', 'u32'],
  ['e_flags', 'u32'],
  ['e_ehsize', 'u16'],
  ['e_phentsize', 'u16'],
  ['e_phnum', 'u16'],
  ['e_shentsize', 'u16'],
  ['e_shnum', 'u16'],
  ['e_shstrndx', 'u16'],
]);
const programHeaderStruct = struct('Elf32ProgramHeader', [
  ['p_type', 'u32'],
  ['p_offset', 'u32'],
  ['p_vaddr', 'u32'],
  ['p_paddr', 'u32'],
  ['p_filesz', 'u32'],
  ['p_memsz', 'u32'],
  ['p_flags', 'u32'],
  ['p_align', 'u32'],
]);

interface Load {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** @throws FormatError ELF_… with the byte offset. */
export function readElf(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  return new ElfReader(bytes, options).read();
}

class ElfReader {
  private readonly name: string;
  private readonly permissive: boolean;
  private readonly findings = new FindingList();

  constructor(
    private readonly bytes: Uint8Array,
    options: ReadOptions,
  ) {
    this.name = options.name ?? DEFAULT_NAME;
    this.permissive = options.permissive ?? false;
  }

  read(): ReadResult {
    const { bytes } = this;
    const entry = this.header();
    const loads = this.loads();
    if (loads.length === 0) {
      throw this.error('ELF_NO_DATA', 'the file has no loadable data', undefined, 'a segment with file bytes');
    }
    this.noteHeadersInside(loads);
    const image = this.image(loads);
    return {
      format: 'elf',
      image,
      container: { kind: 'elf', entry, segments: loads, frame: frameOf(bytes, loads), fileSize: bytes.length },
      findings: this.findings.all(),
      addressSource: 'file',
      locate(address) {
        const load = loads.findLast((part) => address >= part.address && address < part.address + part.size);
        return load && { offset: load.offset + address - load.address };
      },
    };
  }

  /** Checks what the file is and returns e_entry. */
  private header(): number {
    const { bytes } = this;
    if (!equalBytes(bytes.subarray(0, 4), MAGIC)) {
      throw this.error('ELF_BAD_MAGIC', 'this is not an ELF file', 0, '7F 45 4C 46');
    }
    if (bytes.length < headerStruct.size) {
      throw this.error(
        'ELF_TRUNCATED',
        'the ELF header is cut off',
        0,
        `${headerStruct.size} bytes`,
        `${bytes.length}`,
      );
    }
    const header = headerStruct.decode(bytes);
    const elfClass = header.e_ident[4] as number;
    if (elfClass !== CLASS_32) {
      const got = elfClass === 2 ? 'class 2 (64-bit)' : `class ${elfClass}`;
      throw this.error('ELF_NOT_32_BIT', 'this is not an ELF32 file', 4, 'class 1 (32-bit)', got);
    }
    const order = header.e_ident[5] as number;
    if (order !== LITTLE_ENDIAN) {
      throw this.error('ELF_BYTE_ORDER', 'unsupported byte order', 5, '1 (little-endian)', `${order}`);
    }
    if (header.e_machine !== MACHINE_ARM) {
      this.damaged(
        'ELF_NOT_ARM',
        'container/elf-not-arm',
        'this is not an ARM program',
        18,
        '40',
        `${header.e_machine}`,
      );
    }
    if (header.e_type !== TYPE_EXECUTABLE) {
      const type = TYPE_NAMES[header.e_type] ?? `${header.e_type}`;
      throw this.error('ELF_NOT_EXECUTABLE', 'this is not a linked program', 16, 'ET_EXEC', type);
    }
    if (header.e_phnum === 0) throw this.error('ELF_NO_PROGRAM_HEADERS', 'the file has no program headers', 44);
    if (header.e_phentsize !== programHeaderStruct.size) {
      const expected = `${programHeaderStruct.size}`;
      throw this.error('ELF_BAD_PHENTSIZE', 'unexpected e_phentsize', 42, expected, `${header.e_phentsize}`);
    }
    const end = header.e_phoff + header.e_phnum * programHeaderStruct.size;
    if (end > bytes.length) {
      const what = 'the program header table is cut off';
      throw this.error('ELF_TRUNCATED_TABLE', what, header.e_phoff, `${end} bytes`, `${bytes.length}`);
    }
    return header.e_entry;
  }

  /** Segments with file bytes, in table order. */
  private loads(): Load[] {
    const { bytes } = this;
    const tableOffset = readU32(bytes, 28);
    const count = readU16(bytes, 44);
    const headers = Array.from({ length: count }, (_, index) => {
      const at = tableOffset + index * programHeaderStruct.size;
      return { at, ...programHeaderStruct.decode(bytes, at) };
    }).filter((header) => header.p_type === SEGMENT_LOAD && header.p_filesz > 0);
    // BFD and OpenOCD do the same for linkers that leave p_paddr empty.
    const virtual = headers.length > 1 && headers.every((header) => header.p_paddr === 0);
    if (virtual) {
      this.findings.add({
        rule: 'container/elf-virtual-addresses',
        severity: 'warning',
        message: 'every p_paddr is 0, so p_vaddr is used: initialised data then lies in RAM and is missing in flash',
        remedy: 'Link with load addresses (AT> in the linker script).',
      });
    }
    return headers.map((header): Load => {
      const { at, p_offset: offset, p_filesz } = header;
      const address = virtual ? header.p_vaddr : header.p_paddr;
      if (p_filesz > header.p_memsz) {
        const what = 'p_filesz is greater than p_memsz';
        this.damaged(
          'ELF_BAD_SEGMENT_SIZE',
          'container/elf-segment-size',
          what,
          at + 16,
          `${header.p_memsz}`,
          `${p_filesz}`,
        );
      }
      const available = Math.max(0, bytes.length - offset);
      if (p_filesz > available) {
        const what = 'segment data runs past the end of the file';
        this.damaged(
          'ELF_SEGMENT_PAST_END',
          'container/elf-segment-past-end',
          what,
          at + 16,
          `${available}`,
          `${p_filesz}`,
        );
      }
      const size = Math.min(p_filesz, available);
      if (address + size > ADDRESS_SPACE_END) {
        const got = `${size} bytes at ${formatAddress(address)}`;
        throw this.error('ELF_ADDRESS_WRAP', 'segment runs past the 4 GiB address space', at + 12, undefined, got);
      }
      return { address, offset, size };
    });
  }

  private image(loads: readonly Load[]): MemoryImage {
    const { bytes, name } = this;
    const sorted = [...loads].sort((a, b) => a.address - b.address);
    const overlap = sorted.find((load, index) => {
      const previous = sorted[index - 1];
      return previous && previous.address + previous.size > load.address;
    });
    const segments = loads.map(
      ({ address, offset, size }): Segment => ({
        address,
        bytes: bytes.subarray(offset, offset + size),
        source: { name, offset },
      }),
    );
    if (!overlap) return MemoryImage.fromSegments(segments);
    const place = formatAddress(overlap.address);
    this.damaged(
      'ELF_SEGMENTS_OVERLAP',
      'container/elf-segments-overlap',
      `segments overlap at ${place}`,
      undefined,
      undefined,
      place,
      overlap.address,
    );
    const total = loads.reduce((sum, load) => sum + load.size, 0);
    if (total > bytes.length * MAX_REPETITION) {
      throw this.error('ELF_SEGMENTS_OVERLAP', 'the segments overlap too much to be read at all');
    }
    const collector = new RecordCollector(total);
    for (const [index, segment] of segments.entries()) {
      if (segment.bytes.length === 0) continue;
      collector.data.set(segment.bytes, collector.used);
      collector.commit(segment.address, segment.bytes.length, index + 1);
    }
    return collector.finish(name).image;
  }

  private noteHeadersInside(loads: readonly Load[]): void {
    for (const { address, offset } of loads) {
      if (!equalBytes(this.bytes.subarray(offset, offset + 4), MAGIC)) continue;
      this.findings.add({
        rule: 'container/elf-headers-loaded',
        severity: 'warning',
        message: `the segment at ${formatAddress(address)} begins with the ELF header itself, so the program starts later`,
        start: address,
        remedy: 'Link without headers in the first segment (PHDRS in the linker script).',
      });
    }
  }

  /** Stops, or in permissive mode notes the problem. */
  private damaged(
    code: string,
    rule: string,
    what: string,
    offset?: number,
    expected?: string,
    got?: string,
    address?: number,
  ): void {
    const error = this.error(code, what, offset, expected, got, address);
    if (!this.permissive) throw error;
    this.findings.add({
      rule,
      severity: 'error',
      message: error.message,
      start: address,
      origin: offset === undefined ? undefined : `offset ${offset}`,
    });
  }

  private error(
    code: string,
    what: string,
    offset?: number,
    expected?: string,
    got?: string,
    address?: number,
  ): FormatError {
    return new FormatError({
      code,
      what,
      where: offset === undefined ? this.name : `${this.name}, offset ${offset}`,
      expected,
      got,
      offset,
      address,
      help: 'Give a linked ELF32 program for ARM (the .elf of the build), complete and unchanged.',
    });
  }
}

/** The parts of the file that no segment loads. */
function frameOf(bytes: Uint8Array, loads: readonly Load[]): ElfContainer['frame'] {
  const loaded = loads.map(({ offset, size }): Range => ({ start: offset, end: offset + size }));
  return subtractRanges({ start: 0, end: bytes.length }, loaded).map(({ start, end }) => ({
    offset: start,
    bytes: bytes.subarray(start, end),
  }));
}

/**
 * The image as an ELF32 program: `like` with its segments' bytes replaced while the image has the same shape, else a
 * new file with one segment per run of bytes.
 * @throws BuildError ELF_NO_DATA, ELF_TOO_MANY_SEGMENTS.
 */
export function writeElf(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  const like = options.like?.kind === 'elf' ? options.like : null;
  return (like && options.start === undefined && refill(image, like)) || newFile(image, options.start ?? like?.entry);
}

function refill(image: MemoryImage, like: ElfContainer): Uint8Array | null {
  const ranges = like.segments.map(({ address, size }): Range => ({ start: address, end: address + size }));
  if (totalSize(mergeRanges(ranges)) !== image.byteCount) return null;
  const file = new Uint8Array(like.fileSize);
  for (const { offset, bytes } of like.frame) file.set(bytes, offset);
  for (const { address, size, offset } of like.segments) {
    // A segment without bytes may name any offset, also one behind the end of the file.
    if (size === 0) continue;
    const bytes = image.bytes({ start: address, end: address + size });
    if (!bytes) return null;
    file.set(bytes, offset);
  }
  return file;
}

function newFile(image: MemoryImage, entry: number | undefined): Uint8Array {
  const ranges = image.ranges();
  const first = ranges[0];
  if (!first) throw buildError('ELF_NO_DATA', 'an ELF file needs data', 'at least one byte', 'an empty image');
  if (ranges.length > 0xfffe) {
    const what = 'the image has too many pieces for an ELF file';
    throw buildError('ELF_TOO_MANY_SEGMENTS', what, 'at most 65534', `${ranges.length}`);
  }
  const dataOffset = headerStruct.size + ranges.length * programHeaderStruct.size;
  const file = new Uint8Array(dataOffset + image.byteCount);
  const ident = new Uint8Array(16);
  ident.set([...MAGIC, CLASS_32, LITTLE_ENDIAN, 1]);
  file.set(
    headerStruct.encode({
      e_ident: ident,
      e_type: TYPE_EXECUTABLE,
      e_machine: MACHINE_ARM,
      e_version: 1,
      e_entry: entry ?? first.start,
      e_phoff: headerStruct.size,
      e_shoff: 0,
      e_flags: FLAGS_EABI5,
      e_ehsize: headerStruct.size,
      e_phentsize: programHeaderStruct.size,
      e_phnum: ranges.length,
      e_shentsize: SECTION_HEADER_BYTES,
      e_shnum: 0,
      e_shstrndx: 0,
    }),
  );
  let offset = dataOffset;
  for (const [index, range] of ranges.entries()) {
    const size = range.end - range.start;
    const header = programHeaderStruct.encode({
      p_type: SEGMENT_LOAD,
      p_offset: offset,
      p_vaddr: range.start,
      p_paddr: range.start,
      p_filesz: size,
      p_memsz: size,
      p_flags: SEGMENT_READ_EXECUTE,
      p_align: 1,
    });
    file.set(header, headerStruct.size + index * programHeaderStruct.size);
    file.set(image.read(range, 0), offset);
    offset += size;
  }
  return file;
}

function buildError(code: string, what: string, expected: string, got: string): BuildError {
  return new BuildError({ code, what, expected, got, help: 'Write Intel HEX or S-records instead.' });
}

export const elf: Format = {
  id: 'elf',
  title: 'ELF32 for ARM',
  extensions: ['.elf', '.axf', '.out'],
  detect: (bytes) =>
    equalBytes(bytes.subarray(0, 4), MAGIC) ? { confidence: 'certain', reason: 'begins with the ELF magic' } : null,
  read: readElf,
  write: writeElf,
};
