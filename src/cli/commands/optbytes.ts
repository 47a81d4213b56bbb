/** flashatlas optbytes */
import { existsSync } from 'node:fs';
import { formatHex, toHex } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import type { Board } from '../../layout/types.js';
import {
  encodeOptions,
  inspectOptionFile,
  inspectOptionWord,
  type OptionInspection,
  type OptionRequest,
} from '../../operations/configuration/option-bytes.js';
import { summariseOptionBytes } from '../../operations/inspect/summaries.js';
import { renderJson } from '../../report/json.js';
import { renderOptionBytes, renderOptionEncoding } from '../../report/option-bytes.js';
import { TOOL } from '../../tool.js';
import { refuseOthersOptions } from '../actions.js';
import { type ParsedArguments, parseNumber, suggestion } from '../args.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { boardFrom, openInput } from '../open.js';

const ACTIONS = ['decode', 'encode'];
const BROWN_OUT = { off: 0, '1': 1, '2': 2, '3': 3 } as const;

export const command: Command = {
  operands: 'decode WORD|FILE | encode',
  about:
    'decode: what a value of FLASH_OPTCR, 16 bytes read from 0x1FFFC000, or a dump that holds them mean for the board. encode: the word for the settings given, and how to write it. Nothing is written to a board.',
  options: {
    ...INPUT_OPTIONS,
    '--from': { type: 'number', value: 'WORD', about: 'encode: FLASH_OPTCR as it is now (default 0x0FFFAAED)' },
    '--rdp': { type: 'number', value: 'LEVEL', about: 'encode: read protection 0 or 1; level 2 is refused' },
    '--bor': { type: 'text', value: 'LEVEL', choices: Object.keys(BROWN_OUT), about: 'encode: brown-out reset' },
    '--watchdog': {
      type: 'text',
      value: 'START',
      choices: ['software', 'hardware'],
      about: 'encode: what starts the independent watchdog',
    },
    '--reset-on-stop': { type: 'flag', about: 'encode: entering Stop resets the chip' },
    '--no-reset-on-stop': { type: 'flag', about: 'encode: entering Stop does not' },
    '--reset-on-standby': { type: 'flag', about: 'encode: entering Standby resets the chip' },
    '--no-reset-on-standby': { type: 'flag', about: 'encode: entering Standby does not' },
    '--protect': { type: 'text', value: 'SECTORS', about: 'encode: write-protect these too, as 0,5-8 or all' },
    '--unprotect': { type: 'text', value: 'SECTORS', about: 'encode: take write protection from these' },
  },
  examples: [
    'flashatlas optbytes decode 0x0FFFAAED',
    'flashatlas optbytes decode options.bin',
    'flashatlas optbytes encode --from 0x0E1EAAED --unprotect 0,5-8',
    'flashatlas optbytes encode --bor off --protect 0',
  ],
  async run(args, context) {
    const [action, operand, ...more] = args.operands;
    if (action === undefined || !ACTIONS.includes(action)) throw badAction(action);
    refuseOthersOptions(args, command.options, action);
    const board = await boardFrom(args);
    if (action === 'decode') {
      if (operand === undefined || more.length > 0)
        throw badOperands('decode needs one word or file', 'decode 0x0FFFAAED');
      const inspection = await inspect(operand, args, board);
      if (context.json) context.write(`${renderJson(decodeDocument(inspection, board))}\n`);
      else context.write(renderOptionBytes(inspection, context));
      return EXIT_DONE;
    }
    if (operand !== undefined) throw badOperands('encode takes options only', 'encode --bor off --protect 0');
    const encoding = encodeOptions(requestFrom(args, board), board);
    if (!context.json) context.write(renderOptionEncoding(encoding, context));
    else {
      const { word, readsAs, memory, from, inspection, changes, warnings, commands } = encoding;
      const document = {
        ...decodeDocument(inspection, board),
        schema: 'flashatlas/optbytes-encode',
        word: formatHex(word, 8),
        readsAs: formatHex(readsAs, 8),
        memory: toHex(memory),
        from: formatHex(from.optcr, 8),
        ...{ changes, warnings, commands },
      };
      context.write(`${renderJson(document)}\n`);
    }
    return EXIT_DONE;
  },
};

