/**
 * Intel HEX (Intel "Hexadecimal Object File Format Specification", 1988): all record types, 16, 20 and 32 bit addresses.
 * Where tools disagree the reader does what the specification says and reports that they do.
 */
import { formatAddress, formatHex, readU16BigEndian, readU32BigEndian } from '../core/bytes.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import type { IntelHexStart } from './container.js';
import { DEFAULT_NAME, type Detection, type Format, type ReadOptions, type ReadResult } from './format.js';
import { PAIR, PAIR_INVALID, pairAt, pairView } from './hex-digits.js';
import { writeIntelHex, writeIntelHexChunks } from './intel-hex-write.js';
import type { LineStyle } from './record-layout.js';
import {
  commonStyle,
  type DataRun,
  describeCharacter,
  type Line,
  lineEndAt,
  RECORDS_PER_CALL,
  RecordText,
} from './record-lines.js';

const COLON = 0x3a;
const CTRL_Z = 0x1a;
/** Data bytes that each type must have; -1: any number. */
const TYPE_LENGTHS = [-1, 0, 2, 4, 2, 4];
/** fwupd keeps a signature in records of this type; it belongs to no specification. */
const TYPE_FWUPD_SIGNATURE = 0xfd;

/** @throws FormatError IHEX_… with the line. */
export function readIntelHex(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  return new IntelHexReader(bytes, options).read();
}

class IntelHexReader {
  private readonly source: RecordText;
  private base = 0;
  private baseType: 0 | 2 | 4 = 0;
  private start: IntelHexStart | null = null;
  private ended = false;
  private highest = 0;
  private usedSegments = false;

  constructor(
    private readonly text: Uint8Array,
    options: ReadOptions,
  ) {
    this.source = new RecordText(text, options.name ?? DEFAULT_NAME, options.permissive ?? false, 'IHEX');
  }

  read(): ReadResult {
    const { source, text } = this;
    this.skipByteOrderMark();
    while (source.position < text.length && !this.ended) {
      if (this.dataRecords()) continue;
      if (source.position < text.length) this.otherLine();
    }
    if (!this.ended) this.reportMissingEnd();
    this.readAfterEnd();
    const { image, duplicate, conflict } = source.collector.finish(source.name);
    if (conflict) {
      source.damaged({
        code: 'CONFLICTING_DATA',
        rule: 'conflicting-data',
        what: `records give different bytes for ${formatAddress(conflict.address)}`,
        help: 'Find out which of the two records is right. With --permissive the later one counts.',
        line: conflict.line,
        address: conflict.address,
      });
    } else if (duplicate) {
      source.findings.add({
        rule: 'container/duplicate-data',
        severity: 'warning',
        message: `the bytes from ${formatAddress(duplicate.address)} are given twice, with the same values`,
        evidence: { line: duplicate.line },
        origin: `line ${duplicate.line}`,
        start: duplicate.address,
      });
    }
    if (image.byteCount === 0) {
      source.findings.add({
        rule: 'container/no-data',
        severity: 'warning',
        message: 'the file holds no data records',
      });
    }
    const addressBits = this.usedSegments ? 20 : this.highest < 0x10000 && this.base === 0 ? 16 : 32;
    return {
      format: 'intel-hex',
      image,
      container: {
        kind: 'intel-hex',
        start: this.start,
        style: commonStyle(source, addressBits),
        layout: source.layout.finish(),
      },
      findings: source.findings.all(),
      addressSource: 'file',
      locate(address) {
        const line = source.collector.lineOf(address);
        return line === undefined ? undefined : { line };
      },
    };
  }

