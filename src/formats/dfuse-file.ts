/** The structure of a DfuSe file (ST UM0391, version 1.1a): targets of elements, between a prefix and a DFU suffix. */
import { concatBytes, copyBytes, equalBytes, formatAddress } from '../core/bytes.js';
import { BuildError, FormatError } from '../core/errors.js';
import { ADDRESS_SPACE_END } from '../core/range.js';
import { struct } from '../core/struct.js';
import { formatCount } from '../core/words.js';
import type { DfuseImageSize } from './container.js';
import { appendDfuSuffix, DFUSE_VERSION, type DfuSuffixIds } from './dfu-suffix.js';
import { noteImageSize, noteOddities } from './dfuse-notes.js';
import type { FindingList } from './finding-list.js';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const PREFIX_SIGNATURE = ascii('DfuSe');
const TARGET_SIGNATURE = ascii('Target');
const FILE_VERSION = 1;
const NAME_BYTES = 255;
const MAX_TARGETS = 255;

const prefixStruct = struct('DfuSePrefix', [
  ['szSignature', { bytes: 5 }],
  ['bVersion', 'u8'],
  ['DFUImageSize', 'u32'],
  ['bTargets', 'u8'],
]);
const targetStruct = struct('DfuSeTarget', [
  ['szSignature', { bytes: 6 }],
  ['bAlternateSetting', 'u8'],
  ['bTargetNamed', 'u32'],
  ['szTargetName', { bytes: NAME_BYTES }],
  ['dwTargetSize', 'u32'],
  ['dwNbElements', 'u32'],
]);
const elementStruct = struct('DfuSeElement', [
  ['dwElementAddress', 'u32'],
  ['dwElementSize', 'u32'],
]);

export interface DfuseFileElement {
  readonly address: number;
  /** A view of the file. */
  readonly bytes: Uint8Array;
  /** Offset of the data in the file. */
  readonly offset: number;
}

export interface DfuseFileTarget {
  readonly alternate: number;
  readonly named: number;
  readonly name: string | null;
  readonly nameBytes: Uint8Array;
  readonly elements: readonly DfuseFileElement[];
}

export interface DfuseFile {
  readonly imageSize: DfuseImageSize;
  readonly imageSizeValue: number;
  readonly targets: readonly DfuseFileTarget[];
}

/** True when the bytes begin with the prefix signature, right or with its letters in another case. */
export function beginsLikeDfuse(bytes: Uint8Array): boolean {
  if (bytes.length < PREFIX_SIGNATURE.length) return false;
  return PREFIX_SIGNATURE.every((code, index) => ((bytes[index] as number) | 0x20) === (code | 0x20));
}

/**
 * What to say of a file without suffix that is shorter than its own prefix says; undefined when it is not. A suffix would
 * only make it look sound.
 */
export function dfuseTruncation(bytes: Uint8Array, name: string): FormatError | undefined {
  if (!beginsLikeDfuse(bytes) || bytes.length < prefixStruct.size) return undefined;
  const { DFUImageSize } = prefixStruct.decode(bytes);
  if (DFUImageSize <= bytes.length) return undefined;
  return new FormatError({
    code: 'DFUSE_TRUNCATED',
    what: 'the DfuSe file is cut off: it is shorter than its prefix says, and its end with the DFU suffix is missing',
    where: name,
    expected: `${formatCount(DFUImageSize)} bytes and a suffix`,
    got: `${formatCount(bytes.length)} bytes`,
    offset: bytes.length,
    help: 'Fetch the file again. Do not give it a suffix: the board would be left with half of the firmware.',
  });
}

/**
 * Parses the part of a DfuSe file before its suffix. Nothing is taken on trust: every count and size is compared with
 * what is there, and a mismatch is an error, because dfu-util finds out only after it has erased and written.
 * @param body the file without suffix
 * @param fileSize size with suffix, for DFUImageSize
 * @throws FormatError DFUSE_… with the byte offset
 */
export function parseDfuseFile(body: Uint8Array, fileSize: number, name: string, findings: FindingList): DfuseFile {
  const reader = new BodyReader(body, name);
  const prefix = reader.prefix();
  const targets: DfuseFileTarget[] = [];
  let offset = prefixStruct.size;
  for (let index = 0; index < prefix.bTargets; index++) {
    const target = reader.target(offset, index, prefix.bTargets);
    targets.push(target.value);
    offset = target.end;
  }
  if (offset !== body.length) {
    throw reader.error(
      prefix.bTargets === 0 && body.length > prefixStruct.size ? 'DFUSE_TARGET_COUNT' : 'DFUSE_LEFTOVER_BYTES',
      'bytes are left over after the last target',
      offset,
      `${offset} bytes before the suffix`,
      `${body.length}`,
    );
  }
  if (prefix.bTargets === 0) {
    throw reader.error('DFUSE_NO_TARGETS', 'the file has no targets', 10, '1 to 255', '0');
  }
  const imageSize = imageSizeKind(prefix.DFUImageSize, body.length, fileSize);
  noteImageSize(imageSize, prefix.DFUImageSize, body.length, findings);
  noteOddities(targets, findings);
  return { imageSize, imageSizeValue: prefix.DFUImageSize, targets };
}

