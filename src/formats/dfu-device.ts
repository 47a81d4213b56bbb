/** What a device will say to a DFU or DfuSe file, judged before anything is erased. */
import { formatAddress } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import { intersect, mergeRanges, type Range } from '../core/range.js';
import type { Container, DfuSuffix } from './container.js';
import { suffixOf } from './dfu-file.js';
import { ANY_ID } from './dfu-suffix.js';
import { type DfuseSectorGroup, parseDfuseLayout } from './dfuse-layout.js';
import { FindingList } from './finding-list.js';

/** The DFU side of a board; a board description's DfuProfile fits. */
export interface DfuDevice {
  readonly vendor: number;
  readonly product: number;
  /** `space` is 'flash' for the setting whose addresses are those of the chip's flash. */
  readonly alternates: readonly { readonly number: number; readonly layout: string; readonly space?: string }[];
  readonly refusals: readonly (Range & {
    readonly alternate: number;
    readonly reason: string;
    readonly instead: string;
  })[];
}

/**
 * Findings of severity error for everything the device will refuse, and a warning for ids of another one.
 * @param image needed for DFU files without addresses only when they shall be judged at a given place
 * @throws FormatError DFUSE_LAYOUT when the device's own layout string is invalid.
 */
export function checkDfuDevice(
  container: Container | null,
  device: DfuDevice,
  raw?: { readonly image: MemoryImage; readonly alternate: number },
): Finding[] {
  const findings = new FindingList();
  const suffix = suffixOf(container);
  if (suffix) checkIds(suffix, device, findings);
  if (container?.kind === 'dfuse') {
    for (const { alternate, elements } of container.targets) {
      const ranges = elements.map(({ address, size }) => ({ start: address, end: address + size }));
      for (const finding of checkDfuRanges(ranges, alternate, device)) findings.add(finding);
    }
  } else if (raw) {
    for (const finding of checkDfuRanges(raw.image.ranges(), raw.alternate, device)) findings.add(finding);
  }
  return findings.all();
}

function checkIds(suffix: DfuSuffix, device: DfuDevice, findings: FindingList): void {
  if (idsFit(suffix, device)) return;
  const { vendor, product } = suffix;
  findings.add({
    rule: 'container/device-mismatch',
    // A warning, because what the board does depends on -d alone: it may well take the file.
    severity: 'warning',
    message: deviceMismatchMessage(suffix, device),
    evidence: { vendor, product, deviceVendor: device.vendor, deviceProduct: device.product },
    remedy: 'Use the file for the right board, or give it a suffix for this one.',
  });
}

/** Whether a file with these ids is for the device; 0xFFFF is for any. */
export function idsFit(ids: { readonly vendor: number; readonly product: number }, device: DfuDevice): boolean {
  const { vendor, product } = ids;
  return (vendor === ANY_ID || vendor === device.vendor) && (product === ANY_ID || product === device.product);
}

/** Says what dfu-util 0.11 does with a file for another device. */
export function deviceMismatchMessage(
  ids: { readonly vendor: number; readonly product: number },
  device: DfuDevice,
): string {
  const wanted = idPair(device.vendor, device.product);
  return `the file is for ${idPair(ids.vendor, ids.product)}, the device is ${wanted}: dfu-util -d ${wanted} refuses it, but without -d it writes the file to a device that is already in DFU mode`;
}

/** `2b04:d008`, the way dfu-util writes it. */
export function idPair(vendor: number, product: number): string {
  const part = (value: number): string => value.toString(16).padStart(4, '0');
  return `${part(vendor)}:${part(product)}`;
}

/** The alternate setting whose addresses are those of the chip's flash. */
export function flashAlternate(device: DfuDevice): number {
  const flash = device.alternates.find(({ space }) => space === 'flash') ?? device.alternates[0];
  return flash?.number ?? 0;
}

/** What a DfuSe file calls a target: the name in the layout string of the alternate setting. */
export function targetName(device: DfuDevice, alternate: number): string {
  const setting = device.alternates.find(({ number }) => number === alternate);
  return setting ? parseDfuseLayout(setting.layout).name : `Alternate ${alternate}`;
}

