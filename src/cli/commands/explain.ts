/** flashatlas explain */
import { explain } from '../../operations/explain/explain.js';
import { renderExplanation } from '../../report/explain.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { type Command, EXIT_DONE } from '../command.js';
import { boardFrom } from '../open.js';

export const command: Command = {
  operands: '[TOPIC]',
  about:
    'Explains a pattern of the LED, an SOS code, an address, a region, a DCT field, a rule, an error code or a topic such as dfu, brown-out or write protection. Without a topic: the list.',
  options: {
    '--board': { type: 'text', value: 'ID', about: 'board layout (default particle-p1; see: flashatlas layouts)' },
    '--layout': { type: 'text', value: 'FILE', about: 'board layout from your own *.board.json' },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR: show what write protection means with it' },
  },
  examples: [
    'flashatlas explain led cyan red',
    'flashatlas explain sos 1',
    'flashatlas explain 0x08004022',
    'flashatlas explain server_public_key',
    'flashatlas explain dct/device-key-missing',
    'flashatlas explain dfu',
    'flashatlas explain write protection --optcr 0x0E1EAAED',
  ],
  async run(args, context) {
    const board = await boardFrom(args);
    const explained = explain(args.operands.join(' '), board, { optcr: args.number('--optcr') });
    const document = { schema: 'flashatlas/explain', schemaVersion: 1, tool: TOOL, board: board.id, ...explained };
    context.write(context.json ? `${renderJson(document)}\n` : renderExplanation(explained, context));
    return EXIT_DONE;
  },
};
