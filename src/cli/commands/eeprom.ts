/** flashatlas eeprom */
import { UsageError } from '../../core/errors.js';
import { formatCount } from '../../core/words.js';
import {
  type EepromInspection,
  type EepromReader,
  historyOf,
  inspectEeprom,
} from '../../operations/configuration/eeprom.js';
import { summariseEeprom } from '../../operations/inspect/summaries.js';
import { renderEeprom, renderHistory } from '../../report/eeprom.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { refuseOthersOptions } from '../actions.js';
import { suggestion } from '../args.js';
import { type Command, type Context, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import type { EepromAction } from '../eeprom/write.js';
import { isPrivateFile, PRIVATE_MODE, writeOutput } from '../io.js';
import { boardFrom, openInput } from '../open.js';

/** Actions that write; their code is loaded when one of them runs. */
const OTHER_ACTIONS: Readonly<Record<string, () => Promise<EepromAction>>> = {
  set: async () => (await import('../eeprom/write.js')).set,
  import: async () => (await import('../eeprom/write.js')).importContent,
  export: async () => (await import('../eeprom/write.js')).exportContent,
  build: async () => (await import('../eeprom/write.js')).build,
};

const ACTIONS = ['show', 'history', ...Object.keys(OTHER_ACTIONS)];

export const command: Command = {
  operands: 'show FILE | history FILE | set FILE | import FILE DATA | export FILE | build [FILE]',
  about:
    'show: what a program reads from the emulated EEPROM, from which page and why, and what the firmware does with the pages at its next start. history: older values that are still in flash. set: bytes written exactly as the firmware would, in a new file. import: the same for a content file, JSON of index and byte or binary. export: the content as JSON (.json) or binary. build: fresh pages, alone or in the place of those in FILE. FILE is a flash dump, an image, or one or both EEPROM sectors.',
  options: {
    ...INPUT_OPTIONS,
    '--reader': {
      type: 'text',
      value: 'WHICH',
      choices: ['legacy', 'current', 'auto'],
      about: 'show, history: read as firmware up to 0.4.9 or from 0.5.0 does (default auto)',
    },
    '--index': { type: 'number', value: 'N', about: 'history: this index only' },
    '-o': {
      type: 'text',
      value: 'OUT',
      about: 'the output file; with show: the content as a program sees it, 255 where nothing is',
    },
    '--set': {
      type: 'list',
      value: 'INDEX=VALUE',
      about: 'set, build: bytes (1,2,3), hex:, text:, u16:, u32:, float: and the like, or @FILE (repeatable)',
    },
    '--from': { type: 'text', value: 'DATA', about: 'build: content from this file' },
    '--release': {
      type: 'text',
      value: 'X',
      about: 'set, import, export, build: write as this Device OS release (default: the one in FILE)',
    },
    '--legacy': { type: 'flag', about: 'set, import, export, build: write as firmware up to 0.4.9' },
    '--erase-pending': { type: 'flag', about: 'set, import: erase the page that is no longer used, too' },
    '--force': { type: 'flag', about: 'replace an existing output file' },
  },
  examples: [
    'flashatlas eeprom show dump.bin',
    'flashatlas eeprom show dump.bin -o content.bin',
    'flashatlas eeprom history --index 4 dump.bin',
    'flashatlas eeprom set dump.bin --set 4=42 --set 16=u32:100000 -o new.bin',
    'flashatlas eeprom export dump.bin -o content.json',
    'flashatlas eeprom import new.bin content.json -o board.bin',
    'flashatlas eeprom build --from content.json -o eeprom.bin',
  ],
  async run(args, context) {
    const [action, ...operands] = args.operands;
    const other = action !== undefined && Object.hasOwn(OTHER_ACTIONS, action) ? OTHER_ACTIONS[action] : undefined;
    if (other && action !== undefined) {
      refuseOthersOptions(args, command.options, action);
      return (await other())(operands, args, context);
    }
    const [file, ...more] = operands;
    if (action === undefined || !ACTIONS.includes(action) || file === undefined || more.length > 0) {
      throw badUse(action);
    }
    refuseOthersOptions(args, command.options, action);
    const board = await boardFrom(args);
    const reader = (args.text('--reader') ?? 'auto') as EepromReader;
    const inspection = inspectEeprom(await openInput(file, args), board, reader);
    if (action === 'history' && args.has('-o')) throw noOutput();
    if (action === 'history') return history(inspection, args.number('--index'), context);
    const output = args.text('-o');
    if (output !== undefined) {
      const { logical } = inspection.eeprom;
      const mode = isPrivateFile(file) ? { mode: PRIVATE_MODE } : {};
      writeOutput(output, logical, { force: args.flag('--force'), inputs: [file], ...mode });
      context.warn(`wrote ${formatCount(logical.length)} bytes to ${output}\n`);
    }
    return show(inspection, context);
  },
};

function noOutput(): UsageError {
  return new UsageError({
    code: 'USAGE_OTHER_ACTION',
    what: '-o does not belong to history',
    help: 'Leave it out, or use show to save the content.',
  });
}

function badUse(action: string | undefined): UsageError {
  const known = action !== undefined && ACTIONS.includes(action);
  return new UsageError({
    code: known ? 'USAGE_ONE_FILE' : 'USAGE_UNKNOWN_ACTION',
    what: known
      ? `eeprom ${action} needs one file`
      : action === undefined
        ? 'nothing to do was named'
        : `unknown action ${JSON.stringify(action)}`,
    expected: ACTIONS.join(', '),
    help: (action && !known && suggestion(action, ACTIONS)) || 'Write for example: flashatlas eeprom show dump.bin',
  });
}

function head(schema: string, { source, findings, verdict }: EepromInspection) {
  const document = { schema: `flashatlas/${schema}`, schemaVersion: 1, tool: TOOL, input: source.input };
  return { ...document, form: source.form, board: source.board.id, findings, verdict };
}

function show(inspection: EepromInspection, context: Context): number {
  if (!context.json) {
    context.write(renderEeprom(inspection, context));
    return EXIT_DONE;
  }
  const { eeprom, readerReason } = inspection;
  const recovered = eeprom.recovered.map(({ values, records, ...rest }) => ({
    ...rest,
    records: records.length,
    values: Object.fromEntries(values),
  }));
  const document = {
    ...head('eeprom-show', inspection),
    eeprom: { ...summariseEeprom(eeprom), capacity: eeprom.capacity, readerReason, author: eeprom.author, recovered },
  };
  context.write(`${renderJson(document)}\n`);
  return EXIT_DONE;
}

function history(inspection: EepromInspection, index: number | undefined, context: Context): number {
  const histories = historyOf(inspection, index);
  if (context.json) context.write(`${renderJson({ ...head('eeprom-history', inspection), indices: histories })}\n`);
  else context.write(renderHistory(histories, index, context.style));
  return EXIT_DONE;
}