/** Judges address ranges against one alternate setting: unknown, outside, not writeable, or refused for another reason. */
export function checkDfuRanges(ranges: readonly Range[], alternate: number, device: DfuDevice): Finding[] {
  const findings = new FindingList();
  const setting = device.alternates.find(({ number }) => number === alternate);
  if (!setting) {
    findings.add({
      rule: 'container/unknown-alternate',
      severity: 'error',
      message: `the device has no alternate setting ${alternate}; dfu-util skips its elements and still ends with success`,
      evidence: { alternate, known: device.alternates.map(({ number }) => number).join(', ') },
      remedy: 'Use one of the alternate settings the device has.',
    });
    return findings.all();
  }
  const { groups } = parseDfuseLayout(setting.layout);
  for (const range of ranges) checkRange(range, alternate, groups, device, findings);
  return findings.all();
}

function checkRange(
  range: Range,
  alternate: number,
  groups: readonly DfuseSectorGroup[],
  device: DfuDevice,
  findings: FindingList,
): void {
  const memory = groups.map(showRange).join(', ');
  const end = Math.max(range.end, range.start + 1);
  const closed: Range[] = [];
  let position = range.start;
  // Groups may be listed in any order; each step finds the one that holds the position.
  for (let group = holder(groups, position); group && position < end; group = holder(groups, position)) {
    if (!group.writeable) closed.push(intersect(range, group) ?? range);
    position = group.end;
  }
  for (const part of mergeRanges(closed)) {
    findings.add({
      rule: 'container/not-writeable',
      severity: 'error',
      message: `${showRange(part)} lies in sectors that the device marks read-only; dfu-util stops, or with :force programs without erasing`,
      start: part.start,
      end: part.end,
      evidence: { alternate },
      remedy: 'Write these sectors with ST-Link, or leave them out.',
    });
  }
  if (position < end && !holder(groups, position)) {
    const inside = position > range.start;
    findings.add({
      rule: inside ? 'container/leaves-device-memory' : 'container/outside-device-memory',
      severity: 'error',
      message: `${showRange(range)} ${inside ? 'runs out of' : 'lies outside'} the memory of alternate setting ${alternate} (${memory})`,
      start: range.start,
      end: range.end,
      evidence: { alternate },
      remedy: `Move or crop the data.${otherAlternates(range, alternate, device)}`,
    });
  }
  checkRefusals(range, alternate, device, findings);
}

function showRange({ start, end }: Range): string {
  return `${formatAddress(start)}-${formatAddress(Math.max(start, end - 1))}`;
}

/** Small addresses usually mean an offset in another memory: keys are written to the DCT that way. */
function otherAlternates(range: Range, alternate: number, device: DfuDevice): string {
  const fitting = device.alternates.flatMap(({ number, layout }) => {
    const { name, groups } = parseDfuseLayout(layout);
    const fits = number !== alternate && groups.some((group) => range.start >= group.start && range.end <= group.end);
    return fits ? [{ number, name }] : [];
  });
  if (fitting.length === 0) return '';
  const list = fitting.map(({ number, name }) => `${number} (${name})`).join(', ');
  const options = fitting.map(({ number }) => `-a ${number}`).join(' or ');
  return ` These addresses exist in alternate setting ${list}; choose it if that is meant (dfu-util ${options}).`;
}

function holder(groups: readonly DfuseSectorGroup[], address: number): DfuseSectorGroup | undefined {
  return groups.find((group) => address >= group.start && address < group.end);
}

function checkRefusals(range: Range, alternate: number, device: DfuDevice, findings: FindingList): void {
  for (const refusal of device.refusals) {
    const shared = refusal.alternate === alternate ? intersect(range, refusal) : undefined;
    if (!shared) continue;
    findings.add({
      rule: 'container/device-refuses',
      severity: 'error',
      message: `the device refuses ${formatAddress(shared.start)}-${formatAddress(shared.end - 1)}: ${refusal.reason}`,
      start: shared.start,
      end: shared.end,
      evidence: { alternate, bytes: shared.end - shared.start },
      remedy: refusal.instead,
    });
  }
}
