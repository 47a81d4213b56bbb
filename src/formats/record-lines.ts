/** Lines of a record file, as bytes: where they begin and end, and how they look. Shared by Intel HEX and S-records. */
import { formatHex } from '../core/bytes.js';
import { FormatError } from '../core/errors.js';
import { FindingList } from './finding-list.js';
import { DIGIT_VALUE, PAIR_INVALID, PAIR_LOWER, PAIR_UPPER, pairAt } from './hex-digits.js';
import { RecordCollector } from './record-collector.js';
import { LayoutRecorder, type LineEnd, type LineStyle, type TextStyle } from './record-layout.js';

export interface Line {
  /** First and one past the last character, without blanks and line end. */
  readonly start: number;
  readonly end: number;
  readonly lead: string;
  readonly trail: string;
  readonly lineEnd: LineEnd;
  /** First character of the line, first character of the next one. */
  readonly rawStart: number;
  readonly next: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const MAX_BLANKS = 64;

/** What a reader of records has in hand: position, collected data, layout and findings. */
export class RecordText {
  position = 0;
  line = 1;
  readonly collector: RecordCollector;
  readonly layout: LayoutRecorder;
  readonly findings = new FindingList();
  private readonly styles = new Map<string, LineStyle>();
  private lowerCase = false;

  constructor(
    readonly text: Uint8Array,
    readonly name: string,
    readonly permissive: boolean,
    /** `IHEX` or `SREC`: first part of the error codes. */
    private readonly area: string,
  ) {
    this.layout = new LayoutRecorder(text);
    this.collector = new RecordCollector((text.length >>> 1) + 1);
  }

  /** The line at the position. */
  currentLine(): Line {
    const { text } = this;
    const rawStart = this.position;
    let end = rawStart;
    while (end < text.length && text[end] !== LINE_FEED && text[end] !== CARRIAGE_RETURN) end++;
    let lineEnd: LineEnd = '';
    if (text[end] === LINE_FEED) lineEnd = '\n';
    else if (text[end] === CARRIAGE_RETURN) lineEnd = text[end + 1] === LINE_FEED ? '\r\n' : '\r';
    const next = end + lineEnd.length;
    let start = rawStart;
    while (start < end && isBlank(text[start])) start++;
    let last = end;
    while (last > start && isBlank(text[last - 1])) last--;
    const blanks = (from: number, to: number): string =>
      // Longer indentation is kept by nobody; the layout gives up below.
      to - from > MAX_BLANKS ? '' : String.fromCharCode(...text.subarray(from, to));
    if (start - rawStart > MAX_BLANKS || end - last > MAX_BLANKS) this.layout.giveUp();
    return { start, end: last, lead: blanks(rawStart, start), trail: blanks(last, end), lineEnd, rawStart, next };
  }

  /** Goes to the next line. */
  advance(line: Line): void {
    this.position = line.next;
    this.line++;
  }

  /** Keeps a line that is no record, for the layout. */
  keepText(line: Line): void {
    this.layout.text(line.rawStart, line.next);
  }

  /**
   * The style of a line; equal styles are one object. `seen` are the PAIR flags of its digits: a record without letters
   * takes the case of the one before it, and one with both cases cannot be written again.
   */
  style(seen: number, lead: string, trail: string, end: LineEnd, lowerMark = false): LineStyle {
    if ((seen & PAIR_LOWER) !== 0) {
      if ((seen & PAIR_UPPER) !== 0) this.layout.giveUp();
      this.lowerCase = true;
    } else if ((seen & PAIR_UPPER) !== 0) {
      this.lowerCase = false;
    }
    const key = `${this.lowerCase ? 'l' : 'u'}${lowerMark ? 's' : 'S'}${end}|${lead}|${trail}`;
    let style = this.styles.get(key);
    if (!style) {
      if (this.styles.size > 1000) this.layout.giveUp();
      style = { lead, trail, end, lowerCase: this.lowerCase, lowerMark };
      this.styles.set(key, style);
    }
    return style;
  }

