import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { buildModule } from '../../src/regions/module/build.js';
import { CRC_PLACEHOLDER, SHA_PLACEHOLDER } from '../../src/regions/module/format.js';
import { Workbench } from '../support/command-line.js';
import { manifest, vectorBytes } from '../support/vectors.js';

const bench = new Workbench();

const module = (functionId: number, index: number, startAddress: number, platformId = 8): Uint8Array =>
  buildModule({
    startAddress,
    platformId,
    functionId,
    index,
    version: 7,
    payload: Uint8Array.from({ length: 300 }, (_, i) => i & 0xff),
  });

const part1 = module(4, 1, 0x08020000);
const part2 = module(4, 2, 0x08060000);
const user = module(5, 1, 0x080a0000);
bench.put('part1.bin', part1);
bench.put('part2.bin', part2);
bench.put('user@1.0.bin', user);
bench.put('pat.bin', vectorBytes('dfu/in/pat1000.bin'));
bench.put('good.dfu', vectorBytes('dfu/p02-p1-ids.dfu'));
bench.put('bad.dfu', vectorBytes('dfu/n06-bad-crc.dfu'));
bench.put('other.dfu', vectorBytes('dfu/n22-vid-mismatch.dfu'));
bench.put('two.dfu', vectorBytes('dfuse/p04-pack-two-alts.dfu'));

describe('dfu check', () => {
  it('tells a damaged suffix from an absent one', () => {
    expect(bench.expect(0, ['dfu', 'check', 'good.dfu']).text).toContain('DFU file with a sound suffix, 1,000 bytes');
    const absent = bench.expect(0, ['dfu', 'check', 'pat.bin']).text;
    expect(absent).toContain('pat.bin: raw bytes without a suffix');
    expect(absent).toContain('container/no-dfu-suffix');
    const damaged = bench.expect(1, ['dfu', 'check', 'bad.dfu']).text;
    expect(damaged).toContain('bad.dfu: DFU file with a damaged suffix');
    expect(damaged).toContain('the DFU suffix is damaged: its CRC does not match');
    expect(damaged).toContain('offset 1012');
  });

  it('warns about ids of another board and says what dfu-util will do', () => {
    const { text } = bench.expect(0, ['dfu', 'check', 'other.dfu']);
    expect(text).toContain('Verdict  warn');
    expect(text.replace(/\s+/g, ' ')).toContain(
      'the file is for 0483:df11, the device is 2b04:d008: dfu-util -d 2b04:d008 refuses it, but without -d it writes the file to a device that is already in DFU mode',
    );
    bench.expect(1, ['dfu', 'check', '--fail-on', 'warning', 'other.dfu']);
    bench.expect(0, ['dfu', 'check', '--fail-on', 'never', 'bad.dfu']);
  });

  it('cites target address and file offset', () => {
    bench.put('n32.dfu', vectorBytes('dfuse/n32-readonly-sectors.dfu'));
    const { text } = bench.expect(1, ['dfu', 'check', '--json', 'n32.dfu']);
    const [file] = JSON.parse(text).files;
    const finding = file.findings.find(({ rule }: { rule: string }) => rule === 'container/not-writeable');
    expect(finding).toMatchObject({ severity: 'error', start: '0x08000000', origin: 'offset 293' });
    expect(file.verdict).toBe('fail');
    bench.expect(1, ['dfu', 'check', '--base', '0x0800C000', 'good.dfu']);
  });

  it('judges every vector, and many files at once', () => {
    const names: string[] = [];
    const wrong: string[] = [];
    for (const folder of ['dfu', 'dfuse'] as const) {
      for (const { name, expected } of manifest(`${folder}/manifest.json`)) {
        names.push(bench.put(`${folder}-${name}`, vectorBytes(`${folder}/${name}`)));
        if (!expected.valid) wrong.push(`${folder}-${name}`);
      }
    }
    const { text } = bench.expect(1, ['dfu', 'check', '--json', ...names]);
    const files: { input: { path: string }; verdict: string; findings: { severity: string }[] }[] =
      JSON.parse(text).files;
    expect(files.map(({ input }) => input.path)).toEqual(names);
    // A file that is not right has at least a finding, if only a note that it has no suffix.
    for (const { input, findings } of files) {
      if (wrong.includes(input.path)) expect([input.path, findings.length > 0]).toEqual([input.path, true]);
    }
    const failed = new Set(files.filter(({ verdict }) => verdict === 'fail').map(({ input }) => input.path));
    for (const name of ['dfu-n06-bad-crc.dfu', 'dfuse-n20-bad-crc.dfu', 'dfuse-n26-cut-in-target.dfu']) {
      expect([name, failed.has(name)]).toEqual([name, true]);
    }
  });

  it('reads stdin, and says when there is nothing to read', () => {
    expect(bench.expect(0, ['dfu', 'check', '-'], bench.get('good.dfu')).text).toContain('sound suffix');
    expect(bench.expect(2, ['dfu', 'check']).stderr).toContain('(USAGE_NO_FILES)');
    expect(bench.expect(2, ['dfu', 'check', 'missing.dfu']).stderr).toContain('(INPUT_NOT_FOUND)');
  });
});

