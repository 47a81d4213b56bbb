/** Findings about the reading itself: what to do before believing anything else the dump says. */
import { formatAddress } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import type { AcquisitionReport } from '../regions/acquisition/index.js';

/** Below this an inferred base is a hint, not a contradiction of the given one. */
const SURE_OF_BASE = 0.8;
/** Repetition at this distance or more is a smaller chip or an unused address line; below it, nothing can be trusted. */
const SMALLEST_FLASH = 128 * 1024;

const READ_AGAIN = 'Connect under reset at a lower clock, read the flash again and compare both files.';

export interface AcquisitionOptions {
  /** Where the image's addresses came from: a person or a file that states them may know better than the headers. */
  readonly baseSource?: 'given' | 'file' | 'header' | 'inferred' | undefined;
}

/** `1 byte`, `5 bytes`. */
function countBytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}

/** What the acquisition report means for the dump, one finding per peculiarity. */
export function checkAcquisition(report: AcquisitionReport, options: AcquisitionOptions = {}): Finding[] {
  return [
    ...checkConstant(report),
    ...checkTransform(report),
    ...checkLines(report),
    ...checkExtent(report),
    ...checkPlace(report, options),
    ...checkChunks(report),
  ];
}

function checkConstant({ range, blank, readProtected, constantUnit }: AcquisitionReport): Finding[] {
  const { start, end } = range;
  const size = end - start;
  if (blank) {
    return [
      {
        rule: 'acquisition/all-erased',
        severity: 'warning',
        message: `All ${size} bytes are 0xFF. Either the flash is blank, or the read failed in a way that returns 0xFF.`,
        start,
        end,
        evidence: { bytes: size },
        remedy:
          'Read the unique device id at 0x1FFF7A10 over the same connection: if that works too, the flash is blank; if not, the read failed.',
      },
    ];
  }
  if (!readProtected || !constantUnit) return [];
  const zero = constantUnit.hex === '00';
  return [
    {
      rule: zero ? 'acquisition/all-zero' : 'acquisition/constant-unit',
      severity: 'error',
      message: zero
        ? `All ${size} bytes are 0x00. Flash is never all zero by itself: the chip is read-protected or the read failed.`
        : `All ${size} bytes repeat the ${countBytes(constantUnit.size)} ${constantUnit.hex}. The address did not advance, or the chip did not answer.`,
      start,
      end,
      evidence: { unit: constantUnit.hex, unitBytes: constantUnit.size, bytes: size },
      remedy: zero
        ? 'Read the option bytes: RDP other than 0xAA means read protection, and removing it erases the flash. With RDP 0xAA connect under reset, halt the core and read again.'
        : READ_AGAIN,
    },
  ];
}

function checkTransform({ range, transform, sentences, evidence }: AcquisitionReport): Finding[] {
  if (!transform) return [];
  return [
    {
      rule: 'acquisition/transformed',
      severity: 'error',
      message:
        `The bytes are rearranged (${transform}). ${sentences.find((sentence) => sentence.includes(transform)) ?? ''}`.trim(),
      ...range,
      evidence: { transform, landmarks: evidence.landmarks ?? 0 },
      remedy: `Undo ${transform} with "convert", or export the dump again in byte order; do not flash it as it is.`,
    },
  ];
}

function checkLines({ range, repeat, stuck, evidence }: AcquisitionReport): Finding[] {
  const findings: Finding[] = [];
  if (repeat) {
    const small = repeat.period < SMALLEST_FLASH;
    findings.push({
      rule: 'acquisition/repeated',
      severity: small ? 'error' : 'warning',
      message: `The content repeats every ${repeat.period} bytes. ${small ? 'High address lines have no effect, so most of the flash was not read.' : 'The chip has less flash than was read, or its highest address line has no effect.'}`,
      start: range.start + repeat.period,
      end: Math.max(range.end, range.start + repeat.period),
      evidence: { period: repeat.period },
      remedy: small ? READ_AGAIN : 'Read the flash size at 0x1FFF7A22 and dump only that many KiB.',
    });
  }
  if (stuck?.kind === 'data') {
    findings.push({
      rule: 'acquisition/stuck-data-line',
      severity: 'error',
      message: `Bit ${stuck.bit} of every ${stuck.width}-bit unit reads as ${stuck.level}. A data line is stuck, and the true values are lost.`,
      ...range,
      evidence: { bit: stuck.bit, level: stuck.level, width: stuck.width, proofs: stuck.proofs },
      remedy: 'Check the wiring or the reader, then read again; this file cannot be repaired.',
    });
  }
  if (stuck?.kind === 'address') {
    findings.push({
      rule: 'acquisition/stuck-address-line',
      severity: 'error',
      message: `Address bit ${stuck.bit} has no effect${stuck.level === null ? '' : ` and reads as ${stuck.level}`}. Half of the flash is missing, and the other half is here twice.`,
      ...range,
      evidence: { bit: stuck.bit, level: stuck.level ?? 'unknown', ignored: evidence.ignoredAddressBits ?? '' },
      remedy: 'Check the wiring or the reader, then read again; this file cannot be repaired.',
    });
  }
  return findings;
}

