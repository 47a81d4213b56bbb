/**
 * A rule names one kind of finding: its id, how grave it is, and the words. Checks decide when it fires and hand over the
 * evidence; the wording is made here and nowhere else. Ids are API: never renamed, never used again for something else.
 */
import type { Finding, Severity } from '../core/finding.js';
import type { Range } from '../core/range.js';

export type Evidence = Readonly<Record<string, string | number | boolean>>;

/** What can be said about a rule without evidence. */
export interface RuleSummary {
  readonly id: string;
  /** The gravest it has; some are milder for one format, or for another reason. */
  readonly severity: Severity;
  /** A few words, without a full stop. */
  readonly title: string;
  /** One sentence: when it fires. */
  readonly about: string;
  /** One or two sentences: what goes wrong if the finding is ignored. */
  readonly why: string;
  /** Where that is known from: file @ tag of device-os, a manual, a specification, or bytes. */
  readonly source: string;
}

export interface Rule<E extends Evidence> extends RuleSummary {
  readonly message: (evidence: E) => string;
  /** Undefined where this evidence asks for nothing. */
  readonly remedy?: (evidence: E) => string | undefined;
}

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
