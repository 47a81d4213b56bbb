/** flashatlas boot */

import { HELD_BUTTONS, type HeldButton } from '../../boot/types.js';
import { UsageError } from '../../core/errors.js';
import { bootOf } from '../../operations/boot.js';
import { examine } from '../../operations/inspect/inspect.js';
import { renderBoot } from '../../report/boot.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { ledWords } from '../led-words.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

export const command: Command = {
  operands: 'FILE',
  about:
    'Follows bootloader and system firmware through a flash dump: every check in its order, at its address, with what it says here and where that is known from; where the board ends, what that rests on, and how else it could end.',
  options: {
    ...INPUT_OPTIONS,
    '--button': {
      type: 'text',
      value: 'ACTION',
      choices: [...HELD_BUTTONS],
      about: 'button at reset (default released)',
    },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR, read separately (mdw 0x40023C14)' },
  },
  examples: [
    'flashatlas boot dump.bin',
    'flashatlas boot --button dfu dump.bin',
    'flashatlas boot --optcr 0x0E1EAAED dump.bin',
    'flashatlas boot --json dump.bin',
  ],
  async run(args, context) {
    const board = await boardFrom(args);
    const input = await openInput(requireOneFile(args), args);
    const inspection = examine(input, board, { optcr: args.number('--optcr') });
    const { report } = inspection;
    const button = (args.text('--button') ?? 'released') as HeldButton;
    // What `inspect` refuses to judge has no prediction for any button.
    const boot = report.boot && button !== 'released' ? bootOf(inspection, button) : report.boot;
    if (!boot) throw noDevice(input.path, report.summary);
    if (context.json) {
      const { findings, verdict } = report;
      const head = { schema: 'flashatlas/boot', schemaVersion: 1, tool: TOOL, input: report.input };
      context.write(`${renderJson({ ...head, board: board.id, button, findings, verdict, boot })}\n`);
    } else context.write(renderBoot(boot, { ...context, led: await ledWords() }));
    return EXIT_DONE;
  },
};

function noDevice(path: string, summary: string): UsageError {
  return new UsageError({
    code: 'BOOT_NO_DEVICE',
    what: 'this is no device whose start can be followed',
    where: path,
    expected: 'a flash dump of a Particle P1, Photon or Electron, or an image with its bootloader and system parts',
    got: summary,
    help: 'Give a dump of the whole flash. What a single module is: flashatlas inspect.',
  });
}
