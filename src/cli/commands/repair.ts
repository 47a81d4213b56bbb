/** flashatlas repair */
import type { ReadResult } from '../../formats/index.js';
import type { Board } from '../../layout/types.js';
import { moduleEdits, splitAssignments } from '../../operations/repair/module-fields.js';
import { isDfuFile, type Repaired, repairDfuFile, repairImage } from '../../operations/repair/repair.js';
import { renderJson } from '../../report/json.js';
import { renderRepair } from '../../report/repair.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import { assignmentsFrom } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { type Command, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { writeImage } from '../edited.js';
import { DEFAULT_MAX_SIZE, readInput } from '../io.js';
import { boardFrom, openFile, requireOneFile } from '../open.js';
import { OUTPUT_OPTIONS, type Output, outputFrom } from '../output.js';

export const command: Command = {
  operands: 'FILE -o OUT',
  about:
    "Makes checksums, sizes and ends right again: a module's end address, suffix size, SHA-256 and CRC; a DFU suffix that is wrong, displaced or there twice; the counts and sizes of a DfuSe file. FILE is a module, a DFU or DfuSe file, or a dump, whose modules are repaired in their places. Every changed byte is shown; what cannot be known is refused. --set changes a field: version, platform, flags, function, index, product-id, product-version, dependency, dependency2 (system-part2:1300 or none), suffix-size. Without -o it only shows. Exit 1 when something had to be left as it is, or nothing was written although there is something to repair.",
  options: {
    ...OUTPUT_OPTIONS,
    ...INPUT_OPTIONS,
    '--set': {
      type: 'list',
      value: 'NAME=VALUE',
      about: 'a field of the module, which is then sealed again (repeatable)',
    },
    '--module': { type: 'text', value: 'REGION', about: 'only the module in this region of a dump, such as user' },
    '--always': { type: 'flag', about: 'write OUT even when there is nothing to repair' },
  },
  examples: [
    'flashatlas repair patched.bin -o sound.bin',
    'flashatlas repair --set version=7 --set product-id=8 app.bin -o app-7.bin',
    'flashatlas repair --module user dump.bin -o repaired.bin',
    'flashatlas repair firmware.dfu -o firmware-sound.dfu',
  ],
  async run(args, context) {
    const path = requireOneFile(args);
    const output = args.has('-o') ? outputFrom(args, context, [path]) : null;
    const board = await boardFrom(args);
    const { repaired, like } = await repair(path, args, board);
    const wanted = output && (repaired.changes.length > 0 || args.flag('--always')) ? output : null;
    const written = wanted && { path: wanted.path, ...write(repaired, wanted, like, board) };
    if (context.json) {
      const { bytes, image, ...rest } = repaired;
      const head = { schema: 'flashatlas/repair', schemaVersion: 1, tool: TOOL, input: { path }, output: written };
      context.write(`${renderJson({ ...head, ...rest })}\n`);
    } else if (output) context.warn(renderRepair(repaired, { path }, written, true, { ...context, style: PLAIN }));
    else context.write(renderRepair(repaired, { path }, written, false, context));
    const left = repaired.refusals.length > 0 || (repaired.changes.length > 0 && !written);
    return left ? EXIT_FINDINGS : EXIT_DONE;
  },
};

async function repair(
  path: string,
  args: ParsedArguments,
  board: Board,
): Promise<{ readonly repaired: Repaired; readonly like: ReadResult | undefined }> {
  const options = {
    edits: moduleEdits(assignmentsFrom(args, 'version=7').flatMap(splitAssignments)),
    module: args.text('--module'),
  };
  const format = args.text('--format');
  const asked = format === undefined || format === 'dfu' || format === 'dfuse';
  // A damaged DFU file is what this is for, and its reader would refuse it.
  const content = readInput(path, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
  if (asked && content.length > 0 && isDfuFile(content)) {
    return { repaired: repairDfuFile(content, path, board, options), like: undefined };
  }
  const { result } = await openFile(path, args, { content });
  return { repaired: repairImage({ ...result, path }, board, options), like: result };
}

function write({ bytes, image }: Repaired, output: Output, like: ReadResult | undefined, board: Board) {
  if (bytes) return { ...output.write([bytes]), format: 'dfu' };
  // One of the two is always there.
  return image ? writeImage(image, output, like, board) : { size: 0, sha256: null, private: false, format: 'bin' };
}
