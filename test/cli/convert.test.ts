import { readFileSync, symlinkSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { buildModule } from '../../src/regions/module/build.js';
import { Workbench } from '../support/command-line.js';
import { manifest, vectorBytes } from '../support/vectors.js';

const bench = new Workbench();

const bytes = (length: number, seed = 7): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * seed + 3) & 0xff);
const hex = (address: number, data: Uint8Array): Uint8Array =>
  writeAny(MemoryImage.fromBytes(data, address), 'intel-hex');
const read = (name: string) => readAny(bench.get(name), { name });

bench.put('a.hex', hex(0x08020000, bytes(100)));
bench.put('b.hex', hex(0x08060000, bytes(50, 5)));
bench.put('raw.bin', bytes(64));

describe('convert', () => {
  it('merges inputs; a file in each format reads back the same', () => {
    for (const name of ['all.hex', 'all.srec', 'all.dfu', 'all.hex.gz']) {
      bench.expect(0, ['convert', 'a.hex', 'b.hex', '-o', name]);
      expect(read(name).image.ranges(), name).toEqual([
        { start: 0x08020000, end: 0x08020064 },
        { start: 0x08060000, end: 0x08060032 },
      ]);
    }
    expect(read('all.dfu').container).toMatchObject({ kind: 'dfuse', vendor: 0x2b04, product: 0xd008 });
    const inner = new Uint8Array(gunzipSync(bench.get('all.hex.gz')));
    expect(inner).toEqual(bench.get('all.hex'));
  });

  it('bases a binary at the lowest address and says which that is', () => {
    const { stderr, text } = bench.expect(0, ['convert', 'a.hex', '-o', 'a.bin']);
    expect(bench.get('a.bin')).toEqual(bytes(100));
    expect(text).toBe('');
    expect(stderr).toBe(
      'a.bin: bin, 100 bytes\n' +
        '  100 data bytes at 0x08020000-0x08020063\n' +
        '  its first byte belongs at 0x08020000, which the file does not say: read it with --base 0x08020000\n',
    );
  });

  it('says what it fills, and never invents hundreds of megabytes', () => {
    bench.put('gap.hex', hex(0x08020070, bytes(4)));
    const filled = bench.expect(0, ['convert', 'a.hex', 'gap.hex', '-o', 'gap.bin']);
    expect(filled.stderr).toContain('  12 more bytes of 0xFF fill the gaps between them\n');
    expect([...bench.get('gap.bin').subarray(100, 112)]).toEqual(new Array(12).fill(0xff));
    bench.put('far.hex', hex(0x20000000, bytes(4)));
    const refused = bench.expect(2, ['convert', 'a.hex', 'far.hex', '-o', 'far.bin']);
    expect(refused.stderr).toContain('data at 0x08020000 and at 0x20000000');
    expect(refused.stderr).toContain('(WRITE_GAP_TOO_LARGE)');
    expect(bench.has('far.bin')).toBe(false);
  });

  it('reads stdin and writes stdout', () => {
    const { stdout, stderr } = bench.expect(0, ['convert', '-', '--to', 'bin', '-o', '-'], bench.get('a.hex'));
    expect(stdout).toEqual(bytes(100));
    expect(stderr).toContain('stdout: bin, 100 bytes');
    const packed = gzipSync(bench.get('a.hex'));
    expect(bench.expect(0, ['convert', '-', '--to', 'bin', '-o', '-'], packed).stdout).toEqual(bytes(100));
    const twice = bench.expect(2, ['convert', '-', '-', '-o', 'x.bin']);
    expect(twice.stderr).toContain('(USAGE_STDIN_TWICE)');
  });

  it('refuses overlaps with both ranges and sources; other policies on request', () => {
    bench.put('over.hex', hex(0x08020060, bytes(8)));
    const refused = bench.expect(2, ['convert', 'a.hex', 'over.hex', '-o', 'o.hex']);
    expect(refused.stderr).toContain('0x08020000-0x08020063 from a.hex and 0x08020060-0x08020067 from over.hex');
    expect(refused.stderr).toContain('(IMAGE_OVERLAP)');
    expect(bench.expect(2, ['convert', 'a.hex', 'over.hex', '--overlap', 'identical', '-o', 'o.hex']).status).toBe(2);
    bench.expect(0, ['convert', 'a.hex', 'over.hex', '--overlap', 'last-wins', '-o', 'o.hex']);
    expect(read('o.hex').image.byteAt(0x08020060)).toBe(3);
    bench.expect(0, ['convert', 'a.hex', 'a.hex', '--overlap', 'identical', '-o', 'same.hex']);
    expect(bench.get('same.hex')).toEqual(bench.get('a.hex'));
    const unknown = bench.expect(2, ['convert', 'a.hex', '--overlap', 'first', '-o', 'o.hex']);
    expect(unknown.stderr).toContain('expected refuse, identical, last-wins');
  });

  it('crops, excludes, trims, fills and moves', () => {
    bench.expect(0, [
      ...['convert', 'a.hex', '--crop', '0x08020010-0x0802001F', '--crop', '0x08020030+16'],
      ...['--exclude', '0x08020018+8', '--offset', '-0x10000', '-o', 'cut.hex'],
    ]);
    expect(read('cut.hex').image.ranges()).toEqual([
      { start: 0x08010010, end: 0x08010018 },
      { start: 0x08010030, end: 0x08010040 },
    ]);
    bench.expect(0, ['convert', 'cut.hex', '--fill', '0xA5', '-o', 'filled.bin']);
    expect([...bench.get('filled.bin').subarray(8, 32)]).toEqual(new Array(24).fill(0xa5));
    bench.put('tail.bin', Uint8Array.of(1, 2, 0xff, 0xff));
    bench.expect(0, ['convert', '--trim', 'tail.bin', '-o', 'trimmed.bin']);
    expect([...bench.get('trimmed.bin')]).toEqual([1, 2]);
    bench.expect(0, ['convert', 'tail.bin', '--trim', '0xFF', '-o', 'trimmed2.bin']);
    expect([...bench.get('trimmed2.bin')]).toEqual([1, 2]);
    const nothing = bench.expect(2, ['convert', 'a.hex', '--crop', '0+16', '-o', 'none.hex']);
    expect(nothing.stderr).toContain('(CONVERT_NO_DATA)');
    const reversed = bench.expect(2, ['convert', 'a.hex', '--crop', '0x20-0x10', '-o', 'none.hex']);
    expect(reversed.stderr).toContain('--crop');
    expect(reversed.stderr).toContain('(USAGE_BAD_RANGE)');
  });

  it('places raw inputs by --base, by their own address, and by the header of a module', () => {
    bench.expect(0, ['convert', '--base', '0x080A0000', 'raw.bin', '-o', 'based.hex']);
    expect(read('based.hex').image.span).toEqual({ start: 0x080a0000, end: 0x080a0040 });
    bench.expect(0, ['convert', '0x080A0000:raw.bin', '0x080A1000:raw.bin', 'a.hex', '-o', 'three.hex']);
    expect(
      read('three.hex')
        .image.ranges()
        .map(({ start }) => start),
    ).toEqual([0x08020000, 0x080a0000, 0x080a1000]);
    const module = buildModule({
      startAddress: 0x08060000,
      functionId: 4,
      index: 2,
      version: 5,
      platformId: 8,
      payload: bytes(256),
    });
    bench.put('module.bin', module);
    const placed = bench.expect(0, ['convert', 'module.bin', '-o', 'module.hex']);
    expect(placed.stderr).toMatch(/^module\.bin: placed at 0x08060000, because it begins with a module whose header/);
    expect(read('module.hex').image.span?.start).toBe(0x08060000);
    const nowhere = bench.expect(0, ['convert', 'raw.bin', '-o', 'nowhere.hex']);
    expect(nowhere.stderr).toContain('raw.bin: put at 0x00000000 (nothing in it says where it belongs); give --base');
    const two = bench.expect(2, ['convert', '--base', '0x08000000', 'raw.bin', 'tail.bin', '-o', 'x.hex']);
    expect(two.stderr).toContain('(CONVERT_ONE_BASE)');
    expect(bench.expect(2, ['convert', '0x0:a.hex', '-o', 'x.hex']).stderr).toContain('(USAGE_ADDRESS_GIVEN_TWICE)');
    bench.expect(0, ['convert', '--base', '0x1000', 'a.hex', '-o', 'moved.hex']);
    expect(read('moved.hex').image.span?.start).toBe(0x1000);
  });

  it('takes the options of the text formats', () => {
    bench.put('five.bin', Uint8Array.of(1, 2, 3, 4, 5));
    const text = (args: readonly string[]): string => bench.expect(0, ['convert', 'five.bin', ...args, '-o', '-']).text;
    const based = ['--base', '0x1000'];
    expect(text([...based, '--to', 'hex', '--record-bytes', '4', '--line-end', 'crlf', '--address-bits', '16'])).toBe(
      ':0410000001020304E2\r\n:0110040005E6\r\n:00000001FF\r\n',
    );
    expect(text([...based, '--to', 'intel-hex', '--start', '0x1001'])).toContain(':0400000500001001E6\n');
    expect(text([...based, '--to', 's19', '--header', 'HDR', '--address-bits', '24'])).toMatch(
      /^S0060000484452 ?1B\nS209001000010203040 ?5/,
    );
    const wide = bench.expect(2, ['convert', 'a.hex', '--to', 'hex', '--address-bits', '16', '-o', '-']);
    expect(wide.stderr).toContain('(IHEX_ADDRESS_TOO_WIDE)');
    expect(bench.expect(2, ['convert', 'a.hex', '--record-bytes', '0', '-o', 'x.hex']).stderr).toContain(
      '(WRITE_RECORD_BYTES)',
    );
  });

  it('needs an output, and a format that it can tell', () => {
    expect(bench.expect(2, ['convert', 'a.hex']).stderr).toContain('(USAGE_NO_OUTPUT)');
    expect(bench.expect(2, ['convert', '-o', 'x.bin']).stderr).toContain('(USAGE_NO_FILES)');
    expect(bench.expect(2, ['convert', 'a.hex', '-o', '-']).stderr).toContain('(CONVERT_NO_FORMAT)');
    const unknown = bench.expect(2, ['convert', 'a.hex', '-o', 'a.xyz']);
    expect(unknown.stderr).toContain('the output name does not tell the format at a.xyz');
    expect(bench.expect(2, ['convert', 'a.hex', '--to', 'nope', '-o', 'x']).stderr).toContain('(FORMAT_UNKNOWN)');
  });

  it('writes DfuSe for .dfu when it knows the addresses, and says so; else a plain DFU file', () => {
    const known = bench.expect(0, ['convert', 'a.hex', '-o', 'known.dfu']);
    expect(known.stderr).toContain('It is a DfuSe file, which keeps the addresses');
    expect(read('known.dfu').container).toMatchObject({ kind: 'dfuse', targets: [{ name: 'Internal Flash' }] });
    bench.expect(0, ['convert', 'raw.bin', '-o', 'plain.dfu']);
    expect(read('plain.dfu').container).toMatchObject({ kind: 'dfu-suffix', vendor: 0x2b04, product: 0xd008 });
    bench.expect(0, ['convert', 'a.hex', '--to', 'dfu', '-o', 'asked.dfu']);
    expect(read('asked.dfu').format).toBe('dfu');
    bench.put('boot.hex', hex(0x08000000, bytes(16)));
    const refused = bench.expect(1, ['convert', 'boot.hex', '-o', 'boot.dfu']);
    expect(refused.stderr).toContain('container/device-refuses');
  });

  it('writes JSON with the same facts', () => {
    const { text, stderr } = bench.expect(0, ['convert', 'a.hex', 'b.hex', '-o', 'j.srec', '--json']);
    expect(stderr).toBe('');
    const document = JSON.parse(text);
    expect(document).toMatchObject({
      schema: 'flashatlas/convert',
      schemaVersion: 1,
      inputs: [
        { path: 'a.hex', format: 'intel-hex', base: '0x08020000', baseSource: 'file', dataBytes: 100 },
        { path: 'b.hex', dataBytes: 50 },
      ],
      output: { path: 'j.srec', format: 'srec', base: '0x08020000', dataBytes: 150, size: bench.get('j.srec').length },
      findings: [],
      verdict: 'pass',
    });
    expect(document.output.ranges[1]).toEqual({ start: '0x08060000', end: '0x08060032' });
    const both = bench.expect(2, ['convert', 'a.hex', '--to', 'hex', '-o', '-', '--json']);
    expect(JSON.parse(both.text).error.code).toBe('USAGE_JSON_ON_STDOUT');
  });

  it('never writes in place, never over a file unasked, and leaves nothing behind', () => {
    const before = bench.list();
    const inPlace = bench.expect(2, ['convert', 'a.hex', '--force', '-o', './a.hex']);
    expect(inPlace.stderr).toContain('(OUTPUT_IS_INPUT)');
    symlinkSync(bench.path('a.hex'), bench.path('link.hex'));
    expect(bench.expect(2, ['convert', 'a.hex', '--force', '-o', 'link.hex']).stderr).toContain('(OUTPUT_IS_INPUT)');
    expect(bench.expect(2, ['convert', 'a.hex', '-o', 'b.hex']).stderr).toContain('(OUTPUT_EXISTS)');
    expect(bench.expect(2, ['convert', 'a.hex', '--force', '-o', '/dev/null', '--to', 'hex']).stderr).toContain(
      '(OUTPUT_NOT_A_FILE)',
    );
    expect(bench.expect(2, ['convert', 'a.hex', '-o', 'no/such/x.hex']).stderr).toContain('(OUTPUT_FAILED)');
    expect(bench.list()).toEqual([...before, 'link.hex'].sort());
    bench.put('old.hex', 'old');
    bench.expect(0, ['convert', 'a.hex', '--force', '-o', 'old.hex']);
    expect(bench.get('old.hex')).toEqual(bench.get('a.hex'));
  });

  it('reads damaged input on request, cites the line, and ends with 1', () => {
    const lines = new TextDecoder().decode(bench.get('a.hex')).split('\n');
    lines[2] = (lines[2] ?? '').replace(/..$/, '00');
    bench.put('bad.hex', lines.join('\n'));
    expect(bench.expect(2, ['convert', 'bad.hex', '-o', 'bad.bin']).stderr).toContain('line 3');
    const { stderr } = bench.expect(1, ['convert', '--permissive', 'bad.hex', '-o', 'bad.bin']);
    expect(stderr).toMatch(/error +container\/\S+ +.*line 3/);
    expect(bench.has('bad.bin')).toBe(true);
  });

  it('leaves out other alternate settings, says so, and reads them on request', () => {
    bench.put('two.dfu', vectorBytes('dfuse/p04-pack-two-alts.dfu'));
    const first = bench.expect(0, ['convert', 'two.dfu', '-o', 'alt0.hex']);
    expect(first.stderr).toContain('container/other-alternates');
    bench.expect(0, ['convert', '--alternate', '1', 'two.dfu', '-o', 'alt1.hex']);
    expect(read('alt1.hex').image.span).toEqual({ start: 0, end: 17 });
  });
});

