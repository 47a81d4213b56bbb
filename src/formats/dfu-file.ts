/** What DFU and DfuSe files share: cutting the suffix off, judging it, and choosing the fields of a new one. */
import { formatHex } from '../core/bytes.js';
import type { Container, DfuSuffix } from './container.js';
import {
  ANY_ID,
  DFU_SUFFIX_BYTES,
  DFU_VERSION,
  DFUSE_VERSION,
  type DfuSuffixIds,
  endsInValidSuffix,
  inspectDfuSuffix,
} from './dfu-suffix.js';
import type { FindingList } from './finding-list.js';
import type { WriteOptions } from './format.js';

export interface SplitFile {
  readonly suffix: DfuSuffix | null;
  readonly body: Uint8Array;
  /** True when a suffix should be there and is not. */
  readonly damaged: boolean;
}

/**
 * The file without its suffix. A damaged suffix stops the reading; in permissive mode it becomes a finding and is cut off.
 * A missing one is left for the caller to judge.
 */
export function splitSuffix(bytes: Uint8Array, name: string, permissive: boolean, findings: FindingList): SplitFile {
  const state = inspectDfuSuffix(bytes, name);
  if (state.state === 'ok') {
    return { suffix: state.suffix, body: bytes.subarray(0, bytes.length - state.suffix.length), damaged: false };
  }
  if (state.state === 'damaged' && !permissive) throw state.error;
  if (permissive) {
    findings.add({
      rule: state.state === 'damaged' ? 'container/damaged-dfu-suffix' : 'container/no-dfu-suffix',
      severity: 'error',
      message: state.error.message,
      remedy: state.error.help,
      origin: state.error.offset === undefined ? undefined : `offset ${state.error.offset}`,
    });
  }
  if (state.state === 'absent') return { suffix: null, body: bytes, damaged: true };
  const length = state.suffix?.length ?? DFU_SUFFIX_BYTES;
  return { suffix: state.suffix, body: bytes.subarray(0, bytes.length - length), damaged: true };
}

/** What is unusual about a good suffix. */
export function noteSuffix(suffix: DfuSuffix, body: Uint8Array, findings: FindingList): void {
  const { dfuVersion, length } = suffix;
  if (dfuVersion !== DFU_VERSION && dfuVersion !== DFUSE_VERSION) {
    findings.add({
      rule: 'container/unknown-dfu-version',
      severity: 'warning',
      message: `bcdDFU of the suffix is ${formatHex(dfuVersion, 4)}; DFU files have 0x0100, DfuSe files 0x011A`,
      evidence: { dfuVersion },
    });
  }
  if (length > DFU_SUFFIX_BYTES) {
    findings.add({
      rule: 'container/long-dfu-suffix',
      severity: 'note',
      message: `the DFU suffix has ${length} bytes instead of ${DFU_SUFFIX_BYTES}; newer fwupd and dfuse-pack misread it`,
      evidence: { length },
    });
  }
  if (endsInValidSuffix(body)) {
    findings.add({
      rule: 'container/double-suffix',
      severity: 'warning',
      message: 'the payload itself ends in a valid DFU suffix, which would be written to flash',
      remedy: 'Remove both with `dfu remove` and add one again.',
    });
  }
}

/** The suffix a container has, whatever stands before it. */
export function suffixOf(container: Container | null | undefined): DfuSuffix | null {
  if (container?.kind === 'dfu-suffix' || container?.kind === 'dfuse') return container;
  if (container?.kind === 'lmdfu' || container?.kind === 'lpcdfu') return container.suffix;
  return null;
}

/** Suffix fields: those asked for, else those of the input, else "any". */
export function suffixIds(options: WriteOptions, like: DfuSuffix | null, dfuVersion: number): DfuSuffixIds {
  const { ids } = options;
  return {
    vendor: ids?.vendor ?? like?.vendor ?? ANY_ID,
    product: ids?.product ?? like?.product ?? ANY_ID,
    device: ids?.device ?? like?.device ?? ANY_ID,
    dfuVersion: like?.dfuVersion ?? dfuVersion,
    extra: like?.extra,
  };
}
