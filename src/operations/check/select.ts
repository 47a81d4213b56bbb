/** Which findings count: `--rule`, `--ignore` and `--strict`. */
import { UsageError } from '../../core/errors.js';
import type { Finding } from '../../core/finding.js';
import { nearest } from '../../layout/nearest.js';
import { ALL_RULES, RULE_GROUPS } from '../../rules/index.js';

export interface Selection {
  /** Only these rules: ids, groups (`dct`, `dct/*`) or patterns (`dct/server-*`). All when empty. */
  readonly rules?: readonly string[];
  readonly ignore?: readonly string[];
  /** Warnings count as errors. */
  readonly strict?: boolean;
}

/** Sets of rules of several areas that people ask for by one word. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  keys: ['dct/device-key-*', 'dct/server-*', 'risk/device-key-lost'],
};

/** @throws UsageError USAGE_UNKNOWN_RULE for a word that names no rule. */
export function selectFindings<F extends Finding>(findings: readonly F[], selection: Selection): F[] {
  const wanted = matcher(selection.rules ?? [], '--rule');
  const ignored = matcher(selection.ignore ?? [], '--ignore');
  const all = (selection.rules ?? []).length === 0;
  return findings
    .filter(({ rule }) => (all || wanted(rule)) && !ignored(rule))
    .map((finding) =>
      selection.strict && finding.severity === 'warning' ? { ...finding, severity: 'error' } : finding,
    );
}

function matcher(words: readonly string[], option: string): (id: string) => boolean {
  const patterns = words.flatMap((word) => word.split(',')).flatMap((word) => patternsOf(word.trim(), option));
  return (id) => patterns.some((pattern) => matches(pattern, id));
}

function patternsOf(word: string, option: string): readonly string[] {
  const alias = Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;
  if (alias) return alias;
  const pattern = Object.hasOwn(RULE_GROUPS, word) ? `${word}/*` : word;
  if (ALL_RULES.some(({ id }) => matches(pattern, id))) return [pattern];
  const ids = ALL_RULES.map(({ id }) => id);
  const groups = [...Object.keys(RULE_GROUPS), ...Object.keys(ALIASES)];
  const best = (word.includes('/') ? undefined : nearest(word, groups)) ?? nearest(word, ids);
  throw new UsageError({
    code: 'USAGE_UNKNOWN_RULE',
    what: `${option} names no rule`,
    expected: 'the id of a rule, a group such as dct, or a pattern such as dct/server-*',
    got: JSON.stringify(word.slice(0, 80)),
    help: best === undefined ? `The groups are ${Object.keys(RULE_GROUPS).join(', ')}.` : `Did you mean ${best}?`,
  });
}

/** `*` stands for any text. Every star is tried at its first place only, which is enough for one text between two stars. */
function matches(pattern: string, id: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return id === pattern;
  if (!id.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const part of rest) {
    const at = id.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return id.length - tail.length >= from && id.endsWith(tail);
}