  /**
   * Plain data records, one after the other; stops before the first line that is anything else, which `otherLine` then
   * judges. Everything is checked here, nothing is reported. True when there may be more.
   */
  private dataRecords(): boolean {
    const { text, source, base } = this;
    const { data } = source.collector;
    const view = pairView(text);
    const room = ADDRESS_SPACE_END - base;
    let run: DataRun | null = null;
    let written = source.collector.used;
    let position = source.position;
    let budget = RECORDS_PER_CALL;
    for (; budget > 0; budget--) {
      if (text[position] !== COLON || position + 11 > text.length) break;
      const count = PAIR[view.getUint16(position + 1, true)] as number;
      const high = PAIR[view.getUint16(position + 3, true)] as number;
      const low = PAIR[view.getUint16(position + 5, true)] as number;
      const type = PAIR[view.getUint16(position + 7, true)] as number;
      const length = count & 0xff;
      const checksumAt = position + 9 + length * 2;
      if (type !== 0 || length === 0 || checksumAt + 2 > text.length) break;
      let seen = count | high | low;
      let sum = count + high + low;
      let at = written;
      for (let digit = position + 9; digit < checksumAt; digit += 2) {
        const entry = PAIR[view.getUint16(digit, true)] as number;
        sum += entry;
        seen |= entry;
        data[at++] = entry;
      }
      const checksum = PAIR[view.getUint16(checksumAt, true)] as number;
      sum += checksum;
      seen |= checksum;
      const offset = ((high & 0xff) << 8) | (low & 0xff);
      const last = offset + length;
      if ((seen & PAIR_INVALID) !== 0 || (sum & 0xff) !== 0 || last > 0x10000 || last > room) break;
      const end = lineEndAt(text, checksumAt + 2);
      if (end === undefined) break;
      if (
        run !== null &&
        run.width === length &&
        run.next === offset &&
        run.style.end === end &&
        source.sameCase(seen)
      ) {
        run.count++;
        run.next = last;
      } else {
        if (run) this.finishRun(run);
        run = { offset, width: length, next: last, count: 1, style: source.style(seen, '', '', end) };
      }
      written = at;
      position = checksumAt + 2 + end.length;
    }
    if (run) this.finishRun(run);
    source.position = position;
    return budget === 0;
  }

  private finishRun({ offset, width, next, count, style }: DataRun): void {
    const { source, base } = this;
    source.layout.data(0, base, this.baseType === 2, offset, width, style, count);
    source.collector.commit(base + offset, width, source.line, count);
    source.line += count;
    this.highest = Math.max(this.highest, base + next);
  }

  /** One line of any kind. */
  private otherLine(): void {
    const { source, text } = this;
    const line = source.currentLine();
    if (line.lineEnd === '\r') this.noteOnce('bare-carriage-return', 'lines end with a bare carriage return');
    const first = text[line.start];
    if (line.start === line.end) {
      source.keepText(line);
    } else if (first === COLON) {
      this.noteBlanks(line);
      this.record(line);
    } else if (first === 0x3b || first === 0x23) {
      source.note('warning', 'container/comment', 'comment line; most tools reject the file because of it');
      source.keepText(line);
    } else {
      this.reportForeignLine(line);
    }
    source.advance(line);
  }

  private noteBlanks(line: Line): void {
    if (line.lead !== '') {
      this.noteOnce('leading-blanks', 'blanks before a record; most tools reject the file because of them', 'warning');
    }
    if (line.trail !== '') this.noteOnce('trailing-blanks', 'blanks after a record; several tools reject them');
  }

  private noteOnce(rule: string, message: string, severity: 'note' | 'warning' = 'note'): void {
    const { line } = this.source;
    this.source.findings.addOnce({
      rule: `container/${rule}`,
      severity,
      message,
      evidence: { line },
      origin: `line ${line}`,
    });
  }