  /** True while the digits' case stays what the last style says. */
  sameCase(seen: number): boolean {
    return (seen & (this.lowerCase ? PAIR_UPPER : PAIR_LOWER)) === 0;
  }

  /** Offset of the first character in the stretch that is no hexadecimal digit, or -1. */
  firstNonDigit(start: number, end: number): number {
    for (let offset = start; offset < end; offset++) {
      if ((DIGIT_VALUE[this.text[offset] as number] as number) < 0) return offset;
    }
    return -1;
  }

  /** The bytes of an even number of digits, and the flags of these digits. */
  digits(start: number, end: number): { bytes: Uint8Array; seen: number } {
    const bytes = new Uint8Array((end - start) >>> 1);
    let seen = 0;
    for (let index = 0; index < bytes.length; index++) {
      const at = start + index * 2;
      const entry = pairAt(this.text, at);
      seen |= entry;
      bytes[index] = entry;
    }
    return { bytes, seen: seen & ~0xff & ~PAIR_INVALID };
  }

  /** Adds a finding on the current line. */
  note(severity: 'error' | 'warning' | 'note', rule: string, message: string, address?: number): void {
    const { line } = this;
    this.findings.add({ rule, severity, message, evidence: { line }, origin: `line ${line}`, start: address });
  }

  /**
   * Checks the digits of a record: nothing else among them, and as many as its count byte says. False when the record is
   * damaged and permissive reading goes on.
   * @param start offset of the first digit, which belongs to the count byte
   * @param declared number of digits for a count; for 0 the fewest that a record can have
   */
  checkDigits(line: Line, start: number, declared: (count: number) => number): boolean {
    const { text } = this;
    const digits = Math.max(0, line.end - start);
    const strange = this.firstNonDigit(start, line.end);
    if (strange >= 0) {
      this.damaged({
        code: 'INVALID_CHARACTER',
        rule: 'container/invalid-character',
        what: 'invalid character in a record',
        expected: 'hexadecimal digits',
        got: `${describeCharacter(text[strange] as number)} in column ${strange - line.rawStart + 1}`,
        help: 'The file was damaged or edited. Make or download it again.',
        offset: strange,
      });
      return false;
    }
    const wanted = declared(digits >= 2 ? pairAt(text, start) & 0xff : 0);
    if (digits === wanted) return true;
    const common = { expected: `${wanted} digits`, got: `${digits}` };
    if (digits < declared(0) || (line.lineEnd === '' && digits < wanted)) {
      this.damaged({
        code: 'TRUNCATED_RECORD',
        rule: 'container/truncated-record',
        what: 'record is cut off',
        ...common,
        help: 'The file ends too early or lost characters. Make or download it again.',
      });
      return false;
    }
    const odd = digits % 2 !== 0;
    this.damaged({
      code: odd ? 'ODD_DIGITS' : 'LENGTH_MISMATCH',
      rule: odd ? 'container/odd-digits' : 'container/record-length-mismatch',
      what: odd ? 'record has an odd number of digits' : 'record length does not match its byte count',
      ...common,
      help: 'The record lost or gained characters. Make or download the file again.',
    });
    return false;
  }

  /** Compares a record's checksum with the right one. */
  checkChecksum(stored: number, computed: number): void {
    if (stored === computed) return;
    this.damaged({
      code: 'BAD_CHECKSUM',
      rule: 'container/bad-record-checksum',
      what: 'record checksum does not match',
      expected: formatHex(computed, 2),
      got: formatHex(stored, 2),
      help: 'The record was damaged or edited. Make the file again, or read with --permissive to see the rest.',
    });
  }

  /** Adds a finding on the current line unless its rule has one. */
  noteOnce(severity: 'warning' | 'note', rule: string, message: string): void {
    const { line } = this;
    this.findings.addOnce({ rule, severity, message, evidence: { line }, origin: `line ${line}` });
  }

