/**
 * Text that came out of a dump, made harmless for a terminal, a page or a JSON document: whatever could move a cursor,
 * change a colour, turn the writing direction or hide itself is written as an escape.
 *
 *     \xNN     a byte that is not valid UTF-8, or a control character below U+0080
 *     \u{...}  any other character that is invisible or steers the output
 *     \\       a backslash, so that an escape cannot be forged
 */

/** What most text consists of: printable ASCII without the backslash. */
const HARMLESS = /^[ -[\]-~]*$/;

/** A run of more combining marks than any language writes climbs over the neighbouring lines. */
const MAX_COMBINING_MARKS = 4;

interface Classes {
  /** Controls, format characters, separators, private use, unassigned, lone surrogates, and spaces other than U+0020. */
  readonly unsafe: RegExp;
  /** Invisible although Unicode counts them as letters, marks or symbols: fillers, variation selectors, blank Braille. */
  readonly invisible: RegExp;
  readonly combining: RegExp;
}

let classes: Classes | undefined;

/** Made when first needed: building sets of the whole of Unicode takes longer than all the rest of a short report. */
function unicodeClasses(): Classes {
  classes ??= {
    unsafe: /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]|(?! )\p{Zs}/u,
    invisible: /\p{Default_Ignorable_Code_Point}|\u2800/u,
    combining: /\p{M}/u,
  };
  return classes;
}

/** The text with every harmful character and every byte that is not UTF-8 escaped. Never throws. */
export function escapeText(text: Uint8Array | string): string {
  return typeof text === 'string' ? escapeString(text) : escapeBytes(text);
}

function escapeString(text: string): string {
  if (HARMLESS.test(text)) return text;
  let result = '';
  let marks = 0;
  for (const character of text) {
    marks = unicodeClasses().combining.test(character) ? marks + 1 : 0;
    result += marks > MAX_COMBINING_MARKS ? codePointEscape(character) : escapeCharacter(character);
  }
  return result;
}

function escapeCharacter(character: string): string {
  if (character === '\\') return '\\\\';
  const { unsafe, invisible } = unicodeClasses();
  return unsafe.test(character) || invisible.test(character) ? codePointEscape(character) : character;
}

function codePointEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // U+0080 to U+00FF would read like a raw byte, which it is not.
  return code < 0x80 ? byteEscape(code) : `\\u{${code.toString(16).toUpperCase()}}`;
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function escapeBytes(bytes: Uint8Array): string {
  let result = '';
  let valid = '';
  for (let offset = 0; offset < bytes.length; ) {
    const size = utf8Length(bytes, offset);
    if (size === 0) {
      result += escapeString(valid) + byteEscape(bytes[offset] as number);
      valid = '';
      offset++;
    } else {
      valid += decodeUtf8(bytes, offset, size);
      offset += size;
    }
  }
  return result + escapeString(valid);
}

/** Length of the well-formed UTF-8 sequence at `offset`, or 0 (Unicode 15, table 3-7). */
function utf8Length(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] as number;
  if (first < 0x80) return 1;
  const second = bytes[offset + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isContinuation(second) ? 2 : 0;
  if (!isContinuation(bytes[offset + 2] ?? 0)) return 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4 || !isContinuation(bytes[offset + 3] ?? 0)) return 0;
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

/** The character of a sequence that `utf8Length` accepted. */
function decodeUtf8(bytes: Uint8Array, offset: number, size: number): string {
  let code = bytes[offset] as number;
  if (size > 1) code &= 0xff >> (size + 1);
  for (let index = 1; index < size; index++) code = (code << 6) | ((bytes[offset + index] as number) & 0x3f);
  return String.fromCodePoint(code);
}
