/** flashatlas simulate */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FormatError, UsageError } from '../../core/errors.js';
import { formatCount } from '../../core/words.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { readInput, requireWritable, writeOutput } from '../io.js';
import { boardFrom, requireOneFile } from '../open.js';

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
    const stored = readPlanFile(text, path, (name) => readInput(besidePlan(path, name)));
    const board = await boardFrom(args);
    if (board.id !== stored.board) throw otherBoard(board.id, stored.board, path);
    const { openDump } = await import('../plan/dump.js');
    const dump = await openDump(args, board);
    const output = args.text('-o');
    const writing = { force: args.flag('--force'), inputs: [path, ...(dump ? [dump.source.path] : [])] };
    if (output !== undefined) requireWritable(output, writing);
    const [{ simulate, withUndefinedErased }, { examineImage }, { flashOf }, { requireReadable }] = await Promise.all([
      import('../../operations/plan/simulate.js'),
      import('../../operations/examine-image.js'),
      import('../../regions/module/find.js'),
      import('../../operations/plan/refusals.js'),
    ]);
    const from = dump?.image ?? null;
    if (dump) requireReadable(examineImage(dump.image, board, { name: dump.source.path }), dump.source.path);
    const flash = flashOf(board);
    const optcrGiven = args.number('--optcr');
    if (optcrGiven !== undefined && stored.optcr !== null && optcrGiven >>> 4 !== stored.optcr >>> 4) {
      const made = `0x${stored.optcr.toString(16).toUpperCase().padStart(8, '0')}`;
      context.warn(`The plan was made for the option bytes ${made}; the script of OpenOCD stops on others.\n`);
    }
    const result = simulate(stored, from, {
      flash,
      optcr: optcrGiven ?? stored.optcr ?? undefined,
      cutAfter: args.number('--cut-after'),
      cutInside: args.number('--cut-inside'),
      dct: stored.dct ?? undefined,
    });
    const left = withUndefinedErased(result.image, from, flash);
    const { report } = examineImage(left.image, board, { optcr: result.optcr, name: 'the chip' });
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
        input: dump?.source ?? null,
        board: board.id,
        ...facts,
        optcr: `0x${optcr.toString(16).toUpperCase().padStart(8, '0')}`,
        known: image.byteCount,
        undefined: left.bytes,
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
      const title = `${path} on ${dump?.source.path ?? 'a chip that nobody has read'}`;
      const options = { ...context, title, report, led: await ledWords(), undefinedBytes: left.bytes };
      context.write(renderSimulation(result, options));
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

/** A link in the folder could lead anywhere, and a plan may have come from anybody. */
function besidePlan(plan: string, name: string): string {
  const file = join(dirname(plan), name);
  if (!existsSync(file) || dirname(realpathSync(file)) === realpathSync(dirname(plan))) return file;
  throw new FormatError({
    code: 'PLAN_FILE_DATA',
    what: 'a data file is a link to a place outside the folder of the plan',
    where: file,
    help: 'Put the file itself beside the plan.',
  });
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
