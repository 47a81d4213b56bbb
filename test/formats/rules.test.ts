/** The rules of readers: each is in the list of rules, and files that are a little wrong set it off. */
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { concatBytes, writeU32 } from '../../src/core/bytes.js';
import { type Finding, reaches } from '../../src/core/finding.js';
import { checkDfuRanges } from '../../src/formats/dfu-device.js';
import { appendDfuSuffix } from '../../src/formats/dfu-suffix.js';
import { buildDfuseFile, type DfuseTargetPlan, dfuseIds } from '../../src/formats/dfuse-file.js';
import { readAny } from '../../src/formats/index.js';
import { ALL_RULES } from '../../src/rules/index.js';
import { P1_DFU } from '../support/p1-dfu.js';
import { randomBytes } from '../support/random-bytes.js';
import { filesBelow, withoutComments } from '../support/source-files.js';
import { vectorBytes } from '../support/vectors.js';

const summaries = new Map(ALL_RULES.map((rule) => [rule.id, rule]));

describe('the list of rules', () => {
  const text = [...filesBelow('src/formats', /\.ts$/), ...filesBelow('src/operations', /\.ts$/)]
    .map((file) => withoutComments(file.text))
    .join('\n');

  it('has every rule that readers name', () => {
    const named = new Set([...text.matchAll(/'([a-z-]+\/[a-z0-9-]+)'/g)].map(([, id = '']) => id));
    const ofReaders = [...named].filter((id) => id.startsWith('container/'));
    expect(ofReaders.length).toBeGreaterThan(60);
    expect(ofReaders.filter((id) => !summaries.has(id))).toEqual([]);
    // An id that is put together at run time would escape the comparison.
    expect(text).not.toMatch(/\brule: `container\//);
    expect(text.match(/\brule: '(?!container\/)[^']*'/g)).toBeNull();
  });

  it('has no rule that nothing names', () => {
    const all =
      text +
      filesBelow('src/rules', /container\.ts$/)
        .map(({ text }) => text)
        .join('');
    const unused = [...summaries.keys()].filter((id) => id.startsWith('container/') && !all.includes(`'${id}'`));
    expect(unused).toEqual([]);
  });
});

const END = ':00000001FF\n';

function intelHex(type: number, address: number, data: readonly number[]): string {
  const bytes = [data.length, address >> 8, address & 0xff, type, ...data];
  bytes.push(-bytes.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return `:${hexDigits(bytes)}\n`;
}

function srec(type: number, address: readonly number[], data: readonly number[]): string {
  const bytes = [address.length + data.length + 1, ...address, ...data];
  bytes.push(~bytes.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return `S${type}${hexDigits(bytes)}\n`;
}

function hexDigits(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const hexFile = (...records: readonly string[]): Uint8Array => ascii([...records, END].join(''));
const srecFile = (...records: readonly string[]): Uint8Array => ascii([...records, srec(9, [0, 0], [])].join(''));
const DATA = intelHex(0, 0, [1, 2, 3, 4]);

function dfuseFile(...targets: readonly { alternate: number; addresses: readonly number[] }[]): Uint8Array {
  const plans = targets.map(({ alternate, addresses }): DfuseTargetPlan => {
    const elements = addresses.map((address) => ({ address, bytes: Uint8Array.of(1, 2, 3, 4) }));
    return { alternate, named: 0, nameBytes: new Uint8Array(0), elements };
  });
  return buildDfuseFile(plans, dfuseIds(0x2b04, 0xd008));
}

/** An ELF whose first segment begins with the file's own header, as a linker script without PHDRS makes it. */
function elfWithHeader(): Uint8Array {
  const bytes = vectorBytes('ihex/elf/e01-lma-vma.elf');
  const table = new DataView(bytes.buffer).getUint32(28, true);
  writeU32(bytes, table + 4, 0);
  return bytes;
}

/** Rule, severity, what the message says, the file, and one without the flaw. */
type Case = readonly [
  rule: string,
  severity: Finding['severity'],
  message: RegExp,
  bytes: Uint8Array,
  sound: Uint8Array,
];

const CASES: readonly Case[] = [
  [
    'container/address-overflow',
    'error',
    /runs past the 4 GiB address space/,
    srecFile(srec(3, [0xff, 0xff, 0xff, 0xff], [1, 2])),
    srecFile(srec(3, [0xff, 0xff, 0xff, 0xfe], [1, 2])),
  ],
  [
    'container/bad-record-length',
    'error',
    /record of type 04 has the wrong length at file, line 1: expected 2 data bytes, got 1/,
    hexFile(intelHex(4, 0, [8]), DATA),
    hexFile(intelHex(4, 0, [8, 0]), DATA),
  ],
  [
    'container/bare-carriage-return',
    'note',
    /lines end with a bare carriage return/,
    ascii((DATA + END).replaceAll('\n', '\r')),
    ascii((DATA + END).replaceAll('\n', '\r\n')),
  ],
  [
    'container/byte-order-mark',
    'note',
    /UTF-8 byte order mark/,
    concatBytes([Uint8Array.of(0xef, 0xbb, 0xbf), hexFile(DATA)]),
    hexFile(DATA),
  ],
  ['container/comment', 'warning', /comment line; most tools/, hexFile('; made by hand\n', DATA), hexFile(DATA)],
  ['container/comment', 'note', /objcopy and fwupd reject/, srecFile('# a\n', srec(1, [0, 0], [1])), hexFile(DATA)],
  [
    'container/data-after-end',
    'error',
    /data records follow the end-of-file record/,
    hexFile(DATA, END, intelHex(0, 16, [5])),
    hexFile(DATA, intelHex(0, 16, [5])),
  ],
  [
    'container/leading-blanks',
    'warning',
    /blanks before a record/,
    hexFile(DATA, ` ${intelHex(0, 4, [5])}`),
    hexFile(DATA),
  ],
  [
    'container/trailing-blanks',
    'note',
    /blanks after a record/,
    hexFile(DATA.replace('\n', ' \n'), intelHex(0, 4, [5])),
    hexFile(DATA),
  ],
  [
    'container/lower-case-mark',
    'note',
    /lower-case s/,
    srecFile(srec(1, [0, 0], [1]).replace('S', 's')),
    srecFile(srec(1, [0, 0], [1])),
  ],
  [
    'container/record-too-short',
    'error',
    /S1 record is too short for its address at file, line 1: expected a count of at least 3, got 2/,
    srecFile(srec(1, [0], []), srec(1, [0, 0], [1])),
    srecFile(srec(1, [0, 0], [1])),
  ],
  [
    'container/alternate-repeated',
    'warning',
    /more than one target has alternate setting 0/,
    dfuseFile({ alternate: 0, addresses: [0x08020000] }, { alternate: 0, addresses: [0x08040000] }),
    dfuseFile({ alternate: 0, addresses: [0x08020000] }, { alternate: 1, addresses: [0] }),
  ],
  [
    'container/unsorted-elements',
    'warning',
    /the element at 0x08020000 follows one at a higher address/,
    dfuseFile({ alternate: 0, addresses: [0x08040000, 0x08020000] }),
    dfuseFile({ alternate: 0, addresses: [0x08020000, 0x08040000] }),
  ],
  [
    'container/image-size-includes-suffix',
    'note',
    /DFUImageSize counts the suffix too/,
    buildDfuseFile(
      [{ alternate: 0, named: 0, nameBytes: new Uint8Array(0), elements: [{ address: 0, bytes: Uint8Array.of(1) }] }],
      dfuseIds(0x2b04, 0xd008),
      'includes-suffix',
    ),
    dfuseFile({ alternate: 0, addresses: [0x08020000] }),
  ],
  [
    'container/long-dfu-suffix',
    'note',
    /the DFU suffix has 20 bytes instead of 16/,
    appendDfuSuffix(new Uint8Array(64).fill(7), { ...dfuseIds(1, 2), dfuVersion: 0x0100, extra: new Uint8Array(4) }),
    appendDfuSuffix(new Uint8Array(64).fill(7), { ...dfuseIds(1, 2), dfuVersion: 0x0100 }),
  ],
  [
    'container/elf-headers-loaded',
    'warning',
    /begins with the ELF header itself/,
    elfWithHeader(),
    vectorBytes('ihex/elf/e01-lma-vma.elf'),
  ],
  [
    'container/elf-segment-size',
    'error',
    /p_filesz is greater than p_memsz/,
    vectorBytes('ihex/elf/e07-filesz-gt-memsz.elf'),
    vectorBytes('ihex/elf/e01-lma-vma.elf'),
  ],
  [
    'container/gzip-damaged',
    'error',
    /the gzip data is damaged or cut off/,
    gzipSync(randomBytes(200_000)).slice(0, 150_000),
    gzipSync(randomBytes(200_000)),
  ],
];

function fired(bytes: Uint8Array, rule: string): Finding[] {
  return readAny(bytes, { permissive: true, name: 'file' }).findings.filter((finding) => finding.rule === rule);
}

describe('a file that is a little wrong', () => {
  it.each(CASES)('%s (%s)', (rule, severity, message, bytes, sound) => {
    const [finding] = fired(bytes, rule);
    expect(finding).toMatchObject({ severity, message: expect.stringMatching(message) });
    expect(fired(sound, rule)).toEqual([]);
    expect(reaches(summaries.get(rule)?.severity ?? 'note', severity)).toBe(true);
  });

  it('container/device-refuses says why, and what to do instead', () => {
    const range = { start: 0x0801fff0, end: 0x08020010 };
    expect(checkDfuRanges([range], 0, P1_DFU)).toEqual([
      expect.objectContaining({
        rule: 'container/device-refuses',
        severity: 'error',
        message:
          'the device refuses 0x0801FFF0-0x0801FFFF: the boot loader protects itself, the DCT and the EEPROM pages',
        evidence: { alternate: 0, bytes: 16 },
        remedy: 'Write this range with ST-Link.',
      }),
    ]);
    expect(checkDfuRanges([{ start: 0x08020000, end: 0x08020010 }], 0, P1_DFU)).toEqual([]);
  });
});
