/** What `explain` says about a topic. */
import type { Basis, LedPattern, LedStep, SosCode } from '../../layout/led.js';
import type { SectorProtection } from '../../regions/option-bytes.js';
import type { RouteReport } from '../diagnose/diagnose.js';

export type ExplanationKind =
  | 'led'
  | 'sos'
  | 'address'
  | 'region'
  | 'field'
  | 'rule'
  | 'rule-group'
  | 'error-code'
  | 'cause'
  | 'topic'
  | 'list';

export interface Explanation {
  readonly kind: ExplanationKind;
  /** What to ask for to get exactly this. */
  readonly id: string;
  readonly title: string;
  readonly text: readonly string[];
  readonly facts: readonly (readonly [name: string, words: string])[];
  readonly leds: readonly LedPattern[];
  /** With one round of the signal, for drawing. */
  readonly sos: readonly (SosCode & { readonly steps: readonly LedStep[] })[];
  readonly routes: readonly RouteReport[];
  /** Sector by sector, where an option word was given. */
  readonly sectors: readonly SectorProtection[];
  readonly basis: Basis;
  readonly source: string | null;
  /** What to explain next. */
  readonly see: readonly string[];
}

/** An explanation with everything empty that is not given. */
export function explanation(given: Pick<Explanation, 'kind' | 'id' | 'title'> & Partial<Explanation>): Explanation {
  return {
    text: [],
    facts: [],
    leds: [],
    sos: [],
    routes: [],
    sectors: [],
    basis: 'source',
    source: null,
    see: [],
    ...given,
  };
}
