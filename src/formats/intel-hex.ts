/**
 * Intel HEX (Intel "Hexadecimal Object File Format Specification", 1988): all record types, 16, 20 and 32 bit addresses.
 * Where tools disagree the reader does what the specification says and reports that they do.
 */
import { formatAddress, formatHex, readU16BigEndian, readU32BigEndian } from '../core/bytes.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import type { IntelHexStart } from './container.js';
import { DEFAULT_NAME, type Format, type ReadOptions, type ReadResult } from './format.js';
import { PAIR, PAIR_INVALID, pairView } from './hex-digits.js';
import { writeIntelHex, writeIntelHexChunks } from './intel-hex-write.js';
import { beginsSrecord, detectIntelHex } from './record-detect.js';
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

const COLON = 0x3a;
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
    source.skipByteOrderMark();
    while (source.position < text.length && !this.ended) {
      if (this.dataRecords()) continue;
      if (source.position < text.length) this.otherLine();
    }
    if (!this.ended) this.reportMissingEnd();
    readAfterEnd(source, 'end-of-file record', (line) => this.kindOf(line));
    const image = finishRecords(source);
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
    source.noteLineEnd(line);
    const first = text[line.start];
    if (line.start === line.end) {
      source.keepText(line);
    } else if (first === COLON) {
      source.noteBlanks(line);
      this.record(line);
    } else if (first === 0x3b || first === 0x23) {
      source.note('warning', 'container/comment', 'comment line; most tools reject the file because of it');
      source.keepText(line);
    } else {
      this.reportForeignLine(line);
    }
    source.advance(line);
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
        rule: 'container/unknown-record-type',
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
        rule: 'container/bad-record-length',
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
        rule: 'container/address-overflow',
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
    const { source } = this;
    const start = line.start + 1;
    if (!source.checkDigits(line, start, (count) => 10 + 2 * count)) return null;
    const { bytes, seen } = source.digits(start, line.end);
    source.checkChecksum(bytes.at(-1) as number, checksumOf(bytes));
    return {
      type: bytes[3] as number,
      address: readU16BigEndian(bytes, 1),
      data: bytes.subarray(4, -1),
      seen,
    };
  }

  private reportForeignLine(line: Line): void {
    const { source, text } = this;
    if (source.collector.used === 0 && beginsSrecord(text, line.start)) {
      source.damaged({
        code: 'WRONG_FORMAT',
        rule: null,
        what: 'the content is Motorola S-records, not Intel HEX',
        got: 'a line that begins with S',
        help: 'Read it with --format srec, or leave --format out.',
      });
    }
    source.damaged({
      code: 'NOT_A_RECORD',
      rule: 'container/foreign-line',
      what: 'line does not start with ":"',
      got: describeCharacter(text[line.start] as number),
      help: 'Remove the line, or restore its colon: a record without one is lost data.',
    });
  }

  private reportMissingEnd(): void {
    this.source.damaged({
      code: 'NO_END_RECORD',
      rule: 'container/no-end-record',
      what: 'the file has no end-of-file record',
      expected: ':00000001FF',
      help: 'The file is probably cut off. Make or download it again; --permissive reads what is there.',
    });
  }

  private kindOf(line: Line): 'data' | 'record' | 'text' {
    const { source, text } = this;
    const digits = line.end - line.start - 1;
    if (text[line.start] !== COLON || digits < 10 || digits % 2 !== 0) return 'text';
    if (source.firstNonDigit(line.start + 1, line.end) >= 0) return 'text';
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

export const intelHex: Format = {
  id: 'intel-hex',
  title: 'Intel HEX',
  extensions: ['.hex', '.ihex', '.ihx'],
  detect: detectIntelHex,
  read: readIntelHex,
  write: writeIntelHex,
  writeChunks: writeIntelHexChunks,
};
