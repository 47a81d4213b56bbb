/** flashatlas extract */
import { relative, resolve, sep } from 'node:path';
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { UsageError } from '../../core/errors.js';
import { type Extraction, extract, RECIPE_FILE } from '../../operations/extract/extract.js';
import type { LedWords } from '../../report/boot.js';
import { extractionNotes, renderExtraction } from '../../report/extract.js';
import { renderInspection } from '../../report/inspect.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { PRIVATE_MODE } from '../io.js';
import { ledWords } from '../led-words.js';
import { boardFrom, openInput, requireOneFile } from '../open.js';
import { requireOutputPath } from '../output.js';
import { type OutputFile, writeFolder } from '../output-folder.js';

const REPORT_WIDTH = 110;

export const command: Command = {
  operands: 'FILE -o DIR',
  about:
    'Writes the parts of a dump as files: modules as they were released, DCT copies, EEPROM pages, and what nobody explains. A recipe in the same folder builds the dump again, bit for bit. Parts with secrets are left to the dump itself unless --show-secrets.',
  options: {
    '-o': { type: 'text', value: 'DIR', about: 'folder to make' },
    '--force': { type: 'flag', about: 'replace a folder that an earlier run made' },
    ...INPUT_OPTIONS,
    '--show-secrets': {
      type: 'flag',
      about: 'write DCT copies and unexplained bytes too, readable for you only',
    },
  },
  examples: [
    'flashatlas extract dump.bin -o parts',
    'flashatlas extract --show-secrets dump.bin -o parts',
    'flashatlas build parts/recipe.yaml --allow-outside',
  ],
  async run(args, context) {
    const path = requireOneFile(args);
    const folder = requireOutputPath(args, 'DIR');
    const board = await boardFrom(args);
    const input = await openInput(path, args);
    const showSecrets = args.flag('--show-secrets');
    const source = path === '-' ? '-' : relative(resolve(folder), resolve(path)).split(sep).join('/');
    const extraction = extract(input, board, { showSecrets, source });
    if (path === '-' && extraction.withheld.length > 0) throw stdinError();
    const others = otherFiles(extraction, showSecrets, await ledWords());
    const written = writeFolder(folder, [...partFiles(extraction), ...others], {
      force: args.flag('--force'),
      inputs: [path],
    });
    if (context.json) {
      context.write(`${renderJson(summary(extraction, folder))}\n`);
      return EXIT_DONE;
    }
    const titled = others.map(({ name, title }) => ({
      name,
      title,
      size: written.find((file) => file.name === name)?.size ?? 0,
    }));
    context.write(renderExtraction({ extraction, folder, others: titled, style: context.style }));
    context.warn(extractionNotes(extraction, folder, context.width));
    return EXIT_DONE;
  },
};

function partFiles({ files }: Extraction): OutputFile[] {
  return files.map(({ name, content, secret }) => ({ name, content, ...(secret ? { mode: PRIVATE_MODE } : {}) }));
}

function otherFiles(
  { inspection, recipeText }: Extraction,
  showSecrets: boolean,
  led: LedWords,
): (OutputFile & { title: string })[] {
  const mode = showSecrets ? { mode: PRIVATE_MODE } : {};
  const { report } = inspection;
  return [
    { name: RECIPE_FILE, content: recipeText, title: 'builds the input again' },
    {
      name: 'report.txt',
      content: renderInspection(report, { style: PLAIN, width: REPORT_WIDTH, led }),
      title: 'what inspect says',
      ...mode,
    },
    { name: 'report.json', content: `${renderJson(report)}\n`, title: 'the same for programs', ...mode },
  ];
}

function stdinError(): UsageError {
  return new UsageError({
    code: 'EXTRACT_STDIN',
    what: 'parts that may hold secrets are left to the input, and stdin cannot be read again',
    help: 'Save the input to a file first, or add --show-secrets.',
  });
}

function summary({ files, withheld, recipe, inspection }: Extraction, folder: string): unknown {
  const { input, findings, verdict } = inspection.report;
  return {
    schema: 'flashatlas/extract',
    schemaVersion: 1,
    tool: TOOL,
    input,
    board: inspection.board.id,
    folder,
    recipe: RECIPE_FILE,
    files: files.map(({ name, content, title, secret, start, end }) => ({
      name,
      size: content.length,
      // A digest of a short secret would give it away.
      sha256: secret ? null : toHex(sha256(content)),
      title,
      secret,
      start,
      end,
    })),
    withheld,
    allow: recipe.allow,
    findings,
    verdict,
  };
}
