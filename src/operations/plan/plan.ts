/**
 * plan: the shortest safe sequence from what a chip holds to what it shall hold. Nothing here knows commands: steps are
 * what has to happen, scripts/ says it in the words of a tool, simulate.ts proves it.
 */
import { formatHex } from '../../core/bytes.js';
import { BuildError, UsageError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange, overlaps, type Range, rangeOf, totalSize } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import { type ToolProfile, toolProfile } from '../../layout/flashing-tools.js';
import type { Board, Region } from '../../layout/types.js';
import { flashOf, type ModuleSurvey, surveyModules } from '../../regions/module/find.js';
import { decodeOptionRegister } from '../../regions/option-bytes.js';
import { examineImage } from '../examine-image.js';
import { optionByteContext } from '../inspect/extra-memory.js';
import type { Inspection } from '../inspect/inspect.js';
import { type DfuRoute, routeThroughDfu } from './dfu.js';
import { FlashController, isProtectedIn, withProtection } from './flash-model.js';
import { nameEffects } from './names.js';
import { arrangeBlocks } from './order.js';
import { writeScripts } from './scripts/index.js';
import { decideSectors, type SectorWork } from './sectors.js';
import { type Simulation, simulate } from './simulate.js';
import {
  blockSteps,
  dumpStep,
  numberSteps,
  optionsStep,
  protectionStep,
  resetStep,
  type StepDraft,
  unlockStep,
} from './steps.js';
import { addDurations, Estimator } from './time.js';
import type { KeptArea, Plan, PlanOptions, PlanStep, PlanTarget } from './types.js';
import { sectorWords } from './words.js';

const RDP_MASK = 0xff00;
const RDP_OPEN = 0xaa00;
const USER_BITS = 0xec;
const NWRP_BITS = 0x0fff0000;

/**
 * @param from what the chip holds, or null when nobody has read it: the plan is then for the worst case
 * @throws BuildError PLAN_… when the target cannot or must not be written that way; UsageError PLAN_OPTCR
 */
export function plan(from: MemoryImage | null, to: PlanTarget, board: Board, options: PlanOptions = {}): Plan {
  const tool = toolProfile(options.tool ?? 'openocd');
  const flash = flashOf(board);
  requireInsideFlash(to.image, board);
  const fromName = options.fromName ?? 'the dump';
  const inspected = from && examineImage(from, board, { optcr: options.optcr, name: fromName });
  if (inspected) requireReadable(inspected, fromName);
  const optcr = optionWord(options.optcr, board) ?? inspected?.optionBytes?.bytes.optcr ?? null;
  const unlocks = requireOpen(optcr, tool, options);
  const regions = regionsFor(inspected, to.image, board);
  const { image: wanted, notes } = withoutKept(to.image, regions, options.include ?? []);
  const toName = options.toName ?? 'the target';
  requireSomething(wanted, to.image, toName);

  const baseline = unlocks !== null ? new FlashController(flash, null) : null;
  baseline?.massErase();
  const chip = baseline ? baseline.image() : from;
  const targetSurvey = surveyModules(wanted, board);
  const estimator = new Estimator(tool);
  const route =
    tool.route === 'dfu'
      ? routeThroughDfu({
          board,
          from: inspected,
          fromImage: from,
          target: wanted,
          targetSurvey,
          regions,
          estimator,
        })
      : null;
  const image = route?.image ?? wanted;
  const works = decideSectors({
    flash,
    from: chip,
    target: image,
    erasing: tool.erasing,
    drop: inspected ? replacedEnds(inspected, image === wanted ? targetSurvey : surveyModules(image, board)) : [],
  });
  const canSeal = tool.erasing === 'explicit';
  const blocks = arrangeBlocks({ works, regions, from: inspected, chip, target: targetSurvey, canSeal });
  const context = { flash, tool, estimator, nameAt: (address: number) => nameAt(address, regions) };
  const work = [...blockSteps(blocks, context), ...(route?.dctWrites ?? [])];
  const protection = protectionSteps(work, works, optcr, storedBits(to.optcr), options, context);
  const drafts = frame(work, protection, { unlocks, options, context, route });
  const steps = numberSteps(drafts);

  const simulation = simulate({ steps }, from, { flash, optcr: optcr ?? undefined, dct: route?.dct });
  requireSuccess(simulation);
  const optcrAfter = optcr === null ? null : simulation.optcr;
  const after = examineImage(simulation.image, board, { optcr: optcrAfter ?? undefined, name: 'the chip afterwards' });
  const rewritten = route?.install || route?.dctWrites.length ? regions.filter(({ role }) => role === 'dct') : [];
  const installed = route?.install?.range ? [route.install.range] : [];
  const names = nameEffects({
    flash,
    regions,
    fromImage: from,
    from: inspected,
    target: route ? wanted.merge(image, { overlap: 'last-wins' }) : image,
    result: simulation.image,
    after,
    works,
    massErase: unlocks !== null,
    rewritten: [...rewritten, ...installed],
  });
  const draft = {
    board: board.id,
    dct: route?.dct ?? null,
    tool: tool.id,
    probe: tool.id === 'openocd' ? (options.probe ?? 'stlink') : null,
    known: from !== null,
    optcr: { before: optcr, after: optcrAfter },
    steps,
    total: addDurations(steps.map(({ ms }) => ms)),
    sectorsToErase: works.filter(({ erase }) => erase).map(({ sector }) => sector.number),
    ...names,
    warnings: [...(route?.warnings ?? []), ...warningsOf(from, optcr, tool, after, names.lost.length, works, options)],
    notes: [...notes, ...(route?.notes ?? []), ...closingNotes(steps, tool, optcr, options)],
    after: {
      verdict: after.report.verdict,
      boot: after.report.boot,
      summary: after.report.summary,
      findings: after.report.findings.filter(({ severity }) => severity !== 'note').length,
    },
    result: simulation.image,
  };
  return { ...draft, ...writeScripts(draft, { board, tool, options, fromName, toName, from: inspected }) };
}

