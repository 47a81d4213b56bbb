/** What a plan refuses before it begins, and what it refuses to give out. */
import { equalBytes, formatHex } from '../../core/bytes.js';
import { BuildError, UsageError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange, overlaps, rangeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import { examineAcquisition } from '../../regions/acquisition/index.js';
import { flashOf, type ModuleSurvey } from '../../regions/module/find.js';
import { decodeOptionRegister } from '../../regions/option-bytes.js';
import { optionByteContext } from '../inspect/extra-memory.js';
import type { Inspection } from '../inspect/inspect.js';
import { RDP_MASK, RDP_OPEN } from './flash-model.js';
import type { Simulation } from './simulate.js';
import type { StepDraft } from './steps.js';
import type { PlanOptions } from './types.js';

export function requireInsideFlash(image: MemoryImage, board: Board): void {
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

/** @throws BuildError PLAN_FROM_UNREADABLE */
export function requireReadable({ placed, report }: Inspection, name: string): void {
  const unreadable = report.findings.find(
    ({ rule, severity }) => rule.startsWith('acquisition/') && severity === 'error',
  );
  const rearranged = report.acquisition?.transform ?? null;
  if (!unreadable && rearranged === null && placed.base !== null) return;
  throw new BuildError({
    code: 'PLAN_FROM_UNREADABLE',
    what: 'the dump is not what the chip holds',
    where: name,
    got: unreadable?.message ?? (rearranged === null ? placed.baseReason : `its bytes are rearranged (${rearranged})`),
    help: 'Read the chip again and check the dump with flashatlas inspect, or leave --from out for the worst case.',
  });
}

/** Rearranged firmware looks like firmware to the tools that read it, and like nothing to the chip. */
export function requireRightTarget(
  image: MemoryImage,
  survey: ModuleSurvey,
  { board, from, name }: { readonly board: Board; readonly from: MemoryImage | null; readonly name: string },
): void {
  const transform = survey.modules.length > 0 ? null : examineAcquisition(image, board.chip).transform;
  if (transform !== null) {
    throw new BuildError({
      code: 'PLAN_TO_UNREADABLE',
      what: 'the target cannot be written as it is',
      where: name,
      got: `its bytes are rearranged (${transform})`,
      help: `Bring them in order first: flashatlas convert FILE --undo ${transform} -o OUT.bin, or read the chip again.`,
    });
  }
  const wrong = survey.modules.find(
    ({ role, region, module: { address, bytes } }) =>
      role === 'foreign' && region && isStartedFrom(region) && !holds(from, address, bytes),
  );
  if (!wrong) return;
  const { info, address } = wrong.module;
  const platform = platformOf(info.platformId)?.name;
  throw new BuildError({
    code: 'PLAN_OTHER_PLATFORM',
    what: 'the target has firmware for another platform, which does not run here',
    where: name,
    expected: board.name,
    got: `platform ${info.platformId}${platform ? ` (${platform})` : ''} at ${formatHex(address, 8)}`,
    address,
    help: 'Take the file for this board, or name the board with --board.',
  });
}

function holds(image: MemoryImage | null, address: number, bytes: Uint8Array): boolean {
  const old = image?.bytes(rangeOf(address, bytes.length));
  return old !== undefined && equalBytes(old, bytes);
}

/** What waits in the OTA region or in the factory slot starts nothing by itself. */
function isStartedFrom({ role }: Region): boolean {
  return role === 'bootloader' || role === 'system-part' || role === 'firmware' || role === 'user';
}

/** @throws UsageError PLAN_OPTCR when the word is none. */
export function optionWord(word: number | undefined, board: Board): number | null {
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
export function requireOpen(optcr: number | null, tool: ToolProfile, options: PlanOptions): number | null {
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
      help: 'Keys, Wi-Fi networks, EEPROM and factory image would be gone, and a debugger cannot read them before. Use USB DFU, which still works (--tool dfu-util, which also reads the flash first), or say --allow-mass-erase.',
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

export function requireSomething(wanted: MemoryImage, whole: MemoryImage, name: string): void {
  if (wanted.byteCount > 0) return;
  const empty = whole.byteCount === 0;
  throw new BuildError({
    code: empty ? 'PLAN_NO_TARGET' : 'PLAN_ONLY_KEPT',
    what: empty ? 'the target holds no bytes' : 'the target holds only DCT or EEPROM, which a plan keeps as they are',
    where: name,
    help: empty ? 'Give an image, a module or a recipe.' : 'Say --include dct, --include eeprom or both to write them.',
  });
}

/** Each is a file and a command: beyond this many nobody can follow a plan, and it takes longer than whole sectors do. */
const MAX_PROGRAM_STEPS = 512;

/** @throws BuildError PLAN_TOO_MANY_PIECES */
export function requireFewPieces(steps: readonly StepDraft[], name: string): void {
  const count = steps.filter(({ op }) => op === 'program').length;
  if (count <= MAX_PROGRAM_STEPS) return;
  throw new BuildError({
    code: 'PLAN_TOO_MANY_PIECES',
    what: 'the target would have to be written in too many separate pieces',
    where: name,
    expected: `at most ${MAX_PROGRAM_STEPS}`,
    got: formatCount(count),
    help: 'The dump does not hold what lies between them, so they cannot be joined. Give a dump of the whole flash with --from.',
  });
}

/** The plan is simulated before it is given out; what fails there would fail on the bench. */
export function requireSuccess({ outcome, log }: Simulation): void {
  if (outcome === 'done') return;
  const failed = log.find(({ result }) => result === 'failed');
  throw new BuildError({
    code: 'PLAN_DOES_NOT_WORK',
    what: 'the plan fails in its own simulation',
    got: failed ? `step ${failed.step}, ${failed.text}` : outcome,
    help: 'The chip does not allow it this way. Try another --tool.',
  });
}
