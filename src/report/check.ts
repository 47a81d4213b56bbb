/** The text of `check`: what is judged, which files fit together, what is lost, findings by region, verdict. */
import type { BootPrediction } from '../boot/types.js';
import { formatAddress, formatRange } from '../core/bytes.js';
import { formatSize, nameInText } from '../core/words.js';
import { outcomeWords } from '../operations/boot-words.js';
import type {
  CheckedModule,
  CheckFinding,
  CheckReport,
  CheckResult,
  KeptItem,
  LostItem,
} from '../operations/check/report.js';
import type { InspectedInput } from '../operations/inspect/report.js';
import { alternativeWords, copyFacts, type LedWords } from './boot.js';
import { renderColumns } from './columns.js';
import { type Fact, listWords, renderFacts } from './facts.js';
import { renderFindings, renderVerdict } from './findings.js';
import type { Style } from './style.js';

export interface CheckTextOptions {
  readonly style: Style;
  readonly width: number;
  /** How the LED looks, from the id of a pattern. Default: the id. */
  readonly led?: LedWords;
}

const plainId: LedWords = (id) => id;

export function renderCheck(
  { report, regions }: CheckResult,
  { style, width, led = plainId }: CheckTextOptions,
): string {
  const sections = [heading(report, style)];
  if (report.scope !== 'one') sections.push(section('Files', fileTable(report, style), style));
  const needs = needLines(report);
  if (needs.length > 0) sections.push(section('Dependencies', needs.join('\n'), style));
  if (report.scope === 'onto') sections.push(section('What becomes of the chip', changes(report, width), style));
  sections.push(...findingSections(report, regions, style, width));
  if (report.boot) sections.push(section('What the board will do', bootWords(report.boot, led, width), style));
  sections.push(closing(report, style));
  return `${sections.join('\n\n')}\n`;
}

function section(title: string, body: string, style: Style): string {
  return `${style.bold(style.cyan(title))}\n${body}`;
}

function heading({ scope, input, inputs, summary, layout }: CheckReport, style: Style): string {
  const count = `${inputs.length} file${inputs.length === 1 ? '' : 's'}`;
  const title =
    scope === 'one'
      ? nameInText(input?.path ?? '')
      : scope === 'set'
        ? `${count} judged together`
        : `${nameInText(input?.path ?? '')} after writing ${count} onto it`;
  return `${style.bold(title)}\n${summary}, judged as ${layout.board}`;
}

function fileTable({ inputs, modules }: CheckReport, style: Style): string {
  const rows = inputs.flatMap((input) => {
    const held = modules.filter(({ file }) => file === input.path);
    if (held.length === 0) return [fileRow(input, undefined)];
    return held.map((module) => fileRow(input, module));
  });
  const columns = [{ title: 'file' }, { title: 'address' }, { title: 'holds' }, { title: 'release' }];
  return renderColumns(columns, rows, style);
}

function fileRow(input: InspectedInput, module: CheckedModule | undefined): string[] {
  const address = module?.address ?? input.base;
  return [
    nameInText(input.path),
    address === null ? '' : formatAddress(address),
    module ? `${moduleName(module)} version ${module.version}` : formatSize(input.size),
    module ? releaseWords(module) : '',
  ];
}

function moduleName({ function: name, index, combined }: CheckedModule): string {
  if (combined) return 'combined system parts';
  return name === 'system-part' ? `system part ${index}` : name.replace('-', ' ');
}

function releaseWords({ release, releases, known }: CheckedModule): string {
  if (release === null) return known ? 'known build' : 'none known';
  return `${release}${releases.length > 1 ? ` and ${releases.length - 1} more` : ''}${known ? '' : ', not a known build'}`;
}

/** Which version each module asks for, and whether it is there. A device whose needs are all met has nothing to tell. */
function needLines({ scope, modules, kind }: CheckReport): string[] {
  const whole = scope === 'one' && kind === 'flash-dump';
  const rows = modules
    .filter(({ role }) => role === 'main')
    .flatMap((module) =>
      module.dependencies.map((needed) => {
        const name =
          needed.function === 'system-part' ? `system part ${needed.index}` : needed.function.replace('-', ' ');
        const state = needed.satisfied
          ? `met, ${needed.found} is here`
          : needed.found !== null
            ? `NOT met, ${needed.found} is here`
            : whole || scope === 'onto'
              ? 'NOT met, none is installed'
              : 'not among the files: the board must have it';
        return {
          met: needed.satisfied,
          text: `${moduleName(module)} needs ${name} of at least ${needed.minVersion}: ${state}`,
        };
      }),
    );
  if (whole && rows.every(({ met }) => met)) return [];
  return rows.map(({ text }) => `  ${text}`);
}

