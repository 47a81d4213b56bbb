/**
 * diagnose --log: a transcript of dfu-util, particle-cli, st-flash or OpenOCD, line by line. Lines that no message of
 * layouts/tool-messages.json knows are left alone, and of known ones only the known part is repeated: the rest of a line
 * may be a key.
 */
import { InputError } from '../../core/errors.js';
import { escapeText } from '../../core/text.js';
import { findMessages, type MessageMatch, type MessageSeverity } from '../../layout/tool-messages.js';
import type { Board } from '../../layout/types.js';
import { Attempt, type Sighting, wordingOf } from './log-attempt.js';
import { type AttemptReport, attemptReport, type LogSummary, summarise } from './log-summary.js';
import { maskSecrets } from './mask.js';

export interface LogMessage {
  /** 1-based line of the transcript. */
  readonly line: number;
  readonly id: string;
  readonly tool: string;
  readonly severity: MessageSeverity;
  /** The known part of the line. */
  readonly text: string;
  readonly meaning: string;
  /** What to do; null where there is nothing to do. */
  readonly action: string | null;
  /** The line that said the same before, or null. */
  readonly repeats: number | null;
  /** Lines after this one that say the same with other numbers. */
  readonly more: number;
  readonly attempt: number;
  readonly source: string;
}

export interface LogReport {
  readonly lineCount: number;
  /** Lines with at least one known message. */
  readonly knownLines: number;
  readonly messages: readonly LogMessage[];
  /** Messages beyond those listed. */
  readonly leftOff: number;
  readonly attempts: readonly AttemptReport[];
  readonly summary: LogSummary;
}

/** Messages that are listed; the summary knows all. */
const MAX_LISTED = 400;
/** Attempts that are told one by one: the last ones. */
const MAX_ATTEMPTS = 20;

/** @throws InputError LOG_NOT_TEXT */
export function explainLog(bytes: Uint8Array, board: Board, name = 'the log'): LogReport {
  const lines = textOf(bytes, name).split('\n');
  if (lines.at(-1)?.trim() === '') lines.pop();
  const attempts: Attempt[] = [];
  const sightings: { sighting: Sighting; more: number }[] = [];
  let knownLines = 0;
  let leftOff = 0;
  for (const [index, line] of lines.entries()) {
    const found = messagesOf(line);
    if (found.length > 0) knownLines++;
    for (const match of found) {
      const sighting = attemptFor(attempts, match, index + 1).add(index + 1, match);
      const last = sightings.at(-1);
      if (last && isSameProgress(last.sighting, sighting)) {
        sightings[sightings.length - 1] = { sighting: last.sighting, more: last.more + 1 };
      } else if (sightings.length < MAX_LISTED) sightings.push({ sighting, more: 0 });
      else leftOff++;
    }
  }
  const reports = attempts.slice(-MAX_ATTEMPTS).map((attempt) => attemptReport(attempt, board));
  return {
    lineCount: lines.length,
    knownLines,
    messages: sightings.map(({ sighting, more }) => logMessage(sighting, more, attempts, board)),
    leftOff,
    attempts: reports,
    summary: summarise(reports, knownLines),
  };
}

/** Text of a terminal: UTF-8, or UTF-16 as PowerShell redirects it; colours are taken out. */
function textOf(bytes: Uint8Array, name: string): string {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const label = utf16 ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  const text = new TextDecoder(label).decode(bytes);
  if (text.includes('\0')) {
    throw new InputError({
      code: 'LOG_NOT_TEXT',
      what: 'this is no text of a terminal',
      where: name,
      expected: 'what a tool printed, as text',
      got: 'bytes of zero',
      help: 'Save what the terminal shows as text. A flash dump is given without --log.',
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour sequence.
  return text.replace(/\u001b\[[0-9;]{0,20}[A-Za-z]/g, '');
}

/** The messages of one line. A progress bar overwrites itself with carriage returns: its last state counts. */
function messagesOf(line: string): MessageMatch[] {
  const found = line.split('\r').flatMap(findMessages);
  const last = new Map(found.map((match) => [match.message.id, match]));
  return found.filter((match) => match.message.severity !== 'progress' || last.get(match.message.id) === match);
}

function attemptFor(attempts: Attempt[], { message }: MessageMatch, line: number): Attempt {
  const current = attempts.at(-1);
  const starts = message.starts ?? 0;
  const isNew = current === undefined || (starts > 0 && (current.busy || starts <= current.started));
  if (!isNew) return current;
  const attempt = new Attempt(line);
  attempts.push(attempt);
  return attempt;
}

/** The next state of a progress bar, or the next page: told once. */
function isSameProgress(last: Sighting, next: Sighting): boolean {
  const { message } = next.match;
  return (
    message.severity === 'progress' &&
    message === last.match.message &&
    next.attempt === last.attempt &&
    (message.phase === 'erase' || message.phase === 'data')
  );
}

function logMessage(sighting: Sighting, more: number, attempts: readonly Attempt[], board: Board): LogMessage {
  const { match, line, repeats, attempt } = sighting;
  const { severity, meaning, action } = wordingOf(sighting, board);
  return {
    line,
    id: match.message.id,
    tool: match.message.tool,
    severity,
    text: safe(match.text),
    meaning: safe(meaning),
    action: action === null ? null : safe(action),
    repeats,
    more,
    attempt: attempts.indexOf(attempt) + 1,
    source: match.message.source,
  };
}

function safe(text: string): string {
  return escapeText(maskSecrets(text)).replaceAll('\\\\', '\\');
}
