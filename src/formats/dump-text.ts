/**
 * Hex dumps as text: xxd, `hexdump -C`, and what OpenOCD's mdb, mdh and mdw print. Words and halfwords are values, so
 * their bytes come out little-endian; xxd and hexdump -C show bytes in order.
 */
import { formatAddress } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { MemoryImage } from '../core/image.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import type { DumpContainer } from './container.js';
import { DEFAULT_NAME, type FormatId, type ReadOptions, type ReadResult } from './format.js';
import { DIGIT_VALUE, LOWER_DIGITS } from './hex-digits.js';
import { isBlank, type Line, RecordText } from './record-lines.js';

export type DumpStyle = DumpContainer['style'];

/** Bytes that `*` lines may stand for. */
const MAX_REPEATED = 256 * 1024 * 1024;
const DEFAULT_PER_LINE = 16;
const STAR = 0x2a;
const BAR = 0x7c;
const STYLE_OF_WIDTH: Readonly<Record<number, DumpStyle>> = { 1: 'bytes', 2: 'halfwords', 4: 'words' };

interface DumpLine {
  readonly address: number;
  readonly style: DumpStyle;
  readonly bytes: Uint8Array;
}

/** @throws FormatError HEXDUMP_… with the line. */
export function readDump(text: Uint8Array, options: ReadOptions, format: FormatId): ReadResult {
  return new DumpReader(text, options, format).read();
}

class DumpReader {
  private readonly source: RecordText;
  private style: DumpStyle | null = null;
  private bytesPerLine = 0;
  private longestLine = 0;
  private lastBytes: Uint8Array | null = null;
  private nextAddress = 0;
  private starLine = 0;
  private repeated = 0;
  private firstAddress: number | null = null;

  constructor(
    private readonly text: Uint8Array,
    private readonly options: ReadOptions,
    private readonly format: FormatId,
  ) {
    this.source = new RecordText(text, options.name ?? DEFAULT_NAME, options.permissive ?? false, 'HEXDUMP');
    this.source.layout.giveUp();
  }

  read(): ReadResult {
    const { source, text, options } = this;
    while (source.position < text.length) {
      const line = source.currentLine();
      this.line(line);
      source.advance(line);
    }
    if (this.starLine !== 0) this.bad('OPEN_REPEAT', 'a "*" line is not followed by an address', this.starLine);
    const { image, conflict } = source.collector.finish(source.name);
    if (conflict) {
      source.damaged({
        code: 'CONFLICTING_DATA',
        rule: 'container/conflicting-data',
        what: `lines give different bytes for ${formatAddress(conflict.address)}`,
        help: 'Two dumps seem to be pasted together. Keep one of them.',
        line: conflict.line,
        address: conflict.address,
      });
    }
    if (this.style === null) {
      source.damaged({
        code: 'NO_DATA',
        rule: null,
        what: 'the text holds no line of a hex dump',
        help: 'Give the output of xxd, hexdump -C, or OpenOCD mdw, mdh or mdb.',
      });
    }
    const offsets = this.style === 'xxd' || this.style === 'canonical';
    const assumed = offsets && options.base === undefined && this.firstAddress === 0;
    const kind = this.format === 'address-list' ? 'address-list' : 'hexdump';
    return {
      format: this.format,
      image,
      container: {
        kind,
        style: this.style ?? 'bytes',
        bytesPerLine: this.bytesPerLine || Math.max(DEFAULT_PER_LINE, this.longestLine),
      },
      findings: source.findings.all(),
      addressSource: offsets && options.base !== undefined ? 'given' : assumed ? 'assumed' : 'file',
      locate(address) {
        const line = source.collector.lineOf(address);
        return line === undefined ? undefined : { line };
      },
    };
  }

  private line(line: Line): void {
    const { text } = this;
    const first = text[line.start];
    if (line.start === line.end || first === 0x23 || first === 0x3e) return;
    if (first === STAR && line.end - line.start === 1) {
      if (this.lastBytes === null) this.bad('OPEN_REPEAT', 'a "*" line has no line before it');
      else this.starLine = this.source.line;
      return;
    }
    const parsed = this.parse(line);
    if (!parsed) return;
    this.firstAddress ??= parsed.address;
    if (this.starLine !== 0) this.repeat(parsed.address);
    if (parsed.bytes.length === 0) return;
    this.style ??= parsed.style;
    // Only a line that the next one continues shows how long lines are; a short one may be the end of its run.
    if (this.lastBytes && parsed.address === this.nextAddress) {
      this.bytesPerLine = Math.max(this.bytesPerLine, this.lastBytes.length);
    }
    this.longestLine = Math.max(this.longestLine, parsed.bytes.length);
    this.add(parsed.address, parsed.bytes);
    this.lastBytes = parsed.bytes;
  }

