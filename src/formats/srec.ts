/** Motorola S-records (S0 to S9, with S5 and S6 counts). */
import { formatAddress, formatHex } from '../core/bytes.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import { DEFAULT_NAME, type Detection, type Format, type ReadOptions, type ReadResult } from './format.js';
import { PAIR, PAIR_INVALID, pairAt, pairView } from './hex-digits.js';
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
import { ADDRESS_BYTES, writeSrec, writeSrecChunks } from './srec-write.js';

const UPPER_S = 0x53;
const LOWER_S = 0x73;
const ZERO = 0x30;
const CTRL_Z = 0x1a;
/** One past the highest address of S1, S2 and S3. */
const ADDRESS_LIMIT = [0, 0x10000, 0x100_0000, ADDRESS_SPACE_END];

interface SRecord {
  readonly type: number;
  readonly address: number;
  readonly data: Uint8Array;
  readonly seen: number;
}

/** @throws FormatError SREC_… with the line. */
export function readSrec(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  return new SrecReader(bytes, options).read();
}

class SrecReader {
  private readonly source: RecordText;
  private header: Uint8Array | null = null;
  private start: number | null = null;
  private ended = false;
  private dataCount = 0;
  private widest = 0;
  /** The count record: its value, its line, and how many data records stood before it. */
  private count: { value: number; line: number; before: number } | null = null;

  constructor(
    private readonly text: Uint8Array,
    options: ReadOptions,
  ) {
    this.source = new RecordText(text, options.name ?? DEFAULT_NAME, options.permissive ?? false, 'SREC');
  }

