/** Hexadecimal digits as bytes. Both directions go through tables, because text formats are read and written in bulk. */

/** Flags of a PAIR entry; its low eight bits are the value. */
export const PAIR_INVALID = 0x100;
export const PAIR_LOWER = 0x200;
export const PAIR_UPPER = 0x400;

/** Value of a digit character, or -1. */
export const DIGIT_VALUE = new Int8Array(256).fill(-1);

/** Entry for two characters, indexed by first * 256 + second: value and flags. */
export const PAIR = new Uint16Array(65536).fill(PAIR_INVALID);

/** First and second digit character of each byte value. */
export const UPPER_DIGITS = digitTables('0123456789ABCDEF');
export const LOWER_DIGITS = digitTables('0123456789abcdef');

export interface DigitTables {
  readonly high: Uint8Array;
  readonly low: Uint8Array;
}

fillTables();

function fillTables(): void {
  const digits = '0123456789ABCDEFabcdef';
  const flagsOf = (index: number): number => (index < 10 ? 0 : index < 16 ? PAIR_UPPER : PAIR_LOWER);
  const digitValue = (index: number): number => (index < 16 ? index : index - 6);
  for (let first = 0; first < digits.length; first++) {
    DIGIT_VALUE[digits.charCodeAt(first)] = digitValue(first);
    for (let second = 0; second < digits.length; second++) {
      PAIR[digits.charCodeAt(first) * 256 + digits.charCodeAt(second)] =
        (digitValue(first) << 4) | digitValue(second) | flagsOf(first) | flagsOf(second);
    }
  }
}

function digitTables(digits: string): DigitTables {
  const high = new Uint8Array(256);
  const low = new Uint8Array(256);
  for (let value = 0; value < 256; value++) {
    high[value] = digits.charCodeAt(value >> 4);
    low[value] = digits.charCodeAt(value & 15);
  }
  return { high, low };
}