function decodeDocument({ bytes, findings, verdict }: OptionInspection, board: Board) {
  const head = { schema: 'flashatlas/optbytes-decode', schemaVersion: 1, tool: TOOL, board: board.id };
  return { ...head, findings, verdict, optionBytes: summariseOptionBytes(bytes) };
}

function badAction(action: string | undefined): UsageError {
  return new UsageError({
    code: 'USAGE_UNKNOWN_ACTION',
    what: action === undefined ? 'nothing to do was named' : `unknown action ${JSON.stringify(action)}`,
    expected: 'decode WORD|FILE or encode',
    help: (action && suggestion(action, ACTIONS)) ?? 'See flashatlas optbytes --help.',
  });
}

function badOperands(what: string, example: string): UsageError {
  return new UsageError({ code: 'USAGE_OPERANDS', what, help: `Write for example: flashatlas optbytes ${example}` });
}

/** A word unless there is a file of that name. */
async function inspect(operand: string, args: ParsedArguments, board: Board): Promise<OptionInspection> {
  const isWord = /^(0x[0-9a-f]*|\d+)$/i.test(operand) && !existsSync(operand);
  if (isWord) return inspectOptionWord(parseNumber(operand, 'the option word'), board);
  return inspectOptionFile(await openInput(operand, args), board);
}

function requestFrom(args: ParsedArguments, board: Board): OptionRequest {
  const bor = args.text('--bor') as keyof typeof BROWN_OUT | undefined;
  const watchdog = args.text('--watchdog') as 'software' | 'hardware' | undefined;
  const stop = toggle(args, 'reset-on-stop');
  const standby = toggle(args, 'reset-on-standby');
  const level = readProtection(args.number('--rdp'));
  return {
    from: args.number('--from'),
    protect: sectorList(args.text('--protect'), '--protect', board),
    unprotect: sectorList(args.text('--unprotect'), '--unprotect', board),
    ...(level === undefined ? {} : { readProtection: level }),
    ...(bor === undefined ? {} : { brownOut: BROWN_OUT[bor] }),
    ...(watchdog === undefined ? {} : { watchdog }),
    ...(stop === undefined ? {} : { resetOnStop: stop }),
    ...(standby === undefined ? {} : { resetOnStandby: standby }),
  };
}

function readProtection(level: number | undefined): 0 | 1 | 2 | undefined {
  if (level === undefined || level === 0 || level === 1 || level === 2) return level;
  throw new UsageError({
    code: 'USAGE_BAD_CHOICE',
    what: '--rdp does not take this value',
    expected: '0 or 1',
    got: `${level}`,
    help: 'Level 0 lets a debugger read everything, level 1 keeps it out.',
  });
}

function toggle(args: ParsedArguments, name: string): boolean | undefined {
  const [on, off] = [args.flag(`--${name}`), args.flag(`--no-${name}`)];
  if (on && off) {
    throw new UsageError({
      code: 'USAGE_EXCLUSIVE',
      what: `--${name} and --no-${name} exclude each other`,
      help: 'Give one of them.',
    });
  }
  return on ? true : off ? false : undefined;
}

/** "0,5-8" or "all". */
function sectorList(text: string | undefined, option: string, board: Board): number[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'all') {
    return board.chip.memories
      .flatMap((memory) => (memory.kind === 'flash' ? memory.sectors : []))
      .map(({ number }) => number);
  }
  return text.split(',').flatMap((part) => {
    const [, first, last = first] = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to < from) {
      throw new UsageError({
        code: 'USAGE_BAD_SECTORS',
        what: `${option} does not take this list of sectors`,
        expected: 'numbers and ranges such as 0,5-8, or all',
        got: JSON.stringify(text.slice(0, 40)),
        help: 'The sectors of the board: flashatlas layouts show particle-p1.',
      });
    }
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
