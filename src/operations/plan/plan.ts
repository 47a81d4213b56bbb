/**
 * plan: the shortest safe sequence from what a chip holds to what it shall hold. Nothing here knows commands: steps are
 * what has to happen, scripts/ says it in the words of a tool, simulate.ts proves it.
 */
import type { MemoryImage } from '../../core/image.js';
import type { Range } from '../../core/range.js';
import { toolProfile } from '../../layout/flashing-tools.js';
import type { Board, Region } from '../../layout/types.js';
import { flashOf, type ModuleSurvey, surveyModules } from '../../regions/module/find.js';
import { examineImage } from '../examine-image.js';
import type { Inspection } from '../inspect/inspect.js';
import { type DfuRoute, routeThroughDfu } from './dfu.js';
import { FlashController } from './flash-model.js';
import { nameEffects } from './names.js';
import { arrangeBlocks } from './order.js';
import { protectionSteps } from './protection.js';
import {
  optionWord,
  requireFewPieces,
  requireInsideFlash,
  requireOpen,
  requireReadable,
  requireRightTarget,
  requireSomething,
  requireSuccess,
} from './refusals.js';
import { closingNotes, keptNotes, keyWarnings, warningsOf } from './remarks.js';
import { writeScripts } from './scripts/index.js';
import { decideSectors } from './sectors.js';
import { simulate } from './simulate.js';
import { blockSteps, dumpStep, numberSteps, resetStep, type StepContext, type StepDraft, unlockStep } from './steps.js';
import { addDurations, Estimator } from './time.js';
import type { KeptArea, Plan, PlanOptions, PlanTarget } from './types.js';
import { canRead } from './words.js';

/**
 * @param from what the chip holds, or null when nobody has read it: the plan is then for the worst case
 * @throws BuildError PLAN_… when the target cannot or must not be written that way; UsageError PLAN_OPTCR
 */
export function plan(from: MemoryImage | null, to: PlanTarget, board: Board, options: PlanOptions = {}): Plan {
  const task = understand(from, to, board, options);
  return describe(task, arrange(task));
}

type Task = ReturnType<typeof understand>;
type Arrangement = ReturnType<typeof arrange>;

/** What is asked for: refused where it cannot or must not be done, else with the way that the tool takes to the flash. */
function understand(from: MemoryImage | null, to: PlanTarget, board: Board, options: PlanOptions) {
  const tool = toolProfile(options.tool ?? 'openocd');
  const flash = flashOf(board);
  requireInsideFlash(to.image, board);
  const fromName = options.fromName ?? 'the dump';
  const inspected = from && examineImage(from, board, { optcr: options.optcr, name: fromName });
  if (inspected) requireReadable(inspected, fromName);
  const optcr = optionWord(options.optcr, board) ?? inspected?.optionBytes?.bytes.optcr ?? null;
  const unlocks = requireOpen(optcr, tool, options);
  const regions = regionsFor(inspected, to.image, board);
  const { image: wanted, left } = withoutKept(to.image, regions, options.include ?? []);
  const toName = options.toName ?? 'the target';
  requireSomething(wanted, to.image, toName);

  const baseline = unlocks !== null ? new FlashController(flash, null) : null;
  baseline?.massErase();
  const chip = baseline ? baseline.image() : from;
  const targetSurvey = surveyModules(wanted, board);
  requireRightTarget(wanted, targetSurvey, { board, from, name: toName });
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
  const names = { fromName, toName };
  const state = { from, inspected, chip, optcr, unlocks, regions, flash };
  return { ...state, ...names, board, options, to, wanted, left, targetSurvey, tool, estimator, route };
}

/** What each sector needs, and the steps in their order. */
function arrange(task: Task) {
  const { from, inspected, chip, optcr, unlocks, regions, flash, board, options, to, wanted } = task;
  const { targetSurvey, tool, estimator, route, toName } = task;
  const drop = inspected
    ? replacedEnds(inspected, route && route.image !== wanted ? surveyModules(route.image, board) : targetSurvey)
    : [];
  // A mass erase is the erase of every sector: what the target does not give is written back here too.
  const writtenBack = unlocks !== null && from !== null ? drop.reduce((rest, end) => rest.without(end), from) : null;
  const image = writtenBack
    ? writtenBack.slice(flash).merge(wanted, { overlap: 'last-wins' })
    : (route?.image ?? wanted);
  const works = decideSectors({ flash, from: chip, target: image, erasing: tool.erasing, drop });
  const blocks = arrangeBlocks({
    works,
    regions,
    from: inspected,
    chip,
    target: writtenBack ? surveyModules(image, board) : targetSurvey,
    canSeal: tool.erasing === 'explicit',
    massErase: unlocks !== null,
  });
  const context = { flash, tool, estimator, nameAt: (address: number) => nameAt(address, regions) };
  const work = [...blockSteps(blocks, context), ...(route?.dctWrites ?? [])];
  requireFewPieces(work, toName);
  const protection = protectionSteps(work, works, unlocks ?? optcr, to.optcr, options, context);
  const drafts = frame(work, protection, { unlocks, options, context, route });
  const steps = numberSteps(drafts);
  return { works, image, steps };
}

/** The plan with what it changes, keeps and loses, and with what the board does afterwards, as the simulation shows it. */
function describe(task: Task, { works, image, steps }: Arrangement): Plan {
  const { from, inspected, optcr, unlocks, regions, flash, board, options, wanted, left } = task;
  const { tool, route, fromName, toName } = task;
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
    warnings: [
      ...(route?.warnings ?? []),
      ...keyWarnings(inspected, after),
      ...warningsOf({
        from,
        flash,
        optcr,
        tool,
        after,
        losses: names.lost.length,
        works,
        erasesAll: unlocks !== null,
        options,
      }),
    ],
    notes: [
      ...keptNotes(left, unlocks !== null && from === null),
      ...(route?.notes ?? []),
      ...closingNotes(steps, tool, optcr, options),
    ],
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
    readonly context: StepContext;
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
  return { image: rest, left };
}

/** Where a shorter module replaces a longer one at the same place, the end of the old one is worth nothing. */
function replacedEnds(from: Inspection, target: ModuleSurvey): Range[] {
  const whole = target.modules.filter(({ module }) => module.missing === 0);
  const successors = new Map(whole.map(({ module }) => [module.address, module]));
  return from.survey.modules.flatMap(({ module: old, role }) => {
    if (old.crc !== 'ok' || role === 'foreign') return [];
    const now = successors.get(old.address);
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
