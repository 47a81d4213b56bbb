/** Short facts, one to a line: a name, then what there is to say, wrapped under itself. */
import { listWords, wrapText } from '../core/words.js';

export { listWords };

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

/** "1 byte", "2 bytes". */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