/** The steps that change flash, with what comes before and after them. Nothing to do is no step at all. */
function frame(
  work: readonly StepDraft[],
  protection: { readonly before: readonly StepDraft[]; readonly after: readonly StepDraft[] },
  {
    unlocks,
    options,
    context,
    route,
  }: {
    readonly unlocks: number | null;
    readonly options: PlanOptions;
    readonly context: Parameters<typeof dumpStep>[0];
    readonly route: DfuRoute | null;
  },
): StepDraft[] {
  if (work.length === 0 && protection.after.length === 0 && unlocks === null) return [];
  const backup =
    options.backup !== false && unlocks === null && canRead(context.tool)
      ? [dumpStep(context, options.backupFile)]
      : [];
  return [
    ...backup,
    ...(unlocks === null ? [] : [unlockStep(unlocks, context)]),
    ...protection.before,
    ...work,
    ...protection.after,
    resetStep(context),
    ...(route?.install ? [route.install] : []),
  ];
}

/** Particle CLI reads no flash. */
function canRead(tool: ToolProfile): boolean {
  return tool.id !== 'particle-cli';
}

function requireInsideFlash(image: MemoryImage, board: Board): void {
  const flash = flashOf(board);
  const outside = image.ranges().find((range) => !containsRange(flash, range));
  if (!outside) return;
  const memory = board.chip.memories.find((candidate) => candidate !== flash && overlaps(candidate, outside));
  const once = memory?.kind === 'otp' || memory?.kind === 'otp-lock';
  throw new BuildError({
    code: once ? 'PLAN_OTP' : 'PLAN_OUTSIDE_FLASH',
    what: once ? 'the one-time programmable area is never written by a plan' : 'the target lies outside the flash',
    expected: `${formatHex(flash.start, 8)}-${formatHex(flash.end - 1, 8)}`,
    got: memory ? `${memory.title}, ${formatHex(outside.start, 8)}` : formatHex(outside.start, 8),
    address: outside.start,
    help: once
      ? 'What is programmed there stays for ever. Leave it out of the target.'
      : 'Check the addresses, or cut the target with flashatlas convert --range.',
  });
}