  private record(line: Line): void {
    const { source } = this;
    const record = this.parse(line);
    if (!record) return;
    const { type, address, data } = record;
    const style = source.style(record.seen, line.lead, line.trail, line.lineEnd);
    const wanted = TYPE_LENGTHS[type];
    if (wanted === undefined && type !== TYPE_FWUPD_SIGNATURE) {
      source.damaged({
        code: 'UNKNOWN_TYPE',
        rule: 'unknown-record-type',
        what: 'unknown record type',
        expected: '00 to 05',
        got: formatType(type),
        help: 'Write the file again with a tool that keeps to Intel HEX.',
      });
      return;
    }
    if (wanted !== undefined && wanted >= 0 && data.length !== wanted) {
      source.damaged({
        code: 'BAD_RECORD_LENGTH',
        rule: 'bad-record-length',
        what: `record of type ${formatType(type)} has the wrong length`,
        expected: `${wanted} data bytes`,
        got: `${data.length}`,
        help: 'Write the file again; the record cannot be interpreted.',
      });
      return;
    }
    if (type === 0 && data.length > 0) {
      this.addData(address, data, style);
      return;
    }
    source.layout.record(type, address, data, style);
    this.applyRecord(type, address, data);
  }

  private applyRecord(type: number, address: number, data: Uint8Array): void {
    const { source } = this;
    if (type !== 0 && type !== TYPE_FWUPD_SIGNATURE && address !== 0) {
      source.note(
        'warning',
        'container/address-field-not-zero',
        `address field of a type ${formatType(type)} record is ${formatHex(address, 4)} instead of 0000; it is ignored`,
      );
    }
    if (type === 0) {
      source.note('warning', 'container/empty-data-record', 'data record without data');
    } else if (type === 1) {
      this.ended = true;
    } else if (type === 2) {
      this.base = readU16BigEndian(data, 0) * 16;
      this.baseType = 2;
      this.usedSegments = true;
    } else if (type === 3) {
      const cs = readU16BigEndian(data, 0);
      const ip = readU16BigEndian(data, 2);
      this.start = { kind: 'segment', cs, ip, address: cs * 16 + ip };
    } else if (type === 4) {
      this.base = readU16BigEndian(data, 0) * 0x10000;
      this.baseType = 4;
    } else if (type === 5) {
      this.start = { kind: 'linear', address: readU32BigEndian(data, 0) };
    } else {
      source.note(
        'warning',
        'container/nonstandard-record',
        `record type FD is fwupd's own (a signature of ${data.length} bytes); other tools reject the file`,
      );
    }
  }

  private addData(offset: number, data: Uint8Array, style: LineStyle): void {
    const { source, base } = this;
    const start = base + offset;
    const crosses = offset + data.length > 0x10000;
    if (crosses) this.noteCrossing(start);
    const wraps = crosses && this.baseType === 2;
    if (!wraps && start + data.length > ADDRESS_SPACE_END) {
      source.damaged({
        code: 'ADDRESS_OVERFLOW',
        rule: 'address-overflow',
        what: 'data runs past the 4 GiB address space',
        expected: 'addresses up to 0xFFFFFFFF',
        got: `${data.length} bytes at ${formatAddress(start)}`,
        help: 'Check the base address the file was made with.',
        address: start,
      });
      return;
    }
    source.layout.data(0, base, this.baseType === 2, offset, data.length, style);
    const fits = wraps ? 0x10000 - offset : data.length;
    this.commit(start, data.subarray(0, fits));
    if (fits < data.length) this.commit(base, data.subarray(fits));
  }

  private commit(address: number, data: Uint8Array): void {
    const { collector, line } = this.source;
    collector.data.set(data, collector.used);
    collector.commit(address, data.length, line);
    this.highest = Math.max(this.highest, address + data.length);
  }

  private noteCrossing(address: number): void {
    const { source } = this;
    if (this.baseType === 2) {
      source.note(
        'warning',
        'container/segment-wrap',
        'record runs past the end of its 64 KiB segment; it wraps to the start of the segment as the specification says, objcopy and OpenOCD continue linearly',
        address,
      );
    } else if (this.baseType === 4) {
      source.note(
        'note',
        'container/boundary-crossing',
        'record crosses a 64 KiB boundary; it continues linearly, nrf-intel-hex rejects the file',
        address,
      );
    } else {
      source.note(
        'warning',
        'container/boundary-crossing',
        'record crosses 0xFFFF without a base record; it continues linearly',
        address,
      );
    }
  }

