/** The outputs that are kept in test/golden and quoted in the README are those of the commands as they are today. */
import { describe, expect, it } from 'vitest';
import { GOLDENS, readGolden, readme, readmeBlocks, run } from './support/golden.mjs';

describe('golden outputs', () => {
  for (const [name, args] of Object.entries(GOLDENS)) {
    it(name, () => expect(run(args)).toBe(readGolden(name)));
  }
});

describe('README', () => {
  const blocks = readmeBlocks(readme());

  it('quotes commands', () => expect(blocks.length).toBeGreaterThan(3));

  for (const { args, output } of blocks) {
    it(`flashatlas ${args.join(' ')}`, () => expect(run(args)).toBe(output));
  }
});
