/** Motorola S-records (S0 to S9, with S5 and S6 counts). */
import { formatAddress } from '../core/bytes.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import { DEFAULT_NAME, type Format, type ReadOptions, type ReadResult } from './format.js';
import { PAIR, PAIR_INVALID, pairView } from './hex-digits.js';
import { beginsIntelHex, detectSrec } from './record-detect.js';
import { finishRecords, readAfterEnd } from './record-finish.js';
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
    source.skipByteOrderMark();
    while (source.position < text.length && !this.ended) {
      if (this.dataRecords()) continue;
      if (source.position < text.length) this.otherLine();
    }
    this.checkCount();
    if (!this.ended) this.reportMissingEnd();
    readAfterEnd(source, 'terminator', (line) => this.kindOf(line));
    const image = finishRecords(source);
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
    source.noteLineEnd(line);
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

  private record(line: Line, lowerMark: boolean): void {
    const { source } = this;
    const record = this.parse(line);
    if (!record) return;
    if (lowerMark) {
      const message = 'records begin with a lower-case s; other tools reject the file';
      source.noteOnce('note', 'container/lower-case-mark', message);
    }
    source.noteBlanks(line);
    const { type, address, data } = record;
    const style = source.style(record.seen, line.lead, line.trail, line.lineEnd, lowerMark);
    if (type >= 1 && type <= 3 && data.length > 0) {
      this.addData(record, style);
      return;
    }
    if (type >= 5 && data.length > 0) {
      source.damaged({
        code: 'BAD_RECORD_LENGTH',
        rule: 'container/bad-record-length',
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
        rule: 'container/address-overflow',
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
    if (!(type >= 0 && type <= 9)) {
      source.damaged({
        code: 'INVALID_CHARACTER',
        rule: 'container/invalid-character',
        what: 'invalid character in a record',
        expected: 'a digit after S',
        got: start <= line.end ? describeCharacter(text[line.start + 1] as number) : 'the end of the line',
        help: 'The file was damaged or edited. Make or download it again.',
        offset: line.start + 1,
      });
      return null;
    }
    if (!source.checkDigits(line, start, (count) => 2 + 2 * Math.max(1, count))) return null;
    return this.decode(type, start, line.end);
  }

  private decode(type: number, start: number, end: number): SRecord | null {
    const { source } = this;
    const addressBytes = ADDRESS_BYTES[type] as number;
    const { bytes, seen } = source.digits(start, end);
    if (addressBytes === 0) {
      source.damaged({
        code: 'RESERVED_TYPE',
        rule: 'container/unknown-record-type',
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
        rule: 'container/record-too-short',
        what: `S${type} record is too short for its address`,
        expected: `a count of at least ${addressBytes + 1}`,
        got: `${bytes[0]}`,
        help: 'Write the file again; the record cannot be interpreted.',
      });
      return null;
    }
    source.checkChecksum(bytes.at(-1) as number, checksumOf(bytes));
    let address = 0;
    for (let index = 1; index <= addressBytes; index++) address = address * 256 + (bytes[index] as number);
    return { type, address, data: bytes.subarray(1 + addressBytes, -1), seen };
  }

  private reportForeignLine(line: Line): void {
    const { source, text } = this;
    const first = text[line.start] as number;
    if (source.collector.used === 0 && beginsIntelHex(text, line.start)) {
      source.damaged({
        code: 'WRONG_FORMAT',
        rule: null,
        what: 'the content is Intel HEX, not Motorola S-records',
        got: 'a line that begins with ":"',
        help: 'Read it with --format intel-hex, or leave --format out.',
      });
    }
    source.damaged({
      code: 'NOT_A_RECORD',
      rule: 'container/foreign-line',
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
      rule: 'container/record-count-mismatch',
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
      rule: 'container/no-end-record',
      what: 'the file has neither a terminator nor a count record',
      expected: 'an S7, S8 or S9 record',
      help: 'The file is probably cut off. Make or download it again; --permissive reads what is there.',
    });
  }

  private kindOf(line: Line): 'data' | 'record' | 'text' {
    const { source, text } = this;
    const type = (text[line.start + 1] as number) - ZERO;
    const digits = line.end - line.start - 2;
    if (!isMark(text[line.start]) || !(type >= 0 && type <= 9) || digits < 6 || digits % 2 !== 0) return 'text';
    if (source.firstNonDigit(line.start + 2, line.end) >= 0) return 'text';
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

export const srec: Format = {
  id: 'srec',
  title: 'Motorola S-records',
  extensions: ['.srec', '.s19', '.s28', '.s37', '.mot'],
  detect: detectSrec,
  read: readSrec,
  write: writeSrec,
  writeChunks: writeSrecChunks,
};
