/** One paragraph per region for people who meet the chip for the first time. */
import { formatCount } from '../../core/words.js';
import type { Region } from '../../layout/types.js';
import { countClasses, type Stretch } from '../../regions/account.js';
import type { ModuleReport, RegionReport } from './report.js';

export function regionReports(
  regions: readonly Region[],
  stretches: readonly Stretch[],
  modules: readonly ModuleReport[],
): RegionReport[] {
  return regions.map((region) => ({
    id: region.id,
    title: region.title,
    start: region.start,
    end: region.end,
    boot: region.about.boot,
    text: [
      region.about.content,
      `Written by ${lowerFirst(region.about.writer)}`,
      region.about.bootNote,
      stateSentence(region, stretches, modules),
    ].join(' '),
  }));
}

function stateSentence(region: Region, stretches: readonly Stretch[], modules: readonly ModuleReport[]): string {
  const size = region.end - region.start;
  const counts = countClasses(stretches, region);
  const held = modules.filter((module) => module.address >= region.start && module.address < region.end);
  if (counts.absent === size) return 'This input does not hold it.';
  if (counts.erased === size) return 'Here it is erased.';
  if (held.length > 0) {
    const names = held.map((module) => `${describeModule(module)}`).join(' and ');
    const own = held.find((module) => module.address === region.start);
    const free = own?.free == null || own.free < 0 ? '' : `, ${formatCount(own.free)} bytes free behind it`;
    return `Here: ${names}${free}.`;
  }
  if (counts.unknown > 0) return `Here: ${formatCount(counts.unknown)} bytes that no decoder explains.`;
  if (counts.fill + counts.erased === size) return 'Here it is filled with a constant.';
  return counts.dct + counts.eeprom > 0 ? 'Here it is in use.' : 'Here it is partly erased.';
}

function describeModule(module: ModuleReport): string {
  const release = module.release ? ` of ${module.release}` : '';
  const name = module.function === 'system-part' ? `system part ${module.index}` : module.function.replace('-', ' ');
  return `${name} version ${module.version}${release}`;
}

/** "The factory" -> "the factory", but "USB DFU" stays. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
