/** DfuSe files as memory images: the elements of one alternate setting, at their addresses. */
import { copyBytes, equalBytes, formatHex } from '../core/bytes.js';
import { FormatError } from '../core/errors.js';
import { MemoryImage, type Segment } from '../core/image.js';
import { mergeRanges, type Range, totalSize } from '../core/range.js';
import type { DfuSuffix, DfuseContainer, DfuseElement, DfuseTarget } from './container.js';
import { noteSuffix, splitSuffix, suffixIds, suffixOf } from './dfu-file.js';
import { DFUSE_VERSION, inspectDfuSuffix } from './dfu-suffix.js';
import {
  beginsLikeDfuse,
  buildDfuseFile,
  type DfuseFile,
  type DfuseFileElement,
  type DfuseFileTarget,
  type DfuseTargetPlan,
  dfuseTruncation,
  parseDfuseFile,
} from './dfuse-file.js';
import { FindingList } from './finding-list.js';
import {
  DEFAULT_NAME,
  type Detection,
  type Format,
  type ReadOptions,
  type ReadResult,
  type WriteOptions,
} from './format.js';
import { RecordCollector } from './record-collector.js';

/**
 * The image holds the elements of one alternate setting, because each has its own address space; the container keeps the
 * others.
 * @throws FormatError DFU_… for the suffix, DFUSE_… for the rest, with the byte offset.
 */
export function readDfuse(bytes: Uint8Array, options: ReadOptions = {}): ReadResult {
  const { name = DEFAULT_NAME, permissive = false } = options;
  const findings = new FindingList();
  const { suffix, body, damaged } = splitSuffix(bytes, name, permissive, findings);
  const state = suffix || !damaged ? undefined : inspectDfuSuffix(bytes, name);
  const absent = state?.state === 'absent' ? state : undefined;
  // Bytes behind a suffix hide it, and explain what follows.
  if (absent?.diagnosis && !permissive) throw absent.error;
  if (suffix) checkVersion(suffix, name, permissive, findings);
  const file = parseWhole(body, bytes.length, name, findings, absent !== undefined);
  if (absent && !permissive) throw absent.error;
  if (suffix) noteSuffix(suffix, body, findings);
  const alternate = options.alternate ?? file.targets[0]?.alternate ?? 0;
  const used = file.targets.filter((target) => target.alternate === alternate);
  requireAlternate(used, file, alternate, name);
  if (used.length < file.targets.length) noteOthers(file, alternate, findings);
  const elements = used.flatMap((target) => target.elements);
  const image = imageOf(elements, name);
  return {
    format: 'dfuse',
    image,
    container: containerOf(file, suffix, alternate, image),
    findings: findings.all(),
    addressSource: 'file',
    locate(address) {
      const holder = elements.findLast(
        (element) => address >= element.address && address < element.address + element.bytes.length,
      );
      return holder && { offset: holder.offset + address - holder.address };
    },
  };
}

/** Without a suffix, the structure must show whether only that is missing or the end of the data too. */
function parseWhole(
  body: Uint8Array,
  fileSize: number,
  name: string,
  findings: FindingList,
  suffixMissing: boolean,
): DfuseFile {
  try {
    return parseDfuseFile(body, fileSize, name, findings);
  } catch (error) {
    throw (suffixMissing && dfuseTruncation(body, name)) || error;
  }
}

function checkVersion(suffix: DfuSuffix, name: string, permissive: boolean, findings: FindingList): void {
  if (suffix.dfuVersion === DFUSE_VERSION) return;
  const error = new FormatError({
    code: 'DFUSE_WRONG_DFU_VERSION',
    what: 'the suffix of a DfuSe file has the wrong bcdDFU; dfu-util would write the whole file as raw data',
    where: name,
    expected: formatHex(DFUSE_VERSION, 4),
    got: formatHex(suffix.dfuVersion, 4),
    help: 'Make the suffix again with bcdDFU 0x011A.',
  });
  if (!permissive) throw error;
  const { message, help } = error;
  findings.add({ rule: 'container/wrong-dfu-version', severity: 'error', message, remedy: help });
}

function requireAlternate(used: readonly DfuseFileTarget[], file: DfuseFile, alternate: number, name: string): void {
  if (used.length > 0) return;
  throw new FormatError({
    code: 'DFUSE_NO_SUCH_ALTERNATE',
    what: `the file has no target with alternate setting ${alternate}`,
    where: name,
    expected: [...new Set(file.targets.map((target) => target.alternate))].join(', '),
    got: `${alternate}`,
    help: 'Choose one of the alternate settings the file has.',
  });
}

function noteOthers(file: DfuseFile, alternate: number, findings: FindingList): void {
  const others = [...new Set(file.targets.map((target) => target.alternate))].filter((other) => other !== alternate);
  findings.add({
    rule: 'container/other-alternates',
    severity: 'note',
    message: `the image holds alternate setting ${alternate} only; the file also has ${others.join(', ')}`,
    evidence: { alternate, others: others.join(', ') },
  });
}

/** Later elements lie over earlier ones, as they would on the device. */
function imageOf(elements: readonly DfuseFileElement[], name: string): MemoryImage {
  const present = elements.filter(({ bytes }) => bytes.length > 0);
  const sorted = [...present].sort((a, b) => a.address - b.address);
  const disjoint = sorted.every((element, index) => {
    const next = sorted[index + 1];
    return !next || element.address + element.bytes.length <= next.address;
  });
  if (disjoint) {
    return MemoryImage.fromSegments(
      present.map(({ address, bytes, offset }): Segment => ({ address, bytes, source: { name, offset } })),
    );
  }
  const collector = new RecordCollector(present.reduce((total, { bytes }) => total + bytes.length, 0));
  for (const [index, { address, bytes }] of present.entries()) {
    collector.data.set(bytes, collector.used);
    collector.commit(address, bytes.length, index + 1);
  }
  return collector.finish(name).image;
}

