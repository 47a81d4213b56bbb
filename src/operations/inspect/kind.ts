/** What an input claims to be; that decides how it is judged. */
import { formatAddress } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange, intersect, type Range, subtractRanges } from '../../core/range.js';
import type { Board, Memory } from '../../layout/types.js';
import type { ModuleSurvey } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import type { PlacedImage } from '../place.js';
import type { InputKind } from './report.js';

export function kindOf(
  { image, base, special }: PlacedImage,
  survey: ModuleSurvey,
  board: Board,
  flash: Memory,
): InputKind {
  const span = image.span;
  if (!span) return 'unknown';
  if (special) return special;
  const runs = image.ranges();
  const bootSector = flash.sectors[0];
  const fromStart =
    base !== null &&
    runs.some(
      (run) => containsRange(run, flash) || (run.start === flash.start && bootSector && run.end > bootSector.end),
    );
  const outsideFlash = runs.every((run) => !intersect(run, flash));
  if (fromStart && runs.filter((run) => intersect(run, flash)).length === 1) return 'flash-dump';
  const [only] = survey.modules;
  if (only && survey.modules.length === 1 && only.module.address === span.start && runs.length === 1) return 'module';
  if (survey.modules.length > 0) return 'image';
  const damaged = survey.emptyPlaces.some((place) => place.state === 'damaged');
  if (damaged) return runs.length === 1 ? 'module' : 'image';
  if (base === null || outsideFlash) return optionBytesOnly(runs, board) ? 'option-bytes' : 'unknown';
  return 'image';
}

function optionBytesOnly(runs: readonly Range[], board: Board): boolean {
  const memory = board.chip.memories.find(({ kind }) => kind === 'option-bytes');
  return memory !== undefined && runs.every((run) => containsRange(memory, run));
}

/** The addresses that coverage counts: the whole flash for a device or an image, the file's own bytes otherwise. */
export function judgedRanges(kind: InputKind, image: MemoryImage, flash: Range): readonly Range[] {
  if (kind !== 'flash-dump' && kind !== 'image') return image.ranges();
  const outside = image.ranges().flatMap((range) => subtractRanges(range, [flash]));
  return [{ start: flash.start, end: flash.end }, ...outside].sort((a, b) => a.start - b.start);
}

/** One sentence: what the file is. */
export function summaryOf(
  kind: InputKind,
  { image, base, baseReason }: PlacedImage,
  survey: ModuleSurvey,
  board: Board,
  release: string | null,
): string {
  const [only] = survey.modules;
  const count = survey.modules.length;
  const modules = `${count} module${count === 1 ? '' : 's'}${release ? `, Device OS ${release}` : ''}`;
  switch (kind) {
    case 'flash-dump':
      return `flash dump of ${board.name} from ${formatAddress(base ?? 0)}, ${modules}`;
    case 'module':
      return only
        ? `${moduleTitle(only.module)} for ${only.module.platform ?? 'an unknown platform'}`
        : 'a module with a damaged header';
    case 'image': {
      const ranges = image.ranges().length;
      return `image for ${board.name} with ${ranges} range${ranges === 1 ? '' : 's'}, ${modules}`;
    }
    case 'dct-section':
      return `part of a device configuration table: ${baseReason}`;
    case 'option-bytes':
      return `option bytes of ${board.chip.name}`;
    default:
      return 'nothing recognised: no module, no vector table, and not the size of a flash';
  }
}