describe('dfu show', () => {
  it('lists targets, elements, suffix and what dfu-util does', () => {
    const { text } = bench.expect(0, ['dfu', 'show', 'two.dfu']);
    expect(text).toMatch(/idVendor +0x2B04/);
    expect(text).toMatch(/0 +ST\.\.\. +0x080A0000 +1,000 +293/);
    expect(text).toMatch(/1 +ST\.\.\. +0x00000000 +17 +1575/);
    expect(text).toContain('dfu-util -d 2b04:d008 -s :leave -D two.dfu');
    const { dfuUtil, elements, container } = JSON.parse(bench.expect(0, ['dfu', 'show', '--json', 'two.dfu']).text);
    expect(dfuUtil).toMatchObject({ version: '0.11', outcome: 'writes' });
    expect(elements).toMatchObject([
      { alternate: 0, address: '0x080A0000', size: 1000 },
      { alternate: 1, address: '0x00000000', size: 17 },
    ]);
    expect(container).toMatchObject({ kind: 'dfuse', vendor: 0x2b04, crc: 'ok' });
  });

  it('finds the address of a raw payload in its module header', () => {
    bench.expect(0, ['dfu', 'add', 'part1.bin', '-o', 'shown.dfu']);
    const { text } = bench.expect(0, ['dfu', 'show', 'shown.dfu']);
    expect(text).toContain('system part 1 version 7 for 0x08020000');
    expect(text).toContain('dfu-util -d 2b04:d008 -a 0 -s 0x08020000:leave -D shown.dfu');
  });
});

describe('dfu add and remove', () => {
  it('adds the ids of the board, or others, and takes them off again', () => {
    bench.expect(0, ['dfu', 'add', 'pat.bin', '--device', '0001', '-o', 'made.dfu']);
    expect(bench.get('made.dfu')).toEqual(vectorBytes('dfu/p02-p1-ids.dfu'));
    bench.expect(0, ['dfu', 'add', 'pat.bin', '--vendor', '0483', '--product', '0xDF11', '-o', 'st.dfu']);
    expect(readAny(bench.get('st.dfu')).container).toMatchObject({ vendor: 0x0483, product: 0xdf11, device: 0xffff });
    const { stdout } = bench.expect(0, ['dfu', 'remove', 'made.dfu', '-o', '-']);
    expect(stdout).toEqual(bench.get('pat.bin'));
    const piped = bench.expect(0, ['dfu', 'add', '-', '--device', '1', '-o', '-'], bench.get('pat.bin'));
    expect(piped.stdout).toEqual(bench.get('made.dfu'));
    const { text } = bench.expect(0, ['dfu', 'remove', 'made.dfu', '--json', '-o', 'bare.bin']);
    expect(JSON.parse(text)).toMatchObject({
      schema: 'flashatlas/dfu-remove',
      output: { path: 'bare.bin', size: 1000 },
    });
  });

  it('adds no second suffix, and removes a damaged one only on request', () => {
    expect(bench.expect(2, ['dfu', 'add', 'good.dfu', '-o', 'x.dfu']).stderr).toContain('(DFU_SUFFIX_PRESENT)');
    expect(bench.expect(2, ['dfu', 'remove', 'bad.dfu', '-o', 'x.bin']).stderr).toContain('(DFU_BAD_CRC)');
    expect(bench.expect(2, ['dfu', 'remove', 'pat.bin', '-o', 'x.bin']).stderr).toContain('(DFU_NO_SIGNATURE)');
    expect(bench.has('x.dfu') || bench.has('x.bin')).toBe(false);
    bench.expect(0, ['dfu', 'remove', '--damaged', 'bad.dfu', '-o', 'saved.bin']);
    expect(bench.get('saved.bin')).toEqual(bench.get('pat.bin'));
  });

  it('refuses words that are no ids, and outputs that exist', () => {
    expect(bench.expect(2, ['dfu', 'add', 'pat.bin', '--vendor', 'zz', '-o', 'x']).stderr).toContain('(USAGE_BAD_ID)');
    expect(bench.expect(2, ['dfu', 'add', 'pat.bin', '-o', 'good.dfu']).stderr).toContain('(OUTPUT_EXISTS)');
    expect(bench.expect(2, ['dfu', 'add', 'pat.bin', '--force', '-o', 'pat.bin']).stderr).toContain(
      '(OUTPUT_IS_INPUT)',
    );
    expect(bench.expect(2, ['dfu', 'add', 'pat.bin']).stderr).toContain('(USAGE_NO_OUTPUT)');
    expect(bench.expect(2, ['dfu', 'add', 'pat.bin', 'bad.dfu', '-o', 'x']).stderr).toContain('(USAGE_ONE_FILE)');
  });
});

