/** From sectors that need work to steps in an order that a power cut does not turn against the board. */
import { formatAddress } from '../../core/bytes.js';
import { overlaps, type Range, sizeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import type { Memory } from '../../layout/types.js';
import { joinAcrossSectors, type SectorWork } from './sectors.js';
import type { Estimator } from './time.js';
import type { PlanStep } from './types.js';
import { sectorRuns, sectorWords } from './words.js';

/** Sectors that are erased and written together. */
export interface Block {
  /** "the DCT", "bootloader", "firmware": begins file names when no region gives one. */
  readonly name: string;
  readonly works: readonly SectorWork[];
  /** Why the block stands where it stands. */
  readonly why: string;
  readonly seal: Seal | null;
}

/** First bytes that are written last, so that the block counts as absent until it is complete. */
export interface Seal extends Range {
  /** block: after the rest of the block. end: after everything else is written and verified. */
  readonly when: 'block' | 'end';
  readonly why: string;
  /** Why the sector that holds it is erased first; null when that does not matter. */
  readonly whyErased: string | null;
}

export type StepDraft = Omit<PlanStep, 'number' | 'verifies'> & { readonly verifiesBlocks?: boolean };

/** What steps are made with. */
export interface StepContext {
  readonly flash: Memory;
  readonly tool: ToolProfile;
  readonly estimator: Estimator;
  /** What lies at an address: "system-part1" for file names, "system part 1" for people. */
  readonly nameAt: (address: number) => { readonly id: string; readonly title: string };
}

/** Over DFU the bootloader does what the tool asks for: read protection does not stop it. */
function actor({ route }: ToolProfile): 'tool' | 'bootloader' {
  return route === 'dfu' ? 'bootloader' : 'tool';
}

const EMPTY = {
  sectors: [],
  range: null,
  data: null,
  file: null,
  optcr: null,
  offset: null,
};

export function dumpStep({ flash, estimator, tool }: StepContext, file = BACKUP_FILE): StepDraft {
  const bytes = sizeOf(flash);
  return {
    ...EMPTY,
    by: actor(tool),
    op: 'dump',
    title: `read the whole flash to ${file}`,
    why: 'The backup: keys and Wi-Fi networks exist nowhere else. The plan stops here when the chip cannot be read.',
    range: { start: flash.start, end: flash.end },
    bytes,
    ms: estimator.transfer(bytes),
    file,
  };
}

const BACKUP_FILE = 'backup.bin';

/** Erasing, programming and verifying of blocks in their order; what is sealed is written after everything is verified. */
export function blockSteps(blocks: readonly Block[], context: StepContext): StepDraft[] {
  const steps: StepDraft[] = [];
  const seals: StepDraft[] = [];
  for (const block of blocks) {
    steps.push(...eraseSteps(block, context));
    const runs = joinAcrossSectors(block.works, context.tool.erasing);
    const { seal } = block;
    const { body, head } = seal ? splitSeal(runs, seal) : { body: runs, head: [] };
    const why = block.works.some(({ erase }) => erase) ? '' : block.why;
    steps.push(...body.map((run) => programStep(run, block, context, why)));
    const last = seal?.when === 'end' ? seals : steps;
    last.push(...head.map((run) => programStep(run, block, context, seal?.why ?? '')));
  }
  const written = steps.some(({ op }) => op === 'program');
  return [
    ...steps,
    ...(written ? [verifyStep(steps, context)] : []),
    ...seals,
    ...(seals.length > 0 ? [verifyStep(seals, context)] : []),
  ];
}

function splitSeal(runs: readonly Range[], seal: Range): { readonly body: Range[]; readonly head: Range[] } {
  const body: Range[] = [];
  const head: Range[] = [];
  for (const run of runs) {
    if (!overlaps(run, seal)) body.push(run);
    else {
      head.push({ start: run.start, end: Math.min(run.end, seal.end) });
      if (run.end > seal.end) body.push({ start: seal.end, end: run.end });
    }
  }
  return { body, head };
}

function eraseSteps({ works, why, seal }: Block, { estimator, tool }: StepContext): StepDraft[] {
  const erased = works.filter(({ erase }) => erase);
  const runs = sectorRuns(erased.map(({ sector }) => sector.number)).map(([first, last]) =>
    erased.filter(({ sector }) => sector.number >= first && sector.number <= last),
  );
  // What makes the firmware count as absent goes first.
  const holdsSeal = (run: readonly SectorWork[]): boolean =>
    seal !== null && seal.whyErased !== null && run.some(({ sector }) => overlaps(sector, seal));
  runs.sort((a, b) => Number(holdsSeal(b)) - Number(holdsSeal(a)));
  return runs.map((run) => {
    const sectors = run.map(({ sector }) => sector);
    const numbers = sectors.map(({ number }) => number);
    const restored = run.reduce((sum, work) => sum + work.restored, 0);
    const reasons = causes(run, tool);
    if (holdsSeal(run) && seal?.whyErased) reasons.push(seal.whyErased);
    if (restored > 0)
      reasons.push(`${formatCount(restored)} bytes the target does not give are written again afterwards.`);
    return {
      ...EMPTY,
      by: actor(tool),
      op: 'erase' as const,
      title: `erase ${sectorWords(numbers)}`,
      why: [...reasons, why].filter(Boolean).join(' '),
      sectors: numbers,
      range: { start: sectors[0]?.start ?? 0, end: sectors.at(-1)?.end ?? 0 },
      bytes: sectors.reduce((sum, { size }) => sum + size, 0),
      ms: estimator.erase(sectors),
    };
  });
}

/** One sentence for each kind of cause, with its sectors and the first place. */
function causes(run: readonly SectorWork[], tool: ToolProfile): string[] {
  const found = run.flatMap(({ sector, cause }) => (cause ? [{ number: sector.number, ...cause }] : []));
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const group = found.filter((cause) => cause.kind === kind);
    const where = sectorWords(group.map(({ number }) => number));
    const first = formatAddress(group[0]?.address ?? 0);
    switch (kind) {
      case 'set-bits':
        return `Bits that are 0 have to become 1 in ${where}, first at ${first}; only an erase does that.`;
      case 'unread':
        return `Nobody knows what ${where} ${group.length === 1 ? 'holds' : 'hold'}.`;
      case 'not-in-dump':
        return `The dump does not hold ${first} in ${where}, so it may not be erased there.`;
      default:
        return `In ${where} no bit has to become 1 again, but ${tool.title} erases every sector it writes to.`;
    }
  });
}

