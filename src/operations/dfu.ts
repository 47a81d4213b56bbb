/** DFU suffixes: check, add, remove. DfuSe files: show and unpack. (Packing: dfu-pack.ts.) */
import { copyBytes, formatHex } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import { type Finding, sortFindings } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import type { DfuDevice } from '../formats/dfu-device.js';
import { checkDfuDevice } from '../formats/dfu-device.js';
import { ANY_ID, appendDfuSuffix, DFU_VERSION, DFUSE_VERSION, inspectDfuSuffix } from '../formats/dfu-suffix.js';
import { dfuseElementBytes, readDfuse } from '../formats/dfuse.js';
import { beginsLikeDfuse } from '../formats/dfuse-file.js';
import { type Container, type DfuseContainer, readAny } from '../formats/index.js';

export interface DfuCheck {
  /** absent: no suffix, which is legal for dfu-util; damaged: there is one and it is wrong. */
  readonly suffix: 'ok' | 'damaged' | 'absent';
  readonly container: Container | null;
  /** Length of the file without its suffix. */
  readonly payloadLength: number;
  readonly findings: readonly Finding[];
}

/** Judges a file as dfu-suffix -c does, and says more; with a device also whether that would take it. Never throws for bad content. */
export function checkDfu(bytes: Uint8Array, name: string, device?: DfuDevice): DfuCheck {
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
  } else {
    const result = readAny(bytes, { name, format: 'dfu', permissive: true });
    container = result.container;
    findings.push(...result.findings);
  }
  if (device) findings.push(...checkDfuDevice(container, device));
  const length = state.state === 'ok' ? state.suffix.length : 0;
  return {
    suffix: state.state,
    container,
    payloadLength: bytes.length - length,
    findings: sortFindings(findings),
  };
}

export interface SuffixRequest {
  /** Default 0xFFFF: any. */
  readonly vendor?: number | undefined;
  readonly product?: number | undefined;
  readonly device?: number | undefined;
}

/**
 * The file with a suffix; bcdDFU follows the content (DfuSe or raw).
 * @throws BuildError DFU_SUFFIX_PRESENT when it has one, undamaged or not.
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
  return appendDfuSuffix(bytes, {
    vendor: request.vendor ?? ANY_ID,
    product: request.product ?? ANY_ID,
    device: request.device ?? ANY_ID,
    dfuVersion: beginsLikeDfuse(bytes) ? DFUSE_VERSION : DFU_VERSION,
  });
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

/** Every element of a DfuSe file, in file order. @throws FormatError as readDfuse does. */
export function unpackDfuse(
  bytes: Uint8Array,
  name: string,
): { elements: UnpackedElement[]; container: DfuseContainer } {
  const { container, image } = showDfuse(bytes, name);
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
): { container: DfuseContainer; image: MemoryImage; findings: readonly Finding[] } {
  const { container, image, findings } = readDfuse(bytes, { name });
  // readDfuse gives no other container.
  return { container: container as DfuseContainer, image, findings };
}
