/** Every rule. A file of rules is listed here once; a test fails when one is missing. */
import { containerRules } from './container.js';
import { dependencyRules } from './dependency.js';
import { moduleRules } from './module.js';
import { placementRules } from './placement.js';
import type { Evidence, Rule } from './rule.js';

/** What can be said about a rule without evidence. */
export type RuleSummary = Pick<Rule<Evidence>, 'id' | 'severity' | 'about'>;

export const ALL_RULES: readonly RuleSummary[] = [
  ...containerRules,
  ...dependencyRules,
  ...moduleRules,
  ...placementRules,
];
