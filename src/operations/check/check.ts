/**
 * check: judges an input as what it claims to be, files together as a set, or what a chip becomes when files are written
 * onto it. The judgement is that of inspect; here it is put together, selected and counted.
 */
import { equalBytes, formatAddress, formatHex } from '../../core/bytes.js';
import { InputError } from '../../core/errors.js';
import { type Finding, reaches, type Severity, sortFindings, verdictOf } from '../../core/finding.js';
import { MemoryImage, type Segment } from '../../core/image.js';
import { containsRange, intersect, sizeOf } from '../../core/range.js';
import type { Board } from '../../layout/types.js';
import { flashOf } from '../../regions/module/find.js';
import { ALL_RULES } from '../../rules/index.js';
import { samePlace } from '../../rules/placement.js';
import { checkDowngrade } from '../../rules/release.js';
import { checkDeviceKey, overFactory } from '../../rules/risk.js';
import { report as makeFinding } from '../../rules/rule.js';
import { TOOL } from '../../tool.js';
import { describeInput, examine, type InspectInput, type Inspection, type InspectOptions } from '../inspect/inspect.js';
import { type PlacedImage, placeImage } from '../place.js';
import { compareContent, factoryImageLost, protectedSectors, refusedRanges, writeOnto } from './onto.js';
import type { CheckFinding, CheckReport, CheckResult, CheckScope, KeptItem, LostItem, RefusedRange } from './report.js';
import { type Selection, selectFindings } from './select.js';

export interface CheckOptions extends Omit<InspectOptions, 'showSecrets'>, Selection {
  /** The mildest severity that is a failure. Default: error. */
  readonly failOn?: Severity | 'never' | undefined;
}

/** A file at its place. */
interface Member {
  readonly input: InspectInput;
  readonly placed: PlacedImage;
}

/** One input as what it claims to be: a device, a module, or an image of which only a part is here. */
export function checkFile(input: InspectInput, board: Board, options: CheckOptions = {}): CheckResult {
  const inspection = examine(input, board, options);
  const { placed, report } = inspection;
  const member = { input, placed };
  return assemble('one', inspection, report.findings, [member], options, { input: report.input });
}

/**
 * Files judged together, each at the place that its header or its format names.
 * @throws InputError CHECK_NO_ADDRESS, CHECK_DUMP_IN_SET
 */
export function checkSet(inputs: readonly InspectInput[], board: Board, options: CheckOptions = {}): CheckResult {
  const members = inputs.map((input) => placeMember(input, board));
  const inspection = examine(joined(members), board, options);
  const findings = [...inspection.report.findings, ...conflicts(members)];
  return assemble('set', inspection, findings, members, options, { input: null });
}

/**
 * What the chip of a dump becomes when files are written onto it.
 * @throws InputError CHECK_NO_ADDRESS, CHECK_DUMP_IN_SET
 */
export function checkOnto(
  chip: InspectInput,
  inputs: readonly InspectInput[],
  board: Board,
  options: CheckOptions = {},
): CheckResult {
  const before = examine(chip, board, options);
  const members = inputs.map((input) => placeMember(input, board, true));
  const files = joined(members);
  const written = writeOnto(before.placed.image, files.image, board);
  const name = `${inputs.map(({ path }) => path).join(', ')} on ${chip.path}`;
  const after = examine(imageInput(name, written.image, []), board, options);
  const { lost, kept } = compareContent(before, after, files.image);
  const findings = [
    ...files.findings,
    ...after.report.findings,
    ...conflicts(members),
    ...ontoFindings(before, after, lost),
  ];
  const base = { input: chip, placed: before.placed };
  return assemble('onto', after, findings, [base, ...members], options, {
    input: before.report.input,
    sectorsErased: written.sectors.map(({ number }) => number),
    sectorsProtected: protectedSectors(written.sectors, after),
    refusedByDfu: refusedRanges(files.image, board),
    lost,
    kept,
  });
}

function ontoFindings(before: Inspection, after: Inspection, lost: readonly LostItem[]): Finding[] {
  const had = factoryImageLost(before, lost);
  const overwritten = had
    ? after.survey.modules
        .filter(({ role }) => role === 'ota')
        .flatMap((located) => overFactory(located, after.survey.regions, had))
    : [];
  const systems = [before, after].map(({ configuration }) => configuration.generation.systemVersion);
  return [
    ...overwritten,
    ...checkDowngrade(systems[0] ?? null, systems[1] ?? null, after.survey),
    ...checkDeviceKey(before.configuration.dct, after.configuration.dct),
  ];
}

function placeMember(input: InspectInput, board: Board, dumpsToo = false): Member {
  const placed = placeImage(input, board);
  if (placed.base === null) {
    throw new InputError({
      code: 'CHECK_NO_ADDRESS',
      what: 'nothing says where the content belongs',
      where: input.path,
      expected: 'a module, or a format with addresses',
      got: placed.baseReason,
      help: 'Give its address: ADDRESS:FILE, for example 0x080A0000:app.bin.',
    });
  }
  if (!dumpsToo && placed.image.ranges().some((run) => containsRange(run, flashOf(board)))) {
    throw new InputError({
      code: 'CHECK_DUMP_IN_SET',
      what: 'a dump of the whole flash cannot be judged together with other files',
      where: input.path,
      help: 'Check it alone, or judge the other files on it with --onto.',
    });
  }
  return { input, placed };
}

