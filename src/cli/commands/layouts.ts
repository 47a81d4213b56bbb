/** flashatlas layouts */
import { UsageError } from '../../core/errors.js';
import { checkBoardFile, checkChipFile, type LayoutProblem } from '../../layout/check.js';
import { describeChip, describeLayout } from '../../layout/describe.js';
import { boardIds, chipIds, loadBoard, loadChip } from '../../layout/load.js';
import { nearest } from '../../layout/nearest.js';
import { DECODER_NAMES } from '../../regions/names.js';
import { renderJson } from '../../report/json.js';
import { renderChip, renderLayout, renderLayoutList, renderProblems } from '../../report/layouts.js';
import { TOOL } from '../../tool.js';
import { type Command, type Context, EXIT_DONE, EXIT_FINDINGS } from '../command.js';
import { expandFiles, parseJson } from '../open.js';

const ACTIONS = ['list', 'show', 'check'];

export const command: Command = {
  operands: 'list | show ID | check FILE...',
  about:
    'list: the chips and boards that are known. show: one of them with its regions and sources. check: whether your own *.board.json or *.chip.json is right (exit 1 when not).',
  options: {},
  examples: ['flashatlas layouts', 'flashatlas layouts show particle-p1', 'flashatlas layouts check my.board.json'],
  async run(args, context) {
    const [action = 'list', ...operands] = args.operands;
    if (action === 'list') return list(context);
    if (action === 'show' && operands[0] !== undefined && operands.length === 1) return show(operands[0], context);
    if (action === 'check' && operands.length > 0) return check(operands, context);
    const known = ACTIONS.includes(action);
    throw new UsageError({
      code: known ? 'USAGE_OPERANDS' : 'USAGE_UNKNOWN_ACTION',
      what: known
        ? `layouts ${action} needs ${action === 'show' ? 'one id' : 'a file'}`
        : `unknown action ${JSON.stringify(action)}`,
      expected: 'list, show ID or check FILE...',
      help: `Did you mean flashatlas layouts ${nearest(action, ACTIONS) ?? 'list'}?`,
    });
  },
};

function list(context: Context): number {
  const boards = boardIds().map((id) => loadBoard(id));
  const chips = chipIds().map((id) => loadChip(id));
  if (context.json) {
    const document = { schema: 'flashatlas/layouts-list', schemaVersion: 1, tool: TOOL };
    const rows = {
      boards: boards.map(({ id, name, vendor, chip }) => ({ id, name, vendor, chip: chip.id })),
      chips: chips.map(({ id, name, family }) => ({ id, name, family })),
    };
    context.write(`${renderJson({ ...document, ...rows })}\n`);
  } else context.write(renderLayoutList(boards, chips, context.style));
  return EXIT_DONE;
}

function show(id: string, context: Context): number {
  const head = { schema: 'flashatlas/layouts-show', schemaVersion: 1, tool: TOOL };
  if (chipIds().includes(id)) {
    const chip = describeChip(loadChip(id));
    context.write(context.json ? `${renderJson({ ...head, chip })}\n` : renderChip(chip, context));
  } else {
    const board = describeLayout(loadBoard(id));
    context.write(context.json ? `${renderJson({ ...head, board })}\n` : renderLayout(board, context));
  }
  return EXIT_DONE;
}

async function check(files: readonly string[], context: Context): Promise<number> {
  const results: { file: string; problems: readonly LayoutProblem[] }[] = [];
  for (const file of await expandFiles(files)) {
    const content = parseJson(file);
    const problems = file.endsWith('.chip.json')
      ? await checkChipFile(content, file)
      : await checkBoardFile(content, file, { decoders: DECODER_NAMES });
    results.push({ file, problems });
  }
  const sound = results.every(({ problems }) => problems.length === 0);
  const head = { schema: 'flashatlas/layouts-check', schemaVersion: 1, tool: TOOL };
  const document = { ...head, results, verdict: sound ? 'pass' : 'fail' };
  context.write(context.json ? `${renderJson(document)}\n` : renderProblems(results, context.style));
  return sound ? EXIT_DONE : EXIT_FINDINGS;
}
