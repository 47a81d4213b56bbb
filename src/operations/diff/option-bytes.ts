/** Option bytes of two inputs, setting by setting. */
import { formatHex } from '../../core/bytes.js';
import type { OptionBytes } from '../../regions/option-bytes.js';
import { readOptionBytes } from '../inspect/extra-memory.js';
import type { Side } from './side.js';

export interface OptionChange {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface OptionDifference {
  readonly changed: boolean;
  readonly optcr: readonly [string | null, string | null];
  readonly changes: readonly OptionChange[];
}

/**
 * Null when neither input has option bytes.
 * @param words FLASH_OPTCR of a and b, where it was read separately.
 */
export function compareOptionBytes(
  a: Side,
  b: Side,
  words: readonly [number | undefined, number | undefined],
): OptionDifference | null {
  const before = readOptionBytes(a.placed.image, a.board, words[0])?.bytes ?? null;
  const after = readOptionBytes(b.placed.image, b.board, words[1])?.bytes ?? null;
  if (!before && !after) return null;
  const optcr = [wordOf(before), wordOf(after)] as const;
  const changes = before && after ? settingChanges(before, after) : [];
  return { changed: changes.length > 0, optcr, changes };
}

function wordOf(bytes: OptionBytes | null): string | null {
  return bytes && formatHex(bytes.optcr, 8);
}

function settingChanges(before: OptionBytes, after: OptionBytes): OptionChange[] {
  const settings = [settingsOf(before), settingsOf(after)] as const;
  return [...settings[0]].flatMap(([name, old]) => {
    const now = settings[1].get(name) ?? old;
    return old === now ? [] : [{ name, before: old, after: now }];
  });
}

function settingsOf(bytes: OptionBytes): Map<string, string> {
  const { readProtection, brownOut, watchdog, resetOnStop, resetOnStandby, sectors } = bytes;
  const level = `level ${readProtection.level} (${formatHex(readProtection.value, 2)})`;
  const words: [string, string][] = [
    ['read protection', level],
    ['brown-out reset', brownOut.level === 0 ? 'off' : `level ${brownOut.level}`],
    ['watchdog', `started by ${watchdog}`],
    ['reset on Stop', resetOnStop ? 'yes' : 'no'],
    ['reset on Standby', resetOnStandby ? 'yes' : 'no'],
  ];
  for (const { number, protected: isProtected } of sectors) {
    words.push([`write protection of sector ${number}`, isProtected ? 'on' : 'off']);
  }
  return new Map(words);
}
