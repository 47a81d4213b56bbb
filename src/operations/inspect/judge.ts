/** The findings about an input, by what it claims to be. */
import { formatAddress } from '../../core/bytes.js';
import type { Finding } from '../../core/finding.js';
import { sizeOf } from '../../core/range.js';
import { boardIds, loadBoard } from '../../layout/load.js';
import type { Board } from '../../layout/types.js';
import type { Stretch } from '../../regions/account.js';
import { canStart, type LocatedModule, type ModuleSurvey } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import { notRecognised, trailingBytes } from '../../rules/container.js';
import { dctFindings } from '../../rules/dct.js';
import { checkDependencies, checkGenerations } from '../../rules/dependency.js';
import { checkEeprom } from '../../rules/eeprom.js';
import { checkDamagedPlace, checkModule } from '../../rules/module.js';
import { checkBoard, checkEmptyPlace, checkPlacement, commonForeignPlatform } from '../../rules/placement.js';
import { checkProtection } from '../../rules/protection.js';
import { checkBuilds, checkEmbeddedBootloader, checkMixedReleases } from '../../rules/release.js';
import { checkFactoryRegion, checkFactoryReset, checkProgram } from '../../rules/risk.js';
import { report } from '../../rules/rule.js';
import type { PlacedImage } from '../place.js';
import type { Configuration } from './configuration.js';
import type { DecodedOptionBytes } from './extra-memory.js';
import type { ModuleIdentity } from './modules.js';
import type { InputKind } from './report.js';

export interface Evidence {
  readonly kind: InputKind;
  readonly placed: PlacedImage;
  readonly survey: ModuleSurvey;
  readonly identities: ReadonlyMap<LocatedModule, ModuleIdentity>;
  readonly configuration: Configuration;
  readonly optionBytes: DecodedOptionBytes | null;
  /** Lowest supply voltage of the board in volts, when it is known. */
  readonly minimumSupply: number | undefined;
  readonly board: Board;
  readonly stretches: readonly Stretch[];
  /** False when the reading is so bad that its content is not that of the board. */
  readonly judged: boolean;
}

export function judge(evidence: Evidence): Finding[] {
  const { kind, placed, judged } = evidence;
  const protection = judgeProtection(evidence);
  if (kind === 'unknown') {
    const place = placed.image.span ?? { start: 0, end: 0 };
    return [report(notRecognised, place, { size: placed.image.byteCount }), ...protection];
  }
  if (!judged) return protection;
  const other = otherBoardOf(evidence);
  if (other) {
    const { survey, identities, board } = evidence;
    // The map is the wrong one: only what the modules say of themselves can be judged.
    const residue = other.regions.filter(({ role }) => role === 'ota').map(({ start }) => start);
    const own = [...identities]
      .filter(([{ module }]) => !residue.includes(module.address))
      .flatMap(([located, identity]) => checkModule(located, identity));
    return [...checkBoard(survey.modules, board, other, kind === 'flash-dump'), ...own, ...protection];
  }
  return [...judgeModules(evidence), ...judgeConfiguration(evidence), ...judgeLater(evidence), ...protection];
}

function judgeProtection({ optionBytes, minimumSupply }: Evidence): Finding[] {
  if (!optionBytes) return [];
  const { bytes, layout } = optionBytes;
  return checkProtection(bytes, { layout, ...(minimumSupply === undefined ? {} : { minimumSupply }) });
}

/** Releases, and what can go wrong later. */
function judgeLater({ survey, identities, configuration, optionBytes, board }: Evidence): Finding[] {
  const releaseOf = (located: LocatedModule): string | null => identities.get(located)?.releases[0] ?? null;
  const awaited = survey.modules.filter((located) => located.role === 'ota' && isAwaited(located, configuration));
  return [
    ...checkBuilds(identities),
    ...checkMixedReleases(survey, releaseOf),
    ...checkEmbeddedBootloader(survey),
    ...survey.modules.flatMap((located) => checkProgram(located, optionBytes?.bytes ?? null)),
    ...checkFactoryRegion(awaited, survey.regions),
    ...checkFactoryReset(survey, configuration.dct, board),
  ];
}

/** The shipped board that every module of the device was built for, when it is not the one that was chosen. */
function otherBoardOf({ kind, survey, board }: Evidence): Board | undefined {
  const platform = kind === 'module' ? null : commonForeignPlatform(survey.modules, board);
  if (platform === null) return undefined;
  return boardIds()
    .map((id) => loadBoard(id))
    .find((shipped) => shipped.platform?.id === platform);
}

function judgeModules({ kind, survey, identities, configuration, board, stretches }: Evidence): Finding[] {
  const whole = kind === 'flash-dump';
  const findings: Finding[] = [];
  for (const located of survey.modules) {
    if (located.role === 'ota' && !isAwaited(located, configuration)) continue;
    const identity = identities.get(located);
    const own = identity ? checkModule(located, identity) : [];
    findings.push(...own, ...checkPlacement(located, board));
    findings.push(...checkDependencies(located, survey));
  }
  findings.push(...checkGenerations(survey.modules));
  for (const place of survey.emptyPlaces) {
    findings.push(...checkDamagedPlace(place));
    if (whole && place.state !== 'absent') findings.push(...checkEmptyPlace(place));
  }
  if (kind === 'module') findings.push(...checkTrailing(survey, stretches));
  return findings;
}

/** What lies in the OTA region is residue, whole or not, unless the next start will install it. */
function isAwaited({ module }: LocatedModule, { dct }: Configuration): boolean {
  if (!dct) return false;
  return dct.otaUpdate === true || (dct.pendingSlots ?? []).some(({ source }) => source === module.address);
}

/** Configuration is judged where it matters: a device that has it, or should have it. */
function judgeConfiguration({ kind, configuration, survey }: Evidence): Finding[] {
  if (kind !== 'flash-dump' && kind !== 'image') return [];
  const { dct, eeprom, generation } = configuration;
  const stored = dct && (kind === 'flash-dump' || dct.current !== null);
  return [...(stored ? dctFindings(dct, canStart(survey)) : []), ...(eeprom ? checkEeprom(eeprom, generation) : [])];
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
