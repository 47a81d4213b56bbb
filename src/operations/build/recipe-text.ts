/** A recipe as YAML, with a comment where one helps. The reverse of parse.ts. */
import { formatAddress, formatHex } from '../../core/bytes.js';
import type { Range } from '../../core/range.js';
import {
  RECIPE_VERSION,
  type Recipe,
  type RecipeDct,
  type RecipeEeprom,
  type RecipeOutput,
  type RecipePart,
  type SourceFile,
} from './recipe.js';

export interface RecipeComments {
  /** Lines above the recipe. */
  readonly head?: readonly string[];
  /** What a part is, by its index. */
  readonly parts?: readonly (string | undefined)[];
}

/** Words that YAML takes for something else than a text, and texts that would need care. */
const PLAIN = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const NOT_TEXT = /^(true|false|null|yes|no|on|off|y|n)$/i;

export function recipeText(recipe: Recipe, comments: RecipeComments = {}): string {
  const lines = (comments.head ?? []).map((line) => `# ${oneLine(line)}`);
  lines.push(`recipe: ${RECIPE_VERSION}`);
  if (recipe.board !== null) lines.push(`board: ${text(recipe.board)}`);
  if (recipe.fill !== null) lines.push(`fill: ${formatHex(recipe.fill, 2)}`);
  if (recipe.shape !== null) lines.push(`shape: ${recipe.shape}`);
  if (recipe.parts.length > 0) lines.push('parts:');
  for (const [index, part] of recipe.parts.entries()) {
    const comment = comments.parts?.[index];
    if (comment !== undefined) lines.push(`  # ${oneLine(comment)}`);
    lines.push(...partLines(part).map((line, number) => `  ${number === 0 ? '-' : ' '} ${line}`));
  }
  if (recipe.factory) lines.push(`factory: ${text(recipe.factory.file)}`);
  if (recipe.dct) lines.push(...dctLines(recipe.dct));
  if (recipe.eeprom) lines.push(...eepromLines(recipe.eeprom));
  if (recipe.optionBytes) lines.push(...optionLines(recipe.optionBytes));
  if (recipe.allow.length > 0) lines.push('allow:', ...recipe.allow.map((rule) => `  - ${text(rule)}`));
  if (recipe.outputs.length > 0) lines.push('outputs:', ...recipe.outputs.flatMap(outputLines));
  return `${lines.join('\n')}\n`;
}

function partLines(part: RecipePart): string[] {
  switch (part.kind) {
    case 'module':
    case 'image':
      return [`${part.kind}: ${text(part.file)}`];
    case 'any':
      return [`module: ${text(part.file)}`];
    case 'raw':
    case 'at':
      return [`raw: ${text(part.file)}`, `at: ${formatAddress(part.address)}`];
    case 'region':
      return [`region: ${text(part.region)}`, `from: ${source(part.from)}`];
    case 'range':
      return [`range: ${range(part.range)}`, `from: ${source(part.from)}`];
    case 'fill':
      return [`fill: ${formatHex(part.value, 2)}`, `at: ${range(part.range)}`];
  }
}

function dctLines({ from, set, style }: RecipeDct): string[] {
  const lines = ['dct:', from ? `  from: ${source(from)}` : '  fresh: true'];
  const names = [...new Set(set.map(({ name }) => name))];
  if (names.length > 0) lines.push('  set:');
  for (const name of names) {
    const values = set.filter((assignment) => assignment.name === name).map(({ value }) => quoted(value));
    lines.push(`    ${text(name)}: ${values.length === 1 ? values[0] : `[${values.join(', ')}]`}`);
  }
  if (style !== 'single') lines.push(`  style: ${style}`);
  return lines;
}

function eepromLines({ from, values }: RecipeEeprom): string[] {
  if (from) return ['eeprom:', `  from: ${source(from)}`];
  if (values.size === 0) return ['eeprom:', '  values: {}'];
  return ['eeprom:', '  values:', ...[...values].map(([index, byte]) => `    ${index}: ${byte}`)];
}

function optionLines(optionBytes: NonNullable<Recipe['optionBytes']>): string[] {
  if ('word' in optionBytes) return [`optionBytes: ${formatHex(optionBytes.word, 8)}`];
  const { brownOut, ...others } = optionBytes;
  const entries = Object.entries(others).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  if (brownOut !== undefined) entries.push(`  brownOut: ${brownOut === 0 ? '"off"' : brownOut}`);
  return entries.length === 0 ? ['optionBytes: {}'] : ['optionBytes:', ...entries];
}

function outputLines({ file, format, shape }: RecipeOutput): string[] {
  const lines = [`  - file: ${text(file)}`];
  if (format !== null) lines.push(`    format: ${text(format)}`);
  if (shape !== null) lines.push(`    shape: ${shape}`);
  return lines;
}

function source({ file, base }: SourceFile): string {
  return base === undefined ? text(file) : `{ file: ${text(file)}, base: ${formatAddress(base)} }`;
}

function range({ start, end }: Range): string {
  return `${formatAddress(start)}-${formatAddress(end - 1)}`;
}

function text(value: string): string {
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : quoted(value);
}

/** JSON strings are YAML too, but for the controls that JSON leaves as they are. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function oneLine(comment: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return comment.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}
