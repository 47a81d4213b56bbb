/** What `extract` says: which files hold what, and what was left out. */
import { formatAddress } from '../core/bytes.js';
import { formatCount, wrapText } from '../core/words.js';
import type { Extraction } from '../operations/extract/extract.js';
import { renderColumns } from './columns.js';
import type { Style } from './style.js';

export interface ExtractText {
  readonly extraction: Extraction;
  readonly folder: string;
  /** Files beside the parts: recipe and reports. */
  readonly others: readonly { readonly name: string; readonly size: number; readonly title: string }[];
  readonly style: Style;
}

export function renderExtraction({ extraction, folder, others, style }: ExtractText): string {
  const { files, withheld } = extraction;
  const rows = [
    ...files.map(({ name, start, end, content, title, secret }) => [
      name,
      formatCount(content.length),
      span(start, end),
      secret ? `${title}; secret` : title,
    ]),
    ...others.map(({ name, size, title }) => [name, formatCount(size), '', title]),
  ];
  const columns = [
    { title: 'file' },
    { title: 'bytes', align: 'right' as const },
    { title: 'addresses' },
    { title: 'what' },
  ];
  const sections = [`${style.bold(folder)}\n${renderColumns(columns, rows, style)}`];
  if (withheld.length > 0) {
    const lines = withheld.map(({ start, end, title }) => `  ${span(start, end)}  ${title}`);
    sections.push(
      `${style.bold(style.cyan('Not written, because they hold or may hold secrets'))}\n${lines.join('\n')}`,
    );
  }
  return `${sections.join('\n\n')}\n`;
}

/** How to build it again, and who may read what; for stderr. */
export function extractionNotes({ files, withheld }: Extraction, folder: string, width: number): string {
  const recipe = `${folder}/recipe.yaml`;
  const notes: string[] = [];
  if (withheld.length > 0) {
    notes.push(
      'The recipe takes what was not written from the input itself. With --show-secrets these parts are files too. To build it again:',
    );
  }
  const secret = files.filter((file) => file.secret).map(({ name }) => name);
  if (secret.length > 0) {
    notes.push(
      `These files hold or may hold keys and credentials, and only you may read them: ${secret.join(', ')}. The reports show secrets as well.`,
    );
  }
  const command = withheld.length > 0 ? `  flashatlas build ${recipe} --allow-outside\n` : '';
  return notes.map((note) => `${wrapText(note, width)}\n`).join('') + command;
}

function span(start: number, end: number): string {
  return end > start ? `${formatAddress(start)}-${formatAddress(end - 1)}` : '';
}
