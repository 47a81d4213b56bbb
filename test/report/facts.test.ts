import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listWords, plural, renderFacts } from '../../src/report/facts.js';

describe('facts', () => {
  it('align their words and wrap them under themselves', () => {
    const text = renderFacts(
      [
        ['Key', 'RSA-1024'],
        ['Server address', 'one two three four five six seven'],
      ],
      46,
    );
    expect(text.split('\n')).toEqual([
      '  Key             RSA-1024',
      '  Server address  one two three four five six',
      '                  seven',
    ]);
  });

  it('keep every word, whatever the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 1, max: 120 }),
        (words, width) => {
          const text = renderFacts([['Name', words.join(' ')]], width);
          expect(text.replace(/\s+/g, ' ').trim()).toBe(`Name ${words.join(' ')}`);
        },
      ),
    );
  });

  it('make lists and plurals', () => {
    expect([listWords([]), listWords(['a']), listWords(['a', 'b']), listWords(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect([plural(1, 'byte'), plural(0, 'byte')]).toEqual(['1 byte', '0 bytes']);
  });
});
