/** flashatlas inspect */
import { reaches, type Severity } from '../../core/finding.js';
import { examine } from '../../operations/inspect/inspect.js';
import { renderInspection } from '../../report/inspect.js';
import { renderJson } from '../../report/json.js';
import { type Command, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { ledWords } from '../led-words.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

export const command: Command = {
  operands: 'FILE',
  about:
    'Accounts for every byte of a dump, module or image: sectors, modules with release and checksums, what each region is for, findings and verdict.',
  options: {
    ...INPUT_OPTIONS,
    '--at': { type: 'number', value: 'ADDRESS', about: 'say what one byte is, from the chip down to the field' },
    '--sector': { type: 'number', value: 'N', about: 'only what concerns one flash sector, with its contents listed' },
    '--brief': { type: 'flag', about: 'leave out the explanation of each region' },
    '--show-secrets': { type: 'flag', about: 'show keys, passphrases and codes' },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR, read separately (mdw 0x40023C14)' },
    '--fail-on': {
      type: 'text',
      value: 'LEVEL',
      choices: ['error', 'warning', 'note', 'never'],
      about: 'exit with 1 when there is a finding at or above this level (default never)',
    },
  },
  examples: [
    'flashatlas inspect dump.bin',
    'flashatlas inspect --base 0x080A0000 user.bin',
    'flashatlas inspect --optcr 0x0E1EAAED dump.bin',
    'flashatlas inspect --json dump.bin',
  ],
  async run(args, context) {
    const board = await boardFrom(args);
    const input = await openInput(requireOneFile(args), args);
    const options = { showSecrets: args.flag('--show-secrets'), optcr: args.number('--optcr') };
    const inspection = examine(input, board, options);
    const address = args.number('--at');
    if (address !== undefined) {
      const { showLocation } = await import('../locate.js');
      showLocation(inspection, address, context);
      return EXIT_DONE;
    }
    const sector = args.number('--sector');
    if (sector !== undefined) {
      const { showSector } = await import('../locate.js');
      showSector(inspection, sector, context);
      return EXIT_DONE;
    }
    const { report } = inspection;
    if (context.json) context.write(`${renderJson(report)}\n`);
    else {
      const led = report.boot ? await ledWords() : undefined;
      context.write(renderInspection(report, { ...context, brief: args.flag('--brief'), ...(led ? { led } : {}) }));
    }
    const level = args.text('--fail-on') ?? 'never';
    const failed = level !== 'never' && report.findings.some((finding) => reaches(finding.severity, level as Severity));
    return failed ? EXIT_FINDINGS : EXIT_DONE;
  },
};
