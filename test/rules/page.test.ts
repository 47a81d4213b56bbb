import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_RULES } from '../../src/rules/index.js';
import { ROOT } from '../support/source-files.js';
import { PAGE, rulePage } from './page.js';

describe('the page of rules', () => {
  const page = rulePage();

  it('is the one that npm run rules makes today', async () => {
    await expect(page).toMatchFileSnapshot(join(ROOT, PAGE));
  });

  it('has every rule once, with an example', () => {
    for (const { id } of ALL_RULES) expect(page.split(`\n### ${id}\n`)).toHaveLength(2);
    expect(page.match(/^> (?!->).+$/gm)).toHaveLength(ALL_RULES.length);
  });
});