describe('dfu pack', () => {
  it('places modules by their headers, others by their address, and takes @ in names', () => {
    const args = ['dfu', 'pack', 'part2.bin', 'part1.bin', 'user@1.0.bin', '0x10:pat.bin@1', '-o', 'all.dfu'];
    const { stderr } = bench.expect(0, args);
    expect(stderr).toContain('all.dfu: DfuSe file for 2b04:d008');
    expect(stderr).toContain('alternate setting 1 (DCT Flash): 1,000 bytes at 0x00000010-0x000003F7');
    const { container, image } = readAny(bench.get('all.dfu'));
    expect(container).toMatchObject({ kind: 'dfuse', imageSize: 'excludes-suffix', vendor: 0x2b04, product: 0xd008 });
    expect(image.ranges().map(({ start }) => start)).toEqual([0x08020000, 0x08060000, 0x080a0000]);
    expect(bench.expect(0, ['dfu', 'check', 'all.dfu']).text).toContain('Verdict  pass');
    bench.expect(0, ['dfu', 'pack', 'part1.bin', '--inclusive-size', '-o', 'incl.dfu']);
    expect(readAny(bench.get('incl.dfu')).container).toMatchObject({ imageSize: 'includes-suffix' });
  });

  it('refuses what the board refuses, with the reason and the way that works', () => {
    bench.put('boot.bin', module(2, 0, 0x08000000));
    const boot = bench.expect(2, ['dfu', 'pack', 'boot.bin', '-o', 'x.dfu']);
    expect(boot.stderr).toContain('marks read-only');
    expect(boot.stderr).toContain('refuses to erase or write the sectors of the bootloader, the DCT');
    expect(boot.stderr).toContain('write the module to the OTA region 0x080C0000');
    expect(boot.stderr).toContain('(PACK_REFUSED)');
    const eeprom = bench.expect(2, ['dfu', 'pack', '0x0800C000:pat.bin', '-o', 'x.dfu']);
    expect(eeprom.stderr).toContain('Emulated EEPROM: use SWD or let the application write it');
    for (const part of ['0x08100000:pat.bin', '0x080FFF00:pat.bin', '0:pat.bin@7', '0x3F00:pat.bin@1']) {
      expect(bench.expect(2, ['dfu', 'pack', part, '-o', 'x.dfu']).stderr, part).toContain('(PACK_REFUSED)');
    }
    expect(bench.has('x.dfu')).toBe(false);
    const forced = bench.expect(1, ['dfu', 'pack', 'boot.bin', '--allow-refused', '-o', 'forced.dfu']);
    expect(forced.stderr).toContain('container/device-refuses');
    expect(bench.has('forced.dfu')).toBe(true);
  });

  it('trusts no damaged header for an address', () => {
    const damaged = user.slice();
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    bench.put('damaged.bin', damaged);
    const { stderr } = bench.expect(2, ['dfu', 'pack', 'damaged.bin', '-o', 'x.dfu']);
    expect(stderr).toContain('(PACK_DAMAGED_MODULE)');
  });

  it('refuses overlaps, unplaced bytes and damaged modules; warns about unfinished ones', () => {
    const over = bench.expect(2, ['dfu', 'pack', 'part1.bin', '0x08020100:pat.bin', '-o', 'x.dfu']);
    expect(over.stderr).toMatch(/from part1\.bin and 0x08020100-0x080204E7 from pat\.bin/);
    expect(bench.expect(2, ['dfu', 'pack', 'pat.bin', '-o', 'x.dfu']).stderr).toContain('(PACK_NO_ADDRESS)');
    const damaged = part1.slice();
    damaged[200] = (damaged[200] ?? 0) ^ 1;
    bench.put('damaged.bin', damaged);
    const refused = bench.expect(2, ['dfu', 'pack', 'damaged.bin', '-o', 'x.dfu']);
    expect(refused.stderr).toContain('the CRC of system part 1 version 7 does not match');
    expect(refused.stderr).toContain('give the address: 0x08020000:damaged.bin');
    bench.expect(0, ['dfu', 'pack', '0x08020000:damaged.bin', '-o', 'damaged.dfu']);
    bench.put('cut.bin', part1.subarray(0, part1.length - 8));
    expect(bench.expect(2, ['dfu', 'pack', 'cut.bin', '-o', 'x.dfu']).stderr).toContain('8 bytes are missing');
    const unsealed = part1.slice();
    unsealed.set(SHA_PLACEHOLDER, unsealed.length - 38);
    unsealed.set(CRC_PLACEHOLDER, unsealed.length - 4);
    bench.put('unsealed.bin', unsealed);
    const warned = bench.expect(0, ['dfu', 'pack', 'unsealed.bin', '-o', 'unsealed.dfu']);
    expect(warned.stderr).toContain('module/never-sealed');
  });

  it('refuses modules for another board or another place, and so does check', () => {
    bench.put('photon.bin', module(4, 1, 0x08020000, 6));
    bench.put('loader.bin', module(2, 0, 0x08000000));
    const wrong = [
      ['photon.bin', 'platform_id is 6 (Photon)', 'placement/wrong-platform'],
      ['0x080A0000:loader.bin', 'lies in the place of', 'placement/wrong-module'],
      ['0x080A0000:part1.bin', 'lies in the place of', 'placement/wrong-module'],
    ] as const;
    for (const [part, reason, rule] of wrong) {
      const { stderr } = bench.expect(2, ['dfu', 'pack', part, '-o', 'x.dfu']);
      expect(stderr).toContain('(PACK_WRONG_MODULE)');
      expect(stderr).toContain(reason);
      expect(stderr).toContain('--allow-refused');
      const forced = bench.expect(1, ['dfu', 'pack', '--allow-refused', '--force', part, '-o', 'wrong.dfu', '--json']);
      const { verdict, findings, targets } = JSON.parse(forced.text);
      expect(verdict).toBe('fail');
      expect(findings).toContainEqual(expect.objectContaining({ rule, severity: 'error' }));
      expect(targets).toMatchObject([{ alternate: 0, name: 'Internal Flash' }]);
      const checked = bench.expect(1, ['dfu', 'check', 'wrong.dfu', '--json']);
      const [file] = JSON.parse(checked.text).files;
      expect(file.findings).toContainEqual(
        expect.objectContaining({ rule, origin: expect.stringMatching(/^offset \d+$/) }),
      );
    }
    bench.expect(0, ['dfu', 'add', 'photon.bin', '-o', 'raw.dfu']);
    expect(bench.expect(1, ['dfu', 'check', 'raw.dfu']).text).toContain('placement/wrong-platform');
    expect(bench.expect(1, ['dfu', 'check', 'part1.bin', '--base', '0x080A0000']).text).toContain('wrong-module');
  });

  it('judges the flash elements, wherever in the file they stand', () => {
    const bytes = vectorBytes('dfu/in/pat0017.bin');
    bench.put('small.hex', writeAny(MemoryImage.fromBytes(bytes, 0), 'intel-hex'));
    bench.expect(0, ['dfu', 'pack', 'small.hex@1', 'part1.bin', '-o', 'mixed.dfu']);
    expect(bench.expect(0, ['dfu', 'check', 'mixed.dfu']).text).toContain('Verdict  pass');
    bench.expect(0, ['dfu', 'pack', 'small.hex@1', '-o', 'dct.dfu']);
    expect(bench.expect(0, ['dfu', 'check', 'dct.dfu']).text).toContain('Verdict  pass');
  });

  it('takes files that carry addresses, and refuses a second one', () => {
    bench.put('app.hex', writeAny(MemoryImage.fromBytes(user, 0x080a0000), 'intel-hex'));
    bench.expect(0, ['dfu', 'pack', 'app.hex', '-o', 'app.dfu']);
    expect(readAny(bench.get('app.dfu')).image.span?.start).toBe(0x080a0000);
    const twice = bench.expect(2, ['dfu', 'pack', '0x080C0000:app.hex', '-o', 'x.dfu']);
    expect(twice.stderr).toContain('(PACK_ADDRESS_GIVEN_TWICE)');
    expect(bench.expect(2, ['dfu', 'pack', '0x080C0000:two.dfu', '-o', 'x.dfu']).stderr).toContain('TWICE');
    expect(bench.expect(2, ['dfu', 'pack', '-o', 'x.dfu']).stderr).toContain('(USAGE_NO_FILES)');
    const board = ['--board', 'stm32f205-generic'];
    expect(bench.expect(2, ['dfu', 'pack', ...board, 'part1.bin', '-o', 'x.dfu']).stderr).toContain('(USAGE_NO_DFU)');
  });
});