  read(): ReadResult {
    const { source, text } = this;
    if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf) {
      this.noteOnce('byte-order-mark', 'the file begins with a UTF-8 byte order mark; most tools reject or misread it');
      source.layout.text(text.subarray(0, 3));
      source.position = 3;
    }
    while (source.position < text.length && !this.ended) {
      if (this.dataRecords()) continue;
      if (source.position < text.length) this.otherLine();
    }
    this.checkCount();
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
    return {
      format: 'srec',
      image,
      container: {
        kind: 'srec',
        header: this.header,
        start: this.start,
        count: this.count?.value ?? null,
        style: commonStyle(source, this.widest === 3 ? 32 : this.widest === 2 ? 24 : 16),
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

  /** Plain S1, S2 and S3 records; stops before the first line that is anything else. True when there may be more. */
  private dataRecords(): boolean {
    const { text, source } = this;
    const { data } = source.collector;
    const view = pairView(text);
    let run: DataRun | null = null;
    let runType = 0;
    let written = source.collector.used;
    let position = source.position;
    let budget = RECORDS_PER_CALL;
    for (; budget > 0; budget--) {
      const type = (text[position + 1] as number) - ZERO;
      if (text[position] !== UPPER_S || !(type >= 1 && type <= 3) || position + 14 > text.length) break;
      const count = PAIR[view.getUint16(position + 2, true)] as number;
      const length = (count & 0xff) - type - 2;
      const dataAt = position + 6 + type * 2;
      const checksumAt = dataAt + length * 2;
      if (length <= 0 || checksumAt + 2 > text.length) break;
      let seen = count;
      let sum = count;
      let address = 0;
      for (let digit = position + 4; digit < dataAt; digit += 2) {
        const entry = PAIR[view.getUint16(digit, true)] as number;
        sum += entry;
        seen |= entry;
        address = (address << 8) | (entry & 0xff);
      }
      address >>>= 0;
      let at = written;
      for (let digit = dataAt; digit < checksumAt; digit += 2) {
        const entry = PAIR[view.getUint16(digit, true)] as number;
        sum += entry;
        seen |= entry;
        data[at++] = entry;
      }
      const checksum = PAIR[view.getUint16(checksumAt, true)] as number;
      sum += checksum;
      seen |= checksum;
      const last = address + length;
      if ((seen & PAIR_INVALID) !== 0 || (sum & 0xff) !== 0xff || last > (ADDRESS_LIMIT[type] as number)) break;
      const end = lineEndAt(text, checksumAt + 2);
      if (end === undefined) break;
      if (
        run !== null &&
        run.width === length &&
        run.next === address &&
        runType === type &&
        run.style.end === end &&
        source.sameCase(seen)
      ) {
        run.count++;
        run.next = last;
      } else {
        if (run) this.finishRun(run, runType);
        run = { offset: address, width: length, next: last, count: 1, style: source.style(seen, '', '', end) };
        runType = type;
      }
      written = at;
      position = checksumAt + 2 + end.length;
    }
    if (run) this.finishRun(run, runType);
    source.position = position;
    return budget === 0;
  }

  private finishRun({ offset, width, count, style }: DataRun, type: number): void {
    const { source } = this;
    source.layout.data(type, 0, false, offset, width, style, count);
    source.collector.commit(offset, width, source.line, count);
    source.line += count;
    this.dataCount += count;
    this.widest = Math.max(this.widest, type);
  }

  private otherLine(): void {
    const { source, text } = this;
    const line = source.currentLine();
    if (line.lineEnd === '\r') this.noteOnce('bare-carriage-return', 'lines end with a bare carriage return');
    const first = text[line.start];
    if (line.start === line.end) {
      source.keepText(line);
    } else if (isMark(first)) {
      this.record(line, first === LOWER_S);
    } else if (first === 0x23) {
      source.note('note', 'container/comment', 'comment line; objcopy and fwupd reject the file because of it');
      source.keepText(line);
    } else {
      this.reportForeignLine(line);
    }
    source.advance(line);
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

  private record(line: Line, lowerMark: boolean): void {
    const { source } = this;
    const record = this.parse(line);
    if (!record) return;
    if (lowerMark) this.noteOnce('lower-case-mark', 'records begin with a lower-case s; other tools reject the file');
    if (line.lead !== '') {
      this.noteOnce('leading-blanks', 'blanks before a record; most tools reject the file because of them', 'warning');
    }
    if (line.trail !== '') this.noteOnce('trailing-blanks', 'blanks after a record; several tools reject them');
    const { type, address, data } = record;
    const style = source.style(record.seen, line.lead, line.trail, line.lineEnd, lowerMark);
    if (type >= 1 && type <= 3 && data.length > 0) {
      this.addData(record, style);
      return;
    }
    if (type >= 5 && data.length > 0) {
      source.damaged({
        code: 'BAD_RECORD_LENGTH',
        rule: 'bad-record-length',
        what: `S${type} record has the wrong length`,
        expected: 'no data bytes',
        got: `${data.length}`,
        help: 'Write the file again; the record cannot be interpreted.',
      });
      return;
    }
    source.layout.record(type, address, data, style);
    this.applyRecord(record);
  }

  private applyRecord({ type, address, data }: SRecord): void {
    const { source } = this;
    if (type === 0) {
      if (address !== 0) {
        source.note('warning', 'container/address-field-not-zero', 'address field of the S0 record is not 0000');
      }
      if (this.header !== null) source.note('note', 'container/second-header', 'the file has more than one S0 record');
      this.header ??= data;
    } else if (type <= 3) {
      this.dataCount++;
      source.note('warning', 'container/empty-data-record', 'data record without data');
    } else if (type <= 6) {
      if (this.count) this.checkCount();
      this.count = { value: address, line: source.line, before: this.dataCount };
    } else {
      this.start = address;
      this.ended = true;
      if (this.widest !== 0 && type !== 10 - this.widest) {
        source.note(
          'warning',
          'container/end-record-width',
          `S${type} ends a file of S${this.widest} records; S${10 - this.widest} belongs there`,
        );
      }
    }
  }

  private addData({ type, address, data }: SRecord, style: LineStyle): void {
    const { source } = this;
    const end = address + data.length;
    if (end > ADDRESS_SPACE_END) {
      source.damaged({
        code: 'ADDRESS_OVERFLOW',
        rule: 'address-overflow',
        what: 'data runs past the 4 GiB address space',
        expected: 'addresses up to 0xFFFFFFFF',
        got: `${data.length} bytes at ${formatAddress(address)}`,
        help: 'Check the offset the file was made with.',
        address,
      });
      return;
    }
    const bits = (type + 1) * 8;
    if (end > 2 ** bits) {
      const message = `S${type} data runs past the end of its ${bits}-bit address space; it continues linearly`;
      source.note('warning', 'container/address-past-width', message, address);
    }
    source.layout.data(type, 0, false, address, data.length, style);
    source.collector.data.set(data, source.collector.used);
    source.collector.commit(address, data.length, source.line);
    this.dataCount++;
    this.widest = Math.max(this.widest, type);
  }

  /** The record of a line that begins with S, or null when it is damaged and permissive reading goes on. */
  private parse(line: Line): SRecord | null {
    const { source, text } = this;
    const start = line.start + 2;
    const type = (text[line.start + 1] as number) - ZERO;
    const digits = Math.max(0, line.end - start);
    const strange = type >= 0 && type <= 9 ? source.firstNonDigit(start, line.end) : line.start + 1;
    if (strange >= 0 && strange < line.end) {
      source.damaged({
        code: 'INVALID_CHARACTER',
        rule: 'invalid-character',
        what: 'invalid character in a record',
        expected: strange === line.start + 1 ? 'a digit after S' : 'hexadecimal digits',
        got: `${describeCharacter(text[strange] as number)} in column ${strange - line.rawStart + 1}`,
        help: 'The file was damaged or edited. Make or download it again.',
        offset: strange,
      });
      return null;
    }
    const declared = digits >= 2 ? 2 + 2 * (pairAt(text, start) & 0xff) : 4;
    if (digits < 4 || (line.lineEnd === '' && digits < declared)) {
      source.damaged({
        code: 'TRUNCATED_RECORD',
        rule: 'truncated-record',
        what: 'record is cut off',
        expected: `${declared} digits after the type`,
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
        expected: `${declared} digits after the type`,
        got: `${digits}`,
        help: 'The record lost or gained characters. Make or download the file again.',
      });
      return null;
    }
    return this.decode(type, start, line.end);
  }

  private decode(type: number, start: number, end: number): SRecord | null {
    const { source } = this;
    const addressBytes = ADDRESS_BYTES[type] as number;
    const { bytes, seen } = source.digits(start, end);
    if (addressBytes === 0) {
      source.damaged({
        code: 'RESERVED_TYPE',
        rule: 'unknown-record-type',
        what: 'record type S4 is reserved',
        expected: 'S0 to S3, S5 to S9',
        got: 'S4',
        help: 'Write the file again with a tool that keeps to S-records.',
      });
      return null;
    }
    if (bytes.length < addressBytes + 2) {
      source.damaged({
        code: 'RECORD_TOO_SHORT',
        rule: 'record-too-short',
        what: `S${type} record is too short for its address`,
        expected: `a count of at least ${addressBytes + 1}`,
        got: `${bytes[0]}`,
        help: 'Write the file again; the record cannot be interpreted.',
      });
      return null;
    }
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
    let address = 0;
    for (let index = 1; index <= addressBytes; index++) address = address * 256 + (bytes[index] as number);
    return { type, address, data: bytes.subarray(1 + addressBytes, -1), seen };
  }

  private reportForeignLine(line: Line): void {
    const { source, text } = this;
    const first = text[line.start] as number;
    if (source.collector.used === 0 && first === 0x3a && (pairAt(text, line.start + 1) & PAIR_INVALID) === 0) {
      source.damaged({
        code: 'WRONG_FORMAT',
        rule: 'wrong-format',
        what: 'the content is Intel HEX, not Motorola S-records',
        got: 'a line that begins with ":"',
        help: 'Read it with --format intel-hex, or leave --format out.',
        fatal: true,
      });
    }
    source.damaged({
      code: 'NOT_A_RECORD',
      rule: 'foreign-line',
      what: 'line does not start with "S"',
      got: describeCharacter(first),
      help: 'Remove the line, or restore its S: a record without one is lost data.',
    });
  }

  private checkCount(): void {
    const { count, dataCount, source } = this;
    if (!count || count.value === count.before) return;
    if (count.value === dataCount) {
      source.findings.add({
        rule: 'container/count-before-data',
        severity: 'warning',
        message: 'the count record stands before the records it counts',
        evidence: { line: count.line },
        origin: `line ${count.line}`,
      });
      return;
    }
    source.damaged({
      code: 'COUNT_MISMATCH',
      rule: 'record-count-mismatch',
      what: 'the count record does not match the number of data records',
      expected: `${count.before}`,
      got: `${count.value}`,
      help: 'Records are missing or were added. Make or download the file again.',
      line: count.line,
    });
  }

  private reportMissingEnd(): void {
    const { source } = this;
    if (this.count) {
      source.findings.add({
        rule: 'container/no-end-record',
        severity: 'warning',
        message: 'the file has no S7, S8 or S9 record; OpenOCD rejects it (srec_cat writes such files)',
      });
      return;
    }
    source.damaged({
      code: 'NO_TERMINATOR',
      rule: 'no-end-record',
      what: 'the file has neither a terminator nor a count record',
      expected: 'an S7, S8 or S9 record',
      help: 'The file is probably cut off. Make or download it again; --permissive reads what is there.',
    });
  }

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
          what: 'data records follow the terminator',
          help: 'Two files seem to be joined. Split them and merge the parts with `convert`.',
        });
        break;
      }
      if (kind === 'record') {
        this.noteOnce('records-after-end', 'records after the terminator are ignored', 'warning');
      } else if (kind === 'text') {
        this.noteOnce('content-after-end', 'text after the terminator is ignored', 'warning');
      }
      source.advance(line);
    }
    source.layout.text(text.subarray(tail));
  }

  private kindAfterEnd(line: Line): 'data' | 'record' | 'text' | 'nothing' {
    const { source, text } = this;
    if (line.start === line.end) return 'nothing';
    if (line.end - line.start === 1 && text[line.start] === CTRL_Z) return 'nothing';
    const type = (text[line.start + 1] as number) - ZERO;
    const digits = line.end - line.start - 2;
    if (!isMark(text[line.start]) || !(type >= 0 && type <= 9) || digits < 6 || digits > 512) return 'text';
    if (source.firstNonDigit(line.start + 2, line.end) >= 0 || digits % 2 !== 0) return 'text';
    const { bytes } = source.digits(line.start + 2, line.end);
    if (bytes.length !== (bytes[0] as number) + 1 || checksumOf(bytes) !== bytes.at(-1)) return 'text';
    return type >= 1 && type <= 3 ? 'data' : 'record';
  }
}