class BodyReader {
  constructor(
    private readonly body: Uint8Array,
    private readonly name: string,
  ) {}

  prefix() {
    const { body } = this;
    this.need(0, prefixStruct.size, 'DFUSE_TRUNCATED_PREFIX', 'the DfuSe prefix is cut off');
    const prefix = prefixStruct.decode(body);
    if (!equalBytes(prefix.szSignature, PREFIX_SIGNATURE)) {
      const got = String.fromCharCode(...prefix.szSignature).replace(/[^ -~]/g, '.');
      throw this.error('DFUSE_BAD_SIGNATURE', 'wrong prefix signature', 0, '"DfuSe"', `"${got}"`);
    }
    if (prefix.bVersion !== FILE_VERSION) {
      throw this.error('DFUSE_BAD_VERSION', 'unsupported DfuSe version', 5, '1', `${prefix.bVersion}`);
    }
    return prefix;
  }

  target(offset: number, index: number, count: number): { value: DfuseFileTarget; end: number } {
    const { body } = this;
    if (offset === body.length && index > 0) {
      throw this.error('DFUSE_TARGET_COUNT', 'targets are missing', 10, `${index} targets`, `bTargets ${count}`);
    }
    const what = `the prefix of target ${index + 1} is cut off`;
    this.need(offset, targetStruct.size, 'DFUSE_TRUNCATED_TARGET', what);
    const head = targetStruct.decode(body, offset);
    if (!equalBytes(head.szSignature, TARGET_SIGNATURE)) {
      const got = String.fromCharCode(...head.szSignature).replace(/[^ -~]/g, '.');
      throw this.error('DFUSE_BAD_TARGET_SIGNATURE', 'wrong target signature', offset, '"Target"', `"${got}"`);
    }
    const start = offset + targetStruct.size;
    const elements: DfuseFileElement[] = [];
    let position = start;
    for (let element = 0; element < head.dwNbElements; element++) {
      const next = this.element(position, element, head.dwNbElements, start + head.dwTargetSize);
      elements.push(next);
      position = next.offset + next.bytes.length;
    }
    this.checkTargetSize(head.dwTargetSize, start, position, offset);
    const nameBytes = trimNuls(head.szTargetName);
    const value: DfuseFileTarget = {
      alternate: head.bAlternateSetting,
      named: head.bTargetNamed,
      name: head.bTargetNamed === 0 ? null : nameText(nameBytes),
      nameBytes,
      elements,
    };
    return { value, end: position };
  }

  private element(offset: number, index: number, count: number, targetEnd: number): DfuseFileElement {
    const { body } = this;
    // Elements beyond the declared target: the count is wrong. A cut file still has its target size and ends earlier.
    if (offset === targetEnd && targetEnd < body.length + 1 && index > 0) {
      throw this.error('DFUSE_ELEMENT_COUNT', 'elements are missing', offset, `dwNbElements ${index}`, `${count}`);
    }
    const what = `the header of element ${index + 1} is cut off`;
    this.need(offset, elementStruct.size, 'DFUSE_TRUNCATED_ELEMENT', what);
    const { dwElementAddress: address, dwElementSize: size } = elementStruct.decode(body, offset);
    const start = offset + elementStruct.size;
    if (size > body.length - start) {
      throw this.error(
        'DFUSE_ELEMENT_PAST_END',
        `element ${index + 1} runs past the end of its target`,
        offset + 4,
        `at most ${body.length - start} bytes`,
        `${size}`,
      );
    }
    if (address + size > ADDRESS_SPACE_END) {
      throw this.error(
        'DFUSE_ADDRESS_WRAP',
        `element ${index + 1} runs past the 4 GiB address space`,
        offset,
        'addresses up to 0xFFFFFFFF',
        `${size} bytes at ${formatAddress(address)}`,
      );
    }
    return { address, bytes: body.subarray(start, start + size), offset: start };
  }

