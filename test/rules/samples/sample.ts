/** What a rule is shown by: an input that sets it off, and one that is close to it and does not. */
import type { Finding } from '../../../src/core/finding.js';
import { readAny } from '../../../src/formats/index.js';
import { loadBoard } from '../../../src/layout/load.js';
import { type CheckOptions, checkFile } from '../../../src/operations/check/check.js';
import { rawInput } from '../../support/synthetic.js';

export interface Sample {
  readonly fires: () => readonly Finding[];
  readonly silent: () => readonly Finding[];
  /** Rules that such an input cannot help setting off too. */
  readonly also?: readonly string[];
}

export type Samples = Readonly<Record<string, Sample>>;

export const P1_BOARD = loadBoard('particle-p1');

/** Made-up modules are no released builds, which is said about every one of them. */
const MADE_UP = ['release/unknown-build'];

export interface DeviceOptions extends CheckOptions {
  readonly base?: number;
}

/** What check finds about raw bytes. */
export function checked(bytes: Uint8Array, { base, ...options }: DeviceOptions = {}): readonly Finding[] {
  return checkFile(rawInput(bytes, base), P1_BOARD, { ignore: MADE_UP, ...options }).report.findings;
}

/** What reading a file finds. */
export function read(bytes: Uint8Array): readonly Finding[] {
  return readAny(bytes, { permissive: true, name: 'file' }).findings;
}

/** A copy with bytes replaced. */
export function patched(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}
