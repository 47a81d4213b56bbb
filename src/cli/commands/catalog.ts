/** flashatlas catalog */
import { UsageError } from '../../core/errors.js';
import { type Finding, verdictOf } from '../../core/finding.js';
import { type CatalogMatch, listReleases, matchFile } from '../../operations/catalog.js';
import { renderMatches, renderReleases } from '../../report/catalog.js';
import { renderReading } from '../../report/hex.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { suggestion } from '../args.js';
import { type Command, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { boardFrom, expandFiles, openInput } from '../open.js';

export const command: Command = {
  operands: 'list | match FILE...',
  about:
    'list: the releases of the board and their module versions. match: which exact build each module in the files is; exit 1 when one is not catalogued.',
  options: {
    ...INPUT_OPTIONS,
    '--prereleases': { type: 'flag', about: 'list: pre-releases too' },
  },
  examples: ['flashatlas catalog list', 'flashatlas catalog match p1-system-part1.bin'],
  async run(args, context) {
    const [action = 'list', ...files] = args.operands;
    const board = await boardFrom(args);
    if (action === 'list') {
      const releases = listReleases(board, args.flag('--prereleases'));
      const document = { schema: 'flashatlas/catalog-list', schemaVersion: 1, tool: TOOL, board: board.id, releases };
      context.write(context.json ? `${renderJson(document)}\n` : renderReleases(releases, context.style));
      return EXIT_DONE;
    }
    if (action !== 'match' || files.length === 0) throw badAction(action, files.length);
    const matches: CatalogMatch[] = [];
    const findings: Finding[] = [];
    for (const file of await expandFiles(files)) {
      const found = matchFile(await openInput(file, args), board);
      matches.push(...found.matches);
      // With several files the origin says which one was read so.
      findings.push(...found.findings.map((finding) => ({ ...finding, origin: file })));
    }
    const head = { schema: 'flashatlas/catalog-match', schemaVersion: 1, tool: TOOL };
    const document = { ...head, matches, findings, verdict: verdictOf(findings) };
    const text = () => renderMatches(matches, context.style) + renderReading(findings, context);
    context.write(context.json ? `${renderJson(document)}\n` : text());
    return matches.length > 0 && matches.every((match) => match.known) ? EXIT_DONE : EXIT_FINDINGS;
  },
};

function badAction(action: string, files: number): UsageError {
  if (action === 'match' && files === 0) {
    return new UsageError({
      code: 'USAGE_ONE_FILE',
      what: 'no file was named',
      help: 'Name at least one file to match.',
    });
  }
  return new UsageError({
    code: 'USAGE_UNKNOWN_ACTION',
    what: `unknown action ${JSON.stringify(action)}`,
    expected: 'list or match',
    help: suggestion(action, ['list', 'match']) ?? 'See flashatlas catalog --help.',
  });
}
