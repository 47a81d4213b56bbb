/** flashatlas build */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { UsageError } from '../../core/errors.js';
import { type Finding, sortFindings, verdictOf } from '../../core/finding.js';
import { loadBoard } from '../../layout/load.js';
import type { Board } from '../../layout/types.js';
import {
  assemble,
  type BuildResult,
  DEFAULT_BOARD,
  finish,
  requireRules,
  requireSound,
} from '../../operations/build/build.js';
import type { Recipe, Shape } from '../../operations/build/recipe.js';
import { SHAPES } from '../../operations/build/recipe.js';
import { defaultShape, outputFormat, writeImage } from '../../operations/build/write.js';
import type { OutputFormat } from '../../operations/convert-format.js';
import { holdsDct } from '../../operations/holds-dct.js';
import { type BuildOutput, renderBuild } from '../../report/build.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { RecipeFolder } from '../build/folder.js';
import { isRecipe, recipeFromFile, recipeFromOperands } from '../build/recipe.js';
import { type Command, type Context, EXIT_DONE } from '../command.js';
import { DEFAULT_MAX_SIZE, isPrivateFile, PRIVATE_MODE, readInput, requireWritable, writeOutputs } from '../io.js';
import { ledWords } from '../led-words.js';
import { boardFrom, boardFromFile } from '../open.js';

