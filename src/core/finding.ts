/**
 * Findings: statements about bytes, each with evidence and a place. Rules make them (src/rules); reports print them.
 */
import type { Range } from './range.js';

/** error: would not run, could not reach its cloud, or would do harm. warning: runs, but wants attention. */
export type Severity = 'error' | 'warning' | 'note';

/** pass / warn / fail: what the findings add up to for the unit that was judged. */
export type Verdict = 'pass' | 'warn' | 'fail';

export interface Finding extends Range {
  /** Stable id, area first: `module/crc-mismatch`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** Id of the board region the finding lies in. */
  readonly region?: string | undefined;
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  /** One action, in the imperative. */
  readonly remedy?: string | undefined;
  /** Where the bytes came from: file offset or line, when the container knows it. */
  readonly origin?: string | undefined;
}

const SEVERITY_RANK: Readonly<Record<Severity, number>> = { error: 2, warning: 1, note: 0 };

/** True when `severity` is at or above `level`. */
export function reaches(severity: Severity, level: Severity): boolean {
  return SEVERITY_RANK[severity] >= SEVERITY_RANK[level];
}

/** Address first, then rule id: the order of every report. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) => a.start - b.start || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : a.end - b.end),
  );
}

/** error makes fail, warning makes warn, a note changes nothing. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  let worst = 0;
  for (const finding of findings) worst = Math.max(worst, SEVERITY_RANK[finding.severity]);
  return worst === 2 ? 'fail' : worst === 1 ? 'warn' : 'pass';
}
