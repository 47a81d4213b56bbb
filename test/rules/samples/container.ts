import { gzipSync } from 'fflate';
import { writeU32 } from '../../../src/core/bytes.js';
import type { Finding } from '../../../src/core/finding.js';
import { readAny } from '../../../src/formats/index.js';
import { checkDfu } from '../../../src/operations/dfu.js';
import { P1_DFU } from '../../support/p1-dfu.js';
import { randomBytes } from '../../support/random-bytes.js';
import { vectorBytes } from '../../support/vectors.js';
import { patched, read, type Sample, type Samples } from './sample.js';

/** A sound file of each kind. */
const SOUND = {
  ihex: 'ihex/p01-srec_cat-1000.hex',
  srec: 'srec/p01-srec_cat-1000.s19',
  elf: 'ihex/elf/e01-lma-vma.elf',
  dfu: 'dfu/p02-p1-ids.dfu',
  dfuse: 'dfuse/p08-own-excl.dfu',
} as const;

type Kind = keyof typeof SOUND;

/** A damaged vector and what reading it finds. */
function ofFile(kind: Kind, name: string, also: readonly string[] = []): Sample {
  return { fires: () => read(vectorBytes(name)), silent: () => read(vectorBytes(SOUND[kind])), also };
}

/** What a file means for the P1 in DFU mode. */
function forDevice(kind: Kind, name: string, also: readonly string[] = []): Sample {
  const judge = (path: string): readonly Finding[] => checkDfu(vectorBytes(path), path, P1_DFU).findings;
  return { fires: () => judge(name), silent: () => judge(SOUND[kind]), also };
}

function ofBytes(fires: () => Uint8Array, silent: () => Uint8Array): Sample {
  return { fires: () => read(fires()), silent: () => read(silent()) };
}

function addressList(text: string): readonly Finding[] {
  return readAny(new TextEncoder().encode(text), { format: 'address-list', permissive: true, name: 'file' }).findings;
}

export const recordSamples: Samples = {
  'container/address-field-not-zero': ofFile('ihex', 'ihex/q16-ext04-nonzero-address.hex'),
  'container/address-overflow': ofFile('ihex', 'ihex/n23-overflow-4g.hex', [
    'container/boundary-crossing',
    'container/no-data',
  ]),
  'container/address-past-width': ofFile('srec', 'srec/n16-s1-overflow.s19'),
  'container/bad-dump-line': {
    fires: () => addressList('0x08000000: 12 34\nhello\n0x08000002: 56\n'),
    silent: () => addressList('0x08000000: 12 34\n0x08000002: 56\n'),
  },
  'container/bad-record-checksum': ofFile('ihex', 'ihex/n02-checksum.hex'),
  'container/bad-record-length': ofFile('ihex', 'ihex/n14-04-length-1.hex'),
  'container/bare-carriage-return': ofFile('ihex', 'ihex/q04-cr-only.hex'),
  'container/boundary-crossing': ofFile('ihex', 'ihex/q19-04-cross-64k-in-record.hex'),
  'container/byte-order-mark': ofFile('ihex', 'ihex/q08-bom.hex'),
  'container/comment': ofFile('ihex', 'ihex/q09-comment-semicolon.hex'),
  'container/conflicting-data': ofFile('ihex', 'ihex/q25-overlap-different.hex'),
  'container/content-after-end': ofFile('ihex', 'ihex/q12-text-after-eof.hex'),
  'container/count-before-data': ofFile('srec', 'srec/q07-count-before-data.s19'),
  'container/data-after-end': ofFile('ihex', 'ihex/n22-data-after-eof.hex'),
  'container/duplicate-data': ofFile('ihex', 'ihex/q24-overlap-identical.hex'),
  'container/empty-data-record': ofFile('ihex', 'ihex/q18-zero-length-data.hex'),
  'container/end-record-width': ofFile('srec', 'srec/q08-s9-with-s3.s19'),
  'container/foreign-line': ofFile('ihex', 'ihex/n10-missing-colon.hex'),
  'container/invalid-character': ofFile('ihex', 'ihex/n09-non-hex.hex'),
  'container/leading-blanks': ofFile('ihex', 'ihex/q07-leading-spaces.hex'),
  'container/lower-case-mark': ofFile('srec', 'srec/q03-lowercase-s.s19'),
  'container/no-data': ofFile('ihex', 'ihex/q27-eof-only.hex'),
  'container/no-end-record': ofFile('ihex', 'ihex/n04-no-eof.hex'),
  'container/nonstandard-record': ofFile('ihex', 'ihex/p10-fwupd-type-fd.hex'),
  'container/odd-digits': ofFile('ihex', 'ihex/n08-odd-digits.hex'),
  'container/record-count-mismatch': ofFile('srec', 'srec/n04-s5-wrong.s19'),
  'container/record-length-mismatch': ofFile('ihex', 'ihex/n06-count-too-big.hex'),
  'container/record-too-short': ofFile('srec', 'srec/n09-count-2-in-s3.s19'),
  'container/records-after-end': ofFile('ihex', 'ihex/q15-eof-type05-after.hex'),
  'container/second-header': ofFile('srec', 'srec/q15-two-headers.s19'),
  'container/segment-wrap': ofFile('ihex', 'ihex/q20-02-wrap-in-record.hex'),
  'container/trailing-blanks': ofFile('ihex', 'ihex/q06-trailing-spaces.hex'),
  'container/truncated-record': ofFile('ihex', 'ihex/n11-colon-only.hex'),
  'container/unknown-record-type': ofFile('ihex', 'ihex/n12-type-06.hex'),
};

