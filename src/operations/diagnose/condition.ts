/** Conditions over facts, and texts with facts in them. */
import type { Condition } from '../../layout/causes.js';
import type { Facts } from './facts.js';

/** True only when the facts say so: what is not known fulfils nothing, not even `not`. */
export function holds(condition: Condition, facts: Facts): boolean {
  return judge(condition, facts) === true;
}

/** True only when the facts say that it is not so. */
export function denied(condition: Condition, facts: Facts): boolean {
  return judge(condition, facts) === false;
}

/** Undefined where the facts do not say. */
function judge(condition: Condition, facts: Facts): boolean | undefined {
  if ('rule' in condition) return condition.rule.some((id) => facts.rules.has(id));
  if ('all' in condition) return every(condition.all.map((part) => judge(part, facts)));
  if ('any' in condition) {
    const parts = condition.any.map((part) => judge(part, facts));
    return parts.includes(true) ? true : parts.includes(undefined) ? undefined : false;
  }
  if ('not' in condition) {
    const inner = judge(condition.not, facts);
    return inner === undefined ? undefined : !inner;
  }
  const value = facts.values[condition.fact];
  if (value === undefined || value === 'absent')
    return 'is' in condition && condition.is.includes('absent') ? true : undefined;
  if ('atLeast' in condition) return typeof value === 'number' && value >= condition.atLeast;
  return condition.is.includes(value);
}

function every(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

/** Puts facts in place of {names}. */
export function withFacts(text: string, facts: Facts): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => `${facts.values[name] ?? 'not known'}`);
}
