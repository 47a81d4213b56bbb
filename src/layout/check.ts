/**
 * Checking chip and board files: form first (the schema), then sense. Everything is reported at once, each problem as a
 * sentence that begins with the place in the file. The schema library is loaded here and nowhere else.
 */
import { LayoutError } from '../core/errors.js';
import { describeValue, type ProblemDetails } from './fields.js';
import type { FileKind, SchemaError } from './form-check.js';
import { BOARD_SUFFIX, BUILT_IN, CHIP_SUFFIX, type Library } from './library.js';
import { resolveBoard } from './load.js';
import { nearest } from './nearest.js';
import { boardProblems, chipProblems } from './semantics.js';
import type { Board } from './types.js';

export interface LayoutProblem {
  /** Stable code: `LAYOUT_OVERLAP`. */
  readonly code: string;
  /** File and JSON pointer: `my.board.json#/regions/2/size`. */
  readonly where: string;
  /** The whole sentence, beginning with `where`. */
  readonly message: string;
  /** What to do about it. */
  readonly help: string;
}

export interface CheckOptions {
  /** Names of the decoders a region may give. */
  readonly decoders: readonly string[];
  /** Where `extends` and `chip` look; the built-in files by default. */
  readonly library?: Library;
}

/** Nobody reads more; a hostile file could make tens of thousands. */
const MAX_PROBLEMS = 200;

/** Problems of the parsed JSON of a chip file; `origin` is the name it has in messages. Empty when it is good. */
export async function checkChipFile(file: unknown, origin: string, library = BUILT_IN): Promise<LayoutProblem[]> {
  return report([...(await formProblems('chip', file, origin)), ...chipProblems(file, origin, library)], origin);
}

/** Problems of the parsed JSON of a board file; `origin` is the name it has in messages. Empty when it is good. */
export async function checkBoardFile(file: unknown, origin: string, options: CheckOptions): Promise<LayoutProblem[]> {
  const { decoders, library = BUILT_IN } = options;
  const sense = boardProblems(file, origin, decoders, library);
  return report([...(await formProblems('board', file, origin)), ...sense], origin);
}

/** Checks a file of `layouts/` by its name; undefined for a name of neither kind. */
export async function checkLayoutFile(
  name: string,
  file: unknown,
  options: CheckOptions,
): Promise<LayoutProblem[] | undefined> {
  if (name.endsWith(CHIP_SUFFIX)) return checkChipFile(file, name, options.library);
  if (name.endsWith(BOARD_SUFFIX)) return checkBoardFile(file, name, options);
  return undefined;
}

/**
 * A user's board file, checked and resolved.
 * @throws LayoutError that lists every problem of the file.
 */
export async function openBoard(file: unknown, origin: string, options: CheckOptions): Promise<Board> {
  const problems = await checkBoardFile(file, origin, options);
  const [first] = problems;
  if (!first) return resolveBoard(file, origin, options.library);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new LayoutError({
    code: 'LAYOUT_INVALID',
    what: `the board file has ${count}`,
    where: problems.length === 1 ? first.where : `${origin}#`,
    help: problems.map((problem) => `${problem.message} ${problem.help}`).join('\n'),
    cause: problems,
  });
}

function report(problems: readonly ProblemDetails[], origin: string): LayoutProblem[] {
  const listed = problems.slice(0, MAX_PROBLEMS).map(({ code, where, what, expected, got, help }) => {
    const values = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
    return { code, where, message: `${where}: ${what}${values ? `: ${values}` : ''}.`, help };
  });
  const rest = problems.length - listed.length;
  if (rest === 0) return listed;
  const where = `${origin}#`;
  const message = `${where}: ${rest} more problem${rest === 1 ? ' is' : 's are'} not listed.`;
  return [...listed, { code: 'LAYOUT_MORE_PROBLEMS', where, message, help: 'Correct the others first.' }];
}

