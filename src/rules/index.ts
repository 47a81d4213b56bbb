/** Every rule. A file of rules is listed here once; a test fails when one is missing. */
import { acquisitionRules } from './acquisition.js';
import { buildRules } from './build.js';
import { containerRules } from './container.js';
import { dctRules } from './dct.js';
import { dependencyRules } from './dependency.js';
import { eepromRules } from './eeprom.js';
import { moduleRules } from './module.js';
import { placementRules } from './placement.js';
import { protectionRules } from './protection.js';
import type { RuleSummary } from './rule.js';

export type { RuleSummary } from './rule.js';

export const ALL_RULES: readonly RuleSummary[] = [
  ...acquisitionRules,
  ...buildRules,
  ...containerRules,
  ...dctRules,
  ...dependencyRules,
  ...eepromRules,
  ...moduleRules,
  ...placementRules,
  ...protectionRules,
];
