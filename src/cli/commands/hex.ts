/** flashatlas hex */
import { formatAddress } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { verdictOf } from '../../core/finding.js';
import type { Range } from '../../core/range.js';
import { nearest } from '../../layout/nearest.js';
import { hexRows, readingFindings } from '../../operations/hex.js';
import { examine, type Inspection } from '../../operations/inspect/inspect.js';
import { flashOf } from '../../regions/module/find.js';
import { renderHex, renderReading } from '../../report/hex.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { type ParsedArguments, parseRange } from '../args.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';

/** Shown when no range is asked for. */
const DEFAULT_BYTES = 512;

export const command: Command = {
  operands: 'FILE',
  about:
    'Bytes with the names of their fields beside them. Rows never cross a field. Keys, passphrases and codes are masked unless --show-secrets is given.',
  options: {
    ...INPUT_OPTIONS,
    '--range': { type: 'text', value: 'START-END|START+SIZE', about: 'addresses to show; END belongs to the range' },
    '--region': { type: 'text', value: 'ID', about: 'show a region of the board (dct1, user, ...)' },
    '--sector': { type: 'number', value: 'N', about: 'show a flash sector' },
    '--show-secrets': { type: 'flag', about: 'show secret bytes too' },
  },
  examples: ['flashatlas hex --range 0x08004000+0x40 dump.bin', 'flashatlas hex --region dct1 dump.bin'],
  async run(args, context) {
    const board = await boardFrom(args);
    const input = await openInput(requireOneFile(args), args);
    const inspection = examine(input, board, { showSecrets: args.flag('--show-secrets') });
    const rows = hexRows(inspection, rangeFrom(args, inspection));
    const findings = readingFindings(inspection);
    if (context.json) {
      const document = { schema: 'flashatlas/hex', schemaVersion: 1, tool: TOOL, input: inspection.report.input };
      const lines = rows.map((row) => ({ ...row, bytes: row.masked || !row.bytes ? null : hexText(row.bytes) }));
      context.write(`${renderJson({ ...document, rows: lines, findings, verdict: verdictOf(findings) })}\n`);
    } else context.write(renderHex(rows, context.style) + renderReading(findings, context));
    return EXIT_DONE;
  },
};

function hexText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function rangeFrom(args: ParsedArguments, inspection: Inspection): Range {
  const asked = ['--range', '--region', '--sector'].filter((name) => args.has(name));
  if (asked.length > 1) {
    throw new UsageError({
      code: 'USAGE_ONE_RANGE',
      what: `${asked.join(' and ')} exclude each other`,
      help: 'Give one of them.',
    });
  }
  const text = args.text('--range');
  if (text !== undefined) return parseRange(text);
  const region = args.text('--region');
  if (region !== undefined) return regionRange(region, inspection);
  const sector = args.number('--sector');
  if (sector !== undefined) return sectorRange(sector, inspection);
  const start = inspection.placed.image.span?.start ?? 0;
  return { start, end: Math.min(start + DEFAULT_BYTES, inspection.placed.image.span?.end ?? start) };
}

function regionRange(id: string, { survey }: Inspection): Range {
  const region = survey.regions.find((candidate) => candidate.id === id);
  if (region) return region;
  const ids = survey.regions.map((candidate) => candidate.id);
  throw new UsageError({
    code: 'USAGE_UNKNOWN_REGION',
    what: `the board has no region ${JSON.stringify(id)}`,
    expected: ids.join(', '),
    help: `Did you mean ${nearest(id, ids) ?? ids[0] ?? 'another board'}?`,
  });
}

/** @throws UsageError USAGE_UNKNOWN_SECTOR */
export function sectorRange(number: number, { board }: Inspection): Range {
  const { sectors } = flashOf(board);
  const sector = sectors.find((candidate) => candidate.number === number);
  if (sector) return sector;
  throw new UsageError({
    code: 'USAGE_UNKNOWN_SECTOR',
    what: `${board.chip.name} has no sector ${number}`,
    expected: `0 to ${sectors.length - 1}`,
    help: `The flash begins at ${formatAddress(flashOf(board).start)}; flashatlas layouts show ${board.chip.id} lists its sectors.`,
  });
}
