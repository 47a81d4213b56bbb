/** flashatlas dfu */
import { UsageError } from '../../core/errors.js';
import { nearest } from '../../layout/nearest.js';
import { type Command, INPUT_OPTIONS } from '../command.js';
import type { DfuAction } from '../dfu/action.js';
import { OUTPUT_OPTIONS } from '../output.js';

/** An action's code is loaded when it runs. */
const ACTIONS: Readonly<Record<string, () => Promise<DfuAction>>> = {
  check: async () => (await import('../dfu/check.js')).check,
  show: async () => (await import('../dfu/check.js')).show,
  add: async () => (await import('../dfu/suffix.js')).add,
  remove: async () => (await import('../dfu/suffix.js')).remove,
  pack: async () => (await import('../dfu/pack.js')).pack,
  unpack: async () => (await import('../dfu/pack.js')).unpack,
};
const NAMES = Object.keys(ACTIONS);

export const command: Command = {
  operands: 'check FILE... | show FILE | add FILE | remove FILE | pack PART... | unpack FILE',
  about:
    "check: suffix and DfuSe structure, and whether the board takes the file (exit 1 when not). show: what it holds, and what dfu-util will do with it. add, remove: the DFU suffix. pack: one DfuSe file from modules and images; a PART is FILE or ADDRESS:FILE, with @N behind it for another alternate setting. unpack: one file per element, into the folder OUT. Ids are hexadecimal; default: the board's.",
  options: {
    ...OUTPUT_OPTIONS,
    '--board': INPUT_OPTIONS['--board'],
    '--layout': INPUT_OPTIONS['--layout'],
    '--max-size': INPUT_OPTIONS['--max-size'],
    '--vendor': { type: 'text', value: 'ID', about: 'add, pack: idVendor, such as 2b04; ffff is any' },
    '--product': { type: 'text', value: 'ID', about: 'add, pack: idProduct, such as d008; ffff is any' },
    '--device': { type: 'text', value: 'ID', about: 'add, pack: bcdDevice (default ffff: any)' },
    '--base': { type: 'number', value: 'ADDRESS', about: 'check, show: address that dfu-util -s will be given' },
    '--fail-on': {
      type: 'text',
      value: 'LEVEL',
      choices: ['error', 'warning', 'note', 'never'],
      about: 'check: exit with 1 from this level on (default error)',
    },
    '--damaged': { type: 'flag', about: 'remove: cut off a damaged suffix too; unpack: do without a sound one' },
    '--allow-refused': {
      type: 'flag',
      about: 'pack: write the file although the board will refuse parts of it, or not run them',
    },
    '--inclusive-size': {
      type: 'flag',
      about: 'pack: DFUImageSize counts the suffix, as dfuse-pack 0.10 writes it (fwupd rejects that)',
    },
  },
  examples: [
    'flashatlas dfu check firmware.dfu',
    'flashatlas dfu add app.bin -o app.dfu',
    'flashatlas dfu pack system-part1.bin system-part2.bin app.bin -o all.dfu',
    'flashatlas dfu pack 0x080A0000:app.bin 0:dct.bin@1 -o both.dfu',
    'flashatlas dfu unpack all.dfu -o parts',
  ],
  async run(args, context) {
    const [name = '', ...operands] = args.operands;
    const load = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (load) return (await load())(operands, args, context);
    const near = nearest(name, NAMES);
    throw new UsageError({
      code: 'USAGE_UNKNOWN_ACTION',
      what: name === '' ? 'nothing to do was named' : `unknown action ${JSON.stringify(name)}`,
      expected: NAMES.join(', '),
      help: near ? `Did you mean flashatlas dfu ${near}?` : 'See flashatlas dfu --help.',
    });
  },
};
