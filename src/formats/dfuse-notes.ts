/** Findings about DfuSe files that are legal but want attention. */
import { formatAddress, formatHex } from '../core/bytes.js';
import type { DfuseImageSize } from './container.js';
import type { DfuseFileElement, DfuseFileTarget } from './dfuse-file.js';
import type { FindingList } from './finding-list.js';

const ELEMENT_HEADER_BYTES = 8;

/** What DFUImageSize says, where that is unusual. */
export function noteImageSize(kind: DfuseImageSize, value: number, expected: number, findings: FindingList): void {
  if (kind === 'excludes-suffix') return;
  const evidence = { field: 'DFUImageSize', expected, got: value, offset: 6 };
  const origin = 'offset 6';
  if (kind === 'includes-suffix') {
    findings.add({
      rule: 'container/image-size-includes-suffix',
      severity: 'note',
      message: 'DFUImageSize counts the suffix too (dfuse-pack 0.10 and later); fwupd rejects the file',
      evidence,
      origin,
    });
  } else if (kind === 'zero') {
    const message = 'DFUImageSize is 0; dfu-util ignores the field, fwupd rejects the file';
    findings.add({ rule: 'container/image-size-zero', severity: 'warning', message, evidence, origin });
  } else {
    const message = `DFUImageSize is ${formatHex(value)}, but the file without suffix has ${expected} bytes`;
    findings.add({ rule: 'container/image-size-mismatch', severity: 'error', message, evidence, origin });
  }
}

/** What is legal but wants attention. */
export function noteOddities(targets: readonly DfuseFileTarget[], findings: FindingList): void {
  const alternates = new Set<number>();
  for (const target of targets) {
    const { alternate, elements } = target;
    if (alternates.has(alternate)) {
      findings.add({
        rule: 'container/alternate-repeated',
        severity: 'warning',
        message: `more than one target has alternate setting ${alternate}`,
        evidence: { alternate },
      });
    }
    alternates.add(alternate);
    if (target.named > 1) {
      findings.add({
        rule: 'container/target-named-flag',
        severity: 'warning',
        message: `bTargetNamed is ${formatHex(target.named, 8)}, neither 0 nor 1; tools disagree whether the name counts`,
        evidence: { named: target.named },
      });
    }
    if (elements.length === 0) {
      findings.add({
        rule: 'container/empty-target',
        severity: 'warning',
        message: `the target of alternate setting ${alternate} has no elements; fwupd rejects the file`,
        evidence: { alternate },
      });
    }
    noteElements(elements, findings);
  }
}

function noteElements(elements: readonly DfuseFileElement[], findings: FindingList): void {
  let previous: DfuseFileElement | null = null;
  for (const element of elements) {
    const { address, bytes, offset } = element;
    const common = { start: address, end: address + bytes.length, origin: `offset ${offset - ELEMENT_HEADER_BYTES}` };
    if (bytes.length === 0) {
      const message = `the element at ${formatAddress(address)} is empty; fwupd rejects the file`;
      findings.add({ rule: 'container/empty-element', severity: 'warning', message, ...common });
    }
    if (address % 4 !== 0 && (!previous || previous.address + previous.bytes.length !== address)) {
      const message = `the element at ${formatAddress(address)} does not begin on a word`;
      findings.add({ rule: 'container/unaligned-element', severity: 'warning', message, ...common });
    }
    if (previous && address < previous.address) {
      findings.add({
        rule: 'container/unsorted-elements',
        severity: 'warning',
        message: `the element at ${formatAddress(address)} follows one at a higher address; after :leave, ST's boot loader starts at the last one`,
        ...common,
      });
    }
    previous = element;
  }
  const sorted = elements.filter(({ bytes }) => bytes.length > 0).sort((a, b) => a.address - b.address);
  let end = -1;
  for (const { address, bytes } of sorted) {
    if (address < end) {
      const message = `elements overlap at ${formatAddress(address)}; the one that is written later counts`;
      findings.add({
        rule: 'container/elements-overlap',
        severity: 'warning',
        message,
        start: address,
        end: Math.min(end, address + bytes.length),
      });
    }
    end = Math.max(end, address + bytes.length);
  }
}
