/** Short facts, one to a line: a name, then what there is to say, wrapped under itself. */
import { wrapText } from '../core/words.js';

export type Fact = readonly [name: string, words: string];

const INDENT = '  ';
const GAP = 2;
const MAX_NAME = 34;

export function renderFacts(facts: readonly Fact[], width: number): string {
  const names = Math.min(MAX_NAME, Math.max(0, ...facts.map(([name]) => name.length)));
  const left = INDENT.length + names + GAP;
  return facts
    .map(([name, words]) => {
      // A narrow terminal still gets a readable column.
      const wrapped = wrapText(words, Math.max(24, width - left)).split('\n');
      const [first = '', ...rest] = wrapped;
      const head = `${INDENT}${name.padEnd(names)}${' '.repeat(GAP)}${first}`.trimEnd();
      return [head, ...rest.map((line) => ' '.repeat(left) + line)].join('\n');
    })
    .join('\n');
}

/** "a", "a and b", "a, b and c". */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** "1 byte", "2 bytes". */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
