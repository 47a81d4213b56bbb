/** flashatlas simulate */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FormatError, UsageError } from '../../core/errors.js';
import { formatCount } from '../../core/words.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { readInput, requireWritable, writeOutput } from '../io.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

/** A plan is text with a few hundred steps at most. */
const MAX_PLAN_BYTES = 8 << 20;

export const command: Command = {
  operands: 'PLAN --from DUMP',
  about:
    'Applies a plan to a dump, step by step, and says what the chip then holds and what the board does. With a power cut after or inside a step: what is left then. PLAN is the folder that plan -o wrote, or the plan.json in it. Exit 1 when a step fails.',
  options: {
    ...INPUT_OPTIONS,
    '--from': { type: 'text', value: 'DUMP', about: 'what the chip holds before (default: nobody knows)' },
    '--optcr': {
      type: 'number',
      value: 'WORD',
      about: 'FLASH_OPTCR of the chip (default: what the plan was made for)',
    },
    '--cut-after': { type: 'number', value: 'N', about: 'the power fails after step N; 0: before the first' },
    '--cut-inside': { type: 'number', value: 'N', about: 'the power fails in the middle of step N' },
    '-o': { type: 'text', value: 'OUT', about: 'write what the flash then holds, as a binary' },
    '--force': { type: 'flag', about: 'replace an existing output file' },
  },
  examples: [
    'flashatlas simulate flash-it --from dump.bin',
    'flashatlas simulate flash-it --from dump.bin --cut-after 4',
    'flashatlas simulate flash-it/plan.json --from dump.bin -o after.bin',
  ],
  async run(args, context) {
    const path = planPath(requireOneFile(args));
    if (args.has('--cut-after') && args.has('--cut-inside')) {
      throw new UsageError({
        code: 'USAGE_EXCLUSIVE',
        what: '--cut-after and --cut-inside exclude each other',
        help: 'The power fails once: give one of them.',
      });
    }
    const { readPlanFile } = await import('../../operations/plan/plan-file.js');
    const text = new TextDecoder().decode(readInput(path, MAX_PLAN_BYTES, 'other'));
    const stored = readPlanFile(text, path, (name) => readInput(join(dirname(path), name)));
    const board = await boardFrom(args);
    if (board.id !== stored.board) throw otherBoard(board.id, stored.board, path);
    const dump = args.text('--from');
    const input = dump === undefined ? null : await openInput(dump, args);
    const output = args.text('-o');
    const writing = { force: args.flag('--force'), inputs: [path, ...(dump === undefined ? [] : [dump])] };
    if (output !== undefined) requireWritable(output, writing);
    const [{ placeImage }, { simulate }, { examineImage }, { flashOf }] = await Promise.all([
      import('../../operations/place.js'),
      import('../../operations/plan/simulate.js'),
      import('../../operations/examine-image.js'),
      import('../../regions/module/find.js'),
    ]);
    const from = input && placeImage(input, board).image;
    const flash = flashOf(board);
    const result = simulate(stored, from, {
      flash,
      optcr: args.number('--optcr') ?? stored.optcr ?? undefined,
      cutAfter: args.number('--cut-after'),
      cutInside: args.number('--cut-inside'),
      dct: stored.dct ?? undefined,
    });
    const { report } = examineImage(result.image, board, { optcr: result.optcr, name: 'the chip' });
    if (output !== undefined) {
      writeOutput(output, result.image.read(flash, flash.erasedByte ?? 0xff), writing);
      const absent = result.image.gaps(flash).reduce((sum, { start, end }) => sum + end - start, 0);
      if (absent > 0) context.warn(`${formatCount(absent)} bytes nobody knows are written as 0xFF\n`);
    }
    if (context.json) {
      const [{ renderJson }, { TOOL }] = await Promise.all([import('../../report/json.js'), import('../../tool.js')]);
      const { image, optcr, ...facts } = result;
      const document = {
        schema: 'flashatlas/simulate',
        schemaVersion: 1,
        tool: TOOL,
        plan: path,
        input: dump === undefined ? null : { path: dump },
        board: board.id,
        ...facts,
        optcr: `0x${optcr.toString(16).toUpperCase().padStart(8, '0')}`,
        known: image.byteCount,
        summary: report.summary,
        boot: report.boot,
        findings: report.findings,
        verdict: report.verdict,
      };
      context.write(`${renderJson(document)}\n`);
    } else {
      const [{ renderSimulation }, { ledWords }] = await Promise.all([
        import('../../report/plan-simulate.js'),
        import('../led-words.js'),
      ]);
      const title = `${path} on ${dump ?? 'a chip that nobody has read'}`;
      context.write(renderSimulation(result, { ...context, title, report, led: await ledWords() }));
    }
    return result.outcome === 'failed' ? 1 : EXIT_DONE;
  },
};

/** The folder of a plan stands for the plan in it. */
function planPath(path: string): string {
  if (path === '-') {
    throw new UsageError({
      code: 'SIMULATE_STDIN',
      what: 'a plan cannot come from stdin, because its data files stand beside it',
      help: 'Name the folder that flashatlas plan -o FOLDER wrote.',
    });
  }
  return existsSync(path) && statSync(path).isDirectory() ? join(path, 'plan.json') : path;
}

function otherBoard(given: string, expected: string, path: string): FormatError {
  return new FormatError({
    code: 'SIMULATE_OTHER_BOARD',
    what: 'the plan is for another board',
    where: path,
    expected: given,
    got: expected.slice(0, 64),
    help: `Say --board ${/^[\w.-]+$/.test(expected) ? expected : 'ID'}, or --layout FILE for your own board.`,
  });
}
