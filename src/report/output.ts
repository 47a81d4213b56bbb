/** A file that was written, in words. */
import { formatCount } from '../core/words.js';

export interface OutputFacts {
  /** "-" is stdout. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Only its owner may read the file. */
  readonly private: boolean;
}

export function outputName(path: string): string {
  return path === '-' ? 'stdout' : path;
}

/** ", readable by you alone" where that is so. */
export function privacyWords({ private: isPrivate }: Pick<OutputFacts, 'private'>): string {
  return isPrivate ? ', readable by you alone' : '';
}

/** "new.bin: 1,048,576 bytes, readable by you alone" */
export function outputWords(output: OutputFacts): string {
  return `${outputName(output.path)}: ${formatCount(output.size)} bytes${privacyWords(output)}`;
}