function checkExtent({ range, truncated, shortBy, longBy, appended }: AcquisitionReport): Finding[] {
  const { start, end } = range;
  const findings: Finding[] = [];
  if (truncated) {
    findings.push({
      rule: 'acquisition/truncated',
      severity: 'error',
      message: `The file ends ${shortBy} bytes too early.`,
      start: end,
      end: end + shortBy,
      evidence: { shortBy, bytes: end - start },
      remedy: 'Read or download it again and compare its size.',
    });
  } else if (shortBy > 0) {
    findings.push({
      rule: 'acquisition/partial',
      severity: 'note',
      message: `The dump stops at a sector boundary, ${shortBy} bytes before the end of flash. What lies there is unknown, not erased.`,
      start: end,
      end: end + shortBy,
      evidence: { shortBy, bytes: end - start },
      remedy: 'Read the whole flash if the rest matters.',
    });
  }
  if (longBy > 0) {
    findings.push({
      rule: 'acquisition/too-long',
      severity: 'warning',
      message: `The file has ${longBy} bytes more than the chip has flash.`,
      start: end - longBy,
      end,
      evidence: { longBy, tail: appended?.kind ?? 'none' },
      remedy: 'Find out where the rest comes from, and cut it off before flashing.',
    });
  }
  if (appended?.kind === 'dfu-suffix') {
    findings.push({
      rule: 'acquisition/appended',
      severity: 'note',
      message: `The last ${appended.length} bytes are a DFU suffix (CRC ${appended.crc ?? 'unknown'}), not flash content.`,
      start: start + appended.offset,
      end: start + appended.offset + appended.length,
      evidence: { kind: appended.kind, bytes: appended.length, crc: appended.crc ?? 'unknown' },
      remedy: 'Read the file as DFU, so that the suffix is not taken for firmware.',
    });
  }
  return findings;
}

function checkPlace(
  { range, base, oddOffset, gluedModules }: AcquisitionReport,
  { baseSource }: AcquisitionOptions,
): Finding[] {
  if (gluedModules.length > 0) {
    return [
      {
        rule: 'acquisition/glued-modules',
        severity: 'error',
        message: `The file is ${gluedModules.length} modules one after the other, not an image: at their places in the file none but the first could run.`,
        ...range,
        evidence: {
          modules: gluedModules.length,
          addresses: gluedModules.map((module) => formatAddress(module.startAddress)).join(', '),
          offsets: gluedModules.map((module) => module.offset).join(', '),
        },
        remedy: 'Split the file at these offsets and build an image with every module at its own address.',
      },
    ];
  }
  if (!base || base.address === range.start) return [];
  const evidence = {
    given: formatAddress(range.start),
    inferred: formatAddress(base.address),
    confidence: base.confidence,
  };
  if (oddOffset !== null) {
    return [
      {
        rule: 'acquisition/odd-offset',
        severity: 'error',
        message:
          oddOffset < 0
            ? `The content starts ${countBytes(-oddOffset)} into the file. ${base.reason}`
            : `The file starts ${countBytes(oddOffset)} after a boundary. ${base.reason}`,
        ...range,
        evidence: { ...evidence, oddOffset },
        remedy: oddOffset < 0 ? `Cut off the first ${countBytes(-oddOffset)}.` : `Give --base ${evidence.inferred}.`,
      },
    ];
  }
  if (base.confidence < SURE_OF_BASE) return [];
  return [
    {
      rule: 'acquisition/base-mismatch',
      // A module kept elsewhere on purpose (OTA, factory) looks the same.
      severity: baseSource === 'given' || baseSource === 'file' ? 'note' : 'warning',
      message: `The bytes were placed at ${evidence.given}, but say they belong to ${evidence.inferred}. ${base.reason}`,
      ...range,
      evidence,
      remedy: `Give --base ${evidence.inferred}.`,
    },
  ];
}

function checkChunks({ range, droppedChunks }: AcquisitionReport): Finding[] {
  return droppedChunks.map((run) => ({
    rule: 'acquisition/dropped-chunk',
    severity: 'warning',
    message: `${run.length} bytes of zeros lie exactly between two multiples of ${run.chunk} bytes amid other content, as when a transfer is lost.`,
    start: range.start + run.offset,
    end: range.start + run.offset + run.length,
    evidence: { bytes: run.length, chunk: run.chunk },
    remedy: READ_AGAIN,
  }));
}
