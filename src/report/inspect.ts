/** The text of `inspect`: what the file is, sectors, modules, one paragraph per region, findings, verdict. */
import { formatAddress, formatRange } from '../core/bytes.js';
import { formatCount, formatSize, nameInText, wrapText } from '../core/words.js';
import type { InspectReport, ModuleReport } from '../operations/inspect/report.js';
import { type LedWords, renderBootSection } from './boot.js';
import { renderColumns } from './columns.js';
import { renderFindings, renderVerdict } from './findings.js';
import { configurationSections, leftoverSections, readingSections } from './inspect-sections.js';
import type { Style } from './style.js';

export interface TextOptions {
  readonly style: Style;
  /** Columns to wrap paragraphs at. */
  readonly width: number;
  /** Leave out the paragraph per region. */
  readonly brief?: boolean;
  /** How an LED pattern looks, by its id; default: the id. */
  readonly led?: LedWords;
}

const plainId: LedWords = (id) => id;

export function renderInspection(report: InspectReport, { style, width, brief, led = plainId }: TextOptions): string {
  const sections = [heading(report, style)];
  for (const { title, body } of readingSections(report, width)) sections.push(titled(title, body, style));
  if (report.sectors.length > 0) sections.push(titled('Sectors', sectorTable(report, style), style));
  if (report.modules.length > 0) sections.push(titled('Modules', moduleTable(report.modules, style), style));
  if (report.embedded.length > 0) sections.push(titled('Carried inside, not installed', embedded(report), style));
  for (const { title, body } of configurationSections(report, width)) sections.push(titled(title, body, style));
  const { boot } = report;
  if (boot) sections.push(titled('Boot', renderBootSection(boot, { width, led, brief: brief ?? false }), style));
  if (report.regions.length > 0 && !brief) sections.push(titled('Regions', regionTexts(report, style, width), style));
  for (const { title, body } of leftoverSections(report, width, style)) sections.push(titled(title, body, style));
  sections.push(titled('Coverage', coverage(report), style));
  if (report.findings.length > 0) {
    sections.push(titled('Findings', renderFindings(report.findings, style, width), style));
  }
  sections.push(renderVerdict(report.verdict, report.findings, style));
  return `${sections.join('\n\n')}\n`;
}

function titled(title: string, body: string, style: Style): string {
  return `${style.bold(style.cyan(title))}\n${body}`;
}

function heading(
  { input, summary, layout, deviceOs, dependencies, kind, modules, acquisition }: InspectReport,
  style: Style,
): string {
  const base =
    input.base === null
      ? `no base address: ${input.baseReason}`
      : `base ${formatAddress(input.base)}: ${input.baseReason}`;
  const lines = [
    style.bold(nameInText(input.path)),
    summary,
    `${formatCount(input.size)} bytes, ${input.format}, ${base}`,
    `sha256 ${input.sha256}`,
    `layout ${layout.board} on ${layout.chip}${layout.variant ? `, ${layout.variant} map` : ''}`,
  ];
  const installed = modules.filter(({ role }) => role === 'main');
  const hasMap = kind === 'flash-dump' || kind === 'image';
  if (hasMap && acquisition?.judged !== false && installed.length > 0) {
    const system = deviceOs ? `Device OS ${deviceOs}` : 'no single Device OS release';
    const open = installed.some((module) => module.dependencies.some(({ satisfied }) => !satisfied));
    const met = open ? 'met as far as this input holds them' : 'met';
    lines.push(`${system}, dependencies ${dependencies === 'ok' ? met : `not met: ${dependencies.length}`}`);
  }
  return lines.join('\n');
}

function sectorTable(report: InspectReport, style: Style): string {
  const paint = (state: string): string =>
    state === 'decoded'
      ? style.green(state)
      : state === 'unknown' || state === 'mixed'
        ? style.yellow(state)
        : style.dim(state);
  return renderColumns(
    [
      { title: '#', align: 'right' },
      { title: 'address' },
      { title: 'size', align: 'right' },
      { title: 'region' },
      { title: 'state' },
      { title: 'holds', width: 48 },
    ],
    report.sectors.map((sector) => [
      `${sector.number}`,
      formatAddress(sector.start),
      formatSize(sector.size),
      sector.regions.join(' '),
      paint(sector.state),
      sector.summary,
    ]),
    style,
  );
}

function moduleTable(modules: readonly ModuleReport[], style: Style): string {
  const seal = (state: string): string => (state === 'ok' ? style.green(state) : style.red(state));
  return renderColumns(
    [
      { title: 'address' },
      { title: 'module' },
      { title: 'role' },
      { title: 'version', align: 'right' },
      { title: 'release', width: 22 },
      { title: 'platform' },
      { title: 'bytes', align: 'right' },
      { title: 'free', align: 'right' },
      { title: 'CRC' },
      { title: 'SHA' },
      { title: 'needs', width: 30 },
    ],
    modules.map((module) => [
      formatAddress(module.address),
      moduleName(module),
      module.role,
      `${module.version}`,
      releaseWords(module),
      `${module.platform ?? '?'} (${module.platformId})`,
      formatCount(module.length),
      module.free === null ? '' : formatCount(module.free),
      seal(module.crc),
      module.sha === 'absent' ? style.dim(module.sha) : seal(module.sha),
      needs(module, style),
    ]),
    style,
  );
}

/** The short name for a table: "mono firmware" where the prose says monolithic firmware. */
function moduleName(module: {
  readonly function: string;
  readonly index: number;
  readonly combined?: boolean;
}): string {
  if (module.combined) return 'system parts';
  return module.function === 'system-part' ? `system part ${module.index}` : module.function.replace('-', ' ');
}

function releaseWords(module: ModuleReport): string {
  if (module.release === null) return module.known ? 'known build' : 'none known';
  const others = module.releases.length > 1 ? ` and ${module.releases.length - 1} more` : '';
  if (module.known) return `${module.release}${others}`;
  return `${module.release}${others}, not a known build`;
}

function needs(module: ModuleReport, style: Style): string {
  return module.dependencies
    .map((dependency) => {
      const name = dependency.function === 'system-part' ? `part ${dependency.index}` : dependency.function;
      const words = `${name} >= ${dependency.minVersion}`;
      if (dependency.satisfied) return `${words} ${style.green('met')}`;
      const lack = dependency.found === null ? ['not', 'here'] : ['has', `${dependency.found}`];
      return `${words} ${lack.map((word) => style.red(word)).join(' ')}`;
    })
    .join(', ');
}

function embedded(report: InspectReport): string {
  return report.embedded
    .map(
      (module) =>
        `${formatAddress(module.address)}  ${moduleName(module)} version ${module.version}${module.release ? ` (${module.release})` : ''}, ${formatCount(module.length)} bytes, inside ${module.inside}`,
    )
    .join('\n');
}

function regionTexts(report: InspectReport, style: Style, width: number): string {
  return report.regions
    .map(
      (region) =>
        `${style.bold(region.title)} ${style.dim(`(${region.id}) ${formatRange(region)}`)}\n${wrapText(region.text, width, '  ')}`,
    )
    .join('\n');
}

function coverage({ coverage: bytes }: InspectReport): string {
  const { total, ...classes } = bytes;
  const parts = Object.entries(classes)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${formatCount(count)}`);
  return `${formatCount(total)} bytes: ${parts.join(', ')}`;
}
