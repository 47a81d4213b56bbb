/**
 * What dfu-util, particle-cli, st-flash and OpenOCD print, from layouts/tool-messages.json. Patterns are text with
 * captures, not regular expressions: each becomes a matcher of bounded cost, and a line is tried only against patterns
 * whose rarest word it holds.
 */
import type { Basis } from './led.js';
import { requireData } from './require-data.js';

export const MESSAGE_SEVERITIES = ['noise', 'progress', 'warning', 'failure', 'success'] as const;
export type MessageSeverity = (typeof MESSAGE_SEVERITIES)[number];

/** How far an attempt had come. */
export const PHASES = ['start', 'open', 'erase', 'data', 'verify', 'done', 'leave', 'fail'] as const;
export type Phase = (typeof PHASES)[number];

/** Takes the place of severity, meaning and action where its condition holds. A null action asks for nothing. */
export interface MessageVariant {
  /** One of these messages is part of the same attempt. */
  readonly seen?: readonly string[];
  /** Values captured in this line, or earlier in the attempt. */
  readonly equals?: Readonly<Record<string, number>>;
  readonly below?: Readonly<Record<string, number>>;
  readonly severity?: MessageSeverity;
  readonly meaning?: string;
  readonly action?: string | null;
}

export interface ToolMessage {
  /** "dfu-util/get-status" */
  readonly id: string;
  readonly tool: string;
  /** Text with captures {kind:name}; with ^ in front only at the start of a line. */
  readonly pattern: string | readonly string[];
  readonly severity: MessageSeverity;
  /** With {names} of captures. */
  readonly meaning: string;
  readonly action?: string;
  /** Versions of the tool that print it in this form. */
  readonly versions?: string;
  readonly phase?: Phase;
  /** A new attempt begins: 1 a command, 2 a banner, 3 a device opened. */
  readonly starts?: number;
  /** Exit code of the tool. */
  readonly exit?: number;
  readonly writes?: 'done' | 'nothing';
  readonly variants?: readonly MessageVariant[];
  /** Ids of questions whose answer the text does not show. */
  readonly asks?: readonly string[];
  readonly basis?: Basis;
  readonly source: string;
}

export interface KnownDevice {
  /** "2b04:d008" */
  readonly id: string;
  readonly name: string;
  readonly dfu: boolean;
}

interface MessageFile {
  readonly devices: readonly KnownDevice[];
  readonly alternates: readonly { readonly alternate: number; readonly title: string }[];
  readonly asks: readonly { readonly id: string; readonly text: string }[];
  readonly messages: readonly ToolMessage[];
}

export interface MessageMatch {
  readonly message: ToolMessage;
  /** Column of the first character. */
  readonly start: number;
  /** The part of the line that the pattern covers. */
  readonly text: string;
  readonly captures: Readonly<Record<string, string>>;
}

interface Matcher {
  readonly message: ToolMessage;
  readonly expression: RegExp;
  readonly names: readonly string[];
}

interface Compiled {
  readonly file: MessageFile;
  /** By the word a line must hold. */
  readonly byWord: ReadonlyMap<string, readonly Matcher[]>;
  /** Matchers of patterns that have no whole word, with a text the line must hold. */
  readonly others: readonly { readonly text: string; readonly matcher: Matcher }[];
}

/** Longer lines are cut: no tool prints them. */
const MAX_LINE = 2000;

/** Every kind matches at most this much, so that no line takes long. */
const KINDS: Readonly<Record<string, string>> = {
  hex: '(?:0x)?([0-9A-Fa-f]{1,16})',
  int: '(\\d{1,15})',
  number: '(\\d{1,6}(?:\\.\\d{1,9})?)',
  id: '((?:0x)?[0-9A-Fa-f]{4}:(?:0x)?[0-9A-Fa-f]{4})',
  word: '(\\S{1,80})',
  text: '(.{0,300}?)',
};
const CAPTURE = /\{(\w+):(\w+)\}/;

let compiled: Compiled | undefined;

