/** build: an image from a recipe, and what a board will make of it. Pure: files come through a function. */
import { BuildError, UsageError } from '../../core/errors.js';
import { type Finding, sortFindings } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange } from '../../core/range.js';
import { loadBoard } from '../../layout/load.js';
import { nearest } from '../../layout/nearest.js';
import type { Board, Region } from '../../layout/types.js';
import { surveyModules } from '../../regions/module/find.js';
import { blankConfiguration, leftOut, outsideMemory } from '../../rules/build.js';
import { notRecognised } from '../../rules/container.js';
import { ALL_RULES } from '../../rules/index.js';
import { missing } from '../../rules/placement.js';
import { report } from '../../rules/rule.js';
import { examineImage } from '../examine-image.js';
import { systemGeneration } from '../inspect/configuration.js';
import type { Inspection } from '../inspect/inspect.js';
import type { InspectReport } from '../inspect/report.js';
import { optionWord, placeDct, placeEeprom, placeFactory, type Target } from './configuration.js';
import { mergeParts, type PlacedPart, placePart, regionOf } from './placing.js';
import type { Recipe, Shape } from './recipe.js';
import { configurationRegions, shapeImage } from './shape.js';
import { type ReadFile, Sources } from './sources.js';

export const DEFAULT_BOARD = 'particle-p1';
export const DEFAULT_SHAPE: Shape = 'padded';

export interface BuildOptions {
  /** Default: the built-in board that the recipe names. */
  readonly board?: Board | undefined;
  /** Default: that of the recipe, else padded. */
  readonly shape?: Shape | undefined;
}

/** A part at its place, as reports show it. */
export interface PlacedReport {
  readonly title: string;
  readonly source: string;
  readonly start: number;
  readonly end: number;
  readonly region: string | null;
}

/** What was given, before it gets a shape. */
export interface Assembly {
  readonly recipe: Recipe;
  readonly board: Board;
  /** Only what was given. */
  readonly content: MemoryImage;
  readonly parts: readonly PlacedPart[];
  readonly placed: readonly PlacedReport[];
  /** FLASH_OPTCR, or null when the recipe says nothing about it. */
  readonly optionBytes: number | null;
  readonly regions: readonly Region[];
  /** About the files the parts came from, and their places. */
  readonly findings: readonly Finding[];
}

export interface BuildResult extends Assembly {
  readonly shape: Shape;
  /** The finished image. */
  readonly image: MemoryImage;
  /** About the image; those of severity error are reasons not to use it. */
  readonly findings: readonly Finding[];
  /** What inspect says about the finished image. */
  readonly report: InspectReport;
  readonly inspection: Inspection;
}

/**
 * The image of a recipe, judged. Nothing is refused for its findings: see requireSound.
 * @throws BuildError BUILD_…; FormatError and what `readFile` throws.
 */
export function buildImage(recipe: Recipe, readFile: ReadFile, options: BuildOptions = {}): BuildResult {
  const assembly = assemble(recipe, readFile, options.board ?? loadBoard(recipe.board ?? DEFAULT_BOARD));
  return finish(assembly, options.shape ?? recipe.shape ?? DEFAULT_SHAPE);
}

/** Reads and places everything a recipe names. @throws as buildImage */
export function assemble(recipe: Recipe, readFile: ReadFile, board: Board): Assembly {
  const sources = new Sources(readFile, board);
  const parts = recipe.parts.flatMap((part) => placePart(part, sources, board));
  const survey = surveyModules(mergeParts(parts), board);
  const target: Target = { board, regions: survey.regions, generation: systemGeneration(survey.modules) };
  if (recipe.factory) parts.push(placeFactory(recipe.factory, sources, target));
  if (recipe.dct) parts.push(...placeDct(recipe.dct, sources, target));
  if (recipe.eeprom) parts.push(...placeEeprom(recipe.eeprom, sources, target));
  const content = mergeParts(parts);
  const sorted = parts.sort((a, b) => a.start - b.start);
  return {
    recipe,
    board,
    content,
    parts: sorted,
    placed: sorted.map((part) => describe(part, target.regions)),
    optionBytes: optionWord(recipe.optionBytes, board),
    regions: target.regions,
    findings: [...sources.findings, ...outsideFindings(sorted, board)],
  };
}

function describe(part: PlacedPart, regions: readonly Region[]): PlacedReport {
  const { source, start, end } = part;
  const region = regionOf(part, regions);
  const title = part.title ?? (region?.start === start && region.end === end ? region.title : 'data');
  return { title, source, start, end, region: region?.id ?? null };
}

