/**
 * inspect: accounts for every byte of an input and judges it as what it claims to be: a device, a module, or an image
 * of which only a part is here.
 */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { type Finding, sortFindings, verdictOf } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import { totalSize } from '../../core/range.js';
import type { Board } from '../../layout/types.js';
import { accountFor, type Claim, countClasses, type Stretch } from '../../regions/account.js';
import { flashOf, type LocatedModule, type ModuleSurvey } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import { TOOL } from '../../tool.js';
import { bootOf } from '../boot.js';
import { checkNextStart } from '../next-start.js';
import type { PlacedImage } from '../place.js';
import { acquire } from './acquire.js';
import {
  type Configuration,
  configurationClaims,
  readConfiguration,
  readDctSection,
  systemGeneration,
} from './configuration.js';
import { type DecodedOptionBytes, readIdentity, readOptionBytes } from './extra-memory.js';
import { judge } from './judge.js';
import { judgedRanges, kindOf, summaryOf } from './kind.js';
import { nameLeftovers } from './leftovers.js';
import { agreedRelease, embeddedReport, identify, moduleReport, unmetDependencies } from './modules.js';
import { regionReports } from './regions.js';
import type { InspectedInput, InspectReport } from './report.js';
import { resourcesOf } from './resources.js';
import { sectorReports } from './sectors.js';
import {
  pendingUpdateOf,
  summariseAcquisition,
  summariseDct,
  summariseDctSection,
  summariseEeprom,
  summariseOptionBytes,
} from './summaries.js';

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

export interface InspectOptions {
  /** Reveal keys, passphrases and codes. Default: masked everywhere. */
  readonly showSecrets?: boolean;
  /** FLASH_OPTCR, when it was read separately. */
  readonly optcr?: number | undefined;
  /** Lowest supply voltage of the board in volts, when it is known: what a brown-out level is judged by. */
  readonly minimumSupply?: number | undefined;
}

/** The report, and what it was made from, for callers that draw, list or ask further. */
export interface Inspection {
  readonly report: InspectReport;
  readonly board: Board;
  readonly placed: PlacedImage;
  readonly survey: ModuleSurvey;
  readonly configuration: Configuration;
  readonly optionBytes: DecodedOptionBytes | null;
  readonly stretches: readonly Stretch[];
  readonly showSecrets: boolean;
}

export function inspect(input: InspectInput, board: Board, options: InspectOptions = {}): InspectReport {
  return examine(input, board, options).report;
}

export function examine(input: InspectInput, board: Board, options: InspectOptions = {}): Inspection {
  const showSecrets = options.showSecrets ?? false;
  const flash = flashOf(board);
  const { placed, survey, acquisition, findings: readingFindings, judged: readable } = acquire(input, board);
  const { image } = placed;
  const kind = kindOf(placed, survey, board, flash);
  const hasMap = kind === 'flash-dump' || kind === 'image';
  // A file that is one module has no configuration, even where a module of another platform lies over the place of one.
  // Nor has a dump that was read wrongly: what stands there is not what the board has.
  const regions = hasMap && readable ? survey.regions : [];
  const configuration = readConfiguration(image, regions, systemGeneration(survey.modules), board, showSecrets);
  const section = placed.special === 'dct-section' ? readDctSection(image, showSecrets) : null;
  const optionBytes = readOptionBytes(image, board, options.optcr);
  const total = judgedRanges(kind, image, flash);
  const claims = [
    ...survey.modules.map(moduleClaim),
    ...configurationClaims(configuration),
    ...(section?.claims ?? []),
  ];
  const { stretches, leftovers } = nameLeftovers(image, accountFor(image, total, claims), board);
  const identities = new Map(survey.modules.map((located) => [located, identify(located.module)] as const));
  const modules = [...identities].map(([located, identity]) => moduleReport(located, identity, survey));
  const judged = judge({
    kind,
    placed,
    survey,
    identities,
    configuration,
    optionBytes,
    minimumSupply: options.minimumSupply,
    board,
    stretches,
    judged: readable,
  });
  const boot = hasMap && readable ? bootOf({ board, placed, survey, configuration, optionBytes }) : null;
  const known = [...input.findings, ...readingFindings, ...judged];
  const findings = sortFindings([...known, ...checkNextStart(boot, known, survey)]).map((finding) =>
    withOrigin(finding, input, placed),
  );
  const deviceOs = agreedRelease(modules);
  const unmet = unmetDependencies(survey);
  const report: InspectReport = {
    schema: 'flashatlas/inspect',
    schemaVersion: 1,
    tool: TOOL,
    input: describeInput(input, placed),
    kind,
    summary: summaryOf(kind, placed, survey, board, deviceOs),
    layout: { board: board.id, chip: board.chip.id, variant: survey.variant },
    container: input.container,
    sectors: hasMap ? sectorReports(flash.sectors, survey.regions, stretches) : [],
    regions: hasMap ? regionReports(survey.regions, stretches, modules) : [],
    modules,
    embedded: survey.embedded.map(embeddedReport),
    resources: resourcesOf(survey.modules),
    deviceOs,
    dependencies: unmet.length === 0 ? 'ok' : unmet,
    dct: configuration.dct && summariseDct(configuration.dct),
    dctSection: section && summariseDctSection(section.values),
    eeprom: configuration.eeprom && summariseEeprom(configuration.eeprom),
    optionBytes: optionBytes && summariseOptionBytes(optionBytes.bytes),
    identity: readIdentity(image, board, showSecrets),
    pendingUpdate: configuration.dct && pendingUpdateOf(configuration.dct),
    acquisition: acquisition ? summariseAcquisition(acquisition, readable) : null,
    leftovers,
    coverage: { total: totalSize(total), ...countClasses(stretches, { start: 0, end: 2 ** 32 }) },
    boot,
    findings,
    verdict: verdictOf(findings),
  };
  return { report, board, placed, survey, configuration, optionBytes, stretches, showSecrets };
}

function moduleClaim({ module }: LocatedModule): Claim {
  return { start: module.address, end: module.end, class: 'module', label: moduleTitle(module) };
}

/** What every report says about its input. */
export function describeInput(input: InspectInput, placed: PlacedImage): InspectedInput {
  return {
    path: input.path,
    size: input.bytes.length,
    sha256: toHex(sha256(input.bytes)),
    format: input.format,
    base: placed.base,
    baseSource: placed.baseSource,
    baseReason: placed.baseReason,
  };
}

/** Adds the file offset or line to a finding. The reader knows the addresses it gave out, before a raw file was moved. */
function withOrigin(finding: Finding, input: InspectInput, placed: PlacedImage): Finding {
  if (finding.origin !== undefined || !input.locate) return finding;
  const shift = input.addressSource === 'assumed' ? (placed.base ?? 0) : 0;
  const origin = finding.start >= shift ? input.locate(finding.start - shift) : undefined;
  if (!origin) return finding;
  const place = 'line' in origin ? `line ${origin.line}` : `offset 0x${origin.offset.toString(16).toUpperCase()}`;
  return { ...finding, origin: place };
}