function requireReadable({ placed, report }: Inspection, name: string): void {
  const unreadable = report.findings.find(
    ({ rule, severity }) => rule.startsWith('acquisition/') && severity === 'error',
  );
  const rearranged = report.acquisition?.transform ?? null;
  if (!unreadable && rearranged === null && placed.base !== null) return;
  throw new BuildError({
    code: 'PLAN_FROM_UNREADABLE',
    what: 'the dump cannot be planned from',
    where: name,
    got: unreadable?.message ?? (rearranged === null ? placed.baseReason : `its bytes are rearranged (${rearranged})`),
    help: 'Read the chip again and check the dump with flashatlas inspect, or leave --from out for the worst case.',
  });
}

/** @throws UsageError PLAN_OPTCR when the word is none. */
function optionWord(word: number | undefined, board: Board): number | null {
  if (word === undefined) return null;
  const bytes = decodeOptionRegister(word, optionByteContext(board));
  const [doubt] = bytes.doubts;
  if (doubt === undefined) return bytes.optcr;
  throw new UsageError({
    code: 'PLAN_OPTCR',
    what: 'this is not an option word',
    where: '--optcr',
    got: doubt,
    help: 'Read FLASH_OPTCR again (mdw 0x40023C14), with the board powered and the core halted.',
  });
}

/** @returns the option word with level 0 when the plan has to leave level 1, else null. */
function requireOpen(optcr: number | null, tool: ToolProfile, options: PlanOptions): number | null {
  // What runs from flash, such as the bootloader with its DFU, does not meet read protection.
  if (optcr === null || (optcr & RDP_MASK) === RDP_OPEN || tool.route === 'dfu') return null;
  if ((optcr & RDP_MASK) === 0xcc00) {
    throw new BuildError({
      code: 'PLAN_RDP_2',
      what: 'the chip is at read protection level 2',
      help: 'Nothing can be done with a debugger, ever. Use USB DFU (--tool dfu-util) if the bootloader offers it, or replace the chip.',
    });
  }
  if (!options.allowMassErase) {
    throw new BuildError({
      code: 'PLAN_RDP_1',
      what: 'the chip is at read protection level 1, and leaving it erases the whole flash',
      got: `RDP ${formatHex((optcr & RDP_MASK) >>> 8, 2)}`,
      help: 'Keys, Wi-Fi networks, EEPROM and factory image would be gone, and they cannot be read before. Use USB DFU (--tool dfu-util), which still works, or say --allow-mass-erase.',
    });
  }
  if (tool.id !== 'openocd' && tool.id !== 'cubeprogrammer') {
    throw new BuildError({
      code: 'PLAN_TOOL_CANNOT',
      what: `${tool.title} has no command that leaves read protection level 1 alone`,
      help: 'Use --tool openocd or --tool cubeprogrammer.',
    });
  }
  return (optcr & ~RDP_MASK) | RDP_OPEN;
}

/** The memory map of the chip where its firmware tells it, else that of the target. */
function regionsFor(from: Inspection | null, to: MemoryImage, board: Board): readonly Region[] {
  if (from && from.survey.modules.length > 0) return from.survey.regions;
  return surveyModules(to, board).regions;
}

/** DCT and EEPROM belong to the board that is there, not to the image, unless the user says otherwise. */
function withoutKept(image: MemoryImage, regions: readonly Region[], include: readonly KeptArea[]) {
  let rest = image;
  const left: string[] = [];
  for (const region of regions) {
    if ((region.role !== 'dct' && region.role !== 'eeprom') || include.includes(region.role)) continue;
    if (rest.parts(region).length === 0) continue;
    left.push(region.id);
    rest = rest.without(region);
  }
  const options = [...new Set(left.map((id) => (id.startsWith('dct') ? 'dct' : 'eeprom')))];
  const notes =
    left.length > 0
      ? [
          `The target also has ${left.join(', ')}. The plan keeps what the board has there; to write it, say --include ${options.join(',')}.`,
        ]
      : [];
  return { image: rest, notes };
}

