/**
 * YAML as far as recipes need it: maps, lists and plain values, each with its line. The package is loaded here and nowhere
 * else; parse.ts loads this file only when there is a recipe to read.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { FormatError } from '../../core/errors.js';

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

/** @throws FormatError RECIPE_TOO_LARGE, RECIPE_SYNTAX, RECIPE_ALIAS, RECIPE_TOO_DEEP, each with the line. */
export function parseYaml(text: string, name: string): YamlNode {
  if (text.length > MAX_CHARACTERS) {
    throw new FormatError({
      code: 'RECIPE_TOO_LARGE',
      what: 'the recipe is longer than any recipe should be',
      where: name,
      expected: `at most ${MAX_CHARACTERS} characters`,
      got: `${text.length}`,
      help: 'Check that this is the recipe and not one of its parts.',
    });
  }
  const lines = new LineCounter();
  const lineOf = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line);
  if ((text.match(/[[{]/g)?.length ?? 0) > MAX_BRACKETS) throw tooDeep(name, 1);
  let contents: Node | null;
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) throw syntaxError(name, lineOf(problem.pos[0]), problem.code);
    contents = document.contents;
  } catch (error) {
    // The parser calls itself for every level.
    if (error instanceof RangeError) throw tooDeep(name, 1);
    throw error;
  }
  return convert(contents, name, lineOf, 0);
}

function convert(node: unknown, name: string, lineOf: (offset: number | undefined) => number, depth: number): YamlNode {
  const line = lineOf((node as Node | null)?.range?.[0]);
  if (depth > MAX_DEPTH) throw tooDeep(name, line);
  if (isAlias(node) || ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined)) {
    throw new FormatError({
      code: 'RECIPE_ALIAS',
      what: 'a recipe has no anchors (&) and aliases (*)',
      where: `${name}, line ${line}`,
      line,
      help: 'Write the value out, or put quotes around a text that begins with & or *.',
    });
  }
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }): YamlEntry => {
      const converted = convert(key, name, lineOf, depth + 1);
      if (converted.kind !== 'value') throw syntaxError(name, converted.line, 'UNEXPECTED_TOKEN');
      return {
        key: String(converted.value),
        line: converted.line,
        node:
          value === null
            ? { kind: 'value', line: converted.line, value: null }
            : convert(value, name, lineOf, depth + 1),
      };
    });
    return { kind: 'map', line, entries };
  }
  if (isSeq(node))
    return { kind: 'list', line, items: node.items.map((item) => convert(item, name, lineOf, depth + 1)) };
  const value = isScalar(node) ? node.value : null;
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'value', line, value: plain };
}

function syntaxError(name: string, line: number, code: string): FormatError {
  return new FormatError({
    code: 'RECIPE_SYNTAX',
    what: `the recipe is not valid YAML: ${SYNTAX_WORDS[code] ?? 'a value or key is not written as YAML demands'}`,
    where: `${name}, line ${line}`,
    line,
    help: 'Correct the line; an editor with YAML support shows the place.',
  });
}

function tooDeep(name: string, line: number): FormatError {
  return new FormatError({
    code: 'RECIPE_TOO_DEEP',
    what: 'the recipe has more levels than any recipe needs',
    where: `${name}, line ${line}`,
    expected: `at most ${MAX_DEPTH} levels`,
    line,
    help: 'Check that this is a recipe.',
  });
}
