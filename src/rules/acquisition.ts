/** Rules about the reading itself: what to do before believing anything else the dump says. */
import { formatAddress } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import { bytesWords } from '../core/words.js';
import type { AcquisitionReport } from '../regions/acquisition/index.js';
import { defineRule, report } from './rule.js';

/** Below this an inferred base is a hint, not a contradiction of the given one. */
const SURE_OF_BASE = 0.8;
/** Repetition at this distance or more is a smaller chip or an unused address line; below it, nothing can be trusted. */
const SMALLEST_FLASH = 128 * 1024;

const READ_AGAIN = 'Connect under reset at a lower clock, read the flash again and compare both files.';
const NO_REPAIR = 'Check the wiring or the reader, then read again; this file cannot be repaired.';

export interface AcquisitionOptions {
  /** Where the image's addresses came from: a person or a file that states them may know better than the headers. */
  readonly baseSource?: 'given' | 'file' | 'header' | 'inferred' | undefined;
}

export const allErased = defineRule({
  id: 'acquisition/all-erased',
  severity: 'warning',
  title: 'All bytes 0xFF',
  about: 'Every byte is 0xFF: a blank flash, or a read that failed.',
  why: 'A blank chip and a failed read look the same; writing such a file back would erase a board that is fine.',
  source: 'RM0033, flash organisation, PM0059',
  message: (e: { bytes: number }) =>
    `All ${e.bytes} bytes are 0xFF. Either the flash is blank, or the read failed in a way that returns 0xFF.`,
  remedy: () =>
    'Read the unique device id at 0x1FFF7A10 over the same connection: if that works too, the flash is blank; if not, the read failed.',
});

export const allZero = defineRule({
  id: 'acquisition/all-zero',
  severity: 'error',
  title: 'All bytes 0x00',
  about: 'Every byte is 0x00: the chip is read-protected, or the read failed.',
  why: 'The file is no backup. Removing the read protection that is the likely reason erases the flash.',
  source: 'RM0033, read protection',
  message: (e: { unit: string; unitBytes: number; bytes: number }) =>
    `All ${e.bytes} bytes are 0x00. Flash is never all zero by itself: the chip is read-protected or the read failed.`,
  remedy: () =>
    'Read the option bytes: RDP other than 0xAA means read protection, and removing it erases the flash. With RDP 0xAA connect under reset, halt the core and read again.',
});

export const constantUnit = defineRule({
  id: 'acquisition/constant-unit',
  severity: 'error',
  title: 'One value throughout',
  about: 'The whole dump repeats one byte or word.',
  why: 'The file is no backup: the debug link repeated one answer.',
  source: 'ADIv5 auto-increment of the transfer address',
  message: (e: { unit: string; unitBytes: number; bytes: number }) =>
    `All ${e.bytes} bytes repeat the ${bytesWords(e.unitBytes)} ${e.unit}. The address did not advance, or the chip did not answer.`,
  remedy: () => READ_AGAIN,
});

export const transformed = defineRule({
  id: 'acquisition/transformed',
  severity: 'error',
  title: 'Rearranged bytes',
  about: 'The bytes of the dump are rearranged, for example swapped or inverted.',
  why: 'Written back as it is, the file makes a board that does not start.',
  source: 'order of bytes in the vector table and in module headers',
  message: (e: { transform: string; landmarks: string | number | boolean; sentence: string }) =>
    `The bytes are rearranged (${e.transform}). ${e.sentence} What is shown and judged here are not the bytes of the file, but those after undoing ${e.transform}.`.replace(
      '  ',
      ' ',
    ),
  remedy: (e) =>
    `Undo it with "flashatlas convert --undo ${e.transform} IN -o OUT", or export the dump again in byte order; do not flash it as it is.`,
});

