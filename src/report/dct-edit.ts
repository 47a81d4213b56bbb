/** What was changed in a DCT, and how two of them differ, as text. */
import { wrapText } from '../core/words.js';
import type { DctFieldChange } from '../operations/edit/dct-compare.js';
import type { DctEdited, DctFile } from '../operations/edit/dct-edit.js';
import { renderColumns } from './columns.js';
import { listWords, plural } from './facts.js';
import type { TextOptions } from './inspect.js';
import { type OutputFacts, outputWords } from './output.js';
import type { Style } from './style.js';

const COLUMN_WIDTH = 44;

/** `field  before  after`, one row for each field. */
export function renderChanges(
  changes: readonly DctFieldChange[],
  style: Style,
  titles: readonly [string, string] = ['before', 'after'],
): string {
  const rows = changes.map(({ key, before, after }) => {
    // Two different secrets look alike when they are masked.
    const same = before === after ? `${after}, another one` : after;
    return [key, before, same];
  });
  const [first, second] = titles;
  return renderColumns(
    [{ title: 'field' }, { title: first, width: COLUMN_WIDTH }, { title: second, width: COLUMN_WIDTH }],
    rows,
    style,
  );
}

/** "as Device OS 2.2.0 does, which the image runs", as part of a sentence. */
function mannerOf({ release, releaseSource, writer }: DctFile): string {
  if (release !== null) {
    return `as Device OS ${release} does${releaseSource === 'system' ? ', which the image runs' : ''}`;
  }
  if (writer === 'unknown') return 'so that firmware of every release takes it, because nothing says which one runs';
  return 'as Device OS from 0.7.0 does, which the image runs';
}

export interface EditSummary {
  readonly edited: DctEdited;
  readonly changes: readonly DctFieldChange[];
  readonly output: OutputFacts;
  /** The other copy still holds secrets; which, as a clause. */
  readonly leftovers: readonly string[];
  readonly notes: readonly string[];
}

function howWritten({ file, before, after, fresh, style, flips }: DctEdited): string {
  if (file.shape === 'section') return 'The application section was changed.';
  if (fresh) return `A fresh DCT was made in copy ${after.number}.`;
  if (style === 'single') return 'Copy 1 holds the result, copy 2 is erased: every release takes that.';
  if (style === 'in-place') return `Copy ${after.number} was changed in place and stays in use.`;
  const written = `Written ${mannerOf(file)}`;
  if (flips === 0) return `${written}: in place, copy ${after.number} stays in use.`;
  if (flips === 1) return `${written}: copy ${after.number} is in use now, copy ${before?.number} was before.`;
  return `${written}, in ${flips} writes, one after the other: copy ${after.number} is in use now.`;
}

export function renderDctEdit(
  { edited, changes, output, leftovers, notes }: EditSummary,
  options: TextOptions,
): string {
  const sentences = [howWritten(edited)];
  if (edited.wiped) sentences.push('The other copy was erased.');
  const blocks = [`${outputWords(output)}\n${wrapText(sentences.join(' '), options.width)}`];
  blocks.push(changes.length === 0 ? 'No field has another value than before.' : renderChanges(changes, options.style));
  for (const note of notes) blocks.push(wrapText(note, options.width));
  if (leftovers.length > 0) {
    const text = `Copy ${edited.after.number === 1 ? 2 : 1} still holds ${listWords(leftovers)} as before; --wipe-old erases that copy.`;
    blocks.push(wrapText(text, options.width));
  }
  return `${blocks.join('\n\n')}\n`;
}

export interface DctDiffSide {
  readonly path: string;
  /** "copy 2, sequence 5" or "application section". */
  readonly words: string;
}

export function renderDctDiff(
  sides: readonly [DctDiffSide, DctDiffSide],
  changes: readonly DctFieldChange[],
  uncompared: readonly string[],
  { style, width }: TextOptions,
): string {
  const [first, second] = sides;
  const heading = sides.map(({ path, words }, index) => `${index === 0 ? 'A' : 'B'}  ${path}: ${words}`).join('\n');
  const blocks = [heading];
  if (changes.length === 0) blocks.push('No field differs.');
  else {
    blocks.push(renderChanges(changes, style, ['A', 'B']));
    blocks.push(`${plural(changes.length, 'field')} ${changes.length === 1 ? 'differs' : 'differ'}.`);
  }
  if (uncompared.length > 0) {
    blocks.push(wrapText(`Not compared, because only one of the files holds them: ${listWords(uncompared)}.`, width));
  }
  return first && second ? `${blocks.join('\n\n')}\n` : '';
}