function containerOf(file: DfuseFile, suffix: DfuSuffix | null, alternate: number, image: MemoryImage): DfuseContainer {
  const targets = file.targets.map((target): DfuseTarget => {
    const inImage = target.alternate === alternate;
    const { name, named, nameBytes } = target;
    const elements = target.elements.map((element): DfuseElement => {
      const { address, bytes, offset } = element;
      const hidden = inImage ? hiddenBytes(element, image) : [{ offset: 0, bytes }];
      return { address, size: bytes.length, offset, hidden };
    });
    return { alternate: target.alternate, name, named, nameBytes, inImage, elements };
  });
  return {
    kind: 'dfuse',
    imageSize: file.imageSize,
    imageSizeValue: file.imageSizeValue,
    targets,
    ...(suffix ?? NO_SUFFIX),
  };
}

/** What a file whose suffix is missing is said to have (permissive reading only). */
const NO_SUFFIX: DfuSuffix = {
  vendor: 0xffff,
  product: 0xffff,
  device: 0xffff,
  dfuVersion: DFUSE_VERSION,
  length: 0,
  extra: new Uint8Array(0),
  crc: 'bad',
  crcValue: 0,
};

/** The stretch of an element that another element covers with other bytes. */
function hiddenBytes({ address, bytes }: DfuseFileElement, image: MemoryImage): DfuseElement['hidden'] {
  const shown = image.bytes({ start: address, end: address + bytes.length }) ?? new Uint8Array(0);
  if (equalBytes(shown, bytes)) return [];
  let first = 0;
  while (shown[first] === bytes[first]) first++;
  let last = bytes.length;
  while (last > first && shown[last - 1] === bytes[last - 1]) last--;
  return [{ offset: first, bytes: copyBytes(bytes, first, last) }];
}

/**
 * The bytes of an element: from the image, and from the container where the image does not have them. Undefined when the
 * image no longer covers the element.
 */
export function dfuseElementBytes(
  target: DfuseTarget,
  element: DfuseElement,
  image: MemoryImage,
): Uint8Array | undefined {
  const { address, size, hidden } = element;
  if (!target.inImage) return hidden[0]?.bytes ?? new Uint8Array(0);
  const shown = image.bytes({ start: address, end: address + size });
  if (!shown || hidden.length === 0) return shown;
  const bytes = copyBytes(shown);
  for (const part of hidden) bytes.set(part.bytes, part.offset);
  return bytes;
}

/**
 * The image as a DfuSe file: as the targets and elements of `like` where they still cover it, else as one target with an
 * element per run of bytes.
 * @throws BuildError DFUSE_TARGET_LIMIT, DFUSE_NAME_TOO_LONG.
 */
export function writeDfuse(image: MemoryImage, options: WriteOptions = {}): Uint8Array {
  const like = options.like?.kind === 'dfuse' ? options.like : null;
  const ids = { ...suffixIds(options, suffixOf(like), DFUSE_VERSION), dfuVersion: DFUSE_VERSION };
  const plan = like && likeTargets(image, like);
  const kept = plan && like.imageSize !== 'excludes-suffix' && like.imageSize !== 'includes-suffix';
  const imageSize =
    options.imageSize ??
    (kept ? like.imageSizeValue : like?.imageSize === 'includes-suffix' ? 'includes-suffix' : 'excludes-suffix');
  return buildDfuseFile(plan ?? [newTarget(image, options, like)], ids, imageSize);
}

function likeTargets(image: MemoryImage, like: DfuseContainer): DfuseTargetPlan[] | null {
  const plan: DfuseTargetPlan[] = [];
  const covered: Range[] = [];
  for (const target of like.targets) {
    const elements: { address: number; bytes: Uint8Array }[] = [];
    for (const element of target.elements) {
      const bytes = dfuseElementBytes(target, element, image);
      if (!bytes) return null;
      elements.push({ address: element.address, bytes });
      if (target.inImage) covered.push({ start: element.address, end: element.address + element.size });
    }
    plan.push({ alternate: target.alternate, named: target.named, nameBytes: target.nameBytes, elements });
  }
  // Every element lies in the image, so equal sizes mean that nothing of the image is left out.
  return totalSize(mergeRanges(covered)) === image.byteCount ? plan : null;
}

function newTarget(image: MemoryImage, options: WriteOptions, like: DfuseContainer | null): DfuseTargetPlan {
  const model = like?.targets.find((target) => target.inImage);
  const name = options.targetName;
  return {
    alternate: options.alternate ?? model?.alternate ?? 0,
    named: name === undefined ? (model?.named ?? 0) : 1,
    nameBytes: name === undefined ? (model?.nameBytes ?? new Uint8Array(0)) : new TextEncoder().encode(name),
    elements: image.ranges().map((range) => ({ address: range.start, bytes: image.read(range, 0) })),
  };
}

function detect(bytes: Uint8Array): Detection | null {
  if (!beginsLikeDfuse(bytes)) return null;
  return { confidence: 'certain', reason: 'begins with the DfuSe signature' };
}

export const dfuse: Format = {
  id: 'dfuse',
  title: 'DfuSe file',
  extensions: ['.dfu'],
  detect,
  read: readDfuse,
  write: writeDfuse,
};
