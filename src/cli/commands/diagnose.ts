/** flashatlas diagnose */
import { UsageError } from '../../core/errors.js';
import type { Complaint } from '../../operations/diagnose/diagnose.js';
import type { Inspection } from '../../operations/inspect/inspect.js';
import type { OptionBytesSummary } from '../../operations/inspect/summaries.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { type Command, type Context, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { readInput } from '../io.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

export const command: Command = {
  operands: '[FILE]',
  about:
    'Why does the board do what it does? Ranks causes by what the LED shows (--led), what is reported (--symptom) and the evidence in a dump; says what tells them apart, and the shortest repair with its commands. With --log: explains what dfu-util, particle-cli, st-flash or OpenOCD printed, line by line. Nothing is written to a board.',
  options: {
    ...INPUT_OPTIONS,
    '--led': {
      type: 'text',
      value: 'WORDS',
      about: 'what the LED shows: "cyan red", "breathing magenta", "sos 1", "off"',
    },
    '--symptom': {
      type: 'list',
      value: 'WORDS',
      about: 'what is reported: "still listening", "no DFU button"; repeatable',
    },
    '--log': { type: 'text', value: 'FILE', about: 'explain this transcript of a tool; - is stdin' },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR, read separately (mdw 0x40023C14)' },
  },
  examples: [
    'flashatlas diagnose dump.bin --led "cyan red"',
    'flashatlas diagnose dump.bin --symptom "dead after app ran" --optcr 0x0FFFAAE1',
    'flashatlas diagnose --led "breathing magenta"',
    'flashatlas diagnose --log transcript.txt',
    'dfu-util -l 2>&1 | flashatlas diagnose --log -',
  ],
  async run(args, context) {
    const board = await boardFrom(args);
    const log = args.text('--log');
    if (log !== undefined) {
      refuseWithLog(args);
      const { explainLog } = await import('../../operations/diagnose/log.js');
      const report = explainLog(readInput(log, args.number('--max-size')), board, log);
      const head = { schema: 'flashatlas/diagnose-log', schemaVersion: 1, tool: TOOL, input: { path: log } };
      if (context.json) context.write(`${renderJson({ ...head, ...report })}\n`);
      else context.write((await import('../../report/log.js')).renderLog(report, context));
      return EXIT_DONE;
    }
    await showDiagnosis(args.operands.length === 0 ? null : await inspected(args), args, context);
    return EXIT_DONE;
  },
};

async function inspected(args: ParsedArguments): Promise<Inspection> {
  const { examine } = await import('../../operations/inspect/inspect.js');
  const input = await openInput(requireOneFile(args), args);
  return examine(input, await boardFrom(args), { optcr: args.number('--optcr') });
}

async function showDiagnosis(inspection: Inspection | null, args: ParsedArguments, context: Context): Promise<void> {
  const complaint = await complaintFrom(args);
  const silent = complaint.led === null && complaint.symptoms.length === 0;
  if (inspection === null && silent && !args.has('--optcr')) {
    throw new UsageError({
      code: 'USAGE_NOTHING_TO_DIAGNOSE',
      what: 'there is nothing to go by',
      expected: 'a dump, --led, --symptom or --log',
      help: 'Write for example: flashatlas diagnose dump.bin --led "cyan red"',
    });
  }
  const { diagnose } = await import('../../operations/diagnose/diagnose.js');
  const apart = inspection === null ? { optionBytes: await optionsFrom(args), board: await boardFrom(args) } : {};
  const diagnosis = diagnose(inspection, complaint, apart);
  if (!context.json) {
    const { renderDiagnosis } = await import('../../report/diagnose.js');
    return context.write(renderDiagnosis(diagnosis, context));
  }
  const head = { schema: 'flashatlas/diagnose', schemaVersion: 1, tool: TOOL };
  const { findings = [], verdict = null } = inspection?.report ?? {};
  context.write(`${renderJson({ ...head, ...diagnosis, findings, verdict })}\n`);
}

/** Option bytes without a dump. */
async function optionsFrom(args: ParsedArguments): Promise<OptionBytesSummary | null> {
  const word = args.number('--optcr');
  if (word === undefined) return null;
  const { inspectOptionWord } = await import('../../operations/configuration/option-bytes.js');
  const { summariseOptionBytes } = await import('../../operations/inspect/summaries.js');
  return summariseOptionBytes(inspectOptionWord(word, await boardFrom(args)).bytes);
}

async function complaintFrom(args: ParsedArguments): Promise<Complaint> {
  const led = args.text('--led');
  const { matchLed } = await import('../../layout/led-words.js');
  const { matchSymptom } = await import('../../layout/causes.js');
  return { led: led === undefined ? null : matchLed(led), symptoms: args.list('--symptom').map(matchSymptom) };
}

function refuseWithLog(args: ParsedArguments): void {
  const other = ['--led', '--symptom', '--optcr'].find((name) => args.has(name)) ?? args.operands[0];
  if (other === undefined) return;
  throw new UsageError({
    code: 'USAGE_EXCLUSIVE',
    what: `--log and ${other} exclude each other`,
    help: 'Explain the transcript first, then diagnose the board.',
  });
}
