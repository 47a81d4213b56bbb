/**
 * A rule names one kind of finding: its id, how grave it is, and the words. Checks decide when it fires and hand over the
 * evidence; the wording is made here and nowhere else. Ids are API: never renamed, never used again for something else.
 */
import type { Finding, Severity } from '../core/finding.js';
import type { Range } from '../core/range.js';

export type Evidence = Readonly<Record<string, string | number | boolean>>;

export interface Rule<E extends Evidence> {
  readonly id: string;
  readonly severity: Severity;
  /** One line for the list of rules. */
  readonly about: string;
  readonly message: (evidence: E) => string;
  /** Undefined where this evidence asks for nothing. */
  readonly remedy?: (evidence: E) => string | undefined;
}

/** What can be said about a rule without evidence. */
export type RuleSummary = Pick<Rule<Evidence>, 'id' | 'severity' | 'about'>;

export function defineRule<E extends Evidence>(rule: Rule<E>): Rule<E> {
  return rule;
}

/** A finding of a rule at a place. `severity` overrides the rule's own where the check knows better. */
export function report<E extends Evidence>(
  rule: Rule<E>,
  place: Range,
  evidence: E,
  more: { readonly region?: string | undefined; readonly severity?: Severity | undefined } = {},
): Finding {
  return {
    rule: rule.id,
    severity: more.severity ?? rule.severity,
    message: rule.message(evidence),
    start: place.start,
    end: place.end,
    region: more.region,
    evidence,
    remedy: rule.remedy?.(evidence),
  };
}
