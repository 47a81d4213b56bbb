/**
 * Rules about the file itself: is it something to judge, and does all of it belong? Most findings about files are made
 * while they are read; their rules are listed here, so that the list of rules is whole.
 */
import type { Severity } from '../core/finding.js';
import { formatCount } from '../core/words.js';
import { defineRule, type RuleSummary } from './rule.js';

export const notRecognised = defineRule({
  id: 'container/not-recognised',
  severity: 'error',
  about: 'The input holds nothing that can be judged.',
  message: (e: { size: number }) =>
    `nothing recognised in ${formatCount(e.size)} bytes: no module header in its place, and not the size of the flash`,
  remedy: () => 'If this is part of a dump, say where it begins with --base (for example --base 0x08020000).',
});

export const trailingBytes = defineRule({
  id: 'container/trailing-bytes',
  severity: 'note',
  about: 'A module file goes on after the end of its module.',
  message: (e: { module: string; bytes: number; from: string }) =>
    `${e.module} is followed by ${formatCount(e.bytes)} bytes that do not belong to it, from ${e.from}`,
  remedy: () => 'They are not part of the module; a DFU suffix or a second file may have been appended.',
});

/** A rule of a reader. `severity` is the gravest it has; some are milder for one format, or for another reason. */
function ofReader(name: string, severity: Severity, about: string): RuleSummary {
  return { id: `container/${name}`, severity, about };
}

/** Intel HEX, S-records and hex dumps. */
const recordRules: readonly RuleSummary[] = [
  ofReader('address-field-not-zero', 'warning', 'A record without an address has one, which is ignored.'),
  ofReader('address-overflow', 'error', 'Data runs past the 4 GiB address space.'),
  ofReader('address-past-width', 'warning', 'Data runs past the addresses that its kind of S-record can state.'),
  ofReader('bad-dump-line', 'error', 'A line of a hex dump cannot be read.'),
  ofReader('bad-record-checksum', 'error', 'The checksum of a record does not match its bytes.'),
  ofReader('bad-record-length', 'error', 'A record has another length than its type demands.'),
  ofReader('bare-carriage-return', 'note', 'Lines end with a bare carriage return.'),
  ofReader('boundary-crossing', 'warning', 'A record crosses a 64 KiB boundary, where tools disagree.'),
  ofReader('byte-order-mark', 'note', 'The file begins with a UTF-8 byte order mark.'),
  ofReader('comment', 'warning', 'The file has comment lines, which most tools reject.'),
  ofReader('conflicting-data', 'error', 'The file gives different bytes for one address.'),
  ofReader('content-after-end', 'warning', 'Text follows the end record and is ignored.'),
  ofReader('count-before-data', 'warning', 'A count record stands before the records it counts.'),
  ofReader('data-after-end', 'error', 'Data records follow the end record: two files seem to be joined.'),
  ofReader('duplicate-data', 'warning', 'The file gives the same bytes twice.'),
  ofReader('empty-data-record', 'warning', 'A data record has no data.'),
  ofReader('end-record-width', 'warning', 'The terminator belongs to S-records of another address width.'),
  ofReader('foreign-line', 'error', 'A line is no record.'),
  ofReader('invalid-character', 'error', 'A record holds a character that is no hexadecimal digit.'),
  ofReader('leading-blanks', 'warning', 'Blanks stand before a record.'),
  ofReader('lower-case-mark', 'note', 'S-records begin with a lower-case s.'),
  ofReader('no-data', 'warning', 'The file holds no data records.'),
  ofReader('no-end-record', 'error', 'The file has no end record, so it may be cut off.'),
  ofReader('nonstandard-record', 'warning', 'A record is of a type that only fwupd knows.'),
  ofReader('odd-digits', 'error', 'A record has an odd number of digits.'),
  ofReader('record-count-mismatch', 'error', 'The count record does not match the number of data records.'),
  ofReader('record-length-mismatch', 'error', 'The length of a record does not match its byte count.'),
  ofReader('record-too-short', 'error', 'An S-record is too short for its address.'),
  ofReader('records-after-end', 'warning', 'Records follow the end record and are ignored.'),
  ofReader('second-header', 'note', 'The file has more than one S0 record.'),
  ofReader('segment-wrap', 'warning', 'A record wraps at the end of its 64 KiB segment, where tools disagree.'),
  ofReader('trailing-blanks', 'note', 'Blanks follow a record.'),
  ofReader('truncated-record', 'error', 'A record is cut off.'),
  ofReader('unknown-record-type', 'error', 'A record is of a type that the format does not have.'),
];