export const repeated = defineRule({
  id: 'acquisition/repeated',
  severity: 'error',
  title: 'Repeated content',
  about: 'The content repeats: a smaller chip, or address lines without effect.',
  why: 'Part of the flash was read twice and part of it not at all.',
  source: 'RM0033, flash organisation, flash size at 0x1FFF7A22',
  message: (e: { period: number }) =>
    `The content repeats every ${e.period} bytes. ${e.period < SMALLEST_FLASH ? 'High address lines have no effect, so most of the flash was not read.' : 'The chip has less flash than was read, or its highest address line has no effect.'}`,
  remedy: (e) =>
    e.period < SMALLEST_FLASH ? READ_AGAIN : 'Read the flash size at 0x1FFF7A22 and dump only that many KiB.',
});

export const stuckDataLine = defineRule({
  id: 'acquisition/stuck-data-line',
  severity: 'error',
  title: 'Stuck data line',
  about: 'One bit of every unit reads the same.',
  why: 'Every unit has one wrong bit, and which bytes it changed cannot be told any more.',
  source: 'comparison of all units of the reading',
  message: (e: { bit: number; level: number; width: number; proofs: number }) =>
    `Bit ${e.bit} of every ${e.width}-bit unit reads as ${e.level}. A data line is stuck, and the true values are lost.`,
  remedy: () => NO_REPAIR,
});

export const stuckAddressLine = defineRule({
  id: 'acquisition/stuck-address-line',
  severity: 'error',
  title: 'Stuck address line',
  about: 'One address bit has no effect, so half of the flash is missing.',
  why: 'One half of the flash is here twice and the other half is not here at all.',
  source: 'comparison of blocks of the reading',
  message: (e: { bit: number; level: number | string; ignored: string | number | boolean }) =>
    `Address bit ${e.bit} has no effect${e.level === 'unknown' ? '' : ` and reads as ${e.level}`}. Half of the flash is missing, and the other half is here twice.`,
  remedy: () => NO_REPAIR,
});

export const truncatedDump = defineRule({
  id: 'acquisition/truncated',
  severity: 'error',
  title: 'Truncated file',
  about: 'The file ends in the middle of something.',
  why: 'What is missing is unknown, not erased: the file cannot restore the board.',
  source: 'size of the flash, RM0033, flash organisation',
  message: (e: { shortBy: number; bytes: number }) => `The file ends ${bytesWords(e.shortBy)} too early.`,
  remedy: () => 'Read or download it again and compare its size.',
});

export const partial = defineRule({
  id: 'acquisition/partial',
  severity: 'note',
  title: 'Partial dump',
  about: 'The dump stops at a sector boundary before the end of flash.',
  why: 'What lies behind the end is unknown, so that nothing is said about it.',
  source: 'size of the flash, RM0033, flash organisation',
  message: (e: { shortBy: number; bytes: number }) =>
    `The dump stops at a sector boundary, ${e.shortBy} bytes before the end of flash. What lies there is unknown, not erased.`,
  remedy: () => 'Read the whole flash if the rest matters.',
});

export const tooLong = defineRule({
  id: 'acquisition/too-long',
  severity: 'warning',
  title: 'Longer than the flash',
  about: 'The file is longer than the flash of the chip.',
  why: 'Tools refuse such a file or write its end somewhere else.',
  source: 'size of the flash, RM0033, flash organisation',
  message: (e: { longBy: number; tail: string }) => `The file has ${e.longBy} bytes more than the chip has flash.`,
  remedy: () => 'Find out where the rest comes from, and cut it off before flashing.',
});

export const appendedSuffix = defineRule({
  id: 'acquisition/appended',
  severity: 'note',
  title: 'DFU suffix behind the content',
  about: 'A DFU suffix follows the flash content.',
  why: 'A programmer that does not know the suffix writes it into flash as if it were firmware.',
  source: 'DFU 1.1 appendix B',
  message: (e: { kind: string; bytes: number; crc: string }) =>
    `The last ${e.bytes} bytes are a DFU suffix (CRC ${e.crc}), not flash content.`,
  remedy: () => 'Read the file as DFU, so that the suffix is not taken for firmware.',
});