export const dfuSamples: Samples = {
  'container/alternate-repeated': ofFile('dfuse', 'dfuse/p17-same-alt-twice.dfu'),
  'container/damaged-dfuse': forDevice('dfuse', 'dfuse/n01-bad-prefix-sig.dfu'),
  'container/damaged-dfu-suffix': ofFile('dfu', 'dfu/n06-bad-crc.dfu'),
  'container/device-mismatch': forDevice('dfu', 'dfu/n22-vid-mismatch.dfu'),
  'container/device-refuses': forDevice('dfuse', 'dfuse/n32-readonly-sectors.dfu', ['container/not-writeable']),
  'container/dfuse-version-without-body': ofFile('dfu', 'dfu/p03-spec-011a-raw.dfu'),
  'container/displaced-dfu-suffix': ofFile('dfu', 'dfu/n19-trailing-newline.dfu'),
  'container/double-suffix': ofFile('dfu', 'dfu/p12-double-suffix.dfu'),
  'container/elements-overlap': ofFile('dfuse', 'dfuse/p15-overlap-elements.dfu'),
  'container/empty-element': ofFile('dfuse', 'dfuse/p13-zero-size-element.dfu', ['container/unsorted-elements']),
  'container/empty-target': ofFile('dfuse', 'dfuse/n09-zero-elements.dfu', ['container/alternate-repeated']),
  'container/image-size-includes-suffix': ofFile('dfuse', 'dfuse/p01-pack-one.dfu'),
  'container/image-size-mismatch': ofFile('dfuse', 'dfuse/n18-imagesize-garbage.dfu'),
  'container/image-size-zero': ofFile('dfuse', 'dfuse/p19-prefix-size-zero.dfu'),
  'container/leaves-device-memory': forDevice('dfuse', 'dfuse/n33-crosses-flash-end.dfu'),
  'container/long-dfu-suffix': ofFile('dfu', 'dfu/p11-blength-20.dfu'),
  'container/looks-like-lpcdfu': ofFile('dfu', 'dfu/n24-raw-looks-like-lpc.bin'),
  'container/no-dfu-suffix': forDevice('dfu', 'dfu/n03-raw-no-suffix.bin'),
  'container/not-binary': {
    fires: () => checkDfu(vectorBytes(SOUND.ihex), 'app.hex', P1_DFU, 0x080a0000).findings,
    silent: () => checkDfu(vectorBytes(SOUND.dfu), 'app.dfu', P1_DFU, 0x080a0000).findings,
    also: ['container/no-dfu-suffix'],
  },
  'container/not-writeable': forDevice('dfuse', 'dfuse/n32-readonly-sectors.dfu', ['container/device-refuses']),
  'container/other-alternates': {
    fires: () => readAny(vectorBytes('dfuse/p04-pack-two-alts.dfu'), { name: 'file' }).findings,
    silent: () => readAny(vectorBytes('dfuse/p03-pack-three-elements.dfu'), { name: 'file' }).findings,
    also: ['container/image-size-includes-suffix'],
  },
  'container/outside-device-memory': forDevice('dfuse', 'dfuse/n31-outside-flash.dfu'),
  'container/prefix-length-mismatch': ofFile('dfu', 'dfu/n23-lmdfu-bad-length.dfu'),
  'container/target-named-flag': ofFile('dfuse', 'dfuse/p12-named-high-bits.dfu'),
  'container/unaligned-element': ofFile('dfuse', 'dfuse/n36-element-misaligned.dfu'),
  'container/unknown-alternate': forDevice('dfuse', 'dfuse/n34-unknown-alt.dfu'),
  'container/unknown-dfu-version': ofFile('dfu', 'dfu/n17-bcddfu-0110.dfu'),
  'container/unsorted-elements': ofFile('dfuse', 'dfuse/p18-unsorted-last-lower.dfu', [
    'container/image-size-includes-suffix',
  ]),
  'container/wrong-dfu-version': ofFile('dfuse', 'dfuse/n22-bcddfu-0100.dfu'),
};

/** An ELF whose first segment begins with the file's own header, as a linker script without PHDRS makes it. */
function elfWithHeader(): Uint8Array {
  const bytes = vectorBytes(SOUND.elf);
  const table = new DataView(bytes.buffer, bytes.byteOffset).getUint32(28, true);
  writeU32(bytes, table + 4, 0);
  return bytes;
}

/** Stored, not packed, so that a changed byte is data and nothing else. */
function packed(): Uint8Array {
  return gzipSync(randomBytes(2000), { level: 0 });
}

export const otherSamples: Samples = {
  'container/elf-headers-loaded': ofBytes(elfWithHeader, () => vectorBytes(SOUND.elf)),
  'container/elf-not-arm': ofFile('elf', 'ihex/elf/e09-machine-x86.elf'),
  'container/elf-segment-past-end': ofFile('elf', 'ihex/elf/e06-segment-past-eof.elf'),
  'container/elf-segment-size': ofFile('elf', 'ihex/elf/e07-filesz-gt-memsz.elf'),
  'container/elf-segments-overlap': ofFile('elf', 'ihex/elf/e04-overlapping-paddr.elf'),
  'container/elf-virtual-addresses': ofFile('elf', 'ihex/elf/e02-paddr-all-zero.elf'),
  'container/gzip-bad-crc': ofBytes(() => patched(packed(), 100, packed()[100] === 0x55 ? 0x56 : 0x55), packed),
  'container/gzip-damaged': ofBytes(
    () => gzipSync(randomBytes(200_000)).slice(0, 150_000),
    () => gzipSync(randomBytes(200_000)),
  ),
};