/** DFU and DfuSe files, and what a device says to them. */
const dfuRules: readonly RuleSummary[] = [
  ofReader('alternate-repeated', 'warning', 'Several targets of a DfuSe file have the same alternate setting.'),
  ofReader('damaged-dfuse', 'error', 'The body of a DfuSe file is damaged.'),
  ofReader('damaged-dfu-suffix', 'error', 'The DFU suffix is damaged.'),
  ofReader('device-mismatch', 'error', 'The file is for another USB device.'),
  ofReader('device-refuses', 'error', 'The device refuses to write some of these addresses.'),
  ofReader('dfuse-version-without-body', 'error', 'The suffix says DfuSe, but the payload is none.'),
  ofReader('displaced-dfu-suffix', 'warning', 'A plain binary seems to hold a DFU suffix.'),
  ofReader('double-suffix', 'warning', 'The payload itself ends in a DFU suffix.'),
  ofReader('elements-overlap', 'warning', 'Elements of a DfuSe file overlap.'),
  ofReader('empty-element', 'warning', 'An element of a DfuSe file is empty.'),
  ofReader('empty-target', 'warning', 'A target of a DfuSe file has no elements.'),
  ofReader('image-size-includes-suffix', 'note', 'DFUImageSize counts the suffix too.'),
  ofReader('image-size-mismatch', 'error', 'DFUImageSize is not the size of the file.'),
  ofReader('image-size-zero', 'warning', 'DFUImageSize is 0.'),
  ofReader('leaves-device-memory', 'error', 'Data runs out of the memory of the device.'),
  ofReader('long-dfu-suffix', 'note', 'The DFU suffix is longer than 16 bytes.'),
  ofReader('looks-like-lpcdfu', 'warning', 'The image begins like an NXP LPC prefix, which dfu-util would drop.'),
  ofReader('no-dfu-suffix', 'error', 'The file has no DFU suffix.'),
  ofReader('not-binary', 'error', 'A text or packed file is offered to dfu-util, which would write it as it is.'),
  ofReader('not-writeable', 'error', 'Data lies in sectors that the device marks read-only.'),
  ofReader('other-alternates', 'note', 'The file also has targets for other alternate settings.'),
  ofReader('outside-device-memory', 'error', 'Data lies outside the memory of the device.'),
  ofReader('prefix-length-mismatch', 'warning', 'The image begins like a Stellaris prefix with a wrong length.'),
  ofReader('target-named-flag', 'warning', 'The field bTargetNamed is neither 0 nor 1.'),
  ofReader('unaligned-element', 'warning', 'An element of a DfuSe file does not begin on a word.'),
  ofReader('unknown-alternate', 'error', 'The device does not have this alternate setting.'),
  ofReader('unknown-dfu-version', 'warning', 'The field bcdDFU names neither DFU nor DfuSe.'),
  ofReader('unsorted-elements', 'warning', 'An element of a DfuSe file follows one at a higher address.'),
  ofReader('wrong-dfu-version', 'error', 'The suffix of a DfuSe file has another bcdDFU than 0x011A.'),
];

/** ELF files and gzip. */
const otherRules: readonly RuleSummary[] = [
  ofReader('elf-headers-loaded', 'warning', 'A segment begins with the ELF header itself.'),
  ofReader('elf-not-arm', 'error', 'The program is not for ARM.'),
  ofReader('elf-segment-past-end', 'error', 'A segment runs past the end of the file.'),
  ofReader('elf-segment-size', 'error', 'A segment has more bytes in the file than in memory.'),
  ofReader('elf-segments-overlap', 'error', 'Segments overlap.'),
  ofReader('elf-virtual-addresses', 'warning', 'Segments have no load addresses, so virtual ones are used.'),
  ofReader('gzip-bad-crc', 'error', 'The CRC of the unpacked data does not match.'),
  ofReader('gzip-damaged', 'error', 'The gzip data is damaged or cut off.'),
];

export const containerRules: readonly RuleSummary[] = [
  notRecognised,
  trailingBytes,
  ...recordRules,
  ...dfuRules,
  ...otherRules,
];
