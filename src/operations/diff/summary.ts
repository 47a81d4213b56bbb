/** The answer in a sentence or two, for someone who wants to know whether to be afraid. */
import { isFilledWith } from '../../core/bytes.js';
import { bytesWords, formatCount, listWords } from '../../core/words.js';
import type { DctDifference } from './dct.js';
import type { ImageDelta } from './delta.js';
import type { Difference } from './diff.js';
import type { EepromDifference } from './eeprom.js';
import type { ModuleDifference } from './modules.js';
import type { OptionDifference } from './option-bytes.js';

type Bare = Omit<Difference, 'summary' | 'notes' | 'findings' | 'verdict'>;

/** More differences than this are counted instead of listed. */
const LISTED = 5;

/** @param delta what counts: without what only one input holds, when only common addresses do. */
export function summaryOf(difference: Bare, delta: ImageDelta): string {
  const { same, changed } = delta;
  const only = onlyWords(delta);
  if (same === 0 && changed === 0) {
    return delta.onlyA + delta.onlyB > 0 ? 'The two have no address in common.' : 'Neither holds any byte.';
  }
  const items = itemsOf(difference);
  if (changed === 0)
    return [equalWords(difference, same, only !== null), ...optionWords(items), ...(only ?? [])].join(' ');
  // Bytes without a place on the board have nothing else to be told by.
  if (difference.sectors.length === 0 && !difference.dct && changedModules(difference).length === 0) {
    return [`${formatCount(changed)} of ${bytesWords(same + changed)} differ.`, ...(only ?? [])].join(' ');
  }
  const shown = items.length > LISTED ? [...items.slice(0, LISTED - 1), `${items.length - LISTED + 1} more`] : items;
  const rest = only === null ? 'everything else is equal' : 'everything else that both hold is equal';
  const list = [...shown, rest].join('; ');
  return [`${scopeWords(difference)}: ${list}.`, ...(only ?? [])].join(' ');
}

function equalWords({ a, b }: Bare, same: number, more: boolean): string {
  if (a.transform !== b.transform) {
    return 'Both hold the same flash; only the order of the bytes in the files differs.';
  }
  if (more) return `The ${bytesWords(same)} that both hold are equal.`;
  return `Equal: both hold the same ${bytesWords(same)}.`;
}

function optionWords(items: readonly string[]): string[] {
  return items.length > 0 ? [`${items.join('; ')}.`] : [];
}

function scopeWords({ sectors, delta }: Bare): string {
  const differing = sectors.filter(({ changed }) => changed > 0).length;
  if (differing === 0) return `${bytesWords(delta.changed)} ${delta.changed === 1 ? 'differs' : 'differ'}`;
  return `${differing} of ${sectors.length} sectors ${differing === 1 ? 'differs' : 'differ'}`;
}

/** Bytes that only one of them holds, as sentences; null when there are none. */
function onlyWords({ onlyA, onlyB, ranges }: ImageDelta): string[] | null {
  if (onlyA === 0 && onlyB === 0) return null;
  const words = (name: 'a' | 'b', count: number): string[] => {
    if (count === 0) return [];
    const blank = ranges.every(({ kind, before, after }) => {
      const content = kind === `only-${name}` ? (name === 'a' ? before : after) : null;
      return content === null || isFilledWith(content, 0xff);
    });
    const other = name === 'a' ? 'b' : 'a';
    return [`${bytesWords(count)} of ${name} ${blank ? '(all erased) ' : ''}are absent from ${other}.`];
  };
  return [...words('a', onlyA), ...words('b', onlyB)];
}