  private checkTargetSize(declared: number, start: number, end: number, offset: number): void {
    const actual = end - start;
    if (declared === actual) return;
    // Further elements stand where the target says it still is: then dwNbElements is the wrong one.
    const followed = declared > actual && start + declared <= this.body.length && !this.targetAt(end);
    throw this.error(
      followed ? 'DFUSE_LEFTOVER_IN_TARGET' : 'DFUSE_TARGET_SIZE',
      followed ? 'bytes are left over in a target after its last element' : 'dwTargetSize does not match the elements',
      offset + targetStruct.field('dwTargetSize').offset,
      `${actual}`,
      `${declared}`,
    );
  }

  private targetAt(offset: number): boolean {
    const end = offset + TARGET_SIGNATURE.length;
    return end <= this.body.length && equalBytes(this.body.subarray(offset, end), TARGET_SIGNATURE);
  }

  private need(offset: number, size: number, code: string, what: string): void {
    if (offset + size <= this.body.length) return;
    throw this.error(code, what, offset, `${size} bytes`, `${this.body.length - offset}`);
  }

  error(code: string, what: string, offset: number, expected: string, got: string): FormatError {
    return new FormatError({
      code,
      what,
      where: `${this.name}, offset ${offset}`,
      expected,
      got,
      offset,
      help: 'Do not flash this file: dfu-util would stop midway or write nothing. Make or download it again.',
    });
  }
}

function trimNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return copyBytes(bytes, 0, end);
}

/** The name up to its first NUL, as Latin-1. */
function nameText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

function imageSizeKind(value: number, bodySize: number, fileSize: number): DfuseImageSize {
  if (value === bodySize) return 'excludes-suffix';
  if (value === fileSize) return 'includes-suffix';
  return value === 0 ? 'zero' : 'mismatch';
}

export interface DfuseTargetPlan {
  readonly alternate: number;
  /** bTargetNamed and szTargetName as they shall be stored. */
  readonly named: number;
  readonly nameBytes: Uint8Array;
  readonly elements: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/**
 * A whole DfuSe file. `imageSize` is what DFUImageSize shall count, or the value itself.
 * @throws BuildError DFUSE_TARGET_LIMIT, DFUSE_NAME_TOO_LONG.
 */
export function buildDfuseFile(
  targets: readonly DfuseTargetPlan[],
  ids: DfuSuffixIds,
  imageSize: 'excludes-suffix' | 'includes-suffix' | number = 'excludes-suffix',
): Uint8Array {
  if (targets.length === 0 || targets.length > MAX_TARGETS) {
    throw new BuildError({
      code: 'DFUSE_TARGET_LIMIT',
      what: 'a DfuSe file cannot hold this number of targets',
      expected: `1 to ${MAX_TARGETS}`,
      got: `${targets.length}`,
      help: targets.length === 0 ? 'Give at least one input with data.' : 'Split the input into several files.',
    });
  }
  const parts: Uint8Array[] = [];
  for (const target of targets) parts.push(...targetParts(target));
  const bodySize = prefixStruct.size + parts.reduce((total, part) => total + part.length, 0);
  const suffixSize = 16 + (ids.extra?.length ?? 0);
  const DFUImageSize =
    typeof imageSize === 'number' ? imageSize : imageSize === 'includes-suffix' ? bodySize + suffixSize : bodySize;
  const prefix = prefixStruct.encode({
    szSignature: PREFIX_SIGNATURE,
    bVersion: FILE_VERSION,
    DFUImageSize,
    bTargets: targets.length,
  });
  return appendDfuSuffix(concatBytes([prefix, ...parts]), ids);
}

function targetParts(target: DfuseTargetPlan): Uint8Array[] {
  const { alternate, named, nameBytes, elements } = target;
  if (nameBytes.length > NAME_BYTES) {
    throw new BuildError({
      code: 'DFUSE_NAME_TOO_LONG',
      what: 'target name does not fit',
      expected: `at most ${NAME_BYTES} bytes`,
      got: `${nameBytes.length}`,
      help: 'Give a shorter name.',
    });
  }
  const szTargetName = new Uint8Array(NAME_BYTES);
  szTargetName.set(nameBytes);
  const head = targetStruct.encode({
    szSignature: TARGET_SIGNATURE,
    bAlternateSetting: alternate,
    bTargetNamed: named,
    szTargetName,
    dwTargetSize: elements.reduce((total, { bytes }) => total + elementStruct.size + bytes.length, 0),
    dwNbElements: elements.length,
  });
  return [
    head,
    ...elements.flatMap(({ address, bytes }) => [
      elementStruct.encode({ dwElementAddress: address, dwElementSize: bytes.length }),
      bytes,
    ]),
  ];
}

/** Standard identity of a DfuSe file for a device; 0xFFFF is "any". */
export function dfuseIds(vendor: number, product: number, device = 0xffff): DfuSuffixIds {
  return { vendor, product, device, dfuVersion: DFUSE_VERSION };
}
