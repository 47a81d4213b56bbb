/** Our files read by other programs, and theirs by us. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { type FormatId, readAny, type WriteOptions, writeAny } from '../../src/formats/index.js';
import { addDfuSuffix } from '../../src/operations/dfu.js';
import { modulePlace } from '../../src/operations/dfu-modules.js';
import { packDfuse } from '../../src/operations/dfu-pack.js';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { P1_DFU } from '../support/p1-dfu.js';
import { noise } from '../support/synthetic.js';
import { describeWithTools, runTool, useTool } from '../support/tools.js';
import { segmentsOf, vectorBytes } from '../support/vectors.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-interop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return name;
};
const get = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const read = (name: string): MemoryImage => readAny(get(name), { name }).image;

/** Crosses 64 KiB boundaries, has gaps of one byte and of many, and a piece of one byte. */
const IMAGE = MemoryImage.fromSegments([
  { address: 0x0801fff8, bytes: noise(70_001, 1) },
  { address: 0x0801fff8 + 70_002, bytes: noise(13, 2) },
  { address: 0x080a0000, bytes: noise(5324, 3) },
  { address: 0x080fffff, bytes: noise(1, 4) },
]);

/** How each text format is written, by file name. */
const TEXTS: readonly (readonly [string, FormatId, WriteOptions])[] = [
  ['default.hex', 'intel-hex', {}],
  ['wide.hex', 'intel-hex', { recordBytes: 255, lineEnd: '\r\n' }],
  ['start.hex', 'intel-hex', { recordBytes: 32, start: 0x08020185, lowerCase: true }],
  ['default.srec', 'srec', { header: 'flashatlas' }],
  ['wide.srec', 'srec', { recordBytes: 250, lineEnd: '\r\n', start: 0x08020185, header: 'x' }],
];
for (const [name, format, options] of TEXTS) put(name, writeAny(IMAGE, format, options));

const isHex = (name: string): boolean => name.endsWith('.hex');

/** The image as a plain binary, with 0xFF in the gaps, as the other programs are told to write it. */
const FLAT = writeAny(IMAGE, 'bin', { fill: 0xff });

describeWithTools('srec_cat', ['srec_cat'], () => {
  const kind = (name: string): string => (isHex(name) ? '-intel' : '-motorola');

  it.each(TEXTS)('reads our %s', (name) => {
    const out = `${name}.srec-cat.bin`;
    useTool(
      'srec_cat',
      [name, kind(name), '-offset', '-0x0801FFF8', '-fill', '0xFF', '0', `${FLAT.length}`, '-o', out, '-binary'],
      folder,
    );
    // A thousand times faster than toEqual on arrays of this size.
    expect(Buffer.compare(get(out), FLAT)).toBe(0);
  });

  it.each([
    ['hex', ['-intel']],
    ['hex', ['-intel', '-obs=16']],
    ['s19', ['-motorola']],
    ['s19', ['-motorola', '-obs=64', '-address-length=4']],
  ])('writes %s that we read', (ending, options) => {
    const out = `srec-cat-${options.length}.${ending}`;
    useTool('srec_cat', ['default.hex', '-intel', '-o', out, ...options], folder);
    expect(segmentsOf(read(out))).toEqual(segmentsOf(IMAGE));
  });
});

describeWithTools('arm-none-eabi-objcopy', ['arm-none-eabi-objcopy'], () => {
  const objcopy = (from: string, to: string, input: string, output: string, more: readonly string[] = []): string =>
    useTool('arm-none-eabi-objcopy', ['-I', from, '-O', to, ...more, input, output], folder);

  it.each(TEXTS)('reads our %s', (name) => {
    const out = `${name}.objcopy.bin`;
    objcopy(isHex(name) ? 'ihex' : 'srec', 'binary', name, out, ['--gap-fill', '0xff']);
    expect(Buffer.compare(get(out), FLAT)).toBe(0);
  });

  it.each(['ihex', 'srec'])('writes %s that we read, from our HEX, our S-record and a plain binary', (to) => {
    for (const input of ['default.hex', 'default.srec']) {
      const out = `${input}.objcopy.${to}`;
      objcopy(isHex(input) ? 'ihex' : 'srec', to, input, out);
      expect(segmentsOf(read(out)), input).toEqual(segmentsOf(IMAGE));
    }
    put('flat.bin', FLAT);
    objcopy('binary', to, 'flat.bin', `flat.${to}`, ['--change-addresses', '0x08000000']);
    expect(segmentsOf(read(`flat.${to}`))).toEqual(segmentsOf(MemoryImage.fromBytes(FLAT, 0x08000000)));
  });

  it('gives the loadable bytes of an ELF file that we give', () => {
    const elf = put('lma-vma.elf', vectorBytes('ihex/in/lma-vma.elf'));
    objcopy('elf32-littlearm', 'ihex', elf, 'elf.hex');
    expect(segmentsOf(read('elf.hex'))).toEqual(segmentsOf(read(elf)));
  });
});

