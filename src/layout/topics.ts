/** Topics of `explain`, from layouts/explain-topics.json. */
import type { Basis } from './led.js';
import { requireData } from './require-data.js';

export interface Topic {
  readonly id: string;
  readonly title: string;
  readonly words: readonly string[];
  /** Paragraphs. */
  readonly text: readonly string[];
  readonly basis: Basis;
  /** What the program adds: ways into DFU, or sectors by the option word that was given. */
  readonly extra?: 'routes' | 'protection';
  /** What to explain next. */
  readonly see?: readonly string[];
  readonly source: string;
}

/** @throws LayoutError LAYOUT_MISSING_DATA */
export function topics(): readonly Topic[] {
  return requireData<{ readonly topics: readonly Topic[] }>('explain-topics.json').topics;
}