function requireSomething(wanted: MemoryImage, whole: MemoryImage, name: string): void {
  if (wanted.byteCount > 0) return;
  const empty = whole.byteCount === 0;
  throw new BuildError({
    code: empty ? 'PLAN_NO_TARGET' : 'PLAN_ONLY_KEPT',
    what: empty ? 'the target holds no bytes' : 'the target holds only DCT or EEPROM, which a plan keeps as they are',
    where: name,
    help: empty ? 'Give an image, a module or a recipe.' : 'Say --include dct, --include eeprom or both to write them.',
  });
}

/** Where a shorter module replaces a longer one at the same place, the end of the old one is worth nothing. */
function replacedEnds(from: Inspection, target: ModuleSurvey): Range[] {
  return from.survey.modules.flatMap(({ module: old, role }) => {
    if (old.crc !== 'ok' || role === 'foreign') return [];
    const now = target.modules.find(({ module }) => module.address === old.address && module.missing === 0)?.module;
    return now && now.end < old.end ? [{ start: now.end, end: old.end }] : [];
  });
}

function nameAt(address: number, regions: readonly Region[]): { readonly id: string; readonly title: string } {
  const around = regions.filter(({ start, end }) => address >= start && address < end);
  const [smallest] = around.sort((a, b) => a.end - a.start - (b.end - b.start));
  if (!smallest) return { id: 'flash', title: 'flash' };
  const { id, role, title } = smallest;
  const place = regions.filter((region) => region.role === role).indexOf(smallest) + 1;
  if (role === 'dct') return { id, title: `DCT copy ${place}` };
  if (role === 'eeprom') return { id, title: `EEPROM page ${place}` };
  // "System part 1" in the middle of a sentence; "OTA region" stays.
  return { id, title: /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title };
}

/** Only what has to be written is unprotected, and protected again when it is verified. */
function protectionSteps(
  work: readonly StepDraft[],
  works: readonly SectorWork[],
  optcr: number | null,
  wanted: number | undefined,
  options: PlanOptions,
  context: Parameters<typeof dumpStep>[0],
): { readonly before: StepDraft[]; readonly after: StepDraft[] } {
  const before: StepDraft[] = [];
  const after: StepDraft[] = [];
  if (wanted !== undefined && (wanted & RDP_MASK) !== ((optcr ?? RDP_OPEN) & RDP_MASK)) throw readProtectionAsked();
  if (optcr === null) {
    if (wanted !== undefined && !canWriteOptions(context.tool)) throw toolCannot(context.tool, 'write option bytes');
    if (wanted !== undefined) after.push(optionsStep(wanted, describeOptions(wanted), context));
    return { before, after };
  }
  const needed =
    work.length === 0 ? [] : works.map(({ sector }) => sector.number).filter((number) => isProtectedIn(optcr, number));
  let now = optcr;
  if (needed.length > 0) {
    requireProtectionTool(context.tool, needed);
    now = withProtection(optcr, needed, false);
    before.push(protectionStep('unprotect', needed, now, context));
  }
  const goal = wanted ?? (options.leaveUnprotected || context.tool.protection === 'itself' ? now : optcr);
  if (goal === now) return { before, after };
  if (!canWriteOptions(context.tool)) throw toolCannot(context.tool, 'write option bytes');
  const userBitsDiffer = (goal & USER_BITS) !== (now & USER_BITS);
  const lifts = (goal & NWRP_BITS & ~(now & NWRP_BITS)) !== 0;
  if (userBitsDiffer || lifts) after.push(optionsStep(goal, describeOptions(goal), context));
  else {
    const sectors = context.flash.sectors
      .map(({ number }) => number)
      .filter((n) => isProtectedIn(goal, n) && !isProtectedIn(now, n));
    after.push(protectionStep('protect', sectors, goal, context));
  }
  return { before, after };
}

/** Without lock and start bits, which are states of the register. */
function storedBits(word: number | undefined): number | undefined {
  return word === undefined ? undefined : (word & (NWRP_BITS | RDP_MASK | USER_BITS)) >>> 0;
}

function canWriteOptions({ protection }: ToolProfile): boolean {
  return protection === 'sectors' || protection === 'word';
}

function describeOptions(word: number): string {
  return formatHex(word >>> 0, 8);
}