describe('dfu unpack', () => {
  it('writes one file per element and never over another', () => {
    const { text } = bench.expect(0, ['dfu', 'unpack', 'two.dfu', '-o', 'parts', '--json']);
    expect(JSON.parse(text)).toMatchObject({
      schema: 'flashatlas/dfu-unpack',
      files: [
        { path: 'parts/alt0-080A0000.bin', address: '0x080A0000', alternate: 0, size: 1000 },
        { path: 'parts/alt1-00000000.bin', address: '0x00000000', alternate: 1, size: 17 },
      ],
    });
    expect(bench.get('parts/alt0-080A0000.bin')).toEqual(vectorBytes('dfu/in/pat1000.bin'));
    expect(bench.get('parts/alt1-00000000.bin')).toEqual(vectorBytes('dfu/in/pat0017.bin'));
    expect(bench.expect(2, ['dfu', 'unpack', 'two.dfu', '-o', 'parts']).stderr).toContain('(OUTPUT_EXISTS)');
    bench.expect(0, ['dfu', 'unpack', '--force', 'two.dfu', '-o', 'parts']);
  });

  it('makes nothing when it cannot', () => {
    expect(bench.expect(2, ['dfu', 'unpack', 'good.dfu', '-o', 'none']).status).toBe(2);
    expect(bench.has('none')).toBe(false);
    bench.put('crc.dfu', vectorBytes('dfuse/n20-bad-crc.dfu'));
    expect(bench.expect(2, ['dfu', 'unpack', 'crc.dfu', '-o', 'none']).stderr).toContain('(DFU_BAD_CRC)');
    expect(bench.expect(2, ['dfu', 'unpack', 'two.dfu', '-o', 'no/such']).stderr).toContain('(OUTPUT_FAILED)');
    expect(bench.expect(2, ['dfu', 'unpack', 'two.dfu', '-o', 'pat.bin']).stderr).toContain('(OUTPUT_FAILED)');
    expect(bench.has('none')).toBe(false);
    bench.expect(0, ['dfu', 'unpack', '--damaged', 'crc.dfu', '-o', 'saved']);
    expect(bench.get('saved/alt0-080A0000.bin')).toEqual(vectorBytes('dfu/in/pat1000.bin'));
  });
});

describe('dfu', () => {
  it('suggests the nearest action', () => {
    const { stderr } = bench.expect(2, ['dfu', 'chek', 'good.dfu']);
    expect(stderr).toContain('Did you mean flashatlas dfu check?');
    expect(bench.expect(2, ['dfu']).stderr).toContain('expected check, show, add, remove, pack, unpack');
    expect(bench.expect(2, ['dfu', 'constructor']).stderr).toContain('(USAGE_UNKNOWN_ACTION)');
    expect(bench.expect(0, ['dfu', '--help']).text).toContain('pack PART...');
  });
});
