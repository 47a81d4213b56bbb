/** `dct new`: a fresh DCT, as a file of both sectors or in a dump. */
import type { Board } from '../../layout/types.js';
import { copiedEdits } from '../../operations/edit/dct-copy.js';
import { openDct } from '../../operations/edit/dct-edit.js';
import { deviceKeyEdits, requirePrivateKey, requirePublicKey, serverKeyEdit } from '../../operations/edit/dct-keys.js';
import { newDct, newDctInto } from '../../operations/edit/dct-new.js';
import { dctEdits } from '../../operations/edit/dct-words.js';
import type { DctEdit } from '../../regions/dct/index.js';
import { renderJson } from '../../report/json.js';
import { outputName, privacyWords } from '../../report/output.js';
import { TOOL } from '../../tool.js';
import { assignmentsFrom, badOperands } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { EXIT_DONE } from '../command.js';
import { openEditable, writeImage } from '../edited.js';
import { DEFAULT_MAX_SIZE, readInput } from '../io.js';
import { boardFrom } from '../open.js';
import { outputFrom } from '../output.js';
import { changesOf, type DctAction, EXAMPLE, report, valueFile } from './edit.js';

export const create: DctAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  if (more.length > 0) throw badOperands('dct new', 'at most one file', 'dct new -o dct.bin --set claimed=no');
  const [serverKey, deviceKey] = [args.text('--server-key'), args.text('--device-key')];
  const inputs = [path, serverKey, deviceKey].filter((name) => name !== undefined);
  const output = outputFrom(args, context, inputs, true);
  const board = await boardFrom(args);
  const edits = [
    ...(serverKey === undefined ? [] : await serverEdits(serverKey, args, board)),
    ...(deviceKey === undefined ? [] : await deviceEdits(deviceKey, args, board)),
    ...dctEdits(assignmentsFrom(args, EXAMPLE), { readFile: valueFile }),
  ];
  const options = { edits, versionRecord: args.flag('--record') };
  if (path !== undefined) {
    const opened = await openEditable(path, args);
    const edited = newDctInto(openDct(opened.input, board), options);
    const written = writeImage(edited.image, output, opened.result, board);
    const changes = changesOf(edited, args.flag('--show-secrets'));
    report('dct-new', edited, changes, { path: output.path, ...written }, context);
    if (!context.json) context.warn(notesText(edited.notes));
    return EXIT_DONE;
  }
  const { image, notes } = newDct(board, options);
  const written = writeImage(image, output, undefined, board);
  if (context.json) {
    const head = { schema: 'flashatlas/dct-new', schemaVersion: 1, tool: TOOL, input: null, board: board.id };
    context.write(`${renderJson({ ...head, output: { path: output.path, ...written }, notes })}\n`);
  } else {
    const what = `both DCT sectors, copy 1 fresh, copy 2 erased${privacyWords(written)}`;
    context.warn(`${outputName(output.path)}: ${what}\n${notesText(notes)}`);
  }
  return EXIT_DONE;
};

function notesText(notes: readonly string[]): string {
  return notes.map((note) => `${note}\n`).join('');
}

const DER_SEQUENCE = 0x30;
const MAX_KEY_BYTES = 8192;

/** The content of a key file, or undefined for a file that is to be read as a DCT. */
function keyFile(path: string, args: ParsedArguments): Uint8Array | undefined {
  const bytes = readInput(path, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
  const isText = bytes.length <= MAX_KEY_BYTES && new TextDecoder('latin1').decode(bytes).includes('-----BEGIN ');
  return bytes.length <= MAX_KEY_BYTES && (isText || bytes[0] === DER_SEQUENCE) ? bytes : undefined;
}

async function serverEdits(path: string, args: ParsedArguments, board: Board): Promise<DctEdit[]> {
  const bytes = keyFile(path, args);
  if (bytes) return [serverKeyEdit(requirePublicKey(bytes, path), 'rsa')];
  return fromDct(path, 'server', args, board);
}

async function deviceEdits(path: string, args: ParsedArguments, board: Board): Promise<DctEdit[]> {
  const bytes = keyFile(path, args);
  if (bytes) return deviceKeyEdits(requirePrivateKey(bytes, path), 'rsa');
  return fromDct(path, 'keys', args, board);
}

async function fromDct(path: string, group: string, args: ParsedArguments, board: Board): Promise<DctEdit[]> {
  const { input } = await openEditable(path, args);
  return copiedEdits(openDct(input, board), [group], { rules: 'unknown', shape: 'pair' });
}
