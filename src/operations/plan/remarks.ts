/** What a person has to know before, and what is good to know. */
import type { MemoryImage } from '../../core/image.js';
import { rangeOf, totalSize } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import type { Inspection } from '../inspect/inspect.js';
import { RDP_MASK, RDP_OPEN } from './flash-model.js';
import type { SectorWork } from './sectors.js';
import type { PlanOptions, PlanStep } from './types.js';
import { canRead, sectorWords } from './words.js';

export function warningsOf(
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
