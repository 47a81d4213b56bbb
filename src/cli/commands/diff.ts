/** flashatlas diff */
import { UsageError } from '../../core/errors.js';
import { diff, diffReport } from '../../operations/diff/diff.js';
import type { InspectInput } from '../../operations/inspect/inspect.js';
import { renderDiff } from '../../report/diff.js';
import { renderJson } from '../../report/json.js';
import type { ParsedArguments } from '../args.js';
import { type Command, type Context, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { boardFrom, expandFiles, openInput } from '../open.js';
import { requireFiles } from '../place.js';

export const command: Command = {
  operands: 'A B [MORE...]',
  about:
    'What differs between two dumps, images or modules, whatever their formats: regions, modules, DCT fields, EEPROM values, option bytes, and the sectors that would have to be erased to turn A into B. Absent is not erased. Secrets are compared, not shown. Exit 1 when they differ. With more than two files: which of them share what.',
  options: {
    ...INPUT_OPTIONS,
    '--hex': { type: 'flag', about: 'show the differing bytes side by side, with the names of their fields' },
    '--limit': { type: 'number', value: 'ROWS', about: '--hex: rows to show (default 2000; 0: all)' },
    '--stat': { type: 'flag', about: 'one line per region' },
    '--common': { type: 'flag', about: 'compare only the addresses that both hold' },
    '--matrix': { type: 'flag', about: 'compare every file with every other, and say which share a region' },
    '--optcr-a': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR of A, read separately (mdw 0x40023C14)' },
    '--optcr-b': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR of B' },
    '--show-secrets': { type: 'flag', about: 'show keys, passphrases and codes' },
  },
  examples: [
    'flashatlas diff before.bin after.bin',
    'flashatlas diff --hex p1-system-part1-2.2.0.bin p1-system-part1-2.3.1.bin',
    'flashatlas diff --common release.hex dump.bin',
    'flashatlas diff --matrix line/*.bin',
  ],
  async run(args, context) {
    const files = await expandFiles(args.operands);
    requireFiles(files);
    const [first, second] = files;
    if (first === undefined || second === undefined) throw oneFile();
    if (args.flag('--matrix') || files.length > 2) return matrix(files, args, context);
    const board = await boardFrom(args);
    const [a, b] = [await openInput(first, args), await openInput(second, args)];
    const difference = diff(a, b, board, {
      showSecrets: args.flag('--show-secrets'),
      common: args.flag('--common'),
      optcr: [args.number('--optcr-a'), args.number('--optcr-b')],
    });
    const hex = args.flag('--hex') ? await hexOf() : null;
    const view = { style: context.style, width: context.width };
    if (context.json) {
      const document = diffReport(difference);
      context.write(`${renderJson(hex ? { ...document, hex: hex.document } : document)}\n`);
    } else if (args.flag('--stat')) {
      const { renderDiffStat } = await import('../../report/diff-stat.js');
      context.write(renderDiffStat(difference, view));
    } else context.write(renderDiff(difference, view) + (hex?.text ?? ''));
    return difference.equal ? EXIT_DONE : EXIT_FINDINGS;

    async function hexOf() {
      const { diffHexRows } = await import('../../operations/diff/hex.js');
      const { renderDiffHex, hexDocument } = await import('../../report/diff-hex.js');
      const rows = diffHexRows(difference, {
        showSecrets: args.flag('--show-secrets'),
        limit: args.number('--limit') ?? 2000,
      });
      return { document: hexDocument(rows), text: renderDiffHex(rows, context.style) };
    }
  },
};

function oneFile(): UsageError {
  return new UsageError({
    code: 'USAGE_TWO_FILES',
    what: 'only one file was named',
    expected: 'two files to compare, or more',
    help: 'Write for example: flashatlas diff before.bin after.bin',
  });
}

async function matrix(files: readonly string[], args: ParsedArguments, context: Context): Promise<number> {
  const { compareAll, matrixReport, requireFew, requireRoom } = await import('../../operations/diff/matrix.js');
  const { renderMatrix } = await import('../../report/diff-matrix.js');
  requireFew(files.length);
  const board = await boardFrom(args);
  const inputs: InspectInput[] = [];
  let size = 0;
  for (const file of files) {
    const input = await openInput(file, args);
    size += Math.max(input.bytes.length, input.image.byteCount);
    requireRoom(size);
    inputs.push(input);
  }
  const result = compareAll(inputs, board);
  if (context.json) context.write(`${renderJson(matrixReport(result))}\n`);
  else {
    context.write(renderMatrix(result, context));
    if (!args.flag('--matrix'))
      context.warn(`${files.length} files: compared as --matrix does. Name two to see what differs.\n`);
  }
  return result.equal ? EXIT_DONE : EXIT_FINDINGS;
}