  /** Steps over a UTF-8 byte order mark at the beginning. */
  skipByteOrderMark(): void {
    const { text } = this;
    if (text[0] !== 0xef || text[1] !== 0xbb || text[2] !== 0xbf) return;
    const message = 'the file begins with a UTF-8 byte order mark; most tools reject or misread it';
    this.noteOnce('note', 'container/byte-order-mark', message);
    this.layout.text(0, 3);
    this.position = 3;
  }

  /** Notes what other tools dislike about the white space of a record's line. */
  noteBlanks(line: Line): void {
    if (line.lead !== '') {
      const message = 'blanks before a record; most tools reject the file because of them';
      this.noteOnce('warning', 'container/leading-blanks', message);
    }
    if (line.trail !== '') {
      this.noteOnce('note', 'container/trailing-blanks', 'blanks after a record; several tools reject them');
    }
  }

  /** Notes line ends that only old systems write. */
  noteLineEnd(line: Line): void {
    if (line.lineEnd !== '\r') return;
    this.noteOnce('note', 'container/bare-carriage-return', 'lines end with a bare carriage return');
  }

  /** Stops at a damaged record; in permissive mode notes it and returns, so that the caller can skip or accept it. */
  damaged(problem: Problem): void {
    const { rule } = problem;
    if (!this.permissive || rule === null) throw this.error(problem);
    this.layout.giveUp();
    if (this.findings.countIfFull(rule)) return;
    const line = problem.line ?? this.line;
    this.findings.add({
      rule,
      severity: 'error',
      message: this.error(problem).message,
      evidence: { line },
      origin: `line ${line}`,
      start: problem.address,
      remedy: problem.help,
    });
  }

  private error(problem: Problem): FormatError {
    const line = problem.line ?? this.line;
    return new FormatError({
      code: `${this.area}_${problem.code}`,
      what: problem.what,
      where: `${this.name}, line ${line}`,
      expected: problem.expected,
      got: problem.got,
      help: problem.help,
      line,
      address: problem.address,
      offset: problem.offset,
    });
  }
}

export interface Problem {
  /** Without the area: `BAD_CHECKSUM`. */
  readonly code: string;
  /** Rule of the finding in permissive mode; null when not even that can go on. */
  readonly rule: string | null;
  readonly what: string;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  readonly help: string;
  readonly line?: number | undefined;
  readonly address?: number | undefined;
  readonly offset?: number | undefined;
}

/** The style that a writer should follow when records cannot be laid out as they were. */
export function commonStyle(text: RecordText, addressBits: TextStyle['addressBits']): TextStyle {
  const layout = text.layout.finish() ?? [];
  let recordBytes = 16;
  let most = 0;
  let style: LineStyle | null = null;
  for (const item of layout) {
    if (item.kind !== 'data' || item.count * item.width <= most) continue;
    most = item.count * item.width;
    recordBytes = item.width;
    style = item.style;
  }
  return {
    recordBytes,
    lineEnd: style?.end === '\r\n' ? '\r\n' : '\n',
    lowerCase: style?.lowerCase ?? false,
    addressBits,
  };
}

/** A character for a message: `"G"`, or `0x00` when it cannot be shown. */
export function describeCharacter(code: number): string {
  return code > 0x20 && code < 0x7f ? `"${String.fromCharCode(code)}"` : `0x${code.toString(16).padStart(2, '0')}`;
}

export function isBlank(code: number | undefined): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Records that the fast loops read in one call. A loop over a whole large file would run in code that was compiled before
 * the engine knew what the loop does.
 */
export const RECORDS_PER_CALL = 1024;

/** Data records of equal size and style on consecutive lines and addresses, while they are read. */
export interface DataRun {
  readonly offset: number;
  readonly width: number;
  readonly style: LineStyle;
  count: number;
  /** Address field the next record must have. */
  next: number;
}

/** The line end at a position, or undefined when something else stands there. A bare carriage return is for the slow path. */
export function lineEndAt(text: Uint8Array, position: number): LineEnd | undefined {
  const code = text[position];
  if (code === 0x0a) return '\n';
  if (code === 0x0d && text[position + 1] === 0x0a) return '\r\n';
  return position === text.length ? '' : undefined;
}
