/** `keys new` and `keys import`. */
import { rmSync } from 'node:fs';
import { currentCopy, type DctFile, editDct, openDct } from '../../operations/edit/dct-edit.js';
import { deviceKeyEdits } from '../../operations/edit/dct-keys.js';
import {
  deviceIdOf,
  importedKeyEdits,
  type KeyPlace,
  newDeviceKey,
  privateKeyFile,
  publicKeyFile,
  type Registration,
  registration,
  requireHalf,
  shellWord,
} from '../../operations/edit/keys.js';
import type { DctEdit, EditStyle } from '../../regions/dct/index.js';
import { describePublicField } from '../../regions/dct/key-fields.js';
import { bytesOf, viewCopy } from '../../regions/dct/view.js';
import { publicFingerprint } from '../../regions/keys/index.js';
import type { PublicKey } from '../../regions/keys/parse.js';
import { renderJson } from '../../report/json.js';
import { outputName, privacyWords } from '../../report/output.js';
import { TOOL } from '../../tool.js';
import { badOperands } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { type Context, EXIT_DONE } from '../command.js';
import { changesOf, report, valueFile } from '../dct/edit.js';
import { type EditableInput, openEditable, writeImage } from '../edited.js';
import { requireWritable, writeOutput } from '../io.js';
import { boardFrom } from '../open.js';
import { type Output, outputFrom, type WrittenOutput } from '../output.js';
import { formOf, type KeysAction, publicName, requireShowSecrets, stepsText } from './action.js';

export const create: KeysAction = async (operands, args, context) => {
  const [dump, ...more] = operands;
  if (more.length > 0) throw badOperands('keys new', 'at most one dump', 'keys new -o device.der');
  const output = outputFrom(args, context, dump === undefined ? [] : [dump], true);
  if (output.path === '-') requireShowSecrets(args, 'stdout');
  const open = args.text('--public') ?? publicName(output.path === '-' ? 'device.der' : output.path);
  requireWritable(open, { force: args.flag('--force'), inputs: dump === undefined ? [] : [dump] });
  // Everything that can be wrong with the dump is found before a key exists.
  const target = dump === undefined ? undefined : await openTarget(dump, args);
  const key = await newDeviceKey();
  const half = requireHalf(key);
  const files = { output, open, half, steps: [] as Registration[] };
  writeOutput(open, publicKeyFile(half, 'pem'), { force: args.flag('--force') });
  try {
    if (!target) {
      const written = output.write([privateKeyFile(key, formOf(output.path))]);
      files.steps = registration(open, { keyFile: output.path, deviceId: null, serverKey: 'there' });
      showNew(files, written, context);
    } else {
      place('new', target, deviceKeyEdits(key, 'rsa'), { ...files, owner: 'device' }, args, context);
    }
  } catch (error) {
    rmSync(open, { force: true });
    throw error;
  }
  return EXIT_DONE;
};

interface Target {
  readonly file: DctFile;
  readonly opened: EditableInput;
}

async function openTarget(path: string, args: ParsedArguments): Promise<Target> {
  const board = await boardFrom(args);
  const opened = await openEditable(path, args);
  const file = openDct(opened.input, board, args.text('--release'));
  // A missing copy is found here, before anything is made.
  editDct(file, [], editOptions(args));
  return { file, opened };
}

function editOptions(args: ParsedArguments) {
  return { style: args.text('--style') as EditStyle | undefined, wipeOld: args.flag('--wipe-old') };
}

interface KeyFiles {
  readonly output: Output;
  readonly open: string | null;
  readonly half: PublicKey;
}

function place(
  action: string,
  { file, opened }: Target,
  edits: readonly DctEdit[],
  { output, open, half, owner }: KeyFiles & { readonly owner: KeyPlace },
  args: ParsedArguments,
  context: Context,
): void {
  const edited = editDct(file, edits, editOptions(args));
  const written = writeImage(edited.image, output, opened.result, file.source.board);
  const changes = changesOf(edited, args.flag('--show-secrets'));
  const fingerprint = publicFingerprint(half);
  const facts = { keyFile: null, deviceId: deviceIdOf(file), serverKey: serverKeyState(file) } as const;
  // The cloud is told of the key that the firmware uses, and of no other.
  const isUsed = owner === 'device' && half.algorithm === 'rsa';
  const steps = isUsed ? registration(open ?? 'device.pub.pem', facts) : [];
  if (isUsed && open === null) {
    const command = `flashatlas keys public ${shellWord(output.path)} -o device.pub.pem`;
    steps.splice(1, 0, { step: 'Unless the cloud knows this key already, take its public half:', command });
  }
  const extra = { publicKey: open, fingerprint, steps };
  report(`keys-${action}`, edited, changes, { path: output.path, ...written }, context, extra);
  if (!context.json) context.warn(keyText(open, fingerprint, steps, context));
}

function serverKeyState(file: DctFile): 'there' | 'missing' {
  const copy = currentCopy(file);
  const bytes = copy && bytesOf(viewCopy(copy.bytes, 'wiced'), 'server_public_key');
  const key = bytes && describePublicField(bytes, 'server_public_key');
  return key?.fingerprint ? 'there' : 'missing';
}

function showNew(
  { output, open, half, steps }: KeyFiles & { readonly steps: readonly Registration[] },
  written: WrittenOutput,
  context: Context,
): void {
  const fingerprint = publicFingerprint(half);
  if (context.json) {
    const head = { schema: 'flashatlas/keys-new', schemaVersion: 1, tool: TOOL, input: null };
    const target = { path: output.path, ...written, format: formOf(output.path) };
    context.write(`${renderJson({ ...head, output: target, publicKey: open, fingerprint, steps })}\n`);
    return;
  }
  const what = `${outputName(output.path)}: private key, RSA-1024${privacyWords(written)}`;
  context.warn(`${what}\n${keyText(open, fingerprint, steps, context)}`);
}

function keyText(open: string | null, fingerprint: string, steps: readonly Registration[], context: Context): string {
  const file = open === null ? '' : `${open}: public half\n`;
  return `${file}SHA-256 of the public half: ${fingerprint}\n${stepsText(steps, context.width)}`;
}

export const importKey: KeysAction = async (operands, args, context) => {
  const [dump, keyFile, ...more] = operands;
  if (dump === undefined || keyFile === undefined || more.length > 0) {
    throw badOperands('keys import', 'a dump and a key file', 'keys import dump.bin device.pem -o new.bin');
  }
  const output = outputFrom(args, context, [dump, keyFile], true);
  const {
    edits,
    key,
    place: owner,
  } = importedKeyEdits(valueFile(keyFile), keyFile, args.text('--as') as KeyPlace | undefined);
  const target = await openTarget(dump, args);
  place('import', target, edits, { output, open: null, half: key, owner }, args, context);
  return EXIT_DONE;
};
