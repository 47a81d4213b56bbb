/** flashatlas inspect */
import { reaches, type Severity } from '../../core/finding.js';
import { examine } from '../../operations/inspect/inspect.js';
import { renderInspection } from '../../report/inspect.js';
import { renderJson } from '../../report/json.js';
import { type Command, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

export const command: Command = {
  operands: 'FILE',
  about:
    'Accounts for every byte of a dump, module or image: sectors, modules with release and checksums, what each region is for, findings and verdict.',
  options: {
    ...INPUT_OPTIONS,
    '--fail-on': {
      type: 'text',
      value: 'LEVEL',
      choices: ['error', 'warning', 'note', 'never'],
      about: 'exit with 1 when there is a finding at or above this level (default never)',
    },
    '--optcr': { type: 'number', value: 'WORD', about: 'the value of FLASH_OPTCR, when it was read separately' },
    '--show-secrets': { type: 'flag', about: 'print keys, passphrases and codes' },
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
    const { report } = examine(input, board, {
      showSecrets: args.flag('--show-secrets'),
      optcr: args.number('--optcr'),
    });
    context.write(context.json ? `${renderJson(report)}\n` : renderInspection(report, context));
    const level = args.text('--fail-on') ?? 'never';
    const failed = level !== 'never' && report.findings.some((finding) => reaches(finding.severity, level as Severity));
    return failed ? EXIT_FINDINGS : EXIT_DONE;
  },
};
