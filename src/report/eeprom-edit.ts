/** What was written into an EEPROM, as text. */
import { wrapText } from '../core/words.js';
import type { EepromEdited } from '../operations/edit/eeprom.js';
import { renderColumns } from './columns.js';
import { plural } from './facts.js';
import type { TextOptions } from './inspect.js';
import { type OutputFacts, outputWords } from './output.js';

const MAX_ROWS = 32;

export function renderEepromEdit(
  edited: EepromEdited,
  output: OutputFacts,
  fresh: boolean,
  { style, width }: TextOptions,
): string {
  const { changes } = edited;
  const blocks = [`${outputWords(output)}\n${wrapText(howWritten(edited, fresh), width)}`];
  if (changes.length === 0) blocks.push('No byte has another value than before.');
  else {
    const rows = changes
      .slice(0, MAX_ROWS)
      .map(({ index, before, after }) => [`${index}`, valueText(before), valueText(after)]);
    const columns = [
      { title: 'index', align: 'right' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
    ] as const;
    const more = changes.length > MAX_ROWS ? `\nand ${plural(changes.length - MAX_ROWS, 'byte')} more` : '';
    blocks.push(renderColumns(columns, rows, style) + more);
  }
  return `${blocks.join('\n\n')}\n`;
}

function valueText(value: number): string {
  return value === 0xff ? 'nothing' : `${value}`;
}

function howWritten({ file, pageBefore, pageAfter, flashOperations }: EepromEdited, fresh: boolean): string {
  if (fresh) return 'Fresh pages: page 1 in use, page 2 erased, no older values.';
  const firmware =
    file.release === null
      ? `firmware ${file.generation === 'legacy' ? 'up to 0.4.9' : 'from 0.5.0'} does`
      : `Device OS ${file.release} does`;
  const page =
    pageBefore === null
      ? `The sectors were formatted first; page ${pageAfter} is in use.`
      : pageBefore === pageAfter
        ? `Page ${pageAfter} stays in use.`
        : `Page ${pageBefore} was full or damaged, so its values moved to page ${pageAfter}.`;
  return `Written as ${firmware}, in ${plural(flashOperations, 'flash operation')}. ${page}`;
}
