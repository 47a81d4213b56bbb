/**
 * Errors: the tool cannot go on. (A statement about the bytes is a finding, see finding.ts.)
 *
 * Every error says what went wrong, where, what was expected, what was found and what to do about it.
 * Codes are SCREAMING_SNAKE with the area first (`IHEX_BAD_CHECKSUM`); they are part of the API and never renamed.
 */
import { nameInText } from './words.js';

export interface ErrorDetails {
  readonly code: string;
  /** One clause without full stop: "record checksum does not match". */
  readonly what: string;
  /** File, line, offset, option or address: "firmware.hex, line 12". */
  readonly where?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** Imperative sentence: what the user can do now. Never empty. */
  readonly help: string;
  /** Position for programs: byte offset in the input, where one exists. */
  readonly offset?: number | undefined;
  /** Position for programs: 1-based line in a text format, where one exists. */
  readonly line?: number | undefined;
  /** Target address, where one exists. */
  readonly address?: number | undefined;
  readonly cause?: unknown;
}

export abstract class FlashatlasError extends Error {
  readonly code: string;
  readonly what: string;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly help: string;
  readonly offset: number | undefined;
  readonly line: number | undefined;
  readonly address: number | undefined;

  constructor(details: ErrorDetails) {
    super(composeMessage(details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.what = details.what;
    this.where = details.where;
    this.expected = details.expected;
    this.got = details.got;
    this.help = details.help;
    this.offset = details.offset;
    this.line = details.line;
    this.address = details.address;
  }
}

/** Wrong flags, unparsable number or address, unknown command. */
export class UsageError extends FlashatlasError {}
/** Missing, unreadable or oversized file; a pattern that matched nothing. */
export class InputError extends FlashatlasError {}
/** Malformed content: container, record, structure. */
export class FormatError extends FlashatlasError {}
/** A chip or board file that fails its schema or its semantic check. */
export class LayoutError extends FlashatlasError {}
/** Parts that overlap, do not fit or are missing; an output that must not be written. */
export class BuildError extends FlashatlasError {}

/** "what at where: expected x, got y", leaving out what is not known or said already. */
function composeMessage({ what, where, expected, got }: ErrorDetails): string {
  const place = where === undefined ? '' : ` at ${nameInText(where)}`;
  if (expected !== undefined && got !== undefined) return `${what}${place}: expected ${expected}, got ${got}`;
  if (expected !== undefined) return `${what}${place}: expected ${expected}`;
  if (got !== undefined && !what.includes(got)) return `${what}${place}: got ${got}`;
  return `${what}${place}`;
}
