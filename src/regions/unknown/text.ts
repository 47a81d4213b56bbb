/** Runs of text: ASCII, UTF-8 and UTF-16, found byte by byte so that their ends are exact. */
import type { Range } from '../../core/range.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

/** Shorter strings stay part of what surrounds them: code is full of them. */
const MIN_TEXT = 64;
const MIN_UTF16_UNITS = 32;
/** Strings of a table are NUL-terminated and padded to a word. */
const MAX_PADDING = 4;

/**
 * 1: printable ASCII or white space, 2: start of a UTF-8 sequence of two, 3: of three, 4: of four, 5: NUL, 6: continuation
 * of a sequence, 0: no part of any text.
 */
const CLASS = new Uint8Array(256);
for (let value = 0x20; value < 0x7f; value++) CLASS[value] = 1;
for (const value of [0x09, 0x0a, 0x0d]) CLASS[value] = 1;
for (let value = 0xc2; value < 0xe0; value++) CLASS[value] = 2;
for (let value = 0xe0; value < 0xf0; value++) CLASS[value] = 3;
for (let value = 0xf0; value < 0xf5; value++) CLASS[value] = 4;
for (let value = 0x80; value < 0xc0; value++) CLASS[value] = 6;
CLASS[0] = 5;

export function claimText({ bytes }: Subject, free: readonly Range[]): Claim[] {
  const claims: Claim[] = [];
  for (const range of free) {
    let offset = range.start;
    while (offset < range.end) {
      const obstacle = lastObstacle(bytes, offset);
      if (obstacle >= 0) {
        offset = obstacle + 1;
        continue;
      }
      if (bytes[offset + 1] === 0) {
        const wide = scanUtf16(bytes, offset, range.end);
        if (wide.units >= MIN_UTF16_UNITS) {
          claims.push(utf16Claim(offset, wide.end, wide.units));
          offset = wide.end;
          continue;
        }
      }
      const run = scanUtf8(bytes, offset, range.end);
      if (run.textEnd - offset >= MIN_TEXT && run.padding <= (run.textEnd - offset) / 4) {
        claims.push(textClaim(offset, run));
        offset = run.textEnd;
      } else {
        offset = Math.max(offset + 1, run.end);
      }
    }
  }
  return claims;
}

/**
 * The last of some probed bytes that cannot be text, or -1: no run of MIN_TEXT bytes can start before it. This is what
 * makes the search skip most bytes that are not text.
 */
function lastObstacle(bytes: Uint8Array, offset: number): number {
  for (let place = offset + MIN_TEXT - 1; place >= offset; place -= 7) {
    if (CLASS[bytes[place] ?? 0x01] === 0) return place;
  }
  return -1;
}

interface TextRun {
  /** End of what was looked at. */
  end: number;
  /** End of the last character. */
  textEnd: number;
  ascii: number;
  multibyte: number;
  /** NUL bytes between strings. */
  padding: number;
  strings: number;
}

function scanUtf8(bytes: Uint8Array, start: number, end: number): TextRun {
  const run: TextRun = { end: start, textEnd: start, ascii: 0, multibyte: 0, padding: 0, strings: 1 };
  let offset = start;
  let nuls = 0;
  while (offset < end) {
    const kind = CLASS[bytes[offset] as number] as number;
    if (kind === 5) {
      if (offset === start || ++nuls > MAX_PADDING) break;
      offset++;
      continue;
    }
    const width = kind === 1 ? 1 : sequenceWidth(bytes, offset, end, kind);
    if (width === 0) break;
    if (nuls > 0) {
      run.padding += nuls;
      run.strings++;
      nuls = 0;
    }
    if (width === 1) run.ascii++;
    else run.multibyte++;
    offset += width;
    run.textEnd = offset;
  }
  run.end = offset;
  return run;
}

/** Bytes of the UTF-8 sequence at an offset, 0 when it is none. */
function sequenceWidth(bytes: Uint8Array, offset: number, end: number, kind: number): number {
  if (kind < 2 || kind > 4 || offset + kind > end) return 0;
  for (let index = 1; index < kind; index++) {
    if (((bytes[offset + index] as number) & 0xc0) !== 0x80) return 0;
  }
  return kind;
}

function scanUtf16(bytes: Uint8Array, start: number, end: number): { units: number; end: number } {
  let offset = start;
  while (offset + 1 < end && CLASS[bytes[offset] as number] === 1 && bytes[offset + 1] === 0) offset += 2;
  return { units: (offset - start) / 2, end: offset };
}

function textClaim(start: number, run: TextRun): Claim {
  const size = run.textEnd - start;
  const encoding = run.multibyte === 0 ? 'ascii' : 'utf-8';
  const words =
    run.strings > 1
      ? `${run.strings} NUL-separated strings`
      : encoding === 'ascii'
        ? 'one run of printable ASCII'
        : 'one run of UTF-8';
  // Random bytes form a UTF-8 sequence now and then, never this many in a row without ASCII between them.
  const confidence = run.multibyte > run.ascii ? 0.6 : Math.min(0.99, 0.9 + size / 4096);
  return {
    start,
    end: run.textEnd,
    kind: 'text',
    confidence,
    reason: `${countBytes(size)} of text: ${words}, ${run.ascii} ASCII and ${run.multibyte} multi-byte characters.`,
    details: { encoding, strings: run.strings, characters: run.ascii + run.multibyte },
  };
}

function utf16Claim(start: number, end: number, units: number): Claim {
  return {
    start,
    end,
    kind: 'text',
    confidence: 0.97,
    reason: `${units} UTF-16 little-endian units in a row, all printable ASCII characters.`,
    details: { encoding: 'utf-16le', strings: 1, characters: units },
  };
}