/** @throws LayoutError LAYOUT_MISSING_DATA */
function load(): Compiled {
  if (compiled) return compiled;
  const file = requireData<MessageFile>('tool-messages.json');
  const byWord = new Map<string, Matcher[]>();
  const others: { text: string; matcher: Matcher }[] = [];
  for (const message of file.messages) {
    for (const pattern of patternsOf(message)) {
      const matcher = compile(message, pattern);
      const word = rarestWord(pattern);
      if (word === undefined) others.push({ text: longestLiteral(pattern), matcher });
      else byWord.set(word, [...(byWord.get(word) ?? []), matcher]);
    }
  }
  compiled = { file, byWord, others };
  return compiled;
}

/** Its patterns, with blanks as lines are searched: one by one. */
export function patternsOf({ pattern }: ToolMessage): readonly string[] {
  const patterns = typeof pattern === 'string' ? [pattern] : pattern;
  return patterns.map((text) => text.replace(/\s+/g, ' '));
}

function literalsOf(pattern: string): string[] {
  return pattern.replace(/^\^/, '').split(/\{\w+:\w+\}/);
}

function longestLiteral(pattern: string): string {
  return literalsOf(pattern).reduce((best, literal) => (literal.length > best.length ? literal : best), '');
}

/** The longest word that stands alone inside the literal text: words at an edge may continue in the line. */
function rarestWord(pattern: string): string | undefined {
  const words = literalsOf(pattern).flatMap((literal) =>
    [...literal.matchAll(/(?<=\W)\w{3,}(?=\W)/g)].map(([word]) => word),
  );
  return words.sort((a, b) => b.length - a.length)[0];
}

function compile(message: ToolMessage, pattern: string): Matcher {
  const names: string[] = [];
  const atStart = pattern.startsWith('^');
  let source = atStart ? '^' : '';
  let rest = atStart ? pattern.slice(1) : pattern;
  for (let found = CAPTURE.exec(rest); found; found = CAPTURE.exec(rest)) {
    const [whole, kind = '', name = ''] = found;
    source += escapeLiteral(rest.slice(0, found.index)) + (KINDS[kind] ?? KINDS.word);
    names.push(name);
    rest = rest.slice(found.index + whole.length);
  }
  // A text at the end takes the rest of the line.
  if (rest === '' && source.endsWith(KINDS.text ?? '')) rest = '$';
  else rest = escapeLiteral(rest);
  return { message, expression: new RegExp(source + rest), names };
}

function escapeLiteral(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** All known messages in one line, from left to right; of those that overlap, the longer one. Blanks count once. */
export function findMessages(line: string): MessageMatch[] {
  const { byWord, others } = load();
  const text = line.slice(0, MAX_LINE).replace(/\s+/g, ' ').trim();
  if (text === '') return [];
  const found: MessageMatch[] = [];
  for (const word of new Set(text.split(/\W+/))) {
    for (const matcher of byWord.get(word) ?? []) tryMatcher(matcher, text, found);
  }
  for (const { text: needed, matcher } of others) if (text.includes(needed)) tryMatcher(matcher, text, found);
  return withoutOverlaps(found);
}

function tryMatcher({ message, expression, names }: Matcher, text: string, found: MessageMatch[]): void {
  const match = expression.exec(text);
  if (!match) return;
  const captures = Object.fromEntries(names.map((name, index) => [name, (match[index + 1] ?? '').trim()]));
  found.push({ message, start: match.index, text: match[0].trim(), captures });
}

function withoutOverlaps(found: MessageMatch[]): MessageMatch[] {
  const longestFirst = found.sort((a, b) => b.text.length - a.text.length || a.start - b.start);
  const kept: MessageMatch[] = [];
  for (const match of longestFirst) {
    const end = match.start + match.text.length;
    if (kept.every((other) => end <= other.start || match.start >= other.start + other.text.length)) kept.push(match);
  }
  return kept.sort((a, b) => a.start - b.start);
}

export function toolMessages(): readonly ToolMessage[] {
  return load().file.messages;
}

/** The board behind a USB id, or undefined. */
export function knownDevice(id: string): KnownDevice | undefined {
  return load().file.devices.find((device) => device.id === id.toLowerCase());
}

export function alternateTitle(alternate: number): string | undefined {
  return load().file.alternates.find((entry) => entry.alternate === alternate)?.title;
}

/** The question with this id. */
export function askText(id: string): string {
  return load().file.asks.find((ask) => ask.id === id)?.text ?? id;
}
