/** What a run of the model writes down on its way. */
import type { BootAlternative, BootConfidence, BootStep } from './types.js';

const RANKS: readonly BootConfidence[] = ['possible', 'likely', 'certain'];

/** The lesser of two. */
export function lesser(one: BootConfidence, two: BootConfidence): BootConfidence {
  return RANKS.indexOf(one) < RANKS.indexOf(two) ? one : two;
}

export class Trace {
  readonly steps: BootStep[] = [];
  readonly alternatives: BootAlternative[] = [];
  confidence: BootConfidence = 'certain';
  readonly #conditions = new Set<string>();

  get conditions(): string[] {
    return [...this.#conditions];
  }

  /** What was found before, in an earlier start, is not said again. */
  step(stage: string, check: string, result: string, address: number | null, source: string): void {
    const said = this.steps.some((step) => step.stage === stage && step.check === check && step.result === result);
    if (!said) this.steps.push({ stage, check, result, address, source });
  }

  /** Something that the flash does not say and the outcome rests on. */
  assume(condition: string): void {
    this.#conditions.add(condition);
  }

  lower(confidence: BootConfidence): void {
    this.confidence = lesser(this.confidence, confidence);
  }

  /** Another end that what is in this flash makes possible. */
  otherwise(outcome: BootAlternative['outcome'], led: string, condition: string, confidence: BootConfidence): void {
    this.#add({ outcome, led, condition, confidence, general: false });
  }

  /** Another end that every board can come to. */
  withAny(outcome: BootAlternative['outcome'], led: string, condition: string, confidence: BootConfidence): void {
    this.#add({ outcome, led, condition, confidence, general: true });
  }

  #add(alternative: BootAlternative): void {
    const { outcome, condition } = alternative;
    const known = this.alternatives.some((entry) => entry.outcome === outcome && entry.condition === condition);
    if (!known) this.alternatives.push(alternative);
  }
}
