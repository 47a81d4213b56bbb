/** What repair changed, byte range by byte range. */
import { formatAddress } from '../core/bytes.js';
import { wrapText } from '../core/words.js';
import type { ByteChange, Refusal } from '../operations/repair/patch.js';
import type { Repaired } from '../operations/repair/repair.js';
import { listWords } from './facts.js';
import type { TextOptions } from './inspect.js';
import { type OutputFacts, outputWords } from './output.js';

export function renderRepair(
  { modules, changes, refusals, notes, kind }: Repaired,
  input: { readonly path: string },
  output: OutputFacts | null,
  isAsked: boolean,
  { style, width }: TextOptions,
): string {
  const what = kind === 'dfuse' ? 'DfuSe file' : kind === 'dfu' ? 'DFU file' : 'image';
  const held = modules.length > 0 ? ` with ${listWords(modules)}` : '';
  const [only, ...more] = modules;
  const whole = kind === 'image' && only !== undefined && more.length === 0 ? only : `${what}${held}`;
  const blocks = [`${style.bold(input.path)}\n${whole}`];
  blocks.push(
    changes.length === 0
      ? nothingWords(output !== null, isAsked)
      : changes.map((change) => changeText(change, width)).join('\n'),
  );
  for (const note of notes) blocks.push(wrapText(note, width));
  if (refusals.length > 0) blocks.push(refusals.map((refusal) => refusalText(refusal, width)).join('\n'));
  if (output) blocks.push(outputWords(output));
  else if (changes.length > 0) blocks.push('Nothing was written: name an output with -o.');
  return `${blocks.join('\n\n')}\n`;
}

/** @param isAsked an output was named */
function nothingWords(isWritten: boolean, isAsked: boolean): string {
  if (isWritten) return 'Nothing to repair: the output is a copy.';
  return isAsked ? 'Nothing to repair, so nothing was written.' : 'Nothing to repair.';
}

function changeText({ field, offset, address, before, after, values, reason }: ByteChange, width: number): string {
  const size = after.length / 2;
  const place =
    address === null
      ? `offset ${offset}`
      : `${formatAddress(address)}-${formatAddress(address + Math.max(size, 1) - 1)}`;
  const head = `${place}  ${field}${reason === '' ? '' : `: ${reason}`}`;
  if (values) return `${head}\n    ${before} -> ${after}  (${values.before} -> ${values.after})`;
  if (before === '') return `${head}\n    added ${after}`;
  if (after === '') return `${head}\n    removed ${before}`;
  const line = `    ${before} -> ${after}`;
  return line.length <= width ? `${head}\n${line}` : `${head}\n    ${before}\n    -> ${after}`;
}

function refusalText({ what, why }: Refusal, width: number): string {
  return wrapText(`Not repaired: ${what}: ${why}.`, width);
}
