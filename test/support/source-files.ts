/** The source files of the project as text, for tests about their form. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the project, with forward slashes: "src/core/range.ts". */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** As written: "../core/range.js", "node:fs", "#data". */
  readonly specifier: string;
  /** For relative ones: "src/core/range.ts". */
  readonly target: string | undefined;
  /** True when nothing of it remains after compilation. */
  readonly typeOnly: boolean;
}

/** Files below a folder of the project, sorted; an empty list when there is no such folder. */
export function filesBelow(folder: string, ending: RegExp): SourceFile[] {
  const top = join(ROOT, folder);
  if (!statSync(top, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name) && statSync(join(top, name)).isFile())
    .map((name) => join(top, name))
    .sort()
    .map((path) => ({ path: relative(ROOT, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }));
}

/** Without comments and without the content of plain strings, so that words in them are not taken for code. */
export function codeOf(text: string): string {
  return withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

export function withoutComments(text: string): string {
  // Strings are matched first, so that "//" inside one does not begin a comment.
  return text.replace(/('(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (_, kept) => kept ?? '');
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:([\w*\s{},$]*?)\s+from\s+)?'([^']+)'/gm;
const CALL = /\bimport\(\s*'([^']+)'\s*\)/g;

export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  const found: Import[] = [];
  for (const [, type, names = '', specifier = ''] of text.matchAll(STATEMENT)) {
    found.push(resolve(file, specifier, type !== undefined || onlyTypes(names)));
  }
  for (const [, specifier = ''] of text.matchAll(CALL)) found.push(resolve(file, specifier, false));
  return found;
}

function onlyTypes(names: string): boolean {
  const list = /^\{(.*)\}$/s.exec(names.trim())?.[1];
  if (list === undefined) return false;
  const words = list.split(',').map((name) => name.trim());
  return words.filter((name) => name !== '').every((name) => name.startsWith('type '));
}

function resolve(file: SourceFile, specifier: string, typeOnly: boolean): Import {
  if (!specifier.startsWith('.')) return { specifier, target: undefined, typeOnly };
  const target = join(dirname(file.path), specifier).split(sep).join('/').replace(/\.js$/, '.ts');
  return { specifier, target, typeOnly };
}