export const gluedModules = defineRule({
  id: 'acquisition/glued-modules',
  severity: 'error',
  title: 'Modules glued together',
  about: 'The file is several modules one after the other, not an image.',
  why: 'Written to one address, all modules but the first lie where nothing looks for them.',
  source: 'hal/src/photon/ota_module_bounds.c @ v2.3.1',
  message: (e: { modules: number; addresses: string; offsets: string }) =>
    `The file is ${e.modules} modules one after the other, not an image: at their places in the file none but the first could run.`,
  remedy: () => 'Split the file at these offsets and build an image with every module at its own address.',
});

export const oddOffset = defineRule({
  id: 'acquisition/odd-offset',
  severity: 'error',
  title: 'Shifted content',
  about: 'The content begins some bytes before or after where the file does.',
  why: 'All addresses are off by some bytes, so that a board written from it does not start.',
  source: 'vector tables and module headers in the content',
  message: (e: { given: string; inferred: string; confidence: number; oddOffset: number; reason: string }) =>
    e.oddOffset < 0
      ? `The content starts ${bytesWords(-e.oddOffset)} into the file. ${e.reason}`
      : `The file starts ${bytesWords(e.oddOffset)} after a boundary. ${e.reason}`,
  remedy: (e) => (e.oddOffset < 0 ? `Cut off the first ${bytesWords(-e.oddOffset)}.` : `Give --base ${e.inferred}.`),
});

export const baseMismatch = defineRule({
  id: 'acquisition/base-mismatch',
  severity: 'warning',
  title: 'Content for another address',
  about: 'The bytes say they belong to another address than they were placed at.',
  why: 'Headers name the address they belong to: at another one nothing of it runs.',
  source: 'vector tables and module headers in the content',
  message: (e: { given: string; inferred: string; confidence: number; reason: string }) =>
    `The bytes were placed at ${e.given}, but say they belong to ${e.inferred}. ${e.reason}`,
  remedy: (e) => `Give --base ${e.inferred}.`,
});

export const droppedChunk = defineRule({
  id: 'acquisition/dropped-chunk',
  severity: 'warning',
  title: 'Lost transfer',
  about: 'A whole transfer of zeros lies amid other content.',
  why: 'A block of zeros stands where code was: the board crashes when it gets there.',
  source: 'transfer sizes of DFU and of debug links',
  message: (e: { bytes: number; chunk: number }) =>
    `${e.bytes} bytes of zeros lie exactly between two multiples of ${e.chunk} bytes amid other content, as when a transfer is lost.`,
  remedy: () => READ_AGAIN,
});

export const acquisitionRules = [
  allErased,
  allZero,
  constantUnit,
  transformed,
  repeated,
  stuckDataLine,
  stuckAddressLine,
  truncatedDump,
  partial,
  tooLong,
  appendedSuffix,
  gluedModules,
  oddOffset,
  baseMismatch,
  droppedChunk,
] as const;

/** True for a reading whose content is not that of the chip: what else it shows says nothing about the board. */
export function isUnreadable({ rule, severity }: Finding): boolean {
  const rules: readonly string[] = [allZero.id, constantUnit.id, repeated.id, stuckDataLine.id, stuckAddressLine.id];
  return severity === 'error' && rules.includes(rule);
}

/** True when the content lies beside its addresses, unless it is moved. */
export function isMisplaced({ rule }: Finding): boolean {
  return rule === oddOffset.id;
}

/** What the acquisition report means for the dump, one finding per peculiarity. */
export function checkAcquisition(acquisition: AcquisitionReport, options: AcquisitionOptions = {}): Finding[] {
  return [
    ...checkConstant(acquisition),
    ...checkTransform(acquisition),
    ...checkLines(acquisition),
    ...checkExtent(acquisition),
    ...checkPlace(acquisition, options),
    ...checkChunks(acquisition),
  ];
}

