/** Findings of a reader, with a limit per rule: a file of a million bad lines gives a hundred findings and a count. */
import type { Finding, Severity } from '../core/finding.js';

const FINDINGS_PER_RULE = 100;

export interface FindingDetails {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly evidence?: Readonly<Record<string, string | number | boolean>>;
  readonly remedy?: string | undefined;
  readonly origin?: string | undefined;
  /** Target addresses; default: none (0 to 0). */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

export class FindingList {
  private readonly list: Finding[] = [];
  private readonly counts = new Map<string, number>();

  add(details: FindingDetails): void {
    const count = (this.counts.get(details.rule) ?? 0) + 1;
    this.counts.set(details.rule, count);
    if (count > FINDINGS_PER_RULE) return;
    const { rule, severity, message, evidence = {}, remedy, origin, start = 0, end = start } = details;
    this.list.push({ rule, severity, message, evidence, remedy, origin, start, end });
  }

  /** True when the rule has reached its limit; the finding is counted then, and need not be made. */
  countIfFull(rule: string): boolean {
    const count = this.counts.get(rule) ?? 0;
    if (count < FINDINGS_PER_RULE) return false;
    this.counts.set(rule, count + 1);
    return true;
  }

  /** Adds the finding unless one with its rule is there already. */
  addOnce(details: FindingDetails): void {
    if (!this.counts.has(details.rule)) this.add(details);
  }

  /** All findings; a rule that went over the limit ends with one that counts the rest. */
  all(): Finding[] {
    const rest: Finding[] = [];
    for (const [rule, count] of this.counts) {
      if (count <= FINDINGS_PER_RULE) continue;
      const severity = this.list.find((finding) => finding.rule === rule)?.severity ?? 'note';
      const more = count - FINDINGS_PER_RULE;
      const message = `${more} more of these are not listed`;
      rest.push({ rule, severity, message, evidence: { more }, start: 0, end: 0 });
    }
    return [...this.list, ...rest];
  }
}