function programStep(run: Range, { works }: Block, { estimator, nameAt, tool }: StepContext, why: string): StepDraft {
  const data = new Uint8Array(sizeOf(run)).fill(0xff);
  const sectors: number[] = [];
  let erased = true;
  for (const { sector, final, erase } of works) {
    if (!overlaps(sector, run)) continue;
    sectors.push(sector.number);
    erased &&= erase;
    const start = Math.max(sector.start, run.start);
    const end = Math.min(sector.end, run.end);
    data.set(final.subarray(start - sector.start, end - sector.start), start - run.start);
  }
  const { id, title } = nameAt(run.start);
  return {
    ...EMPTY,
    by: actor(tool),
    op: 'program',
    title: `program ${title} at ${formatAddress(run.start)}`,
    why: erased ? why : `Only clears bits, so nothing is erased. ${why}`.trim(),
    sectors,
    range: run,
    bytes: data.length,
    ms: estimator.program(data.length),
    data,
    file: `${id}-${formatAddress(run.start).slice(2).toLowerCase()}.bin`,
  };
}

function verifyStep(steps: readonly StepDraft[], { estimator, tool }: StepContext): StepDraft {
  const written = steps.filter(({ op }) => op === 'program');
  const bytes = written.reduce((sum, step) => sum + step.bytes, 0);
  const first = written[0]?.range;
  const last = written.at(-1)?.range;
  const itself = tool.protection === 'itself';
  return {
    ...EMPTY,
    op: 'verify',
    by: itself ? 'bootloader' : 'tool',
    title: itself ? 'verify: the bootloader compares each block' : `verify ${formatCount(bytes)} bytes`,
    why: itself
      ? 'From version 7 on the bootloader reads every block back and repeats it when it differs.'
      : 'Reads back what was programmed; the script stops when one byte differs.',
    sectors: [...new Set(written.flatMap(({ sectors }) => sectors))],
    range: first && last ? { start: first.start, end: last.end } : null,
    bytes,
    ms: itself ? { typical: 0, max: 0 } : estimator.transfer(bytes),
    verifiesBlocks: true,
  };
}

export function protectionStep(
  op: 'unprotect' | 'protect',
  sectors: readonly number[],
  optcr: number,
  { estimator, tool }: StepContext,
): StepDraft {
  const itself = tool.protection === 'itself';
  const words = sectorWords(sectors);
  return {
    ...EMPTY,
    op,
    by: itself ? 'bootloader' : 'tool',
    title: op === 'unprotect' ? `lift the write protection of ${words}` : `protect ${words} again`,
    why:
      op === 'protect'
        ? 'As it was before.'
        : itself
          ? 'The bootloader does that by itself before it erases a sector.'
          : 'The chip refuses to erase or program a protected sector (WRPERR). The others keep their protection.',
    sectors,
    bytes: 0,
    ms: estimator.options(),
    optcr,
  };
}

export function optionsStep(optcr: number, what: string, { estimator }: StepContext): StepDraft {
  return {
    ...EMPTY,
    by: 'tool',
    op: 'options',
    title: `write the option bytes: ${what}`,
    why: 'The target asks for it. It takes effect when the board is powered off and on.',
    bytes: 4,
    ms: estimator.options(),
    optcr,
  };
}

export function unlockStep(optcr: number, { estimator, flash }: StepContext): StepDraft {
  return {
    ...EMPTY,
    by: 'tool',
    op: 'unlock',
    title: 'leave read protection level 1, which erases the whole chip',
    why: 'At level 1 no debugger can read, erase or program the flash. Lowering the level makes the chip erase itself first. Power the board off and on afterwards.',
    sectors: flash.sectors.map(({ number }) => number),
    range: { start: flash.start, end: flash.end },
    bytes: sizeOf(flash),
    ms: estimator.massErase(),
    optcr,
  };
}

export function resetStep(context: StepContext): StepDraft {
  const leave = context.tool.route === 'dfu';
  return {
    ...EMPTY,
    by: actor(context.tool),
    op: 'reset',
    title: leave ? 'leave DFU mode' : 'reset and run',
    why: leave ? 'The bootloader resets the board half a second later.' : 'The board starts with what it holds now.',
    bytes: 0,
    ms: context.estimator.start(),
  };
}

/** Numbers the steps; a verify step compares what was programmed since the one before. */
export function numberSteps(drafts: readonly StepDraft[]): PlanStep[] {
  let pending: number[] = [];
  return drafts.map(({ verifiesBlocks, ...draft }, index) => {
    const number = index + 1;
    if (draft.op === 'program') pending.push(number);
    const verifies = verifiesBlocks ? pending : [];
    if (verifiesBlocks) pending = [];
    return { ...draft, number, verifies };
  });
}
