/** Plain binary: bytes without addresses. */
import { MemoryImage } from '../core/image.js';
import { inspectDfuPrefix } from './dfu-prefix.js';
import { inspectDfuSuffix } from './dfu-suffix.js';
import { FindingList } from './finding-list.js';
import { DEFAULT_NAME, type Format, type ReadOptions, type ReadResult, type WriteOptions } from './format.js';
import { flatten } from './write-options.js';

/** The bytes at `base`. @throws FormatError IMAGE_ADDRESS_RANGE when they do not fit the address space there. */
export function readBin(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  const { name = DEFAULT_NAME, base = 0 } = options;
  const findings = new FindingList();
  const suffix = inspectDfuSuffix(bytes, name);
  if (suffix.state === 'absent' && suffix.diagnosis !== null) {
    findings.add({
      rule: 'container/displaced-dfu-suffix',
      severity: 'warning',
      message: `read as a plain binary, but it seems to hold a DFU suffix: ${suffix.diagnosis}`,
      evidence: { diagnosis: suffix.diagnosis },
      remedy: 'Remove the suffix with `dfu remove`, or the bytes that follow it.',
    });
  }
  notePrefixLookalike(bytes, findings);
  return {
    format: 'bin',
    image: MemoryImage.fromBytes(bytes, base, { name, offset: 0 }),
    container: null,
    findings: findings.all(),
    addressSource: options.base === undefined ? 'assumed' : 'given',
    locate: (address) => (address >= base && address < base + bytes.length ? { offset: address - base } : undefined),
  };
}

/** One run of bytes; gaps are filled. @throws BuildError WRITE_GAP_TOO_LARGE. */
export function writeBin(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  return flatten(image, options.fill);
}

/** Images that dfu-util, or a person, may take for one with a vendor prefix. */
export function notePrefixLookalike(body: Uint8Array, findings: FindingList): void {
  const prefix = inspectDfuPrefix(body);
  if (prefix.state === 'looks-like-lpcdfu') {
    findings.add({
      rule: 'container/looks-like-lpcdfu',
      severity: 'warning',
      message: 'the image begins like an NXP LPC prefix: `dfu-util -s` drops its first 16 bytes',
      remedy: 'Flash it as a DfuSe or Intel HEX file instead.',
    });
  } else if (prefix.state === 'lmdfu-length-mismatch') {
    findings.add({
      rule: 'container/prefix-length-mismatch',
      severity: 'warning',
      message: `the image begins like a Stellaris prefix, but its length field says ${prefix.got} instead of ${prefix.expected}; it is treated as data`,
      evidence: { expected: prefix.expected, got: prefix.got, offset: 4 },
      origin: 'offset 4',
    });
  }
}

export const bin: Format = {
  id: 'bin',
  title: 'plain binary',
  extensions: ['.bin'],
  detect: (bytes) => (bytes.length > 0 ? { confidence: 'possible', reason: 'any bytes can be a plain binary' } : null),
  read: readBin,
  write: writeBin,
};
