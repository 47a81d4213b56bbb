/** Symptoms, causes and ways into DFU, from layouts/particle-causes.json. */
import { UsageError } from '../core/errors.js';
import type { Basis } from './led.js';
import { requireData } from './require-data.js';
import { findByWords, type Searchable, suggestWords, wordsOf } from './word-match.js';

/** A question to the facts of a dump (operations/diagnose/facts.ts). */
export type Condition =
  | { readonly rule: readonly string[] }
  | { readonly fact: string; readonly is: readonly (string | number | boolean)[] }
  | { readonly fact: string; readonly atLeast: number }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

export interface Evidence {
  readonly when: Condition;
  /** Negative speaks against the cause; 0 only informs. */
  readonly weight: number;
  /** With {names} of facts. */
  readonly text: string;
}

export interface Step {
  readonly text: string;
  readonly commands: readonly string[];
  /** Left out where the facts deny it. */
  readonly when?: Condition;
}

export interface Cause {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly basis: Basis;
  /** Normal life: only told when it explains what was reported. */
  readonly onlyWhenAsked?: boolean;
  /** Weight with which it explains a pattern of the LED, by id. */
  readonly leds: Readonly<Record<string, number>>;
  readonly symptoms: Readonly<Record<string, number>>;
  readonly evidence: readonly Evidence[];
  /** What tells it from other causes. */
  readonly tell: readonly Step[];
  /** The shortest repair, in order. */
  readonly repair: readonly Step[];
  readonly source: string;
}

export interface Symptom {
  readonly id: string;
  readonly title: string;
  readonly words: readonly string[];
}

/** A way to reach DFU. */
export interface DfuRoute {
  readonly id: string;
  readonly title: string;
  readonly basis: Basis;
  readonly needs: string;
  readonly how: string;
  readonly commands: readonly string[];
  readonly possible: Condition;
  readonly impossible: Condition;
  /** What to say about a dump that allows it, and about one that does not. */
  readonly yes: string;
  readonly no: string;
  /** And where nothing is known. */
  readonly unknown?: string;
  readonly source: string;
}

interface CauseFile {
  readonly symptoms: readonly Symptom[];
  readonly causes: readonly Cause[];
  readonly routes: readonly DfuRoute[];
}

let file: CauseFile | undefined;

/** @throws LayoutError LAYOUT_MISSING_DATA */
function load(): CauseFile {
  file ??= requireData<CauseFile>('particle-causes.json');
  return file;
}

export function causes(): readonly Cause[] {
  return load().causes;
}

export function symptoms(): readonly Symptom[] {
  return load().symptoms;
}

export function dfuRoutes(): readonly DfuRoute[] {
  return load().routes;
}

/** The symptom that free words name. @throws UsageError SYMPTOM_UNKNOWN */
export function matchSymptom(text: string): Symptom {
  const entries = symptoms().map((symptom) => ({ ...searchable(symptom), symptom }));
  const found = findByWords(text, entries);
  if (found) return found.symptom;
  const known = [...new Set(entries.flatMap(({ phrases }) => phrases.flatMap(wordsOf)))];
  const better = suggestWords(text, known);
  throw new UsageError({
    code: 'SYMPTOM_UNKNOWN',
    what: 'these words name no symptom that is known',
    expected: symptoms()
      .map(({ id }) => id)
      .join(', '),
    got: JSON.stringify(text.slice(0, 60)),
    help:
      better !== undefined && findByWords(better, entries)
        ? `Did you mean "${better}"?`
        : 'Use one of the words listed, or describe the LED with --led.',
  });
}

function searchable({ id, title, words }: Symptom): Searchable {
  return { id, phrases: [id, title, ...words] };
}