function outsideFindings(parts: readonly PlacedPart[], { chip }: Board): Finding[] {
  return parts
    .filter((part) => !chip.memories.some((memory) => containsRange(memory, part)))
    .map((part) => report(outsideMemory, part, { part: part.title ?? 'data', source: part.source, chip: chip.name }));
}

/** Gives an assembly its shape and judges it. */
export function finish(assembly: Assembly, shape: Shape): BuildResult {
  const { board, regions, recipe, content, optionBytes } = assembly;
  const image = shapeImage(content, shape, { board, regions, fill: recipe.fill ?? undefined });
  const options = { name: recipe.name, ...(optionBytes === null ? {} : { optcr: optionBytes }) };
  const inspection = examineImage(image, board, options);
  // A sector that nothing was given for says nothing about a device: the recipe asked for it to be blank.
  const blank = configurationRegions(regions).filter(
    ({ role, ...region }) => !isGiven(role, assembly) && image.parts(region).length > 0,
  );
  const [from, to] = [blank[0], blank.at(-1)];
  // Every part has its place from the recipe, so nothing needs to be recognised.
  const own = inspection.report.findings.filter(
    (finding) => finding.rule !== notRecognised.id && !(from && to && containsRange({ ...from, end: to.end }, finding)),
  );
  const findings = [...assembly.findings, ...own, ...shapeFindings(assembly, blank, image)];
  return { ...assembly, shape, image, findings: sortFindings(findings), report: inspection.report, inspection };
}

/** One copy or page makes the other a part of what was given, also where it is erased. */
function isGiven(role: Region['role'], { content, regions }: Assembly): boolean {
  return regions.some((region) => region.role === role && content.parts(region).length > 0);
}

function shapeFindings({ content, regions }: Assembly, blank: readonly Region[], image: MemoryImage): Finding[] {
  const findings: Finding[] = [];
  const [first] = blank;
  const last = blank.at(-1);
  if (first && last) {
    const roles = new Set(blank.map(({ role }) => role));
    const holds = [
      roles.has('dct') ? 'keys and credentials (DCT)' : [],
      roles.has('eeprom') ? 'EEPROM values' : [],
    ].flat();
    findings.push(report(blankConfiguration, { start: first.start, end: last.end }, { holds: holds.join(' and ') }));
  }
  const left = configurationRegions(regions).filter(
    (region) => content.parts(region).length > 0 && image.parts(region).length === 0,
  );
  const [from, to] = [left[0], left.at(-1)];
  if (from && to) {
    findings.push(report(leftOut, { start: from.start, end: to.end }, { parts: left.map(({ id }) => id).join(', ') }));
  }
  return findings;
}

/** Rules that a user may allow, by their ids. @throws UsageError BUILD_UNKNOWN_RULE */
export function requireRules(allow: readonly string[]): void {
  const ids = ALL_RULES.map(({ id }) => id);
  for (const id of allow) {
    if (ids.includes(id)) continue;
    const near = nearest(id, ids);
    throw new UsageError({
      code: 'BUILD_UNKNOWN_RULE',
      what: 'no rule has this id',
      where: 'allow',
      got: JSON.stringify(id),
      help: near ? `Did you mean ${near}?` : 'Give the id that stands before the message of a finding.',
    });
  }
}

/** @throws BuildError BUILD_REFUSED when an error is not among the rules allowed */
export function requireSound({ findings, recipe, content, shape }: BuildResult, allow: readonly string[] = []): void {
  if (content.byteCount === 0) {
    throw new BuildError({
      code: 'BUILD_NOTHING',
      what: 'the recipe gives no bytes',
      where: recipe.name,
      help: 'Add parts.',
    });
  }
  const allowed = new Set([...recipe.allow, ...allow]);
  const errors = findings.filter(({ severity, rule }) => severity === 'error' && !allowed.has(rule));
  const [first] = errors;
  if (!first) return;
  const rules = [...new Set(errors.map(({ rule }) => rule))];
  const remedies = [...new Set(errors.flatMap(({ remedy }) => remedy ?? []))];
  throw new BuildError({
    code: 'BUILD_REFUSED',
    what: `the image has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}: ${errors
      .slice(0, MAX_MESSAGES)
      .map(({ rule, message }) => `${message} (${rule})`)
      .join('; ')}${errors.length > MAX_MESSAGES ? '; and more' : ''}`,
    where: recipe.name,
    address: first.start,
    help: [
      ...remedies.slice(0, MAX_MESSAGES),
      ...(shape === 'padded' && rules.includes(missing.id) ? [SOME_MODULES] : []),
      `To build it all the same, add ${rules.map((rule) => `--allow ${rule}`).join(' ')}.`,
    ].join(' '),
  });
}

const MAX_MESSAGES = 5;
const SOME_MODULES =
  'Modules alone, for a board that has the others, go into a format that keeps addresses, such as .hex.';