function checkConstant({ range, blank, readProtected, constantUnit: unit }: AcquisitionReport): Finding[] {
  const bytes = range.end - range.start;
  if (blank) return [report(allErased, range, { bytes })];
  if (!readProtected || !unit) return [];
  const rule = unit.hex === '00' ? allZero : constantUnit;
  return [report(rule, range, { unit: unit.hex, unitBytes: unit.size, bytes })];
}

function checkTransform({ range, transform, sentences, evidence }: AcquisitionReport): Finding[] {
  if (!transform) return [];
  const sentence = sentences.find((candidate) => candidate.includes(transform)) ?? '';
  return [report(transformed, range, { transform, landmarks: evidence.landmarks ?? 0, sentence })];
}

function checkLines({ range, repeat, stuck, evidence }: AcquisitionReport): Finding[] {
  const findings: Finding[] = [];
  if (repeat) {
    const { period } = repeat;
    const start = range.start + period;
    const severity = period < SMALLEST_FLASH ? 'error' : 'warning';
    findings.push(report(repeated, { start, end: Math.max(range.end, start) }, { period }, { severity }));
  }
  if (stuck?.kind === 'data') {
    const { bit, level, width, proofs } = stuck;
    findings.push(report(stuckDataLine, range, { bit, level, width, proofs }));
  }
  if (stuck?.kind === 'address') {
    const { bit, level } = stuck;
    const ignored = evidence.ignoredAddressBits ?? '';
    findings.push(report(stuckAddressLine, range, { bit, level: level ?? 'unknown', ignored }));
  }
  return findings;
}

function checkExtent({ range, truncated, shortBy, longBy, appended }: AcquisitionReport): Finding[] {
  const { start, end } = range;
  const findings: Finding[] = [];
  if (truncated || shortBy > 0) {
    const rule = truncated ? truncatedDump : partial;
    findings.push(report(rule, { start: end, end: end + shortBy }, { shortBy, bytes: end - start }));
  }
  if (longBy > 0) {
    findings.push(report(tooLong, { start: end - longBy, end }, { longBy, tail: appended?.kind ?? 'none' }));
  }
  if (appended?.kind === 'dfu-suffix') {
    const { kind, offset, length: bytes, crc } = appended;
    const place = { start: start + offset, end: start + offset + bytes };
    findings.push(report(appendedSuffix, place, { kind, bytes, crc: crc ?? 'unknown' }));
  }
  return findings;
}

function checkPlace(
  { range, base, oddOffset: odd, gluedModules: glued }: AcquisitionReport,
  { baseSource }: AcquisitionOptions,
): Finding[] {
  if (glued.length > 0) {
    const addresses = glued.map((module) => formatAddress(module.startAddress)).join(', ');
    const offsets = glued.map((module) => module.offset).join(', ');
    return [report(gluedModules, range, { modules: glued.length, addresses, offsets })];
  }
  if (!base || base.address === range.start) return [];
  const { confidence, reason } = base;
  const evidence = { given: formatAddress(range.start), inferred: formatAddress(base.address), confidence, reason };
  if (odd !== null) return [report(oddOffset, range, { ...evidence, oddOffset: odd })];
  if (confidence < SURE_OF_BASE) return [];
  // A module kept elsewhere on purpose (OTA, factory) looks the same.
  const severity = baseSource === 'given' || baseSource === 'file' ? 'note' : 'warning';
  return [report(baseMismatch, range, evidence, { severity })];
}

function checkChunks({ range, droppedChunks }: AcquisitionReport): Finding[] {
  return droppedChunks.map(({ offset, length, chunk }) => {
    const start = range.start + offset;
    return report(droppedChunk, { start, end: start + length }, { bytes: length, chunk });
  });
}
