/** flashatlas keys */
import { UsageError } from '../../core/errors.js';
import { inspectKeys } from '../../operations/configuration/keys-show.js';
import type { InspectInput } from '../../operations/inspect/inspect.js';
import { openImage } from '../../operations/open.js';
import { looksLikePem } from '../../regions/keys/pem.js';
import { renderJson } from '../../report/json.js';
import { renderKeys, renderPem } from '../../report/keys.js';
import { TOOL } from '../../tool.js';
import { type ParsedArguments, suggestion } from '../args.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { DEFAULT_MAX_SIZE, readInput } from '../io.js';
import { boardFrom, openInput } from '../open.js';

export const command: Command = {
  operands: 'show FILE',
  about:
    'The keys of a flash dump, of DCT sectors or of one .der or .pem file: kind, soundness, whose they are, and the SHA-256 fingerprint of the public half. Private numbers are not shown.',
  options: {
    ...INPUT_OPTIONS,
    '--copy': { type: 'text', value: 'N', choices: ['1', '2'], about: 'only this copy of the DCT' },
    '--pem': { type: 'flag', about: 'print the public halves as PEM (with --show-secrets the private keys too)' },
    '--show-secrets': { type: 'flag', about: 'with --pem or --json: include the private keys' },
  },
  examples: ['flashatlas keys show dump.bin', 'flashatlas keys show device.der', 'flashatlas keys show --pem dump.bin'],
  async run(args, context) {
    const [action, file, ...more] = args.operands;
    if (action !== 'show' || file === undefined || more.length > 0) throw badUse(action);
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
  },
};

/** PEM is text, which no firmware format takes: such a file is read as it is. */
async function openKeyInput(file: string, args: ParsedArguments): Promise<InspectInput> {
  const bytes = file === '-' ? undefined : readInput(file, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
  if (bytes && looksLikePem(bytes)) return openImage(bytes, { path: file, format: 'bin' });
  return openInput(file, args);
}

function badUse(action: string | undefined): UsageError {
  const known = action === 'show';
  return new UsageError({
    code: known ? 'USAGE_ONE_FILE' : 'USAGE_UNKNOWN_ACTION',
    what: known
      ? 'keys show needs one file'
      : action === undefined
        ? 'nothing to do was named'
        : `unknown action ${JSON.stringify(action)}`,
    expected: 'show FILE',
    help: (action && !known && suggestion(action, ['show'])) || 'Write for example: flashatlas keys show dump.bin',
  });
}