function itemsOf(difference: Bare): string[] {
  const { dct, eeprom, optionBytes, regions } = difference;
  const changedHere = changedModules(difference);
  const told = new Set(changedHere.flatMap(({ a, b }) => [a?.region, b?.region]));
  const items = changedHere.map(({ text }) => text);
  const changedDct = regions.some(({ role, bytes }) => role === 'dct' && bytes > 0);
  if (dct && (changedDct || dct.changes.length > 0)) items.push(`DCT: ${dctWords(dct)}`);
  const changedEeprom = regions.some(({ role, bytes }) => role === 'eeprom' && bytes > 0);
  if (eeprom && changedEeprom) items.push(`EEPROM: ${eepromWords(eeprom)}`);
  if (optionBytes?.changed) items.push(`option bytes: ${optionChangeWords(optionBytes)}`);
  for (const { id, role, bytes, text, outsideModules } of regions) {
    if (bytes === 0 || (dct && role === 'dct') || (eeprom && role === 'eeprom' && !told.has(id))) continue;
    if (told.has(id)) {
      if (outsideModules > 0) items.push(`${id}: ${bytesWords(outsideModules)} outside modules`);
      continue;
    }
    // The OTA region holds the factory region: what lies in the inner one is told there.
    const inner = regions.some(
      (other) => other.id !== id && other.role !== role && isInside(other, regions, id) && other.bytes === bytes,
    );
    if (!inner) items.push(`${id}: ${text ?? ''}`);
  }
  return items;
}

function changedModules(difference: Bare): ModuleDifference[] {
  return difference.modules.filter((module) => module.change !== 'same' && isComparable(module, difference));
}

/** False for a module at a place of which the other input holds nothing: that it lacks it is said of the bytes. */
function isComparable(module: ModuleDifference, { a, b }: Bare): boolean {
  const only = module.a && module.b ? null : (module.a ?? module.b);
  if (!only) return true;
  const { image } = (module.a ? b : a).placed;
  return image.parts({ start: only.address, end: only.address + only.length }).length > 0;
}

function isInside(
  inner: { readonly start: number; readonly end: number },
  regions: Bare['regions'],
  outerId: string,
): boolean {
  const outer = regions.find(({ id }) => id === outerId);
  return outer !== undefined && inner.start >= outer.start && inner.end <= outer.end;
}

/** "device_private_key and server_address changed". */
export function dctWords({ changes, currentCopy, unnamedBytes, consequences }: DctDifference): string {
  if (changes.length > 0) {
    const verbs = new Set(changes.map(({ change }) => change));
    const verb = verbs.size === 1 ? [...verbs][0] : 'changed';
    const names = changes.map(({ field }) => field).sort((one, two) => rankOf(one) - rankOf(two));
    if (names.length <= LISTED) return `${listWords(names)} ${verb}`;
    return `${names.length} fields ${verb}, among them ${listWords(names.slice(0, LISTED - 1))}`;
  }
  if (unnamedBytes > 0) return `${bytesWords(unnamedBytes)} that belong to no field`;
  const [old, now] = currentCopy;
  if (old !== now) return `no value changed; the copy in use was ${copyWords(old)} and is ${copyWords(now)}`;
  return consequences.length > 0 ? 'only the copy that is not in use' : 'no value changed, only marks of the copies';
}

/** What a board needs for its cloud comes first. */
const FIRST_FIELDS: readonly string[] = [
  'device_private_key',
  'device_public_key',
  'server_public_key',
  'server_address',
  'claim_code',
];

/** Sorting keeps the order of equals, so the others stay as the table has them. */
function rankOf(field: string): number {
  const rank = FIRST_FIELDS.indexOf(field);
  return rank >= 0 ? rank : FIRST_FIELDS.length;
}

function copyWords(number: 1 | 2 | null): string {
  return number === null ? 'none' : `copy ${number}`;
}

export function eepromWords({ changes, activePage }: EepromDifference): string {
  if (changes.length > 0) {
    const count = `${changes.length} value${changes.length === 1 ? '' : 's'} changed`;
    if (changes.length > LISTED) return count;
    const shown = changes.map(({ index, before, after }) => `${index}: ${before ?? 255} -> ${after ?? 255}`);
    return `${count} (${shown.join(', ')})`;
  }
  const [old, now] = activePage;
  return old === now
    ? 'no value changed, only the records behind them'
    : `no value changed; page ${now ?? 'none'} is active now`;
}

function optionChangeWords({ changes }: OptionDifference): string {
  return changes.map(({ name, before, after }) => `${name} ${before} -> ${after}`).join(', ');
}
