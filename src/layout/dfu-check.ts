/** What a schema cannot say about the DFU profile of a board. */
import { containsRange } from '../core/range.js';
import type { Located, Problems } from './fields.js';
import type { DfuProfile, Memory } from './types.js';

/** `memories` are those of the chip, when it is known. */
export function checkDfu(
  { value: dfu, where }: Located<DfuProfile>,
  memories: readonly Located<Memory>[] | undefined,
  problems: Problems,
): void {
  const numbers = new Set<number>();
  dfu.alternates.forEach((alternate, index) => {
    if (numbers.has(alternate.number)) {
      problems.wrong({
        code: 'LAYOUT_DUPLICATE_ID',
        what: `alternate setting ${alternate.number} is described twice`,
        where: `${where}/alternates/${index}/number`,
        help: 'Give one of them another number.',
      });
    }
    numbers.add(alternate.number);
    if (!alternate.layout.startsWith('@')) {
      problems.wrong({
        code: 'LAYOUT_DFU_STRING',
        what: 'the memory-layout string of a DFU alternate setting begins with "@"',
        where: `${where}/alternates/${index}/layout`,
        got: JSON.stringify(alternate.layout.slice(0, 64)),
        help: 'Copy the string from the device, byte for byte: `dfu-util --list` prints it.',
      });
    }
  });
  dfu.refusals.forEach((refusal, index) => {
    const alternate = dfu.alternates.find((candidate) => candidate.number === refusal.alternate);
    if (!alternate) {
      problems.wrong({
        code: 'LAYOUT_UNKNOWN_NAME',
        what: `there is no alternate setting ${refusal.alternate}`,
        where: `${where}/refusals/${index}/alternate`,
        expected: `one of ${[...numbers].join(', ')}`,
        help: 'Use the number of one of the alternate settings above.',
      });
    } else if (
      alternate.space === 'flash' &&
      memories &&
      !memories.some(({ value }) => containsRange(value, refusal))
    ) {
      problems.wrong({
        code: 'LAYOUT_OUTSIDE_MEMORY',
        what: 'the refused range does not lie inside one memory of the chip',
        where: `${where}/refusals/${index}`,
        help: 'Correct "start" or "size".',
      });
    }
  });
}