  /** The record of a line that begins with a colon, or null when it is damaged and permissive reading goes on. */
  private parse(line: Line): { type: number; address: number; data: Uint8Array; seen: number } | null {
    const { source, text } = this;
    const start = line.start + 1;
    const digits = line.end - start;
    const strange = source.firstNonDigit(start, line.end);
    if (strange >= 0) {
      source.damaged({
        code: 'INVALID_CHARACTER',
        rule: 'invalid-character',
        what: 'invalid character in a record',
        expected: 'hexadecimal digits',
        got: `${describeCharacter(text[strange] as number)} in column ${strange - line.rawStart + 1}`,
        help: 'The file was damaged or edited. Make or download it again.',
        offset: strange,
      });
      return null;
    }
    const declared = digits >= 2 ? 10 + 2 * (pairAt(text, start) & 0xff) : 10;
    if (digits < 10 || (line.lineEnd === '' && digits < declared)) {
      source.damaged({
        code: 'TRUNCATED_RECORD',
        rule: 'truncated-record',
        what: 'record is cut off',
        expected: `${declared} digits`,
        got: `${digits}`,
        help: 'The file ends too early or lost characters. Make or download it again.',
      });
      return null;
    }
    if (digits !== declared) {
      const odd = digits % 2 !== 0;
      source.damaged({
        code: odd ? 'ODD_DIGITS' : 'LENGTH_MISMATCH',
        rule: odd ? 'odd-digits' : 'record-length-mismatch',
        what: odd ? 'record has an odd number of digits' : 'record length does not match its byte count',
        expected: `${declared} digits`,
        got: `${digits}`,
        help: 'The record lost or gained characters. Make or download the file again.',
      });
      return null;
    }
    const { bytes, seen } = source.digits(start, line.end);
    const stored = bytes.at(-1) as number;
    const computed = checksumOf(bytes);
    if (computed !== stored) {
      source.damaged({
        code: 'BAD_CHECKSUM',
        rule: 'bad-record-checksum',
        what: 'record checksum does not match',
        expected: formatHex(computed, 2),
        got: formatHex(stored, 2),
        help: 'The record was damaged or edited. Make the file again, or read with --permissive to see the rest.',
      });
    }
    return {
      type: bytes[3] as number,
      address: readU16BigEndian(bytes, 1),
      data: bytes.subarray(4, -1),
      seen,
    };
  }

  private skipByteOrderMark(): void {
    const { source, text } = this;
    if (text[0] !== 0xef || text[1] !== 0xbb || text[2] !== 0xbf) return;
    this.noteOnce('byte-order-mark', 'the file begins with a UTF-8 byte order mark; most tools reject or misread it');
    source.layout.text(text.subarray(0, 3));
    source.position = 3;
  }

  private reportForeignLine(line: Line): void {
    const { source, text } = this;
    if (source.collector.used === 0 && looksLikeSrecord(text, line.start)) {
      source.damaged({
        code: 'WRONG_FORMAT',
        rule: 'wrong-format',
        what: 'the content is Motorola S-records, not Intel HEX',
        got: 'a line that begins with S',
        help: 'Read it with --format srec, or leave --format out.',
        fatal: true,
      });
    }
    source.damaged({
      code: 'NOT_A_RECORD',
      rule: 'foreign-line',
      what: 'line does not start with ":"',
      got: describeCharacter(text[line.start] as number),
      help: 'Remove the line, or restore its colon: a record without one is lost data.',
    });
  }

  private reportMissingEnd(): void {
    this.source.damaged({
      code: 'NO_END_RECORD',
      rule: 'no-end-record',
      what: 'the file has no end-of-file record',
      expected: ':00000001FF',
      help: 'The file is probably cut off. Make or download it again; --permissive reads what is there.',
    });
  }

