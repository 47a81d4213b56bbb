/** Sectors, places and lists in words. */
import { formatAddress } from '../../core/bytes.js';
import type { Range } from '../../core/range.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import { COMBINED_TITLE, functionTitle } from '../../regions/module/words.js';
import type { ModuleReport } from '../inspect/report.js';

/** "sector 9", "sectors 5 to 8", "sectors 0, 5 to 8". */
export function sectorWords(numbers: readonly number[]): string {
  const runs = sectorRuns(numbers).map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`));
  return `${numbers.length === 1 ? 'sector' : 'sectors'} ${runs.join(', ')}`;
}

/** Runs of consecutive numbers, ascending. */
export function sectorRuns(numbers: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

/** "0x08020000-0x0805AFF3", the end inside. */
export function rangeWords({ start, end }: Range): string {
  return `${formatAddress(start)}-${formatAddress(end - 1)}`;
}

type Named = Pick<ModuleReport, 'function' | 'index' | 'version' | 'release' | 'role' | 'combined'>;

/** "system part 1", "user part (factory copy)", "combined system parts". */
export function moduleName(module: Pick<Named, 'function' | 'index' | 'role' | 'combined'>): string {
  const name = module.combined ? COMBINED_TITLE : functionTitle(module.function, module.index);
  const places: Readonly<Record<string, string>> = {
    factory: ' (factory copy)',
    ota: ' (received update)',
    parked: ' (parked)',
    foreign: ' (of another platform)',
  };
  return `${name}${places[module.role] ?? ''}`;
}

/** "2.2.0", or "version 6" when no release has it. */
export function moduleVersion(module: Pick<Named, 'release' | 'version'>): string {
  return module.release ?? `version ${module.version}`;
}

/** Particle CLI reads no flash. */
export function canRead(tool: ToolProfile): boolean {
  return tool.id !== 'particle-cli';
}
