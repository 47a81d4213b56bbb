/** Error codes and their words, from layouts/error-codes.json, which is read out of the sources. */
import { requireData } from './require-data.js';

export interface ErrorCode {
  readonly code: string;
  /** What went wrong, in each wording there is; "..." for what is put in at run time. */
  readonly what: readonly string[];
  readonly help: readonly string[];
}

/** @throws LayoutError LAYOUT_MISSING_DATA */
export function errorCodes(): readonly ErrorCode[] {
  return requireData<{ readonly codes: readonly ErrorCode[] }>('error-codes.json').codes;
}

/** The code, or the one that gets its area at run time: BAD_CHECKSUM of IHEX_BAD_CHECKSUM. */
export function errorCode(code: string): ErrorCode | undefined {
  const codes = errorCodes();
  return codes.find((entry) => entry.code === code) ?? codes.find((entry) => code.endsWith(`_${entry.code}`));
}
