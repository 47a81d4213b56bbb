/** flashatlas dct */

import { toHex } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { formatCount } from '../../core/words.js';
import { type DctInspection, fieldsOf, getField, inspectDct, pickCopy } from '../../operations/configuration/dct.js';
import { renderDct, renderHexRows } from '../../report/dct.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { badOperands, refuseOthersOptions } from '../actions.js';
import { type ParsedArguments, suggestion } from '../args.js';
import { type Command, type Context, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import type { DctAction } from '../dct/edit.js';
import { isPrivateFile, PRIVATE_MODE, writeOutput } from '../io.js';
import { boardFrom, openInput } from '../open.js';

/** Actions that change or compare; their code is loaded when one of them runs. */
const OTHER_ACTIONS: Readonly<Record<string, () => Promise<DctAction>>> = {
  set: async () => (await import('../dct/edit.js')).set,
  copy: async () => (await import('../dct/edit.js')).copy,
  'erase-field': async () => (await import('../dct/edit.js')).eraseField,
  new: async () => (await import('../dct/new.js')).create,
  diff: async () => (await import('../dct/diff.js')).diff,
};

const ACTIONS = ['show', 'get', ...Object.keys(OTHER_ACTIONS)];

export const command: Command = {
  operands:
    'show FILE | get FILE FIELD | set FILE | new [FILE] | copy [FIELD...] | erase-field FILE FIELD... | diff A B',
  about:
    'show: both copies of the device configuration, which one is in use and why, and what it says. get: one field by its device-os name. set, copy, erase-field: a changed DCT in a new file, written the way the firmware in FILE (or of --release) writes. new: a fresh DCT, alone or in the place of the one in FILE. diff: the fields that differ; exit 1 when any does. FILE is a flash dump, an image, one or both DCT sectors, or what DFU alternate setting 1 reads. Styles: flip as the firmware does, in-place into the copy in use (all that one sector allows), single into copy 1 with the other erased. A VALUE is words, hex:BYTES, @FILE or blank; networks are wifi=SSID:PASSPHRASE:wpa2. copy and erase-field also take the names keys, server, claim and wifi for fields that belong together. The server key is in no file of this tool: take it from a key file or from another dump. Secrets are masked.',
  options: {
    ...INPUT_OPTIONS,
    '--copy': {
      type: 'text',
      value: 'N',
      choices: ['1', '2'],
      about: 'show, get, diff: look at this copy, in use or not',
    },
    '--all': { type: 'flag', about: 'show: every field of the table with address, state and value' },
    '--hex': { type: 'flag', about: 'get: print the bytes in hexadecimal' },
    '--raw': { type: 'flag', about: 'get: print the bytes as they are' },
    '-o': { type: 'text', value: 'FILE', about: 'get, set, new, copy, erase-field: the output file' },
    '--force': { type: 'flag', about: 'replace an existing output file' },
    '--set': { type: 'list', value: 'NAME=VALUE', about: 'set, new: content of a field (repeatable)' },
    '--from': { type: 'text', value: 'A', about: 'copy: where the fields come from' },
    '--to': { type: 'text', value: 'B', about: 'copy: what they are put into' },
    '--release': {
      type: 'text',
      value: 'X',
      about: 'set, copy, erase-field: write as this Device OS release (default: the one in FILE)',
    },
    '--style': {
      type: 'text',
      value: 'STYLE',
      choices: ['flip', 'in-place', 'single'],
      about: 'set, copy, erase-field: how the sectors are written (default flip)',
    },
    '--fresh': { type: 'flag', about: 'set: when no copy is usable, format first, as the firmware does' },
    '--wipe-old': { type: 'flag', about: 'set, copy, erase-field: erase the copy that is not in use afterwards' },
    '--server-key': {
      type: 'text',
      value: 'FILE',
      about: 'new: server key (PEM, DER), or a dump to take key and address from',
    },
    '--device-key': {
      type: 'text',
      value: 'FILE',
      about: 'new: private key (PEM, DER), or a dump to take the pair from',
    },
    '--record': { type: 'flag', about: 'new: with version record and check value, as 0.7.0 and later write' },
    '--show-secrets': { type: 'flag', about: 'print keys, passphrases and codes' },
  },
  examples: [
    'flashatlas dct show dump.bin',
    'flashatlas dct show --all --copy 2 dump.bin',
    'flashatlas dct get dump.bin server_address',
    'flashatlas dct get dump.bin server_public_key -o server.der',
    'flashatlas dct set dump.bin --set serverAddress=cloud.example.com:5683 -o new.bin',
    'flashatlas dct set dump.bin --set wifi=Workshop:passphrase:wpa2 --wipe-old -o new.bin',
    'flashatlas dct copy --from old.bin --to new.bin -o board.bin keys wifi',
    'flashatlas dct new --server-key old.bin --device-key device.pem -o dct.bin',
    'flashatlas dct diff before.bin after.bin',
  ],
  async run(args, context) {
    const [action, ...operands] = args.operands;
    if (action === undefined || !ACTIONS.includes(action)) throw badAction(action);
    refuseOthersOptions(args, command.options, action);
    const other = Object.hasOwn(OTHER_ACTIONS, action) ? OTHER_ACTIONS[action] : undefined;
    if (other) return (await other())(operands, args, context);
    const [file, field, ...more] = operands;
    const complete = file !== undefined && more.length === 0 && (field !== undefined) === (action === 'get');
    if (!complete)
      throw action === 'get'
        ? badOperands('dct get', 'a file and a field', 'dct get dump.bin server_address')
        : badOperands('dct show', 'one file', 'dct show dump.bin');
    const board = await boardFrom(args);
    const inspection = inspectDct(await openInput(file, args), board, args.flag('--show-secrets'));
    return field === undefined ? show(inspection, args, context) : get(inspection, field, file, args, context);
  },
};

function badAction(action: string | undefined): UsageError {
  return new UsageError({
    code: 'USAGE_UNKNOWN_ACTION',
    what: action === undefined ? 'nothing to do was named' : `unknown action ${JSON.stringify(action)}`,
    expected: ACTIONS.join(', '),
    help: (action && suggestion(action, ACTIONS)) ?? 'See flashatlas dct --help.',
  });
}

function copyNumber(args: ParsedArguments): 1 | 2 | undefined {
  const text = args.text('--copy');
  return text === '1' ? 1 : text === '2' ? 2 : undefined;
}

function head(schema: string, { source, findings, verdict }: DctInspection) {
  const document = { schema: `flashatlas/${schema}`, schemaVersion: 1, tool: TOOL, input: source.input };
  return { ...document, form: source.form, board: source.board.id, findings, verdict };
}

function show(inspection: DctInspection, args: ParsedArguments, context: Context): number {
  const wanted = copyNumber(args);
  const copy = wanted === undefined ? inspection.chosen : pickCopy(inspection, wanted);
  const fields = copy ? fieldsOf(inspection, copy) : [];
  if (!context.json) {
    context.write(renderDct(inspection, { ...context, copy, fields, all: args.flag('--all') }));
    return EXIT_DONE;
  }
  const { report, store, copies, leftovers } = inspection;
  const document = {
    ...head('dct-show', inspection),
    store,
    current: report?.current ?? null,
    why: report?.why ?? null,
    disagreement: report?.disagreement ?? null,
    shown: copy?.number ?? null,
    copies: copies.map(({ view, values, keys, ...facts }) => ({ ...facts, readable: view !== null })),
    keys: (copy?.keys ?? []).map(({ publicPem, privatePem, ...key }) => key),
    values: copy?.values ? withoutFields(copy.values) : null,
    fields,
    leftovers,
  };
  context.write(`${renderJson(document)}\n`);
  return EXIT_DONE;
}

function withoutFields<V extends { readonly fields: unknown }>({ fields, ...rest }: V): Omit<V, 'fields'> {
  return rest;
}

function get(inspection: DctInspection, key: string, path: string, args: ParsedArguments, context: Context): number {
  const [hex, raw, output] = [args.flag('--hex'), args.flag('--raw'), args.text('-o')];
  if (raw && context.json) throw exclusive('--raw', '--json');
  if (raw && hex) throw exclusive('--raw', '--hex');
  const wantsBytes = hex || raw || output !== undefined;
  const { copy, field, bytes } = getField(inspection, key, { copy: copyNumber(args), bytes: wantsBytes });
  if (output !== undefined) {
    const isPrivate = args.flag('--show-secrets') || isPrivateFile(path);
    const mode = isPrivate ? { mode: PRIVATE_MODE } : {};
    writeOutput(output, bytes, { force: args.flag('--force'), inputs: [path], ...mode });
    context.warn(`wrote ${formatCount(bytes.length)} bytes of ${field.key} to ${output}\n`);
  }
  if (context.json) {
    const content = hex ? { hex: toHex(bytes) } : {};
    context.write(
      `${renderJson({ ...head('dct-get', inspection), copy: copy.number, field: { ...field, ...content } })}\n`,
    );
  } else if (raw) context.write(bytes);
  else if (hex) context.write(`${renderHexRows(bytes)}\n`);
  else if (output === undefined) context.write(`${field.value}\n`);
  return EXIT_DONE;
}

function exclusive(a: string, b: string): UsageError {
  return new UsageError({
    code: 'USAGE_EXCLUSIVE',
    what: `${a} and ${b} exclude each other`,
    help: 'Give one of them.',
  });
}
