/** flashatlas check */
import { UsageError } from '../../core/errors.js';
import type { Severity } from '../../core/finding.js';
import type { CheckOptions } from '../../operations/check/check.js';
import type { CheckResult } from '../../operations/check/report.js';
import type { InspectInput } from '../../operations/inspect/inspect.js';
import type { ParsedArguments } from '../args.js';
import { type Command, type Context, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { ledWords } from '../led-words.js';
import { boardFrom, expandFiles, openFile, openInput } from '../open.js';

/** Outputs other than text; each takes the place of it. */
const FORMATS = ['--json', '--sarif', '--junit', '--github'] as const;

export const command: Command = {
  operands: 'FILE...',
  about:
    'May this be flashed, and is it right? One dump is judged as a device, one module as a module; several files are judged together, each at the place its header names (or ADDRESS:FILE); --onto says what a chip becomes when the files are written onto it, and what is lost. Exit 1 when a finding reaches --fail-on.',
  options: {
    ...INPUT_OPTIONS,
    '--onto': { type: 'text', value: 'DUMP', about: 'judge what this chip becomes when the files are written' },
    '--rule': { type: 'list', value: 'ID', about: 'only this rule, group (dct) or pattern (dct/server-*); repeatable' },
    '--ignore': { type: 'list', value: 'ID', about: 'leave out this rule, group or pattern; repeatable' },
    '--fail-on': {
      type: 'text',
      value: 'LEVEL',
      choices: ['error', 'warning', 'note', 'never'],
      about: 'exit with 1 when there is a finding at or above this level (default error)',
    },
    '--strict': { type: 'flag', about: 'warnings count as errors' },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR, read separately (mdw 0x40023C14)' },
    '--min-supply': { type: 'text', value: 'VOLT', about: 'lowest supply of the board, for the brown-out level: 3.0' },
    '--sarif': { type: 'flag', about: 'print SARIF 2.1.0' },
    '--junit': { type: 'flag', about: 'print JUnit XML' },
    '--github': { type: 'flag', about: 'print workflow commands of GitHub Actions' },
  },
  examples: [
    'flashatlas check dump.bin',
    'flashatlas check bootloader.bin part1.bin part2.bin app.bin',
    'flashatlas check part1.bin part2.bin --onto dump.bin',
    'flashatlas check --ignore acquisition,release/unknown-build --strict dump.bin',
    'flashatlas check --sarif dump.bin > dump.sarif',
  ],
  async run(args, context) {
    const format = FORMATS.filter((name) => args.flag(name));
    if (format.length > 1) throw exclusive(format);
    const options = optionsFrom(args);
    const board = await boardFrom(args);
    const files = await expandFiles(args.operands);
    const { checkFile, checkOnto, checkSet } = await import('../../operations/check/check.js');
    const chip = args.text('--onto');
    const { requireFiles, splitAddress } = await import('../place.js');
    const operands = files.map(splitAddress);
    requireFiles(files, [...operands.map(({ path }) => path), ...(chip === undefined ? [] : [chip])]);
    const inputs = await openAll(operands, args);
    const [first] = inputs;
    const result =
      chip !== undefined
        ? checkOnto(await openInput(chip, args), inputs, board, options)
        : first && inputs.length === 1
          ? checkFile(first, board, options)
          : checkSet(inputs, board, options);
    await write(result, format[0], context);
    return result.report.passed ? EXIT_DONE : EXIT_FINDINGS;
  },
};

async function write(result: CheckResult, format: string | undefined, context: Context): Promise<void> {
  const { report } = result;
  switch (format) {
    case '--json': {
      const { renderJson } = await import('../../report/json.js');
      return context.write(`${renderJson(report)}\n`);
    }
    case '--sarif': {
      const { renderSarif } = await import('../../report/sarif.js');
      return context.write(renderSarif(result));
    }
    case '--junit': {
      const { renderJunit } = await import('../../report/junit.js');
      return context.write(renderJunit(report));
    }
    case '--github': {
      const { renderGithub } = await import('../../report/github.js');
      return context.write(renderGithub(report));
    }
    default: {
      const { renderCheck } = await import('../../report/check.js');
      const led = report.boot ? { led: await ledWords() } : {};
      return context.write(renderCheck(result, { ...context, ...led }));
    }
  }
}

interface Operand {
  readonly path: string;
  readonly address: number | undefined;
}

async function openAll(operands: readonly Operand[], args: ParsedArguments): Promise<InspectInput[]> {
  const { inputOf } = await import('../../operations/open.js');
  const inputs: InspectInput[] = [];
  for (const { address, path } of operands) {
    const { bytes, result } = await openFile(path, args, address === undefined ? {} : { base: address });
    inputs.push(inputOf(path, bytes, result));
  }
  return inputs;
}

function optionsFrom(args: ParsedArguments): CheckOptions {
  return {
    optcr: args.number('--optcr'),
    minimumSupply: voltsFrom(args.text('--min-supply')),
    rules: args.list('--rule'),
    ignore: args.list('--ignore'),
    strict: args.flag('--strict'),
    failOn: args.text('--fail-on') as Severity | 'never' | undefined,
  };
}

/** The absolute maximum of VDD is 4 V (DS6329); more is a mistake, such as millivolts. */
const MOST_VOLTS = 4;

function voltsFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const volts = /^\d+(\.\d+)?V?$/i.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (volts > 0 && volts <= MOST_VOLTS) return volts;
  throw new UsageError({
    code: 'USAGE_BAD_VOLTAGE',
    what: '--min-supply is not a supply voltage of this chip',
    expected: `more than 0 and at most ${MOST_VOLTS} volts`,
    got: JSON.stringify(text.slice(0, 40)),
    help: 'Write for example --min-supply 3.0.',
  });
}

function exclusive(formats: readonly string[]): UsageError {
  return new UsageError({
    code: 'USAGE_EXCLUSIVE',
    what: `${formats.join(' and ')} exclude each other`,
    help: 'Give one of them.',
  });
}