  /** Nothing after the end record is loaded; data there means that two files were joined. */
  private readAfterEnd(): void {
    const { source, text } = this;
    const tail = source.position;
    while (source.position < text.length) {
      const line = source.currentLine();
      const kind = this.kindAfterEnd(line);
      if (kind === 'data') {
        source.damaged({
          code: 'DATA_AFTER_END',
          rule: 'data-after-end',
          what: 'data records follow the end-of-file record',
          help: 'Two files seem to be joined. Split them and merge the parts with `convert`.',
        });
        break;
      }
      if (kind === 'record') {
        this.noteOnce('records-after-end', 'records after the end-of-file record are ignored', 'warning');
      } else if (kind === 'text') {
        this.noteOnce('content-after-end', 'text after the end-of-file record is ignored', 'warning');
      }
      source.advance(line);
    }
    source.layout.text(text.subarray(tail));
  }

  private kindAfterEnd(line: Line): 'data' | 'record' | 'text' | 'nothing' {
    const { source, text } = this;
    if (line.start === line.end) return 'nothing';
    if (line.end - line.start === 1 && text[line.start] === CTRL_Z) return 'nothing';
    const digits = line.end - line.start - 1;
    if (text[line.start] !== COLON || digits < 10 || digits > 520) return 'text';
    if (source.firstNonDigit(line.start + 1, line.end) >= 0 || digits % 2 !== 0) return 'text';
    const { bytes } = source.digits(line.start + 1, line.end);
    if (bytes.length !== (bytes[0] as number) + 5 || checksumOf(bytes) !== bytes.at(-1)) return 'text';
    return bytes[3] === 0 && bytes[0] !== 0 ? 'data' : 'record';
  }
}

/** Two's complement of the sum of all bytes but the last. */
function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length - 1; index++) sum += bytes[index] as number;
  return -sum & 0xff;
}

function formatType(type: number): string {
  return type.toString(16).toUpperCase().padStart(2, '0');
}

function looksLikeSrecord(text: Uint8Array, position: number): boolean {
  const mark = text[position];
  const type = text[position + 1];
  return (
    (mark === 0x53 || mark === 0x73) &&
    type !== undefined &&
    type >= 0x30 &&
    type <= 0x39 &&
    (pairAt(text, position + 2) & PAIR_INVALID) === 0
  );
}

const DETECT_BYTES = 8192;

function detect(bytes: Uint8Array): Detection | null {
  let fallback: Detection | null = null;
  let atStart = true;
  const end = Math.min(bytes.length, DETECT_BYTES);
  for (let position = 0; position < end; position++) {
    if (bytes[position] === COLON && (position === 0 || !isVisible(bytes[position - 1]))) {
      if (isSoundRecord(bytes, position)) {
        if (atStart) return { confidence: 'certain', reason: 'begins with a sound Intel HEX record' };
        return { confidence: 'likely', reason: 'has Intel HEX records' };
      }
      if (atStart && beginsLikeRecord(bytes, position)) {
        fallback = { confidence: 'likely', reason: 'begins like an Intel HEX record' };
      }
    }
    if (isVisible(bytes[position]) && (bytes[position] as number) < 0x7f) atStart = false;
    if (bytes[position] === 0) break;
  }
  return fallback;
}

function isVisible(code: number | undefined): boolean {
  return code !== undefined && code > 0x20;
}

function beginsLikeRecord(text: Uint8Array, position: number): boolean {
  for (let at = position + 1; at < position + 9; at += 2) if ((pairAt(text, at) & PAIR_INVALID) !== 0) return false;
  return true;
}

function isSoundRecord(text: Uint8Array, position: number): boolean {
  const count = pairAt(text, position + 1);
  let sum = 0;
  for (let index = 0; index < (count & 0xff) + 5; index++) {
    const entry = pairAt(text, position + 1 + index * 2);
    if ((entry & PAIR_INVALID) !== 0) return false;
    sum += entry;
  }
  return (sum & 0xff) === 0;
}

export const intelHex: Format = {
  id: 'intel-hex',
  title: 'Intel HEX',
  extensions: ['.hex', '.ihex', '.ihx'],
  detect,
  read: readIntelHex,
  write: writeIntelHex,
  writeChunks: writeIntelHexChunks,
};