function changes(report: CheckReport, width: number): string {
  const { sectorsErased, sectorsProtected, refusedByDfu, lost, kept } = report;
  const facts: Fact[] = [
    ['erased', sectorsErased.length === 0 ? 'no sector of the flash' : sectorWords(sectorsErased)],
    ...lost.map((item): Fact => ['lost', lostWords(item)]),
    ...(lost.length === 0 ? [['lost', 'nothing'] as const] : []),
    ...kept.map((item): Fact => ['kept', keptWords(item)]),
  ];
  if (sectorsProtected.length > 0) {
    facts.push([
      'protected',
      `${sectorWords(sectorsProtected)}: a programmer has to clear the write protection first, USB DFU clears it by itself where it writes`,
    ]);
  }
  const [refused] = refusedByDfu;
  if (refused) {
    const ranges = listWords(refusedByDfu.map(formatRange));
    facts.push(['not by DFU', `${ranges}: the bootloader refuses it. ${refused.instead}`]);
  }
  return renderFacts(facts, width);
}

function sectorWords(numbers: readonly number[]): string {
  return `sector${numbers.length === 1 ? '' : 's'} ${listWords(numbers.map(String))}`;
}

function lostWords(item: LostItem): string {
  const { what, region, replacedBy, how } = item;
  const fate = replacedBy
    ? `replaced by ${replacedBy}`
    : how === 'overwritten'
      ? 'overwritten'
      : 'erased with its sector';
  return `${what} (${region}, ${formatRange(item)}): ${fate}`;
}

function keptWords(item: KeptItem): string {
  return `${item.what} (${item.region}, ${formatRange(item)})`;
}

/** In address order; a finding belongs to the region it names, whatever else lies at its address. */
function findingSections(
  { findings, hidden }: CheckReport,
  regions: CheckResult['regions'],
  style: Style,
  width: number,
): string[] {
  const others = hidden === 0 ? '' : `${hidden} finding${hidden === 1 ? '' : 's'} left out by --rule or --ignore.`;
  if (findings.length === 0) return [section('Findings', `none${others ? `; ${others}` : ''}`, style)];
  const groups = new Map<string, CheckFinding[]>();
  for (const finding of findings) {
    const title = titleOf(finding, regions);
    groups.set(title, [...(groups.get(title) ?? []), finding]);
  }
  const sections = [...groups].map(([title, group]) => section(title, renderFindings(group, style, width), style));
  return others ? [...sections, others] : sections;
}

function titleOf({ region: id, rule }: CheckFinding, regions: CheckResult['regions']): string {
  const region = regions.find((candidate) => candidate.id === id);
  if (!region) return rule.startsWith('protection/') ? 'Option bytes' : 'The input';
  return `${region.title} (${region.id}) ${formatRange(region)}`;
}

/** Other ends that are told here. */
const OTHER_ENDS = 2;

/** Where the board ends, what that rests on, and the other ends that this flash makes possible; the rest is for `boot`. */
function bootWords(
  { outcome, led: pattern, confidence, conditions, copies, alternatives }: BootPrediction,
  led: LedWords,
  width: number,
): string {
  const sure = confidence === 'certain' ? '' : ` (${confidence})`;
  const others = alternatives.filter(({ general }) => !general).slice(0, OTHER_ENDS);
  const facts: Fact[] = [
    ['At reset', `the board ${outcomeWords(outcome)}${sure}`],
    ['LED', led(pattern)],
    ...copyFacts(copies),
    ...(conditions.length === 0 ? [] : [['Provided', conditions.join('; ')] as const]),
    ...others.map((other, index): Fact => [index === 0 ? 'Otherwise' : '', alternativeWords(other, led)]),
    ['More', 'flashatlas boot shows every step, and every other end'],
  ];
  return renderFacts(facts, width);
}

function closing({ verdict, findings, passed, failOn }: CheckReport, style: Style): string {
  const line = renderVerdict(verdict, findings, style);
  if (verdict === 'fail' || passed) return line;
  return `${line}; it does not pass, because --fail-on is ${failOn}`;
}