describe('convert --like', () => {
  const folders = ['ihex', 'srec', 'dfuse', 'dfu'] as const;
  it.each(folders)('gives the same bytes for every valid %s vector', (folder) => {
    for (const { name, expected, size } of manifest(`${folder}/manifest.json`)) {
      if (!expected.valid || size === 0 || expected.payload_length === 0 || name.endsWith('.bin')) continue;
      const file = `like-${folder}-${name}`;
      bench.put(file, vectorBytes(`${folder}/${name}`));
      const { status, stdout, stderr } = bench.run(['convert', '--like', 'input', file, '-o', '-']);
      // Only a file without data is refused; 1 tells of findings.
      expect([name, status === 2]).toEqual([name, stderr.includes('(CONVERT_NO_DATA)')]);
      if (status === 2) continue;
      const same = Buffer.compare(stdout, bench.get(file)) === 0;
      // Where it cannot be the same, it says so.
      expect([name, same || stderr.includes('convert/not-identical')]).toEqual([name, true]);
      if (expected.warning === undefined && !name.startsWith('q')) expect([name, same]).toEqual([name, true]);
    }
  });

  it('keeps the manner of the input when the data is cut', () => {
    const style = ':020000040802F0\r\n:04000000DEADBEEFC4\r\n:04000400CAFEBABEB8\r\n:00000001FF\r\n'.toLowerCase();
    bench.put('style.hex', style);
    expect(bench.expect(0, ['convert', '--like', 'input', 'style.hex', '-o', '-']).text).toBe(style);
    const cut = bench.expect(0, ['convert', '--like', 'input', 'style.hex', '--crop', '0x08020004+4', '-o', '-']);
    expect(cut.text).toBe(':020000040802f0\r\n:04000400cafebabeb8\r\n:00000001ff\r\n');
    const other = bench.expect(0, ['convert', '--like', 'style.hex', 'a.hex', '--to', 'hex', '-o', '-']);
    expect(other.text.split('\r\n')[1]).toMatch(/^:04000000[0-9a-f]{10}$/);
  });

  it('says when gzip data is the same but not the same bytes', () => {
    bench.put('fast.hex.gz', gzipSync(bench.get('a.hex'), { level: 1 }));
    const { stderr } = bench.expect(0, ['convert', '--like', 'input', 'fast.hex.gz', '-o', 'slow.hex.gz']);
    const same = Buffer.compare(readFileSync(bench.path('slow.hex.gz')), bench.get('fast.hex.gz')) === 0;
    expect(stderr.includes('convert/not-identical')).toBe(!same);
    expect(new Uint8Array(gunzipSync(bench.get('slow.hex.gz')))).toEqual(bench.get('a.hex'));
  });
});
