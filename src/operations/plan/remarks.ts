/** What a person has to know before, and what is good to know. */
import type { MemoryImage } from '../../core/image.js';
import { rangeOf, sizeOf, totalSize } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import type { Memory } from '../../layout/types.js';
import type { Inspection } from '../inspect/inspect.js';
import { RDP_MASK, RDP_OPEN } from './flash-model.js';
import type { SectorWork } from './sectors.js';
import type { PlanOptions, PlanStep } from './types.js';
import { canRead, sectorWords } from './words.js';

export interface WarningInput {
  /** The dump, or null. */
  readonly from: MemoryImage | null;
  readonly flash: Memory;
  readonly optcr: number | null;
  readonly tool: ToolProfile;
  readonly after: Inspection;
  /** Number of things that are lost. */
  readonly losses: number;
  readonly works: readonly SectorWork[];
  /** A mass erase, after which what the dump holds is written back. */
  readonly erasesAll: boolean;
  readonly options: PlanOptions;
}

export function warningsOf(input: WarningInput): string[] {
  const { from, flash, optcr, tool, after, losses, works, erasesAll, options } = input;
  const warnings: string[] = [];
  const unread = from === null ? 0 : totalSize(from.gaps(flash));
  if (unread > 0) {
    warnings.push(
      `The dump holds ${formatCount(sizeOf(flash) - unread)} of the ${formatCount(sizeOf(flash))} bytes of the flash. What else the chip holds is not known, and an erased sector loses it. Give a dump of the whole flash with --from.`,
    );
  }
  if (from === null && erasesAll) {
    warnings.push(
      'Nobody has read the chip, and all that it holds is erased, the device key with it. A debugger cannot read it now, but the bootloader can: read it over USB DFU first (dfu-util -a 0 -U) and give the dump with --from.',
    );
  } else if (from === null) {
    warnings.push(
      'Nobody has read the chip: this is the worst case. Every sector the target touches is erased, and what else stands in it is lost. Read the chip first and give the dump with --from.',
    );
  } else if (erasesAll) {
    warnings.push(
      'The chip cannot be read before it erases itself, and everything the target does not give is written back from the dump. Be sure that the dump is of this very board.',
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

export function closingNotes(
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

/** The public half of the device key is what the cloud knows a board by. */
export function keyWarnings(before: Inspection | null, after: Inspection): string[] {
  const then = before?.report.dct?.deviceKeyFingerprint ?? null;
  const now = after.report.dct?.deviceKeyFingerprint ?? null;
  if (then === null || now === null || then === now) return [];
  return [
    'The board gets another device key. The cloud knows it by the old one and refuses it until it has the new public key; and two boards with one key disturb each other.',
  ];
}

/** @param left regions that the target has and the plan does not write; @param lost whether a mass erase takes them. */
export function keptNotes(left: readonly string[], lost: boolean): string[] {
  if (left.length === 0) return [];
  const words = [...new Set(left.map((id) => (id.startsWith('dct') ? 'dct' : 'eeprom')))].join(',');
  const instead = lost
    ? 'The plan does not write them, and the mass erase takes what the board has there'
    : 'The plan keeps what the board has there';
  return [
    `The target also has ${left.join(', ')}. ${instead}; to write ${lost ? 'them' : 'it'}, say --include ${words}.`,
  ];
}
