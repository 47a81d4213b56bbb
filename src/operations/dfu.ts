/** DFU suffixes: check, add, remove. DfuSe files: show and unpack. (Packing: dfu-pack.ts.) */
import { copyBytes, formatHex } from '../core/bytes.js';
import { BuildError, FormatError } from '../core/errors.js';
import { type Finding, sortFindings } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import { notePrefixLookalike } from '../formats/bin.js';
import type { DfuDevice } from '../formats/dfu-device.js';
import { checkDfuDevice, checkDfuRanges, flashAlternate } from '../formats/dfu-device.js';
import { inspectDfuPrefix } from '../formats/dfu-prefix.js';
import { ANY_ID, appendDfuSuffix, DFU_VERSION, DFUSE_VERSION, inspectDfuSuffix } from '../formats/dfu-suffix.js';
import { dfuseElementBytes, readDfuse } from '../formats/dfuse.js';
import { beginsLikeDfuse, dfuseTruncation } from '../formats/dfuse-file.js';
import { FindingList } from '../formats/finding-list.js';
import {
  type Container,
  type DfuseContainer,
  detectFormat,
  type FormatId,
  type ReadResult,
  readAny,
} from '../formats/index.js';

export interface DfuCheck {
  /** absent: no suffix, which is legal for dfu-util; damaged: there is one and it is wrong. */
  readonly suffix: 'ok' | 'damaged' | 'absent';
  readonly container: Container | null;
  /** Length of the file without its suffix. */
  readonly payloadLength: number;
  readonly findings: readonly Finding[];
}

/**
 * Judges a file as dfu-suffix -c does, and says more; with a device also whether that would take it. Never throws for bad
 * content.
 * @param address where a payload without addresses of its own will be written (alternate setting of the flash)
 */
export function checkDfu(bytes: Uint8Array, name: string, device?: DfuDevice, address?: number): DfuCheck {
  const state = inspectDfuSuffix(bytes, name);
  const findings: Finding[] = [];
  let container: Container | null = null;
  if (state.state === 'absent' && !beginsLikeDfuse(bytes)) {
    findings.push({
      rule: 'container/no-dfu-suffix',
      severity: state.diagnosis === null ? 'note' : 'error',
      message: state.error.message,
      start: 0,
      end: 0,
      evidence: state.diagnosis === null ? {} : { diagnosis: state.diagnosis },
      remedy: state.error.help,
    });
    const result = readWithoutSuffix(bytes, name);
    container = result.container;
    findings.push(...result.findings);
  } else {
    const result = readDamaged(bytes, name, findings);
    container = result?.container ?? null;
    findings.push(...(result?.findings ?? []));
  }
  const length = state.state === 'ok' ? state.suffix.length : 0;
  const payloadLength = bytes.length - length;
  if (device) {
    const payload = container && 'payloadLength' in container ? container.payloadLength : payloadLength;
    findings.push(...checkDfuDevice(container, device));
    if (address !== undefined && container?.kind !== 'dfuse') {
      findings.push(...checkDfuRanges([{ start: address, end: address + payload }], flashAlternate(device), device));
    }
  }
  return {
    suffix: state.state,
    container,
    payloadLength,
    findings: sortFindings(findings.map((finding) => withOrigin(finding, container, address))),
  };
}

/** A vendor prefix may stand alone; bytes that only look like one are worth a word. */
function readWithoutSuffix(bytes: Uint8Array, name: string): Pick<ReadResult, 'container' | 'findings'> {
  if (inspectDfuPrefix(bytes).state === 'ok') return readAny(bytes, { name, format: 'dfu' });
  const findings = new FindingList();
  notePrefixLookalike(bytes, findings);
  const format = formatOf(bytes, name);
  if (format !== null && format !== 'bin') {
    findings.add({
      rule: 'container/not-binary',
      severity: 'error',
      message: `this is a file of format ${format}: dfu-util would write it to flash as it is, not the bytes that it stands for`,
      evidence: { format },
      remedy: 'Make a DfuSe file of it with `dfu pack`, or a binary with `convert`.',
    });
  }
  return { container: null, findings: findings.all() };
}

function formatOf(bytes: Uint8Array, name: string): FormatId | null {
  try {
    return detectFormat(bytes, name).format;
  } catch {
    // Empty, or no firmware at all: nothing to add to what is said about its suffix.
    return null;
  }
}

/** The file as far as it can be read; what stops the reading becomes a finding. */
function readDamaged(bytes: Uint8Array, name: string, findings: Finding[]): ReadResult | null {
  try {
    return readAny(bytes, { name, format: 'dfu', permissive: true });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.push({
      rule: 'container/damaged-dfuse',
      severity: 'error',
      message: error.message,
      start: 0,
      end: 0,
      evidence: { code: error.code },
      remedy: error.help,
      origin: error.offset === undefined ? undefined : `offset ${error.offset}`,
    });
    return null;
  }
}

