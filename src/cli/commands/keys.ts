/** flashatlas keys */
import { UsageError } from '../../core/errors.js';
import { inspectKeys } from '../../operations/configuration/keys-show.js';
import { renderJson } from '../../report/json.js';
import { renderKeys, renderPem } from '../../report/keys.js';
import { TOOL } from '../../tool.js';
import { badOperands, refuseOthersOptions } from '../actions.js';
import { suggestion } from '../args.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { type KeysAction, openKeyInput } from '../keys/action.js';
import { boardFrom } from '../open.js';

/** Actions that make, move and compare keys; their code is loaded when one of them runs. */
const ACTIONS: Readonly<Record<string, () => Promise<KeysAction>>> = {
  show: async () => show,
  new: async () => (await import('../keys/make.js')).create,
  import: async () => (await import('../keys/make.js')).importKey,
  export: async () => (await import('../keys/export.js')).exportKey,
  public: async () => (await import('../keys/export.js')).publicKey,
  check: async () => (await import('../keys/export.js')).check,
};
const NAMES = Object.keys(ACTIONS);

export const command: Command = {
  operands: 'show FILE | new [DUMP] | import DUMP KEY | export DUMP | public FILE | check FILE',
  about:
    'show: the keys of a flash dump, of DCT sectors or of one .der or .pem file: kind, soundness, whose they are, and the SHA-256 fingerprint of the public half. new: a device key pair, RSA-1024 as the firmware makes it, in the file OUT or in the DCT of a copy of DUMP; the public half goes to a PEM file for the cloud, and the commands to register it are printed. import: the key of a file (PKCS#1, PKCS#8, SEC 1; DER or PEM) into the DCT of a copy of DUMP. export: the private key of the device, as DER or PEM by the ending of OUT. public: the public half as PEM. check: is every key sound, do the halves belong together, is it the key of --public or --fingerprint (exit 1 when not). Private numbers are not shown.',
  options: {
    ...INPUT_OPTIONS,
    '--copy': { type: 'text', value: 'N', choices: ['1', '2'], about: 'show: only this copy of the DCT' },
    '--pem': {
      type: 'flag',
      about: 'show: print the public halves as PEM (with --show-secrets the private keys too)',
    },
    '-o': { type: 'text', value: 'OUT', about: 'new, import, export, public: the output file' },
    '--force': { type: 'flag', about: 'replace an existing output file' },
    '--public': {
      type: 'text',
      value: 'FILE',
      about: 'new, check: where the public half goes (default OUT with .pub.pem); the key to compare with',
    },
    '--fingerprint': { type: 'text', value: 'SHA256', about: 'check: the fingerprint to compare with' },
    '--as': {
      type: 'text',
      value: 'WHOSE',
      choices: ['device', 'server'],
      about: 'import: whose key it is (default: device for a private key, server for a public one)',
    },
    '--release': {
      type: 'text',
      value: 'X',
      about: 'new, import: write the DCT as this Device OS release (default: the one in DUMP)',
    },
    '--style': {
      type: 'text',
      value: 'STYLE',
      choices: ['flip', 'in-place', 'single'],
      about: 'new, import: how the DCT is written, see dct --help',
    },
    '--wipe-old': { type: 'flag', about: 'new, import: erase the DCT copy that is not in use afterwards' },
    '--show-secrets': {
      type: 'flag',
      about: 'show, new, export: include private keys (export, and new to stdout, do nothing without it)',
    },
  },
  examples: [
    'flashatlas keys show dump.bin',
    'flashatlas keys show device.der',
    'flashatlas keys show --pem dump.bin',
    'flashatlas keys new -o device.der',
    'flashatlas keys new dump.bin -o new.bin',
    'flashatlas keys import dump.bin device.pem -o new.bin',
    'flashatlas keys export --show-secrets dump.bin -o device.der',
    'flashatlas keys public dump.bin -o device.pub.pem',
    'flashatlas keys check dump.bin --public device.pub.pem',
  ],
  async run(args, context) {
    const [action, ...operands] = args.operands;
    const load = action !== undefined && Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (!load || action === undefined) throw badAction(action);
    refuseOthersOptions(args, command.options, action);
    return (await load())(operands, args, context);
  },
};

const show: KeysAction = async (operands, args, context) => {
  const [file, ...more] = operands;
  if (file === undefined || more.length > 0) throw badOperands('keys show', 'one file', 'keys show dump.bin');
  const board = await boardFrom(args);
  const showSecrets = args.flag('--show-secrets');
  const copy = args.text('--copy');
  const inspection = inspectKeys(await openKeyInput(file, args), board, {
    showSecrets,
    copy: copy === '1' ? 1 : copy === '2' ? 2 : undefined,
  });
  if (context.json) {
    const { input, groups, findings, verdict } = inspection;
    const keys = groups.flatMap(({ copy: number, current, keys: own }) =>
      own.map(({ privatePem, ...key }) => ({ copy: number, current, ...key, ...(privatePem ? { privatePem } : {}) })),
    );
    const document = { schema: 'flashatlas/keys', schemaVersion: 1, tool: TOOL, input, keys, findings, verdict };
    context.write(`${renderJson(document)}\n`);
  } else context.write(args.flag('--pem') ? renderPem(inspection) : renderKeys(inspection, context));
  return EXIT_DONE;
};

function badAction(action: string | undefined): UsageError {
  return new UsageError({
    code: 'USAGE_UNKNOWN_ACTION',
    what: action === undefined ? 'nothing to do was named' : `unknown action ${JSON.stringify(action)}`,
    expected: NAMES.join(', '),
    help: (action && suggestion(action, NAMES)) || 'Write for example: flashatlas keys show dump.bin',
  });
}
