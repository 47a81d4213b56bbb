/** What a plan refuses before it begins, and what it refuses to give out. */
import { formatHex } from '../../core/bytes.js';
import { BuildError, UsageError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { containsRange, overlaps } from '../../core/range.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import type { Board } from '../../layout/types.js';
import { flashOf } from '../../regions/module/find.js';
import { decodeOptionRegister } from '../../regions/option-bytes.js';
import { optionByteContext } from '../inspect/extra-memory.js';
import type { Inspection } from '../inspect/inspect.js';
import { RDP_MASK, RDP_OPEN } from './flash-model.js';
import type { Simulation } from './simulate.js';
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

export function requireReadable({ placed, report }: Inspection, name: string): void {
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
