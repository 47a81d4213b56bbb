/** Packing images into a DfuSe file that a board will take: each part in its alternate setting, refusals before erasing. */
import { formatAddress } from '../core/bytes.js';
import { BuildError, UsageError } from '../core/errors.js';
import type { Finding } from '../core/finding.js';
import { MemoryImage } from '../core/image.js';
import { intersect, type Range } from '../core/range.js';
import {
  checkDfuRanges,
  type DfuDevice,
  deviceMismatchMessage,
  flashAlternate,
  idsFit,
  targetName,
} from '../formats/dfu-device.js';
import { buildDfuseFile, type DfuseTargetPlan, dfuseIds } from '../formats/dfuse-file.js';
import { readAny } from '../formats/index.js';

export interface PackInput {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where the first byte goes; wins over what the module says. Not for files that carry addresses. */
  readonly address?: number | undefined;
  /** Alternate setting; default: the one whose memory is the chip's flash. */
  readonly alternate?: number | undefined;
}

export interface ModulePlace {
  readonly address: number;
  /** What speaks against writing it. */
  readonly findings?: readonly Finding[] | undefined;
}

export interface PackOptions {
  /** The board. */
  readonly device: DfuDevice;
  /** Where a module belongs by its own header, or undefined for other bytes. May throw, to refuse the input. */
  readonly placeModule?: ((bytes: Uint8Array, name: string) => ModulePlace | undefined) | undefined;
  /** What speaks against an image for the chip's flash, as content; findings of severity error refuse it. */
  readonly checkFlash?: ((image: MemoryImage) => readonly Finding[]) | undefined;
  /** Suffix ids; default: the board's. */
  readonly vendor?: number | undefined;
  readonly product?: number | undefined;
  readonly deviceVersion?: number | undefined;
  /** Count the suffix in DFUImageSize, as dfuse-pack 0.10 and later do. */
  readonly inclusiveImageSize?: boolean | undefined;
  /** Write the file although the device will refuse parts of it, or will not run them; each becomes a finding. */
  readonly allowRefused?: boolean | undefined;
}

export interface PackResult {
  readonly bytes: Uint8Array;
  readonly targets: readonly {
    readonly alternate: number;
    readonly name: string;
    readonly elements: readonly Range[];
  }[];
  readonly findings: readonly Finding[];
}

/** An image with its alternate setting. */
export interface PackPart {
  readonly name: string;
  readonly alternate: number;
  readonly image: MemoryImage;
  readonly findings?: readonly Finding[] | undefined;
}

/**
 * One DfuSe file from images, modules and plain binaries.
 * @throws UsageError PACK_ADDRESS_GIVEN_TWICE; BuildError PACK_NO_INPUT, PACK_NO_ADDRESS, PACK_REFUSED, PACK_WRONG_MODULE, PACK_OVERLAP naming
 * both inputs; and what reading an input throws.
 */
export function packDfuse(inputs: readonly PackInput[], options: PackOptions): PackResult {
  return packImages(
    inputs.flatMap((input) => place(input, options)),
    options,
  );
}

/** `packDfuse` for images that have their place already. @throws BuildError PACK_… as packDfuse */
export function packImages(placed: readonly PackPart[], options: Omit<PackOptions, 'placeModule'>): PackResult {
  const { device } = options;
  if (placed.every(({ image }) => image.byteCount === 0)) {
    throw new BuildError({
      code: 'PACK_NO_INPUT',
      what: 'there is nothing to pack',
      help: 'Give at least one input with data.',
    });
  }
  const findings: Finding[] = [];
  for (const part of placed) {
    findings.push(
      ...(part.findings ?? []),
      ...judge(part, device, options.allowRefused ?? false),
      ...judgeContent(part, options),
    );
  }
  const ids = dfuseIds(options.vendor ?? device.vendor, options.product ?? device.product, options.deviceVersion);
  findings.push(...judgeIds(ids, device));
  const plan: DfuseTargetPlan[] = [];
  const targets: PackResult['targets'][number][] = [];
  for (const alternate of [...new Set(placed.map((part) => part.alternate))].sort((a, b) => a - b)) {
    const image = mergePlaced(placed.filter((part) => part.alternate === alternate));
    const name = targetName(device, alternate);
    const elements = image.ranges();
    targets.push({ alternate, name, elements });
    plan.push({
      alternate,
      named: 1,
      nameBytes: new TextEncoder().encode(name),
      elements: elements.map((range) => ({ address: range.start, bytes: image.read(range, 0) })),
    });
  }
  const bytes = buildDfuseFile(plan, ids, options.inclusiveImageSize ? 'includes-suffix' : 'excludes-suffix');
  return { bytes, targets, findings };
}