/** File offset of the first byte a finding is about. */
export function withOrigin(finding: Finding, container: Container | null, address: number | undefined): Finding {
  const { start, end, origin } = finding;
  if (origin !== undefined || end <= start) return finding;
  if (container?.kind !== 'dfuse') {
    const prefix = container?.kind === 'lmdfu' ? 8 : container?.kind === 'lpcdfu' ? 16 : 0;
    return address === undefined ? finding : { ...finding, origin: `offset ${start - address + prefix}` };
  }
  for (const target of container.targets) {
    if (finding.evidence.alternate !== undefined && finding.evidence.alternate !== target.alternate) continue;
    const element = target.elements.find((each) => start >= each.address && start < each.address + each.size);
    if (element) return { ...finding, origin: `offset ${element.offset + start - element.address}` };
  }
  return finding;
}

export interface SuffixRequest {
  /** Default 0xFFFF: any. */
  readonly vendor?: number | undefined;
  readonly product?: number | undefined;
  readonly device?: number | undefined;
}

/**
 * The file with a suffix; bcdDFU follows the content (DfuSe or raw).
 * @throws BuildError DFU_SUFFIX_PRESENT when it has one, undamaged or not; FormatError DFUSE_TRUNCATED.
 */
export function addDfuSuffix(bytes: Uint8Array, name: string, request: SuffixRequest = {}): Uint8Array {
  const state = inspectDfuSuffix(bytes, name);
  if (state.state !== 'absent') {
    throw new BuildError({
      code: 'DFU_SUFFIX_PRESENT',
      what: `the file already has a ${state.state === 'damaged' ? 'damaged ' : ''}DFU suffix`,
      where: name,
      help: 'Remove it first with `dfu remove`; a second one would be written to flash with the payload.',
    });
  }
  const truncation = dfuseTruncation(bytes, name);
  if (truncation && !isWholeDfuse(bytes, name)) throw truncation;
  return appendDfuSuffix(bytes, {
    vendor: request.vendor ?? ANY_ID,
    product: request.product ?? ANY_ID,
    device: request.device ?? ANY_ID,
    dfuVersion: beginsLikeDfuse(bytes) ? DFUSE_VERSION : DFU_VERSION,
  });
}

/** Some programs count the suffix in DFUImageSize: a body of theirs is whole, though shorter than it says. */
function isWholeDfuse(bytes: Uint8Array, name: string): boolean {
  try {
    readDfuse(bytes, { name, permissive: true });
    return true;
  } catch {
    return false;
  }
}

/**
 * The file without its suffix. A damaged one is removed only when `force` is set.
 * @throws FormatError DFU_NO_SIGNATURE, DFU_TOO_SHORT, DFU_BAD_CRC, DFU_BAD_SUFFIX_LENGTH.
 */
export function removeDfuSuffix(bytes: Uint8Array, name: string, force = false): Uint8Array {
  const state = inspectDfuSuffix(bytes, name);
  if (state.state === 'ok') return copyBytes(bytes, 0, bytes.length - state.suffix.length);
  if (state.state === 'damaged' && force) return copyBytes(bytes, 0, bytes.length - (state.suffix?.length ?? 16));
  throw state.error;
}

export interface UnpackedElement {
  readonly alternate: number;
  readonly targetName: string | null;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** `alt0-080A0000.bin`; unique in the file. */
  readonly suggestedName: string;
}

/**
 * Every element of a DfuSe file, in file order.
 * @param permissive do without a sound suffix
 * @throws FormatError as readDfuse does.
 */
export function unpackDfuse(
  bytes: Uint8Array,
  name: string,
  permissive = false,
): { elements: UnpackedElement[]; container: DfuseContainer } {
  const { container, image } = showDfuse(bytes, name, permissive);
  const taken = new Map<string, number>();
  const elements = container.targets.flatMap((target) =>
    target.elements.map((element): UnpackedElement => {
      const stem = `alt${target.alternate}-${formatHex(element.address, 8).slice(2)}`;
      const count = (taken.get(stem) ?? 0) + 1;
      taken.set(stem, count);
      return {
        alternate: target.alternate,
        targetName: target.name,
        address: element.address,
        bytes: dfuseElementBytes(target, element, image) ?? new Uint8Array(0),
        suggestedName: count === 1 ? `${stem}.bin` : `${stem}-${count}.bin`,
      };
    }),
  );
  return { elements, container };
}

/** What a DfuSe file holds. @throws FormatError as readDfuse does. */
export function showDfuse(
  bytes: Uint8Array,
  name: string,
  permissive = false,
): { container: DfuseContainer; image: MemoryImage; findings: readonly Finding[] } {
  const { container, image, findings } = readDfuse(bytes, { name, permissive });
  // readDfuse gives no other container.
  return { container: container as DfuseContainer, image, findings };
}