  /** Fills from the line before a "*" up to `end` with copies of that line. */
  private repeat(end: number): void {
    const pattern = this.lastBytes ?? new Uint8Array(0);
    const size = end - this.nextAddress;
    this.starLine = 0;
    this.repeated += Math.max(0, size);
    if (size < 0 || size % pattern.length !== 0 || this.repeated > MAX_REPEATED) {
      this.bad('BAD_REPEAT', 'a "*" line does not lead to the address that follows it', undefined, true);
    }
    const { collector, line } = this.source;
    collector.reserve(size);
    for (let offset = 0; offset < size; offset += pattern.length) {
      collector.data.set(pattern, collector.used + offset);
    }
    if (size > 0) collector.commit(this.target(this.nextAddress), size, line - 1);
    this.nextAddress = end;
  }

  private add(address: number, bytes: Uint8Array): void {
    const { source } = this;
    const target = this.target(address);
    if (target + bytes.length > ADDRESS_SPACE_END) {
      source.damaged({
        code: 'ADDRESS_OVERFLOW',
        rule: null,
        what: 'data runs past the 4 GiB address space',
        expected: 'addresses up to 0xFFFFFFFF',
        got: formatAddress(target),
        help: 'Check the base address and the dump.',
        address: target,
      });
    }
    source.collector.reserve(bytes.length);
    source.collector.data.set(bytes, source.collector.used);
    source.collector.commit(target, bytes.length, source.line);
    this.nextAddress = address + bytes.length;
  }

  /** xxd and hexdump -C count from the start of a file; `base` says where that file lies. */
  private target(address: number): number {
    const offsets = this.style === 'xxd' || this.style === 'canonical';
    return offsets ? address + (this.options.base ?? 0) : address;
  }

  private parse(line: Line): DumpLine | null {
    const { text } = this;
    let position = line.start;
    const prefixed = text[position] === 0x30 && ((text[position + 1] ?? 0) | 0x20) === 0x78;
    if (prefixed) position += 2;
    const digitsAt = position;
    let address = 0;
    while (position < line.end && digit(text, position) >= 0) address = address * 16 + digit(text, position++);
    const colon = text[position] === 0x3a;
    const width = position - digitsAt;
    if (colon) position++;
    const separated = position >= line.end || isBlank(text[position]);
    if (width === 0 || width > 16 || !separated || (prefixed && !colon) || address > ADDRESS_SPACE_END) {
      this.bad('BAD_LINE', 'the line is not one of a hex dump');
      return null;
    }
    if (prefixed) return this.values(line, position, address);
    return this.byteColumns(line, position, address, colon ? 'xxd' : 'canonical');
  }

  /** Values of equal width, least significant byte first in memory. */
  private values(line: Line, start: number, address: number): DumpLine | null {
    const { text } = this;
    const bytes: number[] = [];
    let width = 0;
    for (let position = start; position < line.end; ) {
      if (isBlank(text[position])) {
        position++;
        continue;
      }
      const from = position;
      while (position < line.end && !isBlank(text[position])) position++;
      const size = (position - from) / 2;
      const strange = this.source.firstNonDigit(from, position) >= 0;
      if (strange || (size !== 1 && size !== 2 && size !== 4 && size !== 8) || (width !== 0 && size !== width)) {
        this.bad('BAD_LINE', 'the line holds something else than values of equal width');
        return null;
      }
      width = size;
      for (let at = position - 2; at >= from; at -= 2) bytes.push(digit(text, at) * 16 + digit(text, at + 1));
    }
    return { address, style: STYLE_OF_WIDTH[width] ?? 'words', bytes: Uint8Array.from(bytes) };
  }

  /** Bytes in order, until the column with the characters begins. */
  private byteColumns(line: Line, start: number, address: number, style: 'xxd' | 'canonical'): DumpLine | null {
    const { text } = this;
    const bytes: number[] = [];
    let blanks = 0;
    for (let position = start; position < line.end; ) {
      if (isBlank(text[position])) {
        blanks++;
        position++;
        continue;
      }
      if (style === 'xxd' ? blanks > 1 && bytes.length > 0 : text[position] === BAR) break;
      blanks = 0;
      const high = digit(text, position);
      const low = position + 1 < line.end ? digit(text, position + 1) : -1;
      if (high < 0 || low < 0) {
        this.bad('BAD_LINE', 'the line holds something else than bytes');
        return null;
      }
      bytes.push(high * 16 + low);
      position += 2;
    }
    return { address, style, bytes: Uint8Array.from(bytes) };
  }

  private bad(code: string, what: string, line?: number, fatal = false): void {
    this.source.damaged({
      code,
      rule: fatal ? null : 'container/bad-dump-line',
      what,
      help: 'Paste the dump again, complete and without other text. Lines that begin with # or > are skipped.',
      line,
    });
  }
}

function digit(text: Uint8Array, position: number): number {
  return DIGIT_VALUE[text[position] as number] as number;
}

const WORD_BYTES = 4;
const MAX_BYTES_PER_LINE = 256;

