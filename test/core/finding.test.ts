import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finding, reaches, type Severity, sortFindings, verdictOf } from '../../src/core/finding.js';

const SEVERITIES: readonly Severity[] = ['note', 'warning', 'error'];

const finding = fc.record({
  rule: fc.constantFrom('module/crc-mismatch', 'module/platform', 'dct/no-key'),
  severity: fc.constantFrom(...SEVERITIES),
  message: fc.string(),
  start: fc.constantFrom(0, 0x08000000, 0x7fffffff, 0x80000000, 0xfffffffe),
  end: fc.constantFrom(0xfffffffe, 0xffffffff),
  evidence: fc.constant({}),
});

describe('verdictOf', () => {
  it('fails on an error, warns on a warning and passes on notes', () => {
    const of = (...severities: Severity[]) =>
      verdictOf(severities.map((severity) => ({ rule: 'a/b', severity, message: '', start: 0, end: 1, evidence: {} })));
    expect(of()).toBe('pass');
    expect(of('note', 'note')).toBe('pass');
    expect(of('note', 'warning')).toBe('warn');
    expect(of('error', 'warning', 'note')).toBe('fail');
    expect(of('warning', 'error')).toBe('fail');
  });
});

describe('reaches', () => {
  it('ranks error above warning above note', () => {
    for (const [rank, severity] of SEVERITIES.entries()) {
      for (const [level, name] of SEVERITIES.entries()) expect(reaches(severity, name)).toBe(rank >= level);
    }
  });
});

describe('sortFindings', () => {
  it('orders by address, then rule, then end, keeps all and leaves its input alone', () => {
    fc.assert(
      fc.property(fc.array(finding), (findings) => {
        const before = [...findings];
        const sorted = sortFindings(findings);
        expect(findings).toEqual(before);
        expect(new Set(sorted)).toEqual(new Set(findings));
        expect(sorted.length).toBe(findings.length);
        for (const [index, next] of sorted.slice(1).entries()) {
          const previous = sorted[index] as Finding;
          expect(previous.start).toBeLessThanOrEqual(next.start);
          if (previous.start !== next.start) continue;
          expect(previous.rule <= next.rule).toBe(true);
          if (previous.rule === next.rule) expect(previous.end).toBeLessThanOrEqual(next.end);
        }
      }),
    );
  });
});
