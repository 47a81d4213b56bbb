import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/bytes.js';
import { type Finding, verdictOf } from '../../src/core/finding.js';
import { MemoryImage } from '../../src/core/image.js';
import { appendDfuSuffix } from '../../src/formats/dfu-suffix.js';
import { examineAcquisition, undoTransform } from '../../src/regions/acquisition/index.js';
import { type AcquisitionOptions, checkAcquisition } from '../../src/rules/acquisition.js';
import { FLASH_START, makeDump, makeModule, randomBytes, testChip } from '../regions/unknown/synthetic.js';

const chip = testChip();

function check(bytes: Uint8Array, address = FLASH_START, options: AcquisitionOptions = {}): Finding[] {
  return checkAcquisition(examineAcquisition(MemoryImage.fromBytes(bytes, address), chip), options);
}

/** The only finding, which must be of this rule. */
function only(findings: readonly Finding[], rule: string): Finding {
  expect(findings.map((finding) => finding.rule)).toEqual([rule]);
  const [finding] = findings;
  if (!finding) throw new Error('no finding');
  return finding;
}

describe('checkAcquisition', () => {
  it('is silent on a good dump, on random bytes and on an empty image', () => {
    expect(check(makeDump())).toEqual([]);
    expect(check(randomBytes(100_000))).toEqual([]);
    expect(checkAcquisition(examineAcquisition(MemoryImage.empty, chip))).toEqual([]);
  });

  it('leaves a blank chip open between blank and failed', () => {
    const finding = only(check(new Uint8Array(0x100000).fill(0xff)), 'acquisition/all-erased');
    expect(finding.severity).toBe('warning');
    expect(finding.message).toBe(
      'All 1048576 bytes are 0xFF. Either the flash is blank, or the read failed in a way that returns 0xFF.',
    );
    expect(finding.remedy).toContain('unique device id at 0x1FFF7A10');
  });

  it('calls zeros throughout an error and points at RDP', () => {
    const finding = only(check(new Uint8Array(0x100000)), 'acquisition/all-zero');
    expect(finding.severity).toBe('error');
    expect(finding.remedy).toContain('RDP');
    expect(finding).toMatchObject({ start: 0x08000000, end: 0x08100000 });
  });

  it('calls one word throughout an error', () => {
    const unit = Uint8Array.of(0xef, 0xbe, 0xad, 0xde);
    const finding = only(check(concatBytes(Array(4096).fill(unit))), 'acquisition/constant-unit');
    expect(finding.severity).toBe('error');
    expect(finding.evidence).toEqual({ unit: 'ef be ad de', unitBytes: 4, bytes: 16384 });
  });

  it('names a rearrangement and how to undo it', () => {
    const finding = only(check(undoTransform(makeDump(), 'byteswap16')), 'acquisition/transformed');
    expect(finding.severity).toBe('error');
    expect(finding.message).toMatch(
      /^The bytes are rearranged \(byteswap16\)\. Undoing byteswap16 brings out 4 module/,
    );
    expect(finding.remedy).toContain('convert --undo byteswap16');
  });

  it('warns of a smaller chip, and fails a dump that repeats in small steps', () => {
    const half = makeDump(0x80000);
    const large = only(check(concatBytes([half, half])), 'acquisition/repeated');
    expect(large).toMatchObject({ severity: 'warning', start: 0x08080000, end: 0x08100000 });
    expect(large.remedy).toContain('0x1FFF7A22');
    const page = randomBytes(4096);
    expect(only(check(concatBytes(Array(64).fill(page))), 'acquisition/repeated').severity).toBe('error');
  });

  it('fails stuck lines', () => {
    const dump = makeDump();
    const data = only(check(dump.map((byte) => byte & 0xf7)), 'acquisition/stuck-data-line');
    expect(data).toMatchObject({ severity: 'error', evidence: { bit: 3, level: 0, width: 8 } });
    const mirrored = dump.map((_, offset) => dump[offset & ~0x20000] as number);
    const address = check(mirrored).find((finding) => finding.rule === 'acquisition/stuck-address-line');
    expect(address).toMatchObject({ severity: 'error', evidence: { bit: 17, level: 0, ignored: '17' } });
  });

  it('fails what ends too early and notes what ends with a sector', () => {
    const module = makeModule({ start: FLASH_START, length: 9_000, function: 2, index: 0 });
    const cut = only(check(module.subarray(0, 6_000)), 'acquisition/truncated');
    expect(cut).toMatchObject({ severity: 'error', start: 0x08001770, evidence: { shortBy: 3_000, bytes: 6_000 } });
    expect(only(check(makeDump(0xc0000)), 'acquisition/partial').severity).toBe('note');
  });

  it('warns of bytes beyond the flash', () => {
    const finding = only(check(concatBytes([makeDump(), randomBytes(100)])), 'acquisition/too-long');
    expect(finding).toMatchObject({ severity: 'warning', start: 0x08100000, evidence: { longBy: 100, tail: 'other' } });
  });

  it('notes a DFU suffix behind the flash content', () => {
    const dump = makeDump();
    const ids = { vendor: 0x2b04, product: 0xd008, device: 0xffff, dfuVersion: 0x0100 };
    const findings = check(appendDfuSuffix(dump, ids));
    const finding = findings.find(({ rule }) => rule === 'acquisition/appended');
    expect(finding).toMatchObject({ severity: 'note', start: 0x08100000, end: 0x08100010 });
    expect(finding?.message).toBe('The last 16 bytes are a DFU suffix (CRC ok), not flash content.');
    expect(finding?.evidence).toEqual({ kind: 'dfu-suffix', bytes: 16, crc: 'ok' });
    expect(check(dump)).toEqual([]);
  });

  it('fails concatenated modules and says where each belongs', () => {
    const first = makeModule({ start: 0x08020000, length: 8_000, function: 4, index: 1 });
    const second = makeModule({ start: 0x08060000, length: 9_000, function: 4, index: 2 });
    const finding = only(check(concatBytes([first, second])), 'acquisition/glued-modules');
    expect(finding.evidence).toEqual({ modules: 2, addresses: '0x08020000, 0x08060000', offsets: '0, 8000' });
  });

  it('contradicts a wrong base, less so when a person gave it', () => {
    const module = makeModule({ start: 0x08060000, length: 9_000, function: 4, index: 2 });
    expect(only(check(module), 'acquisition/base-mismatch')).toMatchObject({
      severity: 'warning',
      remedy: 'Give --base 0x08060000.',
    });
    expect(only(check(module, FLASH_START, { baseSource: 'given' }), 'acquisition/base-mismatch').severity).toBe(
      'note',
    );
    expect(check(module, 0x08060000)).toEqual([]);
  });

  it('fails a dump that begins at an odd offset', () => {
    const late = only(check(makeDump().slice(3)), 'acquisition/odd-offset');
    expect(late).toMatchObject({ severity: 'error', remedy: 'Give --base 0x08000003.' });
    const findings = check(concatBytes([Uint8Array.of(0), makeDump()]));
    expect(findings.find((finding) => finding.rule === 'acquisition/odd-offset')?.remedy).toBe(
      'Cut off the first 1 byte.',
    );
  });

  it('warns of every lost transfer', () => {
    const dump = makeDump();
    dump.fill(0, 0x62000, 0x63000);
    const finding = check(dump).find((candidate) => candidate.rule === 'acquisition/dropped-chunk');
    expect(finding).toMatchObject({
      severity: 'warning',
      start: 0x08062000,
      end: 0x08063000,
      evidence: { bytes: 4096, chunk: 4096 },
    });
  });

  it('gives every finding a remedy and a verdict that fits', () => {
    const broken = [new Uint8Array(4096), makeDump().slice(1), undoTransform(makeDump(), 'inverted')];
    for (const bytes of broken) {
      const findings = check(bytes);
      expect(verdictOf(findings)).toBe('fail');
      for (const finding of findings) expect(finding.remedy).toMatch(/\.$/);
    }
  });
});