describeWithTools('OpenOCD', ['openocd'], () => {
  // No adapter and a target that is none: test_image only parses.
  const setup = [
    'gdb_port disabled; tcl_port disabled; telnet_port disabled',
    'adapter driver dummy; transport select jtag; jtag newtap t cpu -irlen 4',
    'target create t.cpu testee -chain-position t.cpu; init',
  ];

  it.each(TEXTS)('reads our %s', (name) => {
    const commands = [...setup, `test_image ${name} 0 ${isHex(name) ? 'ihex' : 's19'}`, 'exit'];
    const output = useTool(
      'openocd',
      commands.flatMap((command) => ['-c', command]),
      folder,
    );
    const sections = [...output.matchAll(/^address (0x[0-9a-f]{8}) length (0x[0-9a-f]{8})/gm)].map(
      ([, address, length]) => ({ start: Number(address), end: Number(address) + Number(length) }),
    );
    expect(output).toContain(`verified ${IMAGE.byteCount} bytes`);
    expect(sections).toEqual(IMAGE.ranges());
  });
});

describeWithTools('gzip', ['gzip'], () => {
  it('unpacks ours, and packs what we read, in one member and in two', () => {
    put('ours.hex.gz', writeAny(IMAGE, 'gzip', { inner: 'intel-hex' }));
    useTool('gzip', ['-t', 'ours.hex.gz'], folder);
    useTool('gzip', ['-dk', 'ours.hex.gz'], folder);
    expect(get('ours.hex')).toEqual(get('default.hex'));
    useTool('sh', ['-c', 'gzip -9kc default.hex > theirs.hex.gz'], folder);
    expect(segmentsOf(read('theirs.hex.gz'))).toEqual(segmentsOf(IMAGE));
    useTool('sh', ['-c', '(head -c 999 default.hex | gzip; tail -c +1000 default.hex | gzip) > two.hex.gz'], folder);
    expect(segmentsOf(read('two.hex.gz'))).toEqual(segmentsOf(IMAGE));
  });
});

describeWithTools('dfu-suffix', ['dfu-suffix'], () => {
  it('calls our suffixes valid, with the ids', () => {
    put('plain.dfu', addDfuSuffix(noise(1000), 'plain', { vendor: 0x2b04, product: 0xd008 }));
    put(
      'dfuse.dfu',
      packDfuse([{ name: 'a.hex', bytes: get('default.hex') }], { device: P1_DFU, allowRefused: true }).bytes,
    );
    for (const [name, version] of [
      ['plain.dfu', '0x0100'],
      ['dfuse.dfu', '0x011A'],
    ] as const) {
      const output = useTool('dfu-suffix', ['-c', name], folder);
      expect(output).toMatch(/Product ID:\s+0xD008\nVendor ID:\s+0x2B04/);
      expect(output).toContain(`BCD DFU:\t${version}`);
    }
  });

  it('adds the same suffix, which we read, and finds ours damaged when we do', () => {
    put('theirs.dfu', noise(1000));
    useTool('dfu-suffix', ['-v', '2b04', '-p', 'd008', '-a', 'theirs.dfu'], folder);
    expect(get('theirs.dfu')).toEqual(addDfuSuffix(noise(1000), 'a', { vendor: 0x2b04, product: 0xd008 }));
    expect(readAny(get('theirs.dfu')).container).toMatchObject({ kind: 'dfu-suffix', crc: 'ok' });
    const damaged = get('theirs.dfu');
    damaged[5] = (damaged[5] ?? 0) ^ 1;
    put('damaged.dfu', damaged);
    expect(runTool('dfu-suffix', ['-c', 'damaged.dfu'], folder)).toMatchObject({ status: 65 });
    expect(() => readAny(damaged)).toThrow('the DFU suffix is damaged');
  });
});

