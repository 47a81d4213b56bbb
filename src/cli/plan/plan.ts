/** plan: files in, a folder with script and data out. */
import { basename } from 'node:path';
import { FormatError, UsageError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { type ProbeId, probeProfile, type ToolId, toolProfile } from '../../layout/flashing-tools.js';
import type { Board } from '../../layout/types.js';
import { plan } from '../../operations/plan/plan.js';
import { planDocument } from '../../operations/plan/plan-file.js';
import type { KeptArea, Plan, PlanOptions, PlanTarget } from '../../operations/plan/types.js';
import { renderJson } from '../../report/json.js';
import { renderPlan } from '../../report/plan.js';
import { type ParsedArguments, suggestion } from '../args.js';
import type { Context } from '../command.js';
import { PRIVATE_MODE, readInput } from '../io.js';
import { ledWords } from '../led-words.js';
import { boardFrom } from '../open.js';
import { writeFolder } from '../output-folder.js';
import { placeFile, requireFiles, splitAddress } from '../place.js';
import { openDump, type Source, sourceOf } from './dump.js';

export async function showPlan(args: ParsedArguments, context: Context): Promise<void> {
  const board = await boardFrom(args);
  const targets = args.list('--to');
  requireTargets(targets, args);
  const from = await openDump(args, board);
  const to = await openTargets(targets, args, board);
  const options: PlanOptions = {
    ...optionsFrom(args),
    fromName: from ? basename(from.source.path) : undefined,
    toName: to.sources.map(({ path }) => basename(path)).join(', '),
  };
  const result = plan(from?.image ?? null, to.target, board, options);
  const folder = args.text('-o') ?? null;
  const document = planDocument(result, { from: from?.source ?? null, to: to.sources });
  if (folder !== null && result.steps.length > 0) {
    const inputs = [...to.inputs, ...(from ? [from.source.path] : [])];
    writeAll(folder, result, renderJson(document), { force: args.flag('--force'), inputs });
  }
  if (context.json) context.write(`${renderJson(document)}\n`);
  else if (args.flag('--script')) context.write(result.script);
  else
    context.write(
      await textOf(
        result,
        { board, from: from?.source.path, to: to.sources.map(({ path }) => path) },
        args,
        context,
        folder,
      ),
    );
}

async function textOf(
  result: Plan,
  { board, from, to }: { readonly board: Board; readonly from: string | undefined; readonly to: readonly string[] },
  args: ParsedArguments,
  { style, width }: Context,
  folder: string | null,
): Promise<string> {
  const { title, version } = toolProfile(result.tool);
  const probe = result.probe && probeProfile(result.probe);
  return renderPlan(result, {
    style,
    width,
    board: board.name,
    from: from ?? null,
    to,
    tool: `${title} ${version}${probe ? `, probe ${probe.title}` : ''}`,
    led: await ledWords(),
    explain: args.flag('--explain'),
    folder,
  });
}

function writeAll(
  folder: string,
  { scripts, files }: Plan,
  document: string,
  options: { readonly force: boolean; readonly inputs: readonly string[] },
): void {
  const all = [
    ...scripts.map(({ name, text, executable }) => ({ name, content: text, mode: executable ? 0o755 : 0o644 })),
    // They hold what the chip holds, keys included.
    ...files.map(({ name, content }) => ({ name, content, mode: PRIVATE_MODE })),
    { name: 'plan.json', content: `${document}\n`, mode: 0o644 },
  ];
  writeFolder(folder, all, options);
}

function requireTargets(targets: readonly string[], args: ParsedArguments): void {
  const from = args.text('--from');
  const paths = targets.map((target) => splitAddress(target).path);
  requireFiles(targets, from === undefined ? paths : [...paths, from]);
  if (args.text('-o') === '-') {
    throw new UsageError({
      code: 'PLAN_FOLDER',
      what: 'the output of a plan is a folder',
      help: 'Name a folder, or leave -o out to see the script.',
    });
  }
}

const MAX_RECIPE_BYTES = 1 << 20;

interface Opened {
  readonly target: PlanTarget;
  readonly sources: readonly Source[];
  /** Every file that was read. */
  readonly inputs: readonly string[];
}

async function openTargets(targets: readonly string[], args: ParsedArguments, board: Board): Promise<Opened> {
  const { isRecipe } = await import('../build/recipe.js');
  const recipe = isRecipe(targets);
  if (recipe !== null) return openRecipe(recipe, args, board);
  const images: MemoryImage[] = [];
  const sources: Source[] = [];
  for (const operand of targets) {
    const placed = await placeFile(operand, args, board);
    if (placed.base === null) {
      throw new FormatError({
        code: 'PLAN_TO_NOWHERE',
        what: 'where this file belongs is not known',
        where: placed.path,
        got: placed.baseReason,
        help: `Put the address in front: --to 0x080A0000:${placed.path}`,
      });
    }
    images.push(placed.image);
    sources.push(sourceOf(placed.path, placed.bytes));
  }
  const image = MemoryImage.fromSegments(images.flatMap(({ segments }) => segments));
  return { target: { image }, sources, inputs: sources.map(({ path }) => path) };
}

async function openRecipe(path: string, args: ParsedArguments, board: Board): Promise<Opened> {
  const [{ parseRecipe, recipeText }, { RecipeFolder }, { assemble, finish, requireSound }] = await Promise.all([
    import('../../operations/build/parse.js'),
    import('../build/folder.js'),
    import('../../operations/build/build.js'),
  ]);
  const bytes = readInput(path, MAX_RECIPE_BYTES, 'other');
  const recipe = await parseRecipe(recipeText(bytes, path), path);
  if (recipe.board !== null && recipe.board !== board.id && !args.has('--layout')) {
    throw new UsageError({
      code: 'PLAN_OTHER_BOARD',
      what: 'the recipe is for another board',
      where: path,
      expected: board.id,
      got: JSON.stringify(recipe.board.slice(0, 64)),
      help: 'Say --board with the board of the recipe, or --layout with its file.',
    });
  }
  const folder = new RecipeFolder(path, false);
  const inputs = [path];
  const read = (name: string): Uint8Array => {
    const file = folder.input(name);
    inputs.push(file);
    return readInput(file, args.number('--max-size'));
  };
  const built = finish(assemble(recipe, read, board), 'sparse');
  requireSound(built);
  const target = { image: built.image, ...(built.optionBytes === null ? {} : { optcr: built.optionBytes }) };
  return { target, sources: [sourceOf(path, bytes)], inputs };
}

function optionsFrom(args: ParsedArguments): PlanOptions {
  return {
    tool: args.text('--tool') as ToolId | undefined,
    probe: args.text('--probe') as ProbeId | undefined,
    optcr: args.number('--optcr'),
    include: areas(args),
    allowMassErase: args.flag('--allow-mass-erase'),
    backup: !args.flag('--no-backup'),
    backupFile: args.text('--backup-file'),
    leaveUnprotected: args.flag('--leave-unprotected'),
    serial: args.text('--serial'),
    underReset: args.flag('--under-reset'),
    usbPath: args.text('--usb-path'),
    dfuFormat: args.text('--dfu-format') as 'dfuse' | 'raw' | undefined,
  };
}

const AREAS: readonly KeptArea[] = ['dct', 'eeprom'];

function areas(args: ParsedArguments): KeptArea[] {
  const words = (args.text('--include') ?? '').split(',').filter((word) => word !== '');
  const found = words.map((word) => {
    const area = AREAS.find((name) => name === word.trim());
    if (area) return area;
    throw new UsageError({
      code: 'USAGE_BAD_CHOICE',
      what: '--include does not take this value',
      expected: 'dct, eeprom or dct,eeprom',
      got: JSON.stringify(word),
      help: suggestion(word, AREAS) ?? 'Name the areas of the target to write although they belong to the board.',
    });
  });
  return args.flag('--write-dct') ? [...new Set([...found, 'dct' as const])] : found;
}
