/** Free words from a person, matched against the words that are known. */
import { nearest } from './nearest.js';

/** Words without a meaning of their own here. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  'a an and are as at be between but by do does for from has have i in is it its led light lights me my no not of on only or our out over rgb so some still than that the their then there this to too up us was we what when which while why will with you your'.split(
    ' ',
  ),
);

/** Lower-case words and numbers of a text. */
export function wordsOf(text: string): string[] {
  return text
    .slice(0, 400)
    .toLowerCase()
    .split(/[^a-z0-9_]+/)
    .filter((word) => word !== '');
}

/** The words that carry meaning; all of them when none does. */
export function meaningfulWords(text: string): string[] {
  const words = wordsOf(text);
  const kept = words.filter((word) => !STOP_WORDS.has(word));
  return kept.length > 0 ? kept : words;
}

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

/** Something that can be looked up by words. */
export interface Searchable {
  readonly id: string;
  /** Phrases that stand for it. */
  readonly phrases: readonly string[];
}

/** How well a phrase covers the words asked for, 0 to 1: shared words against the words of both. */
export function overlap(asked: readonly string[], phrase: string): number {
  const known = meaningfulWords(phrase);
  const shared = asked.filter((word) => known.some((other) => sameWord(word, other))).length;
  return shared === 0 ? 0 : (2 * shared) / (asked.length + known.length);
}

/** "keys" and "key", "flashing" and "flash". */
function sameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.startsWith(short) && long.length - short.length <= 3;
}

const ENOUGH = 0.6;

/** The entry whose id or phrase the text is. */
export function findExactly<T extends Searchable>(text: string, entries: readonly T[]): T | undefined {
  const slug = wordsOf(text).join('-');
  return entries.find(({ id, phrases }) => [id, ...phrases].some((phrase) => wordsOf(phrase).join('-') === slug));
}

/** The entry that the text names: by id, by a phrase, or by most of its words. */
export function findByWords<T extends Searchable>(text: string, entries: readonly T[]): T | undefined {
  const exact = findExactly(text, entries);
  if (exact) return exact;
  const asked = meaningfulWords(text);
  let best: { entry: T; score: number } | undefined;
  for (const entry of entries) {
    const score = Math.max(0, ...entry.phrases.map((phrase) => overlap(asked, phrase)));
    if (score >= ENOUGH && score > (best?.score ?? 0)) best = { entry, score };
  }
  return best?.entry;
}

/** The text with its misspelt words mended, where known words are near; undefined when none is. */
export function suggestWords(text: string, known: readonly string[]): string | undefined {
  const vocabulary = new Set(known);
  let changed = false;
  const mended = wordsOf(text).map((word) => {
    if (vocabulary.has(word) || isStopWord(word) || /^\d+$/.test(word)) return word;
    const near = word.length >= 3 ? nearest(word, known) : undefined;
    if (near === undefined || near === word) return word;
    changed = true;
    return near;
  });
  return changed ? mended.join(' ') : undefined;
}
