/** The page of all rules, src/rules/README.md: texts from the registry, examples from the samples of the tests. */
import type { Finding } from '../../src/core/finding.js';
import { ALL_RULES, RULE_GROUPS, type RuleSummary, ruleGroup } from '../../src/rules/index.js';
import { SAMPLES } from './samples/index.js';

export const PAGE = 'src/rules/README.md';

export function rulePage(): string {
  const groups = Object.entries(RULE_GROUPS).map(([group, about]) => groupSection(group, about));
  return [
    '# Rules',
    '',
    'Made by `npm run rules` from the rules in this folder and from the samples in `test/rules/samples`; do not edit it.',
    '',
    'An **error** makes the verdict fail: the board would not run its application, could not reach its cloud, or the file',
    'cannot be judged. A **warning** makes it warn, a **note** changes nothing. The severity given here is the gravest that a',
    'rule has; some findings are milder. `flashatlas check --rule ID --ignore ID` takes ids, groups and patterns.',
    '',
    '| Group | Rules | About |',
    '|---|---|---|',
    ...Object.entries(RULE_GROUPS).map(
      ([group, about]) => `| [${group}](#${group}) | ${rulesOf(group).length} | ${about} |`,
    ),
    '',
    ...groups,
  ].join('\n');
}

function rulesOf(group: string): RuleSummary[] {
  return ALL_RULES.filter(({ id }) => ruleGroup(id) === group).sort((a, b) => (a.id < b.id ? -1 : 1));
}

function groupSection(group: string, about: string): string {
  return [
    `## ${group}`,
    '',
    `${about.charAt(0).toUpperCase()}${about.slice(1)}`,
    '',
    ...rulesOf(group).map(ruleSection),
  ].join('\n');
}

function ruleSection({ id, severity, title, about, why, source }: RuleSummary): string {
  const finding = SAMPLES[id]?.fires().find(({ rule }: Finding) => rule === id);
  return [
    `### ${id}`,
    '',
    `**${severity}**: ${title}. ${about}`,
    '',
    `Why: ${why}`,
    '',
    ...(finding ? [`> ${finding.message}`, ...(finding.remedy ? ['>', `> -> ${finding.remedy}`] : []), ''] : []),
    `Source: ${source}`,
    '',
  ].join('\n');
}