function joined(members: readonly Member[]): InspectInput {
  const segments = members.flatMap(({ input, placed }) =>
    placed.image.segments.map((segment): Segment => ({ ...segment, source: { name: input.path } })),
  );
  const image = MemoryImage.fromSegments(segments, { overlap: 'last-wins' });
  const findings = members.flatMap(({ input }) => input.findings.map((finding) => ({ ...finding, file: input.path })));
  return imageInput(members.map(({ input }) => input.path).join(', '), image, findings);
}

function imageInput(path: string, image: MemoryImage, findings: readonly Finding[]): InspectInput {
  const bytes = new Uint8Array(0);
  return { path, bytes, format: 'several', image, addressSource: 'file', container: null, findings };
}

/** Pairs of files that claim the same addresses. */
function conflicts(members: readonly Member[]): Finding[] {
  return members.flatMap((second, index) =>
    members.slice(0, index).flatMap((first) => {
      const shared = first.placed.image.ranges().flatMap((range) => second.placed.image.slice(range).ranges());
      const [place] = shared;
      const last = shared.at(-1);
      if (!place || !last) return [];
      const same = shared.every((range) => {
        const [one, other] = [first.placed.image.bytes(range), second.placed.image.bytes(range)];
        return one !== undefined && other !== undefined && equalBytes(one, other);
      });
      const bytes = shared.reduce((total, range) => total + sizeOf(range), 0);
      const names = { first: first.input.path, second: second.input.path };
      const evidence = { ...names, at: formatAddress(place.start), bytes, same };
      const severity = same ? 'note' : 'error';
      return [makeFinding(samePlace, { start: place.start, end: last.end }, evidence, { severity })];
    }),
  );
}

interface More {
  readonly input: CheckReport['input'];
  readonly sectorsErased?: readonly number[];
  readonly sectorsProtected?: readonly number[];
  readonly refusedByDfu?: readonly RefusedRange[];
  readonly lost?: readonly LostItem[];
  readonly kept?: readonly KeptItem[];
}

function assemble(
  scope: CheckScope,
  inspection: Inspection,
  findings: readonly Finding[],
  members: readonly Member[],
  options: CheckOptions,
  more: More,
): CheckResult {
  const { report, survey } = inspection;
  const all = sortFindings(findings).map((finding) => withFile(finding, members));
  const selected = selectFindings(all, options);
  const failOn = options.failOn ?? 'error';
  const count = (severity: Severity): number => selected.filter((finding) => finding.severity === severity).length;
  const files = scope === 'onto' ? members.slice(1) : members;
  const fired = new Set(selected.map(({ rule }) => rule));
  return {
    report: {
      schema: 'flashatlas/check',
      schemaVersion: 1,
      tool: TOOL,
      scope,
      input: more.input,
      // The digest of a dump is not computed twice.
      inputs: scope === 'one' ? [report.input] : files.map(({ input, placed }) => describeInput(input, placed)),
      kind: report.kind,
      summary: report.summary,
      layout: report.layout,
      deviceOs: report.deviceOs,
      modules: report.modules.map((module) => ({ ...module, file: fileAt(module.address, members) })),
      findings: selected,
      hidden: all.length - selected.length,
      counts: { error: count('error'), warning: count('warning'), note: count('note') },
      verdict: verdictOf(selected),
      passed: failOn === 'never' || !selected.some(({ severity }) => reaches(severity, failOn)),
      failOn,
      boot: report.boot,
      sectorsErased: more.sectorsErased ?? [],
      sectorsProtected: more.sectorsProtected ?? [],
      refusedByDfu: more.refusedByDfu ?? [],
      lost: more.lost ?? [],
      kept: more.kept ?? [],
    },
    rules: ALL_RULES.filter(({ id }) => fired.has(id)),
    regions: survey.regions.map(({ id, title, start, end }) => ({ id, title, start, end })),
  };
}

/** The file whose bytes stand at an address: later ones win, and all of them over the chip they are written onto. */
function fileAt(address: number, members: readonly Member[]): string | null {
  return memberAt(address, members)?.input.path ?? null;
}

function memberAt(address: number, members: readonly Member[]): Member | undefined {
  return members.findLast(({ placed }) => placed.image.byteAt(address) !== undefined);
}

function withFile(finding: Finding & { readonly file?: string }, members: readonly Member[]): CheckFinding {
  const placed = finding.end > finding.start;
  const owner = placed
    ? (memberAt(finding.start, members) ?? members.findLast((member) => reachesInto(member, finding)))
    : undefined;
  const only = members.length === 1 ? members[0] : undefined;
  const file = finding.file ?? (owner ?? only)?.input.path ?? null;
  const place = originOf(finding, owner);
  const { fileOffset, fileLine } = place;
  const words =
    fileLine !== null ? `line ${fileLine}` : fileOffset !== null ? `offset ${formatHex(fileOffset)}` : undefined;
  return { ...finding, file, origin: finding.origin ?? words, ...place };
}

function reachesInto({ placed }: Member, { start, end }: Finding): boolean {
  return placed.image.ranges().some((run) => intersect(run, { start, end }));
}

/** The reader knows the addresses it gave out, before a raw file was moved to its place. */
function originOf(finding: Finding, member: Member | undefined): Pick<CheckFinding, 'fileOffset' | 'fileLine'> {
  const shift = member?.input.addressSource === 'assumed' ? (member.placed.base ?? 0) : 0;
  const found = member && finding.start >= shift ? member.input.locate?.(finding.start - shift) : undefined;
  if (found) {
    return 'line' in found ? { fileOffset: null, fileLine: found.line } : { fileOffset: found.offset, fileLine: null };
  }
  const line = /^line (\d+)$/.exec(finding.origin ?? '')?.[1];
  return { fileOffset: null, fileLine: line === undefined ? null : Number(line) };
}
