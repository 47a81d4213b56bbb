/**
 * YAML as far as recipes need it: maps, lists and plain values, each with its line. The package is loaded here and nowhere
 * else; parse.ts loads this file only when there is a recipe to read.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export type YamlValue = string | number | boolean | null;

export type YamlNode =
  | { readonly kind: 'map'; readonly line: number; readonly entries: readonly YamlEntry[] }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly YamlNode[] }
  | { readonly kind: 'value'; readonly line: number; readonly value: YamlValue };

export interface YamlEntry {
  readonly key: string;
  readonly line: number;
  readonly node: YamlNode;
}

/** More text than any recipe needs. */
const MAX_CHARACTERS = 512 * 1024;
const MAX_DEPTH = 16;
/** What opens a list or map inside a line; more of it in one file only costs time. */
const MAX_BRACKETS = 20_000;

/** Words for what the parser stumbles over. Its own messages quote the file, which may be anything. */
const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias stands where none may be',
  BAD_ALIAS: 'an alias stands where none may be',
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_IN_FLOW: 'a block stands inside brackets',
  DUPLICATE_KEY: 'a key is given twice',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a key does not end on its line',
  MULTIPLE_DOCS: 'the file holds more than one document',
  TAB_AS_INDENT: 'a tab is used for indentation; use spaces',
  TAG_RESOLVE_FAILED: 'tags (!…) mean nothing here',
  UNEXPECTED_TOKEN: 'something stands where it may not',
};

/** What cannot be read, and where. */
export interface YamlProblem {
  readonly kind: 'syntax' | 'alias' | 'too-deep' | 'too-large';
  readonly line: number;
  /** syntax: the mistake, as a clause. */
  readonly words?: string;
}

export type YamlResult = { readonly node: YamlNode } | { readonly problem: YamlProblem };

/** Leaves the reader with a problem. No error of ours: this file has a bundle of its own, and with it classes of its own. */
class Stop extends Error {
  constructor(readonly problem: YamlProblem) {
    super(problem.kind);
  }
}

/** Never throws, whatever the text. */
export function parseYaml(text: string): YamlResult {
  if (text.length > MAX_CHARACTERS) return { problem: { kind: 'too-large', line: 1 } };
  if ((text.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS) return { problem: { kind: 'too-deep', line: 1 } };
  const lines = new LineCounter();
  const lineOf = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line);
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw syntaxError(lineOf(problem.pos[0]), problem.code);
    return { node: convert(document.contents, lineOf, 0) };
  } catch (error) {
    if (error instanceof Stop) return { problem: error.problem };
    // The parser calls itself for every level.
    if (error instanceof RangeError) return { problem: { kind: 'too-deep', line: 1 } };
    throw error;
  }
}

function convert(node: unknown, lineOf: (offset: number | undefined) => number, depth: number): YamlNode {
  const line = lineOf((node as Node | null)?.range?.[0]);
  if (depth > MAX_DEPTH) throw new Stop({ kind: 'too-deep', line });
  if (isAlias(node) || ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)) {
    throw new Stop({ kind: 'alias', line });
  }
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }): YamlEntry => {
      const converted = convert(key, lineOf, depth + 1);
      if (converted.kind !== 'value') throw syntaxError(converted.line, 'UNEXPECTED_TOKEN');
      const nothing: YamlNode = { kind: 'value', line: converted.line, value: null };
      return {
        key: String(converted.value),
        line: converted.line,
        node: value === null ? nothing : convert(value, lineOf, depth + 1),
      };
    });
    return { kind: 'map', line, entries };
  }
  if (isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => convert(item, lineOf, depth + 1)) };
  const value = isScalar(node) ? node.value : null;
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'value', line, value: plain };
}

function syntaxError(line: number, code: string): Stop {
  const words = SYNTAX_WORDS[code] ?? 'a value or key is not written as YAML demands';
  return new Stop({ kind: 'syntax', line, words });
}
