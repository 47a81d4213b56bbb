/** `eeprom set`, `eeprom import`, `eeprom export` and `eeprom build`. */
import { formatCount } from '../../core/words.js';
import {
  type EepromEdited,
  type EepromFile,
  newEeprom,
  newEepromInto,
  openEeprom,
  putEeprom,
} from '../../operations/edit/eeprom.js';
import { contentFile, type EepromPut, parsePut, putsOfFile } from '../../operations/edit/eeprom-words.js';
import { holdsDct } from '../../operations/holds-dct.js';
import { renderEepromEdit } from '../../report/eeprom-edit.js';
import { renderFindings } from '../../report/findings.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import { badOperands } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { type Context, EXIT_DONE } from '../command.js';
import { type EditableInput, openEditable, writeImage } from '../edited.js';
import { readInput } from '../io.js';
import { boardFrom } from '../open.js';
import { type Output, outputFrom } from '../output.js';

export type EepromAction = (operands: readonly string[], args: ParsedArguments, context: Context) => Promise<number>;

/** No EEPROM content is larger, JSON of all indices included. */
const MAX_DATA_BYTES = 1 << 20;

function putsFrom(args: ParsedArguments): EepromPut[] {
  return args.list('--set').map((text) => parsePut(text, dataFile));
}

function dataFile(path: string): Uint8Array {
  return readInput(path, MAX_DATA_BYTES, 'other');
}

interface Target {
  readonly file: EepromFile;
  readonly opened: EditableInput;
}

async function openTarget(path: string, args: ParsedArguments): Promise<Target> {
  const board = await boardFrom(args);
  const opened = await openEditable(path, args);
  const generation = args.flag('--legacy') ? 'legacy' : undefined;
  return { file: openEeprom(opened.input, board, { release: args.text('--release'), generation }), opened };
}

export const set: EepromAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  const puts = putsFrom(args);
  if (path === undefined || more.length > 0 || puts.length === 0) {
    throw badOperands('eeprom set', 'one file and at least one --set', 'eeprom set dump.bin --set 4=42 -o new.bin');
  }
  const output = outputFrom(args, context, [path]);
  const target = await openTarget(path, args);
  return finish('set', target, putEeprom(target.file, puts, args.flag('--erase-pending')), output, context);
};

export const importContent: EepromAction = async (operands, args, context) => {
  const [path, data, ...more] = operands;
  if (path === undefined || data === undefined || more.length > 0) {
    throw badOperands('eeprom import', 'a dump and a content file', 'eeprom import dump.bin content.json -o new.bin');
  }
  const output = outputFrom(args, context, [path, data]);
  const puts = putsOfFile(dataFile(data), data);
  const target = await openTarget(path, args);
  return finish('import', target, putEeprom(target.file, puts, args.flag('--erase-pending')), output, context);
};

export const build: EepromAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  if (more.length > 0)
    throw badOperands('eeprom build', 'at most one dump', 'eeprom build --from content.json -o eeprom.bin');
  const from = args.text('--from');
  const output = outputFrom(
    args,
    context,
    [path, from].filter((name) => name !== undefined),
  );
  const puts = [...(from === undefined ? [] : putsOfFile(dataFile(from), from)), ...putsFrom(args)];
  if (path !== undefined) {
    const target = await openTarget(path, args);
    return finish('build', target, newEepromInto(target.file, puts), output, context, true);
  }
  const board = await boardFrom(args);
  const written = writeImage(newEeprom(board, puts), output, undefined, board);
  if (context.json) {
    const head = { schema: 'flashatlas/eeprom-build', schemaVersion: 1, tool: TOOL, input: null, board: board.id };
    context.write(`${renderJson({ ...head, output: { path: output.path, ...written } })}\n`);
  } else context.warn(`${output.path === '-' ? 'stdout' : output.path}: both EEPROM sectors, page 1 in use\n`);
  return EXIT_DONE;
};

function finish(
  action: string,
  { file, opened }: Target,
  edited: EepromEdited,
  output: Output,
  context: Context,
  fresh = false,
): number {
  const isPrivate = holdsDct(edited.image, file.source.dctRegions ?? []);
  const written = writeImage(edited.image, output, opened.result, file.source.board, { isPrivate });
  const target = { path: output.path, ...written };
  const { findings } = file.source;
  if (!context.json) {
    if (findings.length > 0) context.warn(`${renderFindings(findings, PLAIN, context.width)}\n`);
    context.warn(renderEepromEdit(edited, target, fresh, { ...context, style: PLAIN }));
    return EXIT_DONE;
  }
  const { source, release, generation, capacity } = file;
  const { changes, pageBefore, pageAfter, flashOperations } = edited;
  const head = { schema: `flashatlas/eeprom-${action}`, schemaVersion: 1, tool: TOOL, input: source.input };
  const facts = { board: source.board.id, form: source.form, release, generation, capacity };
  context.write(
    `${renderJson({ ...head, ...facts, output: target, pageBefore, pageAfter, flashOperations, changes, findings })}\n`,
  );
  return EXIT_DONE;
}

export const exportContent: EepromAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) {
    throw badOperands('eeprom export', 'one dump', 'eeprom export dump.bin -o content.json');
  }
  const output = outputFrom(args, context, [path]);
  const { file } = await openTarget(path, args);
  const form = /\.json$/i.test(output.path) ? 'json' : 'bin';
  const written = output.write([contentFile(file.eeprom.logical, form)]);
  if (context.json) {
    const head = { schema: 'flashatlas/eeprom-export', schemaVersion: 1, tool: TOOL, input: file.source.input };
    context.write(`${renderJson({ ...head, output: { path: output.path, ...written, format: form } })}\n`);
  } else {
    const name = output.path === '-' ? 'stdout' : output.path;
    const { values, logical } = file.eeprom;
    context.warn(`${name}: ${formatCount(values.size)} of ${formatCount(logical.length)} bytes are set\n`);
  }
  return EXIT_DONE;
};
