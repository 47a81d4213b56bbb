/**
 * Which of the two DCT copies the firmware uses. The rules changed with Device OS 0.7.0; both are here, as executed from
 * the released object code (hal/src/photon/lib/FreeRTOS/STM32F2xx.a, wiced_dct_internal_common.o).
 */
import { readU16, readU32 } from '../../core/bytes.js';
import { checkValue, storedCheckValue } from './check-value.js';
import { dctSection } from './table.js';

export type DctRules = 'before-0.7.0' | 'from-0.7.0';

/** A copy's bytes (16 384), or null when the image does not hold its sector. */
export type CopyBytes = Uint8Array | null;

export const HEADER_MAGIC = 0x4d435242;
export const VERSION_MAGIC = 0xdc0200cd;
/** SDK version the firmware writes; larger ones are not understood. */
export const SDK_VERSION = 0x0370;

/** Ranks of a copy: the higher one wins, an unusable copy never does. */
export const RANK_UNUSABLE = 0x7fff;
export const RANK_WITHOUT_RECORD = 0x0330;
export const RANK_WITH_RECORD = 0x0370;

/** How firmware from 0.7.0 sees a copy. */
export interface CopyClass {
  readonly rank: typeof RANK_UNUSABLE | typeof RANK_WITHOUT_RECORD | typeof RANK_WITH_RECORD;
  /** 0, the stored value of an automatically formatted copy, or 255 when the check value is wrong. */
  readonly initialWrite: number;
  /** The stored sequence, or -1 when the check value is wrong. */
  readonly sequence: number;
}

export interface DctSelection {
  readonly rules: DctRules;
  readonly current: 1 | 2 | null;
  /** Number of the rule that decided, counted within its rule set. */
  readonly rule: number;
  /** Why, as a sentence. */
  readonly reason: string;
}

/** True for a header with the magic number, whatever its marks say. */
export function hasHeaderMagic(copy: CopyBytes): copy is Uint8Array {
  return copy !== null && readU32(copy, 12) === HEADER_MAGIC;
}

/** True when the copy carries a version record, of whatever version. */
export function hasVersionMagic(copy: CopyBytes): copy is Uint8Array {
  return copy !== null && readU32(copy, dctSection('wiced', 'version').offset) === VERSION_MAGIC;
}

/** True when firmware before 0.7.0 accepts the copy: complete, marked current, magic number present. */
export function isAcceptableBefore070(copy: CopyBytes): boolean {
  return hasHeaderMagic(copy) && copy[8] === 0 && copy[9] === 1;
}

/** True when firmware from 0.7.0 accepts the header. The current mark plays no part. */
export function isUsableFrom070(copy: CopyBytes): boolean {
  return hasHeaderMagic(copy) && copy[8] === 0 && readU32(copy, 4) <= readU32(copy, 0);
}

/** How firmware from 0.7.0 ranks a copy. */
export function classifyCopy(copy: CopyBytes): CopyClass {
  if (copy === null || !isUsableFrom070(copy)) return { rank: RANK_UNUSABLE, initialWrite: 0, sequence: 0 };
  const record = dctSection('wiced', 'version').offset;
  const version = readU16(copy, record + 6);
  if (!hasVersionMagic(copy) || version === 0 || version > SDK_VERSION) {
    return { rank: RANK_WITHOUT_RECORD, initialWrite: 0, sequence: 0 };
  }
  const [initialWrite, sequence] = [copy[record + 12] as number, copy[record + 13] as number];
  const stored = storedCheckValue(copy);
  if (initialWrite === 1 && stored === 0) return { rank: RANK_WITH_RECORD, initialWrite, sequence };
  return stored === checkValue(copy)
    ? { rank: RANK_WITH_RECORD, initialWrite: 0, sequence }
    : { rank: RANK_WITH_RECORD, initialWrite: 255, sequence: -1 };
}

/** Selection by Device OS up to 0.6.4 and its bootloaders. */
export function selectBefore070(copy1: CopyBytes, copy2: CopyBytes): DctSelection {
  const rules = 'before-0.7.0';
  if (isAcceptableBefore070(copy1)) {
    return { rules, current: 1, rule: 1, reason: 'Copy 1 is complete and marked current, so copy 2 is not looked at.' };
  }
  if (isAcceptableBefore070(copy2)) {
    return { rules, current: 2, rule: 2, reason: 'Copy 1 is not acceptable; copy 2 is complete and marked current.' };
  }
  const reason = 'Neither copy is complete and marked current: the firmware formats copy 1 at the next start.';
  return { rules, current: null, rule: 3, reason };
}

/**
 * Selection by Device OS 0.7.0 and later. `early`: the code of 0.7.0-rc.1 to rc.6 and 0.8.0-rc.1, which has no rule 8.
 */
export function selectFrom070(copy1: CopyBytes, copy2: CopyBytes, early = false): DctSelection {
  const [one, two] = [classifyCopy(copy1), classifyCopy(copy2)];
  const take = (current: 1 | 2 | null, rule: number, reason: string): DctSelection => {
    return { rules: 'from-0.7.0', current, rule, reason };
  };
  if (one.rank === RANK_UNUSABLE && two.rank === RANK_UNUSABLE) {
    return take(null, 1, 'Neither copy has a usable header: the firmware formats copy 1 and erases copy 2.');
  }
  if (one.rank === RANK_UNUSABLE) return take(2, 2, 'Only copy 2 has a usable header.');
  if (two.rank === RANK_UNUSABLE) return take(1, 2, 'Only copy 1 has a usable header.');
  if (one.rank !== two.rank) {
    const current = one.rank < two.rank ? 2 : 1;
    return take(current, 3, `Copy ${current} has a version record and the other has none, which outranks its age.`);
  }
  return selectByRecord(one, two, copy1?.[9] !== 0, early, take);
}

type Take = (current: 1 | 2, rule: number, reason: string) => DctSelection;

function selectByRecord(
  one: CopyClass,
  two: CopyClass,
  firstMarked: boolean,
  early: boolean,
  take: Take,
): DctSelection {
  const formatted = ({ initialWrite }: CopyClass): boolean => initialWrite !== 0 && initialWrite !== 255;
  if (formatted(two)) return take(2, 4, 'Copy 2 was formatted automatically and not written since.');
  if (formatted(one)) return take(1, 5, 'Copy 1 was formatted automatically and not written since.');
  if (one.sequence !== two.sequence) {
    const current = one.sequence < two.sequence ? 2 : 1;
    const loser = current === 2 ? one : two;
    const reason =
      loser.sequence < 0
        ? `Copy ${current} has a correct check value; that of the other is wrong or was broken when it was superseded.`
        : `Copy ${current} has the higher sequence number (${Math.max(one.sequence, two.sequence)}).`;
    return take(current, 6, reason);
  }
  if (one.sequence !== -1 || early) {
    const same = one.sequence === -1 ? 'wrong check values' : 'the same rank and sequence number';
    return take(1, 7, `Both copies have ${same}; copy 1 is preferred.`);
  }
  const current = firstMarked ? 1 : 2;
  const mark = firstMarked ? 'copy 1 is marked current' : 'copy 1 is marked superseded';
  return take(current, 8, `Both copies have wrong check values; ${mark}.`);
}
