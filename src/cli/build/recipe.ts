/** The recipe of a run of `build`: from a file, or from operands and options. */
import { UsageError } from '../../core/errors.js';
import { parseRecipe, recipeText } from '../../operations/build/parse.js';
import { EMPTY_RECIPE, type Recipe, type RecipePart } from '../../operations/build/recipe.js';
import type { ParsedArguments } from '../args.js';
import { readInput } from '../io.js';
import { requireFiles, splitAddress } from '../place.js';

const MAX_RECIPE_BYTES = 1 << 20;
/** Options of the short form; a recipe says the same by its keys. */
const SHORT_FORM = ['--dct-from', '--eeprom-from', '--factory', '--fill', '--optcr'];

/** The path of the recipe when the operands are one, else null. */
export function isRecipe(operands: readonly string[]): string | null {
  const recipes = operands.filter((operand) => /\.ya?ml$/i.test(operand));
  const [recipe] = recipes;
  if (recipe === undefined) return null;
  if (operands.length === 1) return recipe;
  throw new UsageError({
    code: 'BUILD_RECIPE_ALONE',
    what: 'a recipe stands alone',
    expected: 'one recipe, or files without a recipe',
    got: operands.join(' '),
    help: 'Name the other files in the recipe.',
  });
}

/** @throws InputError, FormatError RECIPE_…, UsageError BUILD_RECIPE_OPTION */
export async function recipeFromFile(path: string, args: ParsedArguments): Promise<Recipe> {
  const option = SHORT_FORM.find((name) => args.has(name));
  if (option !== undefined) {
    throw new UsageError({
      code: 'BUILD_RECIPE_OPTION',
      what: `${option} belongs to the form without a recipe`,
      help: 'Say it in the recipe.',
    });
  }
  return parseRecipe(recipeText(readInput(path, MAX_RECIPE_BYTES, 'other'), path), path);
}

/** @throws UsageError USAGE_NO_FILES, USAGE_STDIN_TWICE, USAGE_BAD_NUMBER */
export function recipeFromOperands(args: ParsedArguments): Recipe {
  const operands = args.operands.map((operand) => ({ operand, ...splitAddress(operand) }));
  const dct = args.text('--dct-from');
  const eeprom = args.text('--eeprom-from');
  const factory = args.text('--factory');
  const paths = operands.map(({ path }) => path);
  requireFiles(
    [...args.operands, ...[dct, eeprom, factory].flatMap((path) => path ?? [])],
    [...paths, ...[dct, eeprom, factory].flatMap((path) => path ?? [])],
  );
  const fill = args.number('--fill');
  const optcr = args.number('--optcr');
  return {
    ...EMPTY_RECIPE,
    name: 'command line',
    fill: fill === undefined ? null : requireByte(fill),
    parts: operands.map(({ operand, path, address }, index): RecipePart => {
      const where = `operand ${index + 1}`;
      if (address === undefined) return { kind: 'any', file: operand, where };
      return { kind: 'at', file: path, address, where };
    }),
    dct: dct ? { from: { file: dct }, set: [], style: 'single', where: '--dct-from' } : null,
    eeprom: eeprom ? { from: { file: eeprom }, values: new Map(), where: '--eeprom-from' } : null,
    factory: factory ? { file: factory, where: '--factory' } : null,
    optionBytes: optcr === undefined ? null : { word: optcr },
  };
}

function requireByte(value: number): number {
  if (value <= 0xff) return value;
  throw new UsageError({
    code: 'BUILD_FILL_BYTE',
    what: 'value of --fill is not a byte',
    expected: '0 to 255',
    got: `${value}`,
    help: 'Give one byte, such as 0xFF.',
  });
}