function readProtectionAsked(): BuildError {
  return new BuildError({
    code: 'PLAN_SETS_RDP',
    what: 'the target changes the read protection, which a plan never does',
    help: 'Leave it out of the target. Set level 1 by hand as the last step of production, when everything is proved; level 2 can never be undone.',
  });
}

function requireProtectionTool(tool: ToolProfile, sectors: readonly number[]): void {
  if (tool.protection !== 'none') return;
  throw toolCannot(tool, `lift the write protection of ${sectorWords(sectors)}`);
}

function toolCannot(tool: ToolProfile, what: string): BuildError {
  return new BuildError({
    code: 'PLAN_TOOL_CANNOT',
    what: `${tool.title} cannot ${what}`,
    help: 'Use --tool openocd, --tool st-flash or --tool cubeprogrammer.',
  });
}

/** The plan is simulated before it is given out; what fails there would fail on the bench. */
function requireSuccess({ outcome, log }: Simulation): void {
  if (outcome === 'done') return;
  const failed = log.find(({ result }) => result === 'failed');
  throw new BuildError({
    code: 'PLAN_DOES_NOT_WORK',
    what: 'the plan fails in its own simulation',
    got: failed ? `step ${failed.step}, ${failed.text}` : outcome,
    help: 'The chip does not allow it this way. Try another --tool.',
  });
}

function warningsOf(
  from: MemoryImage | null,
  optcr: number | null,
  tool: ToolProfile,
  after: Inspection,
  losses: number,
  works: readonly SectorWork[],
  options: PlanOptions,
): string[] {
  const warnings: string[] = [];
  if (from === null) {
    warnings.push(
      'Nobody has read the chip: this is the worst case. Every sector the target touches is erased, and what else stands in it is lost. Read the chip first and give the dump with --from.',
    );
  } else if (works.some(({ restored }) => restored > 0)) {
    warnings.push(
      'The plan writes parts of the dump back, so it is for this very board in the state of the dump. Run it on no other.',
    );
  }
  if (optcr === null && tool.route === 'swd' && works.length > 0) {
    warnings.push(
      `Whether sectors are write protected is not known (boards that ran Device OS 0.4 to 1.4 protect system parts and bootloader). ${
        tool.id === 'openocd'
          ? 'The script stops before it changes anything when one of them is.'
          : 'Writing a protected sector fails.'
      } Read FLASH_OPTCR and give it with --optcr.`,
    );
  }
  if (works.length > 0 && !canRead(tool)) warnings.push(`${tool.title} cannot read the flash, so no backup is made.`);
  else if (options.backup === false) warnings.push('No backup is made.');
  if (losses > 0 && from !== null) warnings.push('Something is lost: see what and why below.');
  if (after.report.verdict === 'fail' && after.report.kind === 'flash-dump') {
    warnings.push(
      'The chip will still have something wrong with it afterwards: flashatlas simulate writes the image, flashatlas inspect explains it.',
    );
  }
  return warnings;
}

function closingNotes(
  steps: readonly PlanStep[],
  tool: ToolProfile,
  optcr: number | null,
  options: PlanOptions,
): string[] {
  const notes: string[] = [];
  const lifted = steps.find(({ op }) => op === 'unprotect');
  if (lifted && !steps.some(({ op }) => op === 'protect' || op === 'options')) {
    notes.push(
      tool.protection === 'itself'
        ? `The bootloader leaves ${sectorWords(lifted.sectors)} unprotected; Device OS 0.4 to 1.4 protects the system parts again when it starts.`
        : `${sectorWords(lifted.sectors).replace(/^s/, 'S')} stay unprotected, as asked.`,
    );
  }
  if (options.allowMassErase && (optcr === null || (optcr & RDP_MASK) === RDP_OPEN)) {
    notes.push('--allow-mass-erase was given, and nothing needs it: no mass erase is in this plan.');
  }
  const written = totalSize(
    steps.flatMap(({ op, range }) =>
      op === 'program' && range ? [rangeOf(range.start, range.end - range.start)] : [],
    ),
  );
  if (written > 0) {
    notes.push(
      `${formatCount(written)} bytes are programmed. Times are from the data sheet${tool.checked ? '' : `, and ${tool.title} was not run to check them`}; the speed of the link is an assumption.`,
    );
  }
  return notes;
}
