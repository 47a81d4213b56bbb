/** Each rule fires on its sample, alone and with sane evidence, and is silent on the input beside it. */
import { describe, expect, it } from 'vitest';
import { reaches } from '../../src/core/finding.js';
import { ALL_RULES, explainRule, RULE_GROUPS, ruleGroup } from '../../src/rules/index.js';
import { SAMPLES } from './samples/index.js';

describe('the samples of rules', () => {
  it('are there for every rule, and for nothing else', () => {
    const ids = ALL_RULES.map(({ id }) => id);
    expect(ids.filter((id) => !SAMPLES[id])).toEqual([]);
    expect(Object.keys(SAMPLES).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it.each(ALL_RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
    const sample = SAMPLES[id];
    if (!sample) throw new Error('no sample');
    const findings = sample.fires();
    const own = findings.filter((finding) => finding.rule === id);
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThanOrEqual(3);
    const others = findings.filter((finding) => finding.rule !== id && !sample.also?.includes(finding.rule));
    expect(others.map((finding) => `${finding.rule}: ${finding.message}`)).toEqual([]);
    for (const finding of own) {
      expect(reaches(rule.severity, finding.severity)).toBe(true);
      expect(finding.end).toBeGreaterThanOrEqual(finding.start);
      expect(finding.end).toBeLessThanOrEqual(2 ** 32);
      expect(finding.message).toMatch(/^\S.*\S$/s);
      for (const text of [finding.message, finding.remedy ?? ''])
        expect(text).not.toMatch(/undefined|NaN|\[object|null| {2}/);
      for (const [name, value] of Object.entries(finding.evidence)) {
        expect(['string', 'number', 'boolean'], name).toContain(typeof value);
        expect(Number.isNaN(value), name).toBe(false);
      }
      if (finding.remedy !== undefined) expect(finding.remedy).toMatch(/[.!]$/);
    }
    expect(sample.silent().filter((finding) => finding.rule === id)).toEqual([]);
  });
});

describe('explainRule', () => {
  it('gives the texts of a rule and its group, and nothing for an unknown id', () => {
    expect(explainRule('module/crc-mismatch')).toMatchObject({
      id: 'module/crc-mismatch',
      group: 'module',
      severity: 'error',
      title: 'CRC mismatch',
    });
    expect(explainRule('module/nothing')).toBeUndefined();
    expect(explainRule('toString')).toBeUndefined();
  });

  it('has a group for every rule', () => {
    expect([...new Set(ALL_RULES.map(({ id }) => ruleGroup(id)))].sort()).toEqual(Object.keys(RULE_GROUPS).sort());
  });
});