/** Reads an input and finds its place. A DfuSe input keeps its own alternate settings. */
function place(input: PackInput, options: PackOptions): PackPart[] {
  const { name, bytes, address } = input;
  const result = readAny(bytes, { name, base: address });
  if (address !== undefined && result.addressSource === 'file') {
    throw new UsageError({
      code: 'PACK_ADDRESS_GIVEN_TWICE',
      what: 'an address was given for an input that carries its own',
      where: name,
      got: formatAddress(address),
      help: 'Leave the address out, or move the image first with `convert --base`.',
    });
  }
  if (result.container?.kind === 'dfuse' && input.alternate === undefined) {
    const numbers = [...new Set(result.container.targets.map((target) => target.alternate))];
    return numbers.map((alternate) => ({ name, alternate, image: readAny(bytes, { name, alternate }).image }));
  }
  let { image } = result;
  let findings: readonly Finding[] = result.findings.filter(({ severity }) => severity !== 'note');
  if (result.addressSource === 'assumed' && image.span) {
    const found = options.placeModule?.(image.read(image.span, 0), name);
    if (found === undefined) throw noAddressError(name);
    image = image.shift(found.address - image.span.start);
    findings = [...findings, ...(found.findings ?? [])];
  }
  const alternate = input.alternate ?? flashAlternate(options.device);
  return [{ name, alternate, image, findings }];
}

function noAddressError(name: string): BuildError {
  return new BuildError({
    code: 'PACK_NO_ADDRESS',
    what: 'the input carries no address and is not a module with one in its header',
    where: name,
    help: 'Say where it goes, for example 0x080A0000 for a P1 application.',
  });
}

function judge(part: PackPart, device: DfuDevice, allowRefused: boolean): Finding[] {
  const findings = checkDfuRanges(part.image.ranges(), part.alternate, device);
  const first = findings[0];
  if (!first || allowRefused) return findings;
  const all = findings.map(({ message }) => message).join('; ');
  const ways = [...new Set(findings.flatMap(({ remedy }) => remedy ?? []))].join(' ');
  throw new BuildError({
    code: 'PACK_REFUSED',
    what: `the device will not take this: ${all}`,
    where: part.name,
    address: first.start,
    help: ways,
  });
}

/** The device takes any bytes: what it cannot run is found out here or after the old firmware is gone. */
function judgeContent(
  part: PackPart,
  { device, checkFlash, allowRefused }: Omit<PackOptions, 'placeModule'>,
): readonly Finding[] {
  if (!checkFlash || part.alternate !== flashAlternate(device)) return [];
  const findings = checkFlash(part.image);
  const errors = findings.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  if (!first || allowRefused) return findings;
  throw new BuildError({
    code: 'PACK_WRONG_MODULE',
    what: `the board will not run this: ${errors.map(({ message }) => message).join('; ')}`,
    where: part.name,
    address: first.start,
    help: `${[...new Set(errors.flatMap(({ remedy }) => remedy ?? []))].join(' ')} To pack it all the same, add --allow-refused.`,
  });
}

function judgeIds(ids: { readonly vendor: number; readonly product: number }, device: DfuDevice): Finding[] {
  if (idsFit(ids, device)) return [];
  return [
    {
      rule: 'container/device-mismatch',
      severity: 'warning',
      message: deviceMismatchMessage(ids, device),
      evidence: { vendor: ids.vendor, product: ids.product },
      remedy: 'Leave the ids out to get those of the board.',
      start: 0,
      end: 0,
    },
  ];
}

/** Inputs of one alternate setting together. Every overlap is refused, and both inputs are named. */
function mergePlaced(parts: readonly PackPart[]): MemoryImage {
  const pieces = parts
    .flatMap(({ name, image }) => image.ranges().map((range) => ({ name, image, range })))
    .sort((a, b) => a.range.start - b.range.start);
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    const shared = next && intersect(piece.range, next.range);
    if (!next || !shared) continue;
    const show = ({ start, end }: Range): string => `${formatAddress(start)}-${formatAddress(end - 1)}`;
    throw new BuildError({
      code: 'PACK_OVERLAP',
      what: 'two inputs want the same addresses',
      where: show(shared),
      got: `${show(piece.range)} from ${piece.name} and ${show(next.range)} from ${next.name}`,
      address: shared.start,
      help: 'Leave one of the two out, or crop it.',
    });
  }
  return MemoryImage.fromSegments(parts.flatMap(({ image }) => image.segments));
}