/** Elements in several targets. */
const packed = (): Uint8Array =>
  packDfuse(
    [
      { name: 'high.hex', bytes: writeAny(IMAGE.slice({ start: 0x080a0000, end: 0x08100000 }), 'intel-hex') },
      { name: 'low.bin', bytes: noise(3001, 9), address: 0x08020000 },
      { name: 'dct.bin', bytes: noise(77, 8), address: 0x10, alternate: 1 },
    ],
    { device: P1_DFU },
  ).bytes;

describeWithTools('dfuse-pack', ['dfuse-pack'], () => {
  it('unpacks our elements byte by byte', () => {
    put('packed.dfu', packed());
    const output = useTool('dfuse-pack', ['-d', 'packed.dfu'], folder);
    expect(output).not.toMatch(/ERROR/);
    const dumped = readdirSync(folder)
      .filter((name) => name.startsWith('packed.dfu.target'))
      .sort();
    expect(dumped.map(get)).toEqual([
      noise(3001, 9),
      IMAGE.bytes({ start: 0x080a0000, end: 0x080a0000 + 5324 }),
      noise(1, 4),
      noise(77, 8),
    ]);
  });

  it('builds from binaries and HEX what we read', () => {
    put('one.bin', noise(500, 5));
    put('two.bin', noise(33, 6));
    useTool(
      'dfuse-pack',
      ['-b', '0x080A0000:one.bin', '-b', '0x0@1:two.bin', '-D', '0x2b04:0xd008', 'built.dfu'],
      folder,
    );
    const { container, image } = readAny(get('built.dfu'));
    expect(container).toMatchObject({ kind: 'dfuse', vendor: 0x2b04, product: 0xd008, imageSize: 'includes-suffix' });
    expect(image.bytes({ start: 0x080a0000, end: 0x080a0000 + 500 })).toEqual(noise(500, 5));
    expect(readAny(get('built.dfu'), { alternate: 1 }).image.bytes({ start: 0, end: 33 })).toEqual(noise(33, 6));
  });

  it('takes our HEX', () => {
    useTool('dfuse-pack', ['-i', 'default.hex', '-D', '0x2b04:0xd008', 'from-hex.dfu'], folder);
    expect(segmentsOf(read('from-hex.dfu'))).toEqual(segmentsOf(IMAGE));
  });
});

describeWithTools('fwupdtool', ['fwupdtool'], () => {
  it('parses our DfuSe file: ids, names, addresses and sizes', () => {
    put('fwupd.dfu', packed());
    const output = useTool('fwupdtool', ['firmware-parse', 'fwupd.dfu', 'dfuse'], folder);
    expect(output).toContain('<vendor>0x2b04</vendor>');
    expect(output).toContain('<product>0xd008</product>');
    expect(output).toContain('<dfu_version>0x11a</dfu_version>');
    const values = (pattern: RegExp): string[] => [...output.matchAll(pattern)].map((match) => match[1] ?? '');
    expect(values(/<id>(.*?)<\/id>/g)).toEqual(['Internal Flash', 'DCT Flash']);
    expect(values(/<addr>(.*?)<\/addr>/g)).toEqual(['0x8020000', '0x80a0000', '0x80fffff', '0x10']);
    expect(values(/<chunk>[\s\S]*?<data size="(.*?)"/g).map(Number)).toEqual([3001, 5324, 1, 77]);
  });
});

describe('released firmware', () => {
  describeWithFirmware('Device OS 2.2.0 as one file', () => {
    describeWithTools('for dfu-util', ['dfu-suffix', 'dfuse-pack'], () => {
      it('packs system parts and tinker to a file that dfu-suffix calls valid for 2b04:d008', () => {
        const names = ['p1-system-part1@2.2.0.bin', 'p1-system-part2@2.2.0.bin', 'tinker-0.4.5-p1.bin'];
        const inputs = names.map((name) => ({ name, bytes: firmwareFile(name) }));
        const { bytes, findings } = packDfuse(inputs, {
          device: P1_DFU,
          placeModule: modulePlace,
        });
        expect(findings).toEqual([]);
        put('device-os.dfu', bytes);
        const output = useTool('dfu-suffix', ['-c', 'device-os.dfu'], folder);
        expect(output).toMatch(/Product ID:\s+0xD008\nVendor ID:\s+0x2B04\nBCD DFU:\s+0x011A/);
        useTool('dfuse-pack', ['-d', 'device-os.dfu'], folder);
        const dumped = readdirSync(folder)
          .filter((name) => name.startsWith('device-os.dfu.target'))
          .sort();
        expect(dumped.map(get)).toEqual(inputs.map((input) => input.bytes));
      });
    });
  });
});