/**
 * The image as dump lines; each run of bytes starts a line of its own.
 * @throws BuildError HEXDUMP_UNALIGNED when words or halfwords cannot show a run of bytes.
 */
export function writeDump(image: MemoryImage, style: DumpStyle, bytesPerLine: number): Uint8Array {
  const width = style === 'words' ? WORD_BYTES : style === 'halfwords' ? 2 : 1;
  const perLine = Math.max(width, Math.min(MAX_BYTES_PER_LINE, Math.floor(bytesPerLine / width) * width));
  const out = new TextBuilder();
  for (const range of image.ranges()) {
    if (range.start % width !== 0 || range.end % width !== 0) {
      throw new BuildError({
        code: 'HEXDUMP_UNALIGNED',
        what: `the image cannot be shown in units of ${width} bytes`,
        where: `${formatAddress(range.start)}-${formatAddress(range.end - 1)}`,
        expected: `runs of bytes that begin and end at multiples of ${width}`,
        help: 'Choose a style that shows single bytes.',
      });
    }
    for (let start = range.start; start < range.end; start += perLine) {
      const end = Math.min(range.end, start + perLine);
      const bytes = image.bytes({ start, end }) ?? new Uint8Array(0);
      if (style === 'xxd' || style === 'canonical') putByteLine(out, start, bytes, perLine, style);
      else putValueLine(out, start, bytes, width);
    }
  }
  return out.finish();
}

function putValueLine(out: TextBuilder, address: number, bytes: Uint8Array, width: number): void {
  out.text('0x');
  out.address(address);
  out.text(':');
  for (let offset = 0; offset < bytes.length; offset += width) {
    out.text(' ');
    for (let at = offset + width - 1; at >= offset; at--) out.byte(bytes[at] as number);
  }
  out.text('\n');
}

function putByteLine(
  out: TextBuilder,
  address: number,
  bytes: Uint8Array,
  perLine: number,
  style: 'xxd' | 'canonical',
): void {
  const canonical = style === 'canonical';
  out.address(address);
  if (!canonical) out.text(':');
  for (let offset = 0; offset < perLine; offset++) {
    if (canonical) out.text(offset % 8 === 0 ? '  ' : ' ');
    else if (offset % 2 === 0) out.text(' ');
    if (offset < bytes.length) out.byte(bytes[offset] as number);
    else out.text('  ');
  }
  out.text(canonical ? '  |' : '  ');
  for (const byte of bytes) out.character(byte >= 0x20 && byte < 0x7f ? byte : 0x2e);
  out.text(canonical ? '|\n' : '\n');
}

/** Text as bytes, in a buffer that grows. */
class TextBuilder {
  private buffer = new Uint8Array(4096);
  private used = 0;

  character(code: number): void {
    if (this.used === this.buffer.length) {
      const larger = new Uint8Array(this.buffer.length * 2);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer[this.used++] = code;
  }

  text(ascii: string): void {
    for (let index = 0; index < ascii.length; index++) this.character(ascii.charCodeAt(index));
  }

  byte(value: number): void {
    const digits = LOWER_DIGITS[value] as number;
    this.character(digits & 0xff);
    this.character(digits >>> 8);
  }

  address(value: number): void {
    for (let shift = 24; shift >= 0; shift -= 8) this.byte((value >>> shift) & 0xff);
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
}

const DETECT_BYTES = 4096;
const LINES: readonly { style: DumpStyle; pattern: RegExp; reason: string }[] = [
  { style: 'bytes', pattern: /^0x[0-9a-f]{1,8}:(?:\s+[0-9a-f]{2})+\s*$/i, reason: 'has lines of an address and bytes' },
  {
    style: 'words',
    pattern: /^0x[0-9a-f]{1,8}:(?:\s+(?:[0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16}))+\s*$/i,
    reason: 'has lines as OpenOCD mdw or mdh print them',
  },
  { style: 'xxd', pattern: /^[0-9a-f]{6,16}: (?:[0-9a-f]{2}){1,16}(?: |$)/i, reason: 'has lines as xxd prints them' },
  {
    style: 'canonical',
    pattern: /^[0-9a-f]{6,16}\s+(?:[0-9a-f]{2}\s+){1,32}\|/i,
    reason: 'has lines as hexdump -C prints them',
  },
];

/** The kind of dump that the first lines show, if any. */
export function detectDump(bytes: Uint8Array): { style: DumpStyle; reason: string } | null {
  const head = bytes.subarray(0, DETECT_BYTES);
  if (head.indexOf(0) >= 0) return null;
  const lines = new TextDecoder('latin1').decode(head).split(/\r\n|\n|\r/);
  for (const line of lines.slice(0, 16)) {
    const text = line.trim();
    const match = LINES.find(({ pattern }) => pattern.test(text));
    if (match) return { style: match.style, reason: match.reason };
  }
  return null;
}