const HELP = 'The JSON Schema named in "$schema" describes every key; editors use it to complete and check the file.';

async function formProblems(kind: FileKind, file: unknown, origin: string): Promise<ProblemDetails[]> {
  const { formErrors } = await import('./form-check.js');
  const { schema, errors } = formErrors(kind, file, 2 * MAX_PROBLEMS);
  const seen = new Set<string>();
  return errors
    .flatMap((error) => formProblem(error, schema, file, origin))
    .filter(({ code, where, what }) => {
      const key = `${code} ${where} ${what}`;
      return !seen.has(key) && seen.add(key);
    });
}

function formProblem(error: SchemaError, schema: object, file: unknown, origin: string): ProblemDetails[] {
  const where = `${origin}#${error.instancePath}`;
  const node = follow(schema, error.schemaPath.slice(1));
  switch (error.keyword) {
    // The schema library repeats every unknown key as a value that matches the schema "false".
    case 'boolean':
      return [];
    case 'additionalProperties':
      return namesIn(error.params, 'additionalProperties').map((key) => unknownKey(key, node, where));
    case 'required':
      return namesIn(error.params, 'requiredProperties').map((key) => ({
        code: 'LAYOUT_MISSING_KEY',
        what: `the key ${JSON.stringify(key)} is missing`,
        where,
        help: `${describe(follow(node, `/properties/${key}`))} ${HELP}`.trim(),
      }));
    default:
      return [badValue(error.keyword, node, where, follow(file, error.instancePath))];
  }
}

function unknownKey(key: string, node: unknown, where: string): ProblemDetails {
  const known = Object.keys(Object(follow(node, '/properties')));
  const near = nearest(key, known);
  return {
    code: 'LAYOUT_UNKNOWN_KEY',
    what: `the key ${describeValue(key)} means nothing here`,
    where,
    expected: `one of ${known.join(', ')}`,
    help: near ? `Did you mean "${near}"?` : 'Remove it.',
  };
}

function badValue(keyword: string, node: unknown, where: string, value: unknown): ProblemDetails {
  return {
    code: 'LAYOUT_BAD_VALUE',
    what: 'wrong value',
    where,
    expected: expectation(keyword, node),
    got: describeValue(value),
    help: `${describe(node)} ${HELP}`.trim(),
  };
}

/** What the keyword that was violated asks for, in words. */
function expectation(keyword: string, node: unknown): string | undefined {
  const limit = follow(node, `/${keyword}`);
  switch (keyword) {
    case 'type':
      return limit === 'array' ? 'a list' : limit === 'object' || limit === 'integer' ? `an ${limit}` : `a ${limit}`;
    case 'enum':
      return Array.isArray(limit) ? `one of ${limit.join(', ')}` : undefined;
    case 'pattern':
      return limit === '\\S' ? 'a text that is not empty' : `a text that matches ${limit}${example(node)}`;
    case 'minLength':
      return 'a text that is not empty';
    case 'minItems':
    case 'minimum':
      return `at least ${limit}`;
    case 'maxItems':
    case 'maximum':
      return `at most ${limit}`;
    case 'uniqueItems':
      return 'every name only once';
    default:
      return undefined;
  }
}

function example(node: unknown): string {
  const examples = follow(node, '/examples');
  return Array.isArray(examples) && examples.length > 0 ? `, such as ${describeValue(examples[0])}` : '';
}

function describe(node: unknown): string {
  const description = follow(node, '/description');
  return typeof description === 'string' ? description : '';
}

/** The value a JSON pointer leads to, or undefined. */
function follow(value: unknown, pointer: string): unknown {
  let current = value;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof current !== 'object' || current === null) return undefined;
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    current = Object.hasOwn(current, key) ? (current as Record<string, unknown>)[key] : undefined;
  }
  return current;
}

function namesIn(params: object, key: string): string[] {
  const names = follow(params, `/${key}`);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