function isMark(code: number | undefined): boolean {
  return code === UPPER_S || code === LOWER_S;
}

/** One's complement of the sum of all bytes but the last. */
function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length - 1; index++) sum += bytes[index] as number;
  return ~sum & 0xff;
}

const DETECT_BYTES = 8192;

function detect(bytes: Uint8Array): Detection | null {
  let fallback: Detection | null = null;
  let atStart = true;
  const end = Math.min(bytes.length, DETECT_BYTES);
  for (let position = 0; position < end; position++) {
    const code = bytes[position] as number;
    if (isMark(code) && (position === 0 || (bytes[position - 1] as number) <= 0x20)) {
      if (isSoundRecord(bytes, position)) {
        if (atStart) return { confidence: 'certain', reason: 'begins with a sound S-record' };
        return { confidence: 'likely', reason: 'has S-records' };
      }
      if (atStart && beginsLikeRecord(bytes, position)) {
        fallback = { confidence: 'likely', reason: 'begins like an S-record' };
      }
    }
    if (code > 0x20 && code < 0x7f) atStart = false;
    if (code === 0) break;
  }
  return fallback;
}

function beginsLikeRecord(text: Uint8Array, position: number): boolean {
  const type = (text[position + 1] as number) - ZERO;
  if (!(type >= 0 && type <= 9)) return false;
  for (let at = position + 2; at < position + 8; at += 2) if ((pairAt(text, at) & PAIR_INVALID) !== 0) return false;
  return true;
}

function isSoundRecord(text: Uint8Array, position: number): boolean {
  const type = (text[position + 1] as number) - ZERO;
  if (!(type >= 0 && type <= 9)) return false;
  const count = pairAt(text, position + 2);
  let sum = 0;
  for (let index = 0; index <= (count & 0xff); index++) {
    const entry = pairAt(text, position + 2 + index * 2);
    if ((entry & PAIR_INVALID) !== 0) return false;
    sum += entry;
  }
  return (count & 0xff) >= 3 && (sum & 0xff) === 0xff;
}

export const srec: Format = {
  id: 'srec',
  title: 'Motorola S-records',
  extensions: ['.srec', '.s19', '.s28', '.s37', '.mot'],
  detect,
  read: readSrec,
  write: writeSrec,
  writeChunks: writeSrecChunks,
};
