/** DFU files: a payload without addresses, a suffix (DFU 1.1 appendix B), perhaps a vendor prefix. */
import { concatBytes } from '../core/bytes.js';
import { MemoryImage } from '../core/image.js';
import { notePrefixLookalike } from './bin.js';
import type { Container, DfuSuffix } from './container.js';
import { noteSuffix, splitSuffix, suffixIds, suffixOf } from './dfu-file.js';
import {
  type DfuPrefix,
  inspectDfuPrefix,
  LMDFU_PREFIX_BYTES,
  LPCDFU_PREFIX_BYTES,
  lmdfuPrefix,
  lpcBlocks,
  lpcdfuPrefix,
} from './dfu-prefix.js';
import { appendDfuSuffix, DFU_VERSION, DFUSE_VERSION, inspectDfuSuffix } from './dfu-suffix.js';
import { readDfuse } from './dfuse.js';
import { beginsLikeDfuse } from './dfuse-file.js';
import { FindingList } from './finding-list.js';
import {
  DEFAULT_NAME,
  type Detection,
  type Format,
  type ReadOptions,
  type ReadResult,
  type WriteOptions,
} from './format.js';
import { flatten } from './write-options.js';

/**
 * A DFU file: the payload at `base`, or where a Stellaris prefix puts it. A DfuSe file is read as one.
 * @throws FormatError DFU_TOO_SHORT, DFU_NO_SIGNATURE, DFU_BAD_CRC, DFU_BAD_SUFFIX_LENGTH.
 */
export function readDfu(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  if (beginsLikeDfuse(bytes)) return readDfuse(bytes, options);
  const { name = DEFAULT_NAME } = options;
  const findings = new FindingList();
  const { suffix, body, damaged } = splitSuffix(bytes, name, options.permissive ?? false, findings);
  if (suffix) noteSuffix(suffix, body, findings);
  if (suffix?.dfuVersion === DFUSE_VERSION) {
    findings.add({
      rule: 'container/dfuse-version-without-body',
      severity: 'error',
      message:
        'bcdDFU says DfuSe (0x011A), but the payload has no DfuSe prefix: dfu-util 0.11 refuses it with and without -s, fwupd takes it as raw data',
      remedy: 'Make the suffix again with `dfu add`; a raw payload has bcdDFU 0x0100.',
      evidence: { dfuVersion: suffix.dfuVersion },
    });
  }
  const state = inspectDfuPrefix(body);
  const prefix = state.state === 'ok' ? state.prefix : null;
  if (!prefix) notePrefixLookalike(body, findings);
  if (!suffix && !prefix && damaged) throwUnlessPermissive(bytes, name, options);
  const start = prefix?.length ?? 0;
  const payload = body.subarray(start);
  const address = prefix?.kind === 'lmdfu' && options.base === undefined ? prefix.address : (options.base ?? 0);
  return {
    format: 'dfu',
    image: MemoryImage.fromBytes(payload, address, { name, offset: start }),
    container: containerOf(prefix, payload.length, suffix),
    findings: findings.all(),
    addressSource: options.base !== undefined ? 'given' : prefix?.kind === 'lmdfu' ? 'file' : 'assumed',
    locate: (target) =>
      target >= address && target < address + payload.length ? { offset: target - address + start } : undefined,
  };
}

/** A file with a vendor prefix may lack the suffix; anything else that lacks it is no DFU file. */
function throwUnlessPermissive(bytes: Uint8Array, name: string, options: ReadOptions): void {
  const state = inspectDfuSuffix(bytes, name);
  if (!options.permissive && state.state !== 'ok') throw state.error;
}

function containerOf(prefix: DfuPrefix | null, payloadLength: number, suffix: DfuSuffix | null): Container | null {
  if (!prefix) return suffix ? { kind: 'dfu-suffix', ...suffix } : null;
  const common = {
    payloadLength,
    suffix,
    vendor: suffix?.vendor ?? null,
    product: suffix?.product ?? null,
    device: suffix?.device ?? null,
    crc: suffix?.crc ?? null,
  };
  return prefix.kind === 'lmdfu'
    ? { kind: 'lmdfu', address: prefix.address, ...common }
    : { kind: 'lpcdfu', blocks: prefix.blocks, ...common };
}

/**
 * The image as one payload with a suffix, and with a vendor prefix when asked for or when `like` has one.
 * @throws BuildError WRITE_GAP_TOO_LARGE, DFU_PREFIX_ADDRESS.
 */
export function writeDfu(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  const payload = flatten(image, options.fill);
  const like = options.like ?? null;
  const kind = options.dfuKind ?? (like?.kind === 'lmdfu' || like?.kind === 'lpcdfu' ? like.kind : 'suffix');
  const suffix = suffixOf(like);
  const body = withPrefix(payload, kind, image, like);
  if (kind !== 'suffix' && like?.kind === kind && !suffix && !options.ids) return body;
  return appendDfuSuffix(body, suffixIds(options, suffix, DFU_VERSION));
}

function withPrefix(
  payload: Uint8Array,
  kind: 'suffix' | 'lmdfu' | 'lpcdfu',
  image: MemoryImage,
  like: Container | null,
): Uint8Array {
  if (kind === 'lmdfu') return concatBytes([lmdfuPrefix(image.span?.start ?? 0, payload.length), payload]);
  if (kind === 'suffix') return payload;
  const kept = like?.kind === 'lpcdfu' && like.payloadLength === payload.length;
  return concatBytes([lpcdfuPrefix(kept ? like.blocks : lpcBlocks(payload.length)), payload]);
}

function detect(bytes: Uint8Array): Detection | null {
  if (beginsLikeDfuse(bytes)) return null;
  const suffix = inspectDfuSuffix(bytes, DEFAULT_NAME);
  if (suffix.state === 'ok') return { confidence: 'certain', reason: 'ends in a valid DFU suffix' };
  if (suffix.state === 'damaged') return { confidence: 'likely', reason: 'ends in a damaged DFU suffix' };
  const prefix = inspectDfuPrefix(bytes);
  if (prefix.state !== 'ok') return null;
  const size = prefix.prefix.kind === 'lmdfu' ? LMDFU_PREFIX_BYTES : LPCDFU_PREFIX_BYTES;
  const vendor = prefix.prefix.kind === 'lmdfu' ? 'Stellaris' : 'LPC';
  return { confidence: 'likely', reason: `begins with a ${size}-byte ${vendor} DFU prefix` };
}

export const dfu: Format = {
  id: 'dfu',
  title: 'DFU file',
  extensions: ['.dfu'],
  detect,
  read: readDfu,
  write: writeDfu,
};