export const command: Command = {
  operands: 'RECIPE.yaml | [ADDRESS:]FILE... -o OUT',
  about:
    'One image with everything in it, from a recipe or from files. Modules go where their headers say; DCT and EEPROM come from a dump. Refuses what overlaps, what is for another board and what the board would not run. Shapes: padded is the whole flash, gaps 0xFF; trimmed ends with the last byte given; restore is the whole flash without the sectors of DCT and EEPROM, which a probe then leaves alone; sparse is only what was given. The default is padded for plain binaries, and sparse for formats that keep addresses.',
  options: {
    '-o': { type: 'text', value: 'OUT', about: 'output file instead of those of the recipe; - is stdout' },
    '--force': { type: 'flag', about: 'replace existing output files' },
    '--to': { type: 'text', value: 'FORMAT', about: 'output format (default: by the name of OUT)' },
    '--shape': {
      type: 'text',
      value: 'SHAPE',
      choices: SHAPES,
      about: 'what lies around the parts (default: by the format)',
    },
    '--dct-from': {
      type: 'text',
      value: 'FILE',
      about: 'DCT, both copies, from a dump, DCT sectors or a DFU alternate-1 file',
    },
    '--eeprom-from': { type: 'text', value: 'FILE', about: 'EEPROM pages from a dump or EEPROM sectors' },
    '--factory': { type: 'text', value: 'FILE', about: 'copy of an application for the factory region' },
    '--fill': { type: 'number', value: 'BYTE', about: 'value of gaps (default that of erased flash)' },
    '--optcr': { type: 'number', value: 'WORD', about: 'option word to judge the image with' },
    '--allow': { type: 'list', value: 'RULE', about: 'build although this rule finds an error (repeatable)' },
    '--allow-outside': { type: 'flag', about: 'let the recipe name files outside its folder' },
    '--dry-run': { type: 'flag', about: 'build and judge, but write nothing' },
    '--board': { type: 'text', value: 'ID', about: 'board layout (default: that of the recipe, else particle-p1)' },
    '--layout': { type: 'text', value: 'FILE', about: 'board layout from your own *.board.json' },
    '--max-size': { type: 'number', value: 'BYTES', about: 'largest input to read (default 64M)' },
  },
  examples: [
    'flashatlas build board.yaml',
    'flashatlas build bootloader.bin part1.bin part2.bin app.bin -o whole.bin',
    'flashatlas build bootloader.bin part1.bin part2.bin app.bin --dct-from old.bin --eeprom-from old.bin -o new.bin',
    'flashatlas build part1.bin part2.bin app.bin -o update.dfu',
    'flashatlas build bootloader.bin part1.bin part2.bin app.bin --shape restore -o restore.hex',
  ],
  async run(args, context) {
    const recipePath = isRecipe(args.operands);
    const recipe = recipePath === null ? recipeFromOperands(args) : await recipeFromFile(recipePath, args);
    const allow = args.list('--allow');
    requireRules([...allow, ...recipe.allow]);
    const folder = new RecipeFolder(recipePath, args.flag('--allow-outside'));
    const board = await boardOf(recipe, folder, args);
    const targets = targetsOf(recipe, folder, args, context);
    const inputs: string[] = recipePath === null ? [] : [recipePath];
    const files = new Map<string, Uint8Array>();
    const readFile = (name: string): Uint8Array => {
      const path = folder.input(name);
      const bytes = files.get(name) ?? readInput(path, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
      if (!files.has(name)) inputs.push(path);
      files.set(name, bytes);
      return bytes;
    };
    const assembly = assemble(recipe, readFile, board);
    const results = new Map<Shape, BuildResult>();
    const resultFor = (shape: Shape): BuildResult => {
      const result = results.get(shape) ?? finish(assembly, shape);
      results.set(shape, result);
      return result;
    };
    for (const { shape } of targets) requireSound(resultFor(shape), allow);
    const writings = targets.map((target) => {
      const result = resultFor(target.shape);
      return { target, result, ...writeImage(result, target.format, allow) };
    });
    const options = { force: args.flag('--force'), inputs };
    const dry = args.flag('--dry-run');
    if (!dry) for (const { path } of targets) if (path !== '-') requireWritable(path, options);
    const written = dry ? [] : writeAllTo(writings, context, options);
    const outputs = writings.map(({ target, result }, index): BuildOutput => {
      const { size = null, digest = null, isPrivate = false } = written[index] ?? {};
      return {
        path: target.path,
        format: target.format.format,
        inner: target.format.inner ?? null,
        shape: target.shape,
        size,
        sha256: digest,
        private: isPrivate,
        ranges: result.image.ranges(),
        dataBytes: result.image.byteCount,
      };
    });
    const findings = together(
      [...results.values()].flatMap((result) => result.findings),
      writings,
    );
    await tell({ recipePath, results: [...results.values()], outputs, findings, files, context });
    return EXIT_DONE;
  },
};

interface Target {
  readonly path: string;
  readonly format: OutputFormat;
  readonly shape: Shape;
}

/** @throws UsageError USAGE_NO_OUTPUT, USAGE_JSON_ON_STDOUT, BUILD_TWO_ON_STDOUT */
function targetsOf(recipe: Recipe, folder: RecipeFolder, args: ParsedArguments, context: Context): Target[] {
  const path = args.text('-o');
  const to = args.text('--to');
  const shape = args.text('--shape') as Shape | undefined;
  const named = path
    ? [{ file: path, path, format: to, shape: undefined }]
    : recipe.outputs.map((output) => ({
        file: output.file,
        path: folder.output(output.file),
        format: to ?? output.format ?? undefined,
        shape: output.shape ?? undefined,
      }));
  if (named.length === 0 && args.flag('--dry-run'))
    named.push({ file: 'image.bin', path: 'image.bin', format: to, shape: undefined });
  if (named.length === 0) {
    throw new UsageError({
      code: 'USAGE_NO_OUTPUT',
      what: 'no output was named',
      expected: '-o OUT, or outputs in the recipe',
      help: 'Say where the image goes; inputs are never changed in place.',
    });
  }
  if (path === '-' && context.json) {
    throw new UsageError({
      code: 'USAGE_JSON_ON_STDOUT',
      what: '--json and the output cannot both go to stdout',
      help: 'Name an output file, or leave --json out.',
    });
  }
  return named.map((output): Target => {
    const format = outputFormat(output.path === '-' ? undefined : output.file, output.format);
    return { path: output.path, format, shape: shape ?? output.shape ?? recipe.shape ?? defaultShape(format) };
  });
}

async function boardOf(recipe: Recipe, folder: RecipeFolder, args: ParsedArguments): Promise<Board> {
  if (args.has('--board') || args.has('--layout')) return boardFrom(args);
  const id = recipe.board ?? DEFAULT_BOARD;
  if (!id.endsWith('.json')) return loadBoard(id);
  return boardFromFile(folder.input(id));
}

function writeAllTo(
  writings: readonly { readonly target: Target; readonly result: BuildResult; readonly chunks: Iterable<Uint8Array> }[],
  context: Context,
  options: { readonly force: boolean; readonly inputs: readonly string[] },
): { readonly size: number; readonly digest: string; readonly isPrivate: boolean }[] {
  const fromPrivate = options.inputs.some(isPrivateFile);
  const contents = writings.map(({ target, result, chunks }) => {
    const keep = fromPrivate || holdsDct(result.image, result.regions);
    return { path: target.path, content: joined(chunks), ...(keep ? { mode: PRIVATE_MODE } : {}) };
  });
  for (const { path, content } of contents) if (path === '-') context.write(content);
  writeOutputs(
    contents.filter(({ path }) => path !== '-'),
    options,
  );
  return contents.map(({ path, content, mode }) => ({
    size: content.length,
    digest: toHex(sha256(content)),
    isPrivate: mode !== undefined && path !== '-' && process.platform !== 'win32',
  }));
}

function joined(chunks: Iterable<Uint8Array>): Uint8Array {
  // A chunk is valid until the next one is asked for.
  const copies = Array.from(chunks, (chunk) => chunk.slice());
  return new Uint8Array(Buffer.concat(copies));
}

/** Every finding once, whichever outputs it concerns. */
function together(
  findings: readonly Finding[],
  writings: readonly { readonly findings: readonly Finding[] }[],
): Finding[] {
  const all = new Map<string, Finding>();
  for (const finding of [...findings, ...writings.flatMap((writing) => writing.findings)]) {
    all.set(`${finding.rule} ${finding.start} ${finding.end} ${finding.message}`, finding);
  }
  return sortFindings([...all.values()]);
}

interface Told {
  readonly recipePath: string | null;
  readonly results: readonly BuildResult[];
  readonly outputs: readonly BuildOutput[];
  readonly findings: readonly Finding[];
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly context: Context;
}

async function tell({ recipePath, results, outputs, findings, files, context }: Told): Promise<void> {
  if (!context.json) {
    const toStdout = outputs.some(({ path }) => path === '-');
    const style = toStdout ? PLAIN : context.style;
    const text = renderBuild({ results, outputs, findings, style, width: context.width, led: await ledWords() });
    if (toStdout) context.warn(text);
    else context.write(text);
    return;
  }
  const [first] = results;
  const document = {
    schema: 'flashatlas/build',
    schemaVersion: 1,
    tool: TOOL,
    recipe: recipePath,
    inputs: [...files].map(([path, bytes]) => ({ path, size: bytes.length, sha256: toHex(sha256(bytes)) })),
    board: first?.board.id ?? null,
    placed: first?.placed ?? [],
    optionBytes: first?.optionBytes ?? null,
    outputs,
    boot: results.find(({ report }) => report.boot)?.report.boot ?? null,
    findings,
    verdict: verdictOf(findings),
  };
  context.write(`${renderJson(document)}\n`);
}
