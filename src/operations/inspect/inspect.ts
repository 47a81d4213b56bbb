/**
 * inspect: accounts for every byte of an input and judges it as what it claims to be: a device, a module, or an image
 * of which only a part is here.
 */
import { formatAddress, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { type Finding, sortFindings, verdictOf } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import { intersect, type Range, sizeOf, subtractRanges, totalSize } from '../../core/range.js';
import type { Board, Memory } from '../../layout/types.js';
import { accountFor, type Claim, countClasses, type Stretch } from '../../regions/account.js';
import { flashOf, type LocatedModule, type ModuleSurvey, surveyModules } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import { notRecognised, trailingBytes } from '../../rules/container.js';
import { checkDependencies, checkGenerations } from '../../rules/dependency.js';
import { checkDamagedPlace, checkModule } from '../../rules/module.js';
import { checkEmptyPlace, checkPlacement } from '../../rules/placement.js';
import { report } from '../../rules/rule.js';
import { TOOL } from '../../tool.js';
import { type PlacedImage, placeImage } from '../place.js';
import {
  agreedRelease,
  embeddedReport,
  identify,
  type ModuleIdentity,
  moduleReport,
  unmetDependencies,
} from './modules.js';
import { regionReports } from './regions.js';
import type { InputKind, InspectReport } from './report.js';
import { sectorReports } from './sectors.js';

/** An input after reading: what src/formats gives, plus what the caller knows about the file. */
export interface InspectInput {
  readonly path: string;
  /** The file as it was, for its size and hash. */
  readonly bytes: Uint8Array;
  readonly format: string;
  readonly image: MemoryImage;
  readonly addressSource: 'file' | 'given' | 'assumed';
  readonly container: Readonly<Record<string, unknown>> | null;
  readonly findings: readonly Finding[];
  /** Where in the file an address came from. */
  readonly locate?: (address: number) => { readonly offset: number } | { readonly line: number } | undefined;
}

export interface Inspection {
  readonly report: InspectReport;
  readonly placed: PlacedImage;
  readonly survey: ModuleSurvey;
  readonly stretches: readonly Stretch[];
}

/** The report and what it was made from, for callers that draw or ask further. */
export function examine(input: InspectInput, board: Board): Inspection {
  const flash = flashOf(board);
  const placed = placeImage(input, board);
  const { image } = placed;
  const survey = surveyModules(image, board);
  const kind = kindOf(placed, survey, flash);
  const total = judgedRanges(kind, image, flash);
  const stretches = accountFor(image, total, survey.modules.map(moduleClaim));
  const identities = new Map<LocatedModule, ModuleIdentity>(
    survey.modules.map((located) => [located, identify(located.module)]),
  );
  const modules = survey.modules.map((located) => moduleReport(located, identityOf(identities, located), survey));
  const findings = sortFindings([...input.findings, ...judge(kind, placed, survey, identities, board, stretches)]).map(
    (finding) => withOrigin(finding, input, placed),
  );
  const counts = sumCounts(stretches, total);
  const unmet = unmetDependencies(survey).filter((state) => state.found !== null || kind === 'flash-dump');
  const report: InspectReport = {
    schema: 'flashatlas/inspect',
    schemaVersion: 1,
    tool: TOOL,
    input: {
      path: input.path,
      size: input.bytes.length,
      sha256: toHex(sha256(input.bytes)),
      format: input.format,
      base: placed.base,
      baseSource: placed.baseSource,
      baseReason: placed.baseReason,
    },
    kind,
    summary: summarise(kind, placed, survey, board, agreedRelease(modules)),
    layout: { board: board.id, chip: board.chip.id, variant: survey.variant },
    container: input.container,
    sectors: kind === 'flash-dump' || kind === 'image' ? sectorReports(flash.sectors, survey.regions, stretches) : [],
    regions: kind === 'flash-dump' || kind === 'image' ? regionReports(survey.regions, stretches, modules) : [],
    modules,
    embedded: survey.embedded.map(embeddedReport),
    deviceOs: agreedRelease(modules),
    dependencies: unmet.length === 0 ? 'ok' : unmet,
    dct: null,
    eeprom: null,
    optionBytes: null,
    pendingUpdate: null,
    acquisition: null,
    coverage: { total: totalSize(total), ...counts },
    boot: null,
    findings,
    verdict: verdictOf(findings),
  };
  return { report, placed, survey, stretches };
}

export function inspect(input: InspectInput, board: Board): InspectReport {
  return examine(input, board).report;
}

function identityOf(identities: ReadonlyMap<LocatedModule, ModuleIdentity>, located: LocatedModule): ModuleIdentity {
  return identities.get(located) ?? identify(located.module);
}

function moduleClaim({ module }: LocatedModule): Claim {
  return { start: module.address, end: module.end, class: 'module', label: moduleTitle(module) };
}

/** What the file claims to be decides how it is judged. */
function kindOf({ image, base }: PlacedImage, survey: ModuleSurvey, flash: Memory): InputKind {
  const span = image.span;
  if (!span) return 'unknown';
  const [only] = survey.modules;
  const bootSector = flash.sectors[0];
  const runs = image.ranges();
  const fromStart = runs[0]?.start === flash.start && runs.length === 1 && base !== null;
  const holdsFlash = fromStart && bootSector !== undefined && span.end > bootSector.end;
  if (holdsFlash) return 'flash-dump';
  if (only && survey.modules.length === 1 && only.module.address === span.start && runs.length === 1) return 'module';
  if (survey.modules.length > 0) return 'image';
  const damaged = survey.emptyPlaces.some((place) => place.state === 'damaged');
  if (damaged) return runs.length === 1 ? 'module' : 'image';
  return base !== null && intersect(span, flash) ? 'image' : 'unknown';
}

/** The addresses that coverage counts: the whole flash for a device or an image, the file's own bytes otherwise. */
function judgedRanges(kind: InputKind, image: MemoryImage, flash: Range): Range[] {
  if (kind === 'module' || kind === 'unknown') return image.ranges();
  const outside = image.ranges().flatMap((range) => subtractRanges(range, [flash]));
  return [{ start: flash.start, end: flash.end }, ...outside].sort((a, b) => a.start - b.start);
}

function sumCounts(stretches: readonly Stretch[], total: readonly Range[]) {
  const span = { start: total[0]?.start ?? 0, end: total.at(-1)?.end ?? 0 };
  return countClasses(stretches, span);
}

function judge(
  kind: InputKind,
  placed: PlacedImage,
  survey: ModuleSurvey,
  identities: ReadonlyMap<LocatedModule, ModuleIdentity>,
  board: Board,
  stretches: readonly Stretch[],
): Finding[] {
  const findings: Finding[] = [];
  if (kind === 'unknown') {
    const place = placed.image.span ?? { start: 0, end: 0 };
    findings.push(report(notRecognised, place, { size: placed.image.byteCount }));
    return findings;
  }
  for (const located of survey.modules) {
    findings.push(...checkModule(located, identityOf(identities, located)));
    findings.push(...checkPlacement(located, board));
    findings.push(...checkDependencies(located, survey.modules, kind === 'flash-dump'));
  }
  findings.push(...checkGenerations(survey.modules));
  for (const place of survey.emptyPlaces) {
    findings.push(...checkDamagedPlace(place));
    if (kind === 'flash-dump') findings.push(...checkEmptyPlace(place));
  }
  if (kind === 'module') findings.push(...checkTrailing(survey, stretches));
  return findings;
}

/** A module file should end with its module; padding is fine, other bytes are worth a word. */
function checkTrailing(survey: ModuleSurvey, stretches: readonly Stretch[]): Finding[] {
  const module = survey.modules[0]?.module;
  if (!module) return [];
  const after = stretches.filter((stretch) => stretch.start >= module.end && stretch.class === 'unknown');
  const first = after[0];
  const last = after.at(-1);
  if (!first || !last) return [];
  const bytes = after.reduce((total, stretch) => total + sizeOf(stretch), 0);
  const evidence = { module: moduleTitle(module), bytes, from: formatAddress(first.start) };
  return [report(trailingBytes, { start: first.start, end: last.end }, evidence)];
}

function withOrigin(finding: Finding, input: InspectInput, placed: PlacedImage): Finding {
  if (finding.origin !== undefined || !input.locate) return finding;
  // The reader knows the addresses it gave out, before a raw file was moved to its base.
  const shift = input.addressSource === 'assumed' ? (placed.base ?? 0) : 0;
  const origin = input.locate(finding.start - shift);
  if (!origin) return finding;
  return {
    ...finding,
    origin: 'line' in origin ? `line ${origin.line}` : `offset 0x${origin.offset.toString(16).toUpperCase()}`,
  };
}

function summarise(
  kind: InputKind,
  { image, base }: PlacedImage,
  survey: ModuleSurvey,
  board: Board,
  release: string | null,
): string {
  const [only] = survey.modules;
  const count = survey.modules.length;
  const system = release ? `, Device OS ${release}` : '';
  switch (kind) {
    case 'flash-dump':
      return `flash dump of ${board.name} from ${formatAddress(base ?? 0)}, ${count} module${count === 1 ? '' : 's'}${system}`;
    case 'module':
      return only
        ? `${moduleTitle(only.module)} for ${only.module.platform ?? 'an unknown platform'}`
        : 'a module with a damaged header';
    case 'image':
      return `image for ${board.name} with ${image.ranges().length} range${image.ranges().length === 1 ? '' : 's'}, ${count} module${count === 1 ? '' : 's'}${system}`;
    default:
      return 'nothing recognised: no module, no vector table, and not the size of a flash';
  }
}
