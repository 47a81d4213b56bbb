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
import { releaseRules } from './release.js';
import { riskRules } from './risk.js';
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
  ...releaseRules,
  ...riskRules,
];

/** What the groups are about, by the part of a rule's id before the slash. */
export const RULE_GROUPS: Readonly<Record<string, string>> = {
  acquisition: 'the reading itself: what to do before believing anything else the dump says',
  build: 'an image that is put together: what was given for it, and what was not',
  container: 'the file: is it something to judge, and does all of it belong?',
  dct: 'device configuration: keys, server, networks, and what the next start will do because of it',
  dependency: 'what modules need of each other: the installed version is at least the required one',
  eeprom: 'emulated EEPROM: what programs read, and what the next start keeps of it',
  module: 'a single module: is it whole, sealed and plausible, whatever its neighbours are?',
  placement: 'modules and places: does what lies here belong here, and is everything there that must be?',
  protection: 'option bytes: read and write protection, brown-out level, watchdog',
  release: 'releases: do the parts belong together, and what will the firmware change about that itself?',
  risk: 'what can go wrong later: programs that can erase or lock the chip, ways back that do not exist',
};

/** "dct/no-credentials" is of the group "dct". */
export function ruleGroup(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

/** Everything that is known about a rule without evidence; undefined for an unknown id. */
export function explainRule(id: string): (RuleSummary & { readonly group: string }) | undefined {
  const rule = ALL_RULES.find((candidate) => candidate.id === id);
  if (!rule) return undefined;
  const { severity, title, about, why, source } = rule;
  return { id, group: ruleGroup(id), severity, title, about, why, source };
}
