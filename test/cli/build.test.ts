/** build and extract as a user runs them. */
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { Workbench } from '../support/command-line.js';
import { bootloader, healthyDump, noise, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

const bench = new Workbench();
const SET = ['boot.bin', 'part1.bin', 'part2.bin', 'app.bin'];
bench.put('boot.bin', bootloader());
bench.put('part1.bin', systemPart1());
bench.put('part2.bin', systemPart2());
bench.put('app.bin', userPart());
bench.put('photon.bin', userPart({ platformId: 6 }));
bench.put('app.hex', writeAny(MemoryImage.fromBytes(userPart(), 0x080a0000), 'intel-hex'));
bench.put('noise.bin.gz', gzipSync(noise(100)));
bench.put('noise.bin', noise(100));
bench.put('old.bin', healthyDump());

const recipe = (text: string): string =>
  `recipe: 1\nparts:\n${SET.map((name) => `  - module: ${name}\n`).join('')}${text}`;

/** Comparing large arrays item by item takes the test library minutes. */
function expectSame(got: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(got !== undefined && equalBytes(got, wanted)).toBe(true);
}

describe('build in one line', () => {
  it('says what lies where, what was written, and what the board will do', () => {
    const { text, stderr } = bench.expect(0, [
      'build',
      ...SET,
      '--dct-from',
      'old.bin',
      '--eeprom-from',
      'old.bin',
      '-o',
      'new.bin',
    ]);
    expect(stderr).toBe('');
    expect(text).toContain(
      'Placed for Particle P1\naddresses                bytes  region        what                        from\n',
    );
    expect(text).toContain('0x08004000-0x08007FFF   16,384  dct1          DCT copy 1                  old.bin\n');
    expect(text).toContain(
      '\nOutputs\n  new.bin: bin, 1,048,576 bytes, readable by you alone\n    padded: the whole flash, 1,048,576 bytes at 0x08000000-0x080FFFFF\n    sha256 ',
    );
    expect(text).toContain('\nBoot\n  At reset    the board runs its application, connected to the cloud\n');
    expect(text).toMatch(/\nVerdict {2}pass \(0 errors, 0 warnings, \d notes?\)\n$/);
    expectSame(bench.get('new.bin'), healthyDump());
  });

  it('writes every format, and each again the same', () => {
    for (const name of ['a.hex', 'a.s19', 'a.elf', 'a.hex.gz', 'a.bin']) {
      bench.expect(0, ['build', ...SET, '-o', name]);
      const first = bench.get(name);
      bench.expect(0, ['build', ...SET, '-o', name, '--force']);
      expectSame(bench.get(name), first);
      const { image } = readAny(first, name === 'a.bin' ? { base: 0x08000000 } : {});
      for (const [file, address] of [
        ['boot.bin', 0x08000000],
        ['part1.bin', 0x08020000],
        ['part2.bin', 0x08060000],
        ['app.bin', 0x080a0000],
      ] as const) {
        const module = bench.get(file);
        expectSame(image.bytes({ start: address, end: address + module.length }), module);
      }
    }
    bench.expect(0, ['build', ...SET.slice(1), '-o', 'a.dfu']);
    expect(readAny(bench.get('a.dfu')).container).toMatchObject({ kind: 'dfuse', vendor: 0x2b04, product: 0xd008 });
  });

  it('leaves the sectors of DCT and EEPROM out of a restore image', () => {
    bench.expect(0, ['build', ...SET, '--shape', 'restore', '-o', 'restore.hex']);
    expect(readAny(bench.get('restore.hex')).image.ranges()).toEqual([
      { start: 0x08000000, end: 0x08004000 },
      { start: 0x08020000, end: 0x08100000 },
    ]);
  });

  it('writes to stdout, and the rest to stderr', () => {
    const { stdout, stderr } = bench.expect(0, ['build', ...SET, '--to', 'bin', '-o', '-']);
    expect(stdout.length).toBe(0x100000);
    expect(stderr).toContain('  stdout: bin, 1,048,576 bytes\n');
  });

  it('writes nothing on a dry run', () => {
    const before = bench.list();
    const { text } = bench.expect(0, ['build', ...SET, '--dry-run']);
    expect(text).toContain('  image.bin: bin, not written\n');
    expect(bench.list()).toEqual(before);
  });

  it('takes raw bytes at an address, a factory copy, a fill and an option word', () => {
    const args = [
      'build',
      ...SET,
      '0x080C0000:noise.bin.gz',
      '--factory',
      'app.bin',
      '--fill',
      '0',
      '--optcr',
      '0x0FFFAAED',
    ];
    const { text } = bench.expect(0, [...args, '-o', 'extra.bin']);
    expect(text).toContain('FLASH_OPTCR 0x0FFFAAED');
    const bytes = bench.get('extra.bin');
    expect(bytes.subarray(0xc0000, 0xc0064)).toEqual(noise(100));
    expectSame(bytes.subarray(0xe0000, 0xe0000 + userPart().length), userPart());
    expect(bytes[0xfffff]).toBe(0);
  });

  it('tells programs the same', () => {
    const { text } = bench.expect(0, ['build', '--json', ...SET, '-o', 'j.bin']);
    const document = JSON.parse(text);
    expect(document).toMatchObject({
      schema: 'flashatlas/build',
      schemaVersion: 1,
      recipe: null,
      board: 'particle-p1',
      optionBytes: null,
      outputs: [
        {
          path: 'j.bin',
          format: 'bin',
          shape: 'padded',
          size: 0x100000,
          ranges: [{ start: '0x08000000', end: '0x08100000' }],
        },
      ],
      verdict: 'warn',
    });
    expect(document.placed[0]).toEqual({
      title: 'bootloader version 1006',
      source: 'boot.bin',
      start: '0x08000000',
      end: '0x08003878',
      region: 'bootloader',
    });
    expect(document.inputs).toHaveLength(4);
    expect(document.boot.outcome).toBe('listening');
  });

  it.each([
    ['no output', [...SET], 'USAGE_NO_OUTPUT'],
    ['no files', ['-o', 'x.bin'], 'USAGE_NO_FILES'],
    ['an output without a format', [...SET, '-o', 'x'], 'CONVERT_NO_FORMAT'],
    ['an unknown shape', [...SET, '-o', 'x.bin', '--shape', 'pad'], 'USAGE_BAD_CHOICE'],
    ['an unknown rule', [...SET, '-o', 'x.bin', '--allow', 'x/y'], 'BUILD_UNKNOWN_RULE'],
    ['a fill that is no byte', [...SET, '-o', 'x.bin', '--fill', '256'], 'BUILD_FILL_BYTE'],
    ['JSON and image on stdout', [...SET, '--json', '--to', 'bin', '-o', '-'], 'USAGE_JSON_ON_STDOUT'],
    ['an address for a file with addresses', ['0x08000000:app.hex', '-o', 'x.bin'], 'BUILD_HAS_ADDRESSES'],
    ['stdin twice', ['-', '-', '-o', 'x.bin'], 'USAGE_STDIN_TWICE'],
    ['an overlap', ['app.bin', 'app.bin', '-o', 'x.bin'], 'BUILD_OVERLAP'],
    ['bytes without a place', ['noise.bin', '-o', 'x.bin'], 'BUILD_NO_ADDRESS'],
    ['another platform', ['boot.bin', 'part1.bin', 'part2.bin', 'photon.bin', '-o', 'x.bin'], 'BUILD_REFUSED'],
    ['unmet dependencies', ['app.bin', '-o', 'x.bin'], 'BUILD_REFUSED'],
    ['what DFU refuses', [...SET, '-o', 'x.dfu'], 'PACK_REFUSED'],
    ['holes in a binary', [...SET, '--shape', 'restore', '-o', 'x.bin'], 'BUILD_NO_HOLES'],
    ['an input as output', [...SET, '-o', 'app.bin', '--force'], 'OUTPUT_IS_INPUT'],
    ['a recipe beside files', ['r.yaml', 'app.bin', '-o', 'x.bin'], 'BUILD_RECIPE_ALONE'],
    ['a missing file', ['absent.bin', '-o', 'x.bin'], 'INPUT_NOT_FOUND'],
  ])('refuses %s and writes nothing', (_, args, code) => {
    const before = bench.list();
    const { stderr } = bench.expect(2, ['build', ...args]);
    expect(stderr).toContain(`(${code})`);
    expect(bench.list()).toEqual(before);
  });

  it('builds what is allowed', () => {
    const { stderr } = bench.expect(2, ['build', 'app.bin', '-o', 'allowed.bin']);
    expect(stderr).toContain('--allow placement/missing --allow dependency/missing');
    expect(stderr).toContain('Modules alone, for a board that has the others, go into a format that keeps addresses');
    const allow = ['--allow', 'placement/missing', '--allow', 'dependency/missing'];
    bench.expect(0, ['build', 'app.bin', '-o', 'allowed.bin', ...allow]);
    expect(bench.get('allowed.bin').length).toBe(0x100000);
  });
});

describe('an image of the whole flash', () => {
  it('has no error in check that build did not name', () => {
    const whole = (args: readonly string[]): string[] => {
      const refused = JSON.parse(bench.run(['build', ...args, '--json', '-o', 'whole.bin', '--force']).text);
      return [...String(refused.error?.help ?? '').matchAll(/--allow (\S+?\/[a-z-]+)/g)].map(([, rule]) => rule ?? '');
    };
    for (const args of [['boot.bin'], ['part1.bin', 'part2.bin'], ['0x080A0000:noise.bin'], SET]) {
      const named = whole(args);
      bench.expect(0, ['build', ...args, ...named.flatMap((rule) => ['--allow', rule]), '-o', 'whole.bin', '--force']);
      const { findings } = JSON.parse(bench.run(['check', '--json', 'whole.bin']).text);
      const errors = (findings as { rule: string; severity: string }[]).filter(({ severity }) => severity === 'error');
      // A blank configuration is what the warning build/blank-configuration is about.
      expect(
        [...new Set(errors.map(({ rule }) => rule))].filter((rule) => rule !== 'dct/no-usable-copy').sort(),
      ).toEqual(named.sort());
    }
    expect(whole(SET)).toEqual([]);
  });
});

describe('build from a recipe', () => {
  it('tells a missing file from one outside, also where the folder is a link', () => {
    mkdirSync(bench.path('real'));
    symlinkSync('real', bench.path('linked'));
    bench.put('real/missing.yaml', 'recipe: 1\nparts:\n  - module: absent.bin\n');
    bench.put('real/outside.yaml', 'recipe: 1\nparts:\n  - module: ../app.bin\n');
    expect(bench.expect(2, ['build', 'linked/missing.yaml', '-o', 'x.hex']).stderr).toContain('(INPUT_NOT_FOUND)');
    const outside = bench.expect(2, ['build', 'linked/outside.yaml', '-o', 'x.hex']).stderr;
    expect(outside).toContain('at ../app.bin: expected a file in the folder linked\n');
    expect(outside).toContain('Copy the file there');
    bench.put('real/output.yaml', 'recipe: 1\nparts:\n  - module: ../app.bin\noutputs: [../x.hex]\n');
    expect(bench.expect(2, ['build', 'linked/output.yaml']).stderr).toContain('Name another place with -o');
  });

  it('writes all its outputs, beside the recipe', () => {
    mkdirSync(bench.path('kit'));
    for (const name of SET) bench.put(`kit/${name}`, bench.get(name));
    bench.put(
      'kit/kit.yaml',
      recipe(
        'dct: { fresh: true }\nallow: [dct/device-key-missing]\noutputs:\n  - out.bin\n  - { file: out.hex, shape: restore }\n',
      ),
    );
    const { text } = bench.expect(0, ['build', 'kit/kit.yaml']);
    expect(text).toContain('  kit/out.bin: bin, 1,048,576 bytes, readable by you alone\n');
    expect(text).toContain('build/left-out');
    expect(bench.has('kit/out.hex')).toBe(true);
    const again = bench.expect(2, ['build', 'kit/kit.yaml']);
    expect(again.stderr).toContain('(OUTPUT_EXISTS)');
    bench.expect(0, ['build', 'kit/kit.yaml', '--force']);
    bench.expect(0, ['build', 'kit/kit.yaml', '-o', 'elsewhere.s19']);
  });

  it('writes none of its outputs when one cannot be written', () => {
    bench.put('some.yaml', recipe('outputs: [first.bin, absent/second.bin]\n'));
    const { stderr } = bench.expect(2, ['build', 'some.yaml']);
    expect(stderr).toContain('(OUTPUT_FAILED)');
    expect(bench.has('first.bin')).toBe(false);
  });

  it('stays in its folder unless that is allowed', () => {
    mkdirSync(bench.path('inner'));
    for (const [name, text] of [
      ['up', 'parts:\n  - module: ../app.bin\n'],
      ['absolute', `parts:\n  - module: ${JSON.stringify(bench.path('app.bin'))}\n`],
      ['link', 'parts:\n  - module: link.bin\n'],
      ['dct', 'dct: { from: ../old.bin }\n'],
      ['set', 'dct: { fresh: true, set: { devicePrivateKey: "@../old.bin" } }\n'],
      ['board', 'board: ../my.board.json\n'],
      ['output', 'outputs: [../out.hex]\n'],
    ] as const) {
      if (name === 'link') symlinkSync(bench.path('app.bin'), bench.path('inner/link.bin'));
      const outputs = name === 'output' ? '' : 'outputs: [out.hex]\n';
      bench.put(`inner/${name}.yaml`, `recipe: 1\nshape: sparse\n${text}${outputs}`);
      const { stderr } = bench.expect(2, ['build', `inner/${name}.yaml`]);
      expect([name, stderr]).toEqual([name, expect.stringContaining('(BUILD_OUTSIDE_FOLDER)')]);
      expect(stderr).toContain('--allow-outside');
    }
    bench.expect(0, ['build', 'inner/up.yaml', '--allow-outside']);
    expect(bench.has('inner/out.hex')).toBe(true);
  });

  it.each([
    ['a slip', 'recipe: 1\nshap: padded\n', 'line 2', 'Did you mean shape?'],
    ['no YAML', 'recipe: {\n', 'RECIPE_SYNTAX', 'not valid YAML'],
    ['an unknown board', 'recipe: 1\nboard: particle-p9\noutputs: [x.bin]\n', 'particle-p9', 'particle-p1'],
  ])('says where %s is', (_, text, ...words) => {
    bench.put('wrong.yaml', text);
    const { stderr } = bench.expect(2, ['build', 'wrong.yaml']);
    for (const word of words) expect(stderr).toContain(word);
  });

  it('refuses options that the recipe should say', () => {
    bench.put('plain.yaml', recipe(''));
    expect(bench.expect(2, ['build', 'plain.yaml', '--dct-from', 'old.bin', '-o', 'x.bin']).stderr).toContain(
      '(BUILD_RECIPE_OPTION)',
    );
    expect(bench.expect(2, ['build', 'plain.yaml']).stderr).toContain('(USAGE_NO_OUTPUT)');
  });
});

describe('extract', () => {
  it('writes the parts, and build puts them together again', () => {
    const { text, stderr } = bench.expect(0, ['extract', 'old.bin', '-o', 'parts']);
    expect(text).toContain('system-part1-2.2.0.bin  180,456  0x08020000-0x0804C0E7  system part 1 version 2202\n');
    expect(text).toContain(
      'Not written, because they hold or may hold secrets\n  0x08004000-0x08007FFF  Device configuration table (DCT), copy 1\n',
    );
    expect(stderr).toContain('flashatlas build parts/recipe.yaml --allow-outside');
    expect(readdirSync(bench.path('parts')).sort()).toEqual([
      'bootloader-1006.bin',
      'eeprom-page1.bin',
      'recipe.yaml',
      'report.json',
      'report.txt',
      'system-part1-2.2.0.bin',
      'system-part2-2.2.0.bin',
      'user-part-6.bin',
    ]);
    expectSame(bench.get('parts/system-part1-2.2.0.bin'), systemPart1());
    expect(JSON.parse(readFileSync(bench.path('parts/report.json'), 'utf8')).schema).toBe('flashatlas/inspect');
    expect(bench.expect(2, ['build', 'parts/recipe.yaml']).stderr).toContain('(BUILD_OUTSIDE_FOLDER)');
    bench.expect(0, ['build', 'parts/recipe.yaml', '--allow-outside']);
    expectSame(bench.get('parts/rebuilt.bin'), bench.get('old.bin'));
  });

  it('writes what is secret for its owner only', () => {
    const { text, stderr } = bench.expect(0, ['extract', '--show-secrets', 'old.bin', '-o', 'all']);
    expect(text).toContain('dct-copy1.bin');
    expect(stderr).toContain('only you may read them: dct-copy1.bin.');
    const modes = (name: string): number => statSync(bench.path(`all/${name}`)).mode & 0o077;
    if (process.platform !== 'win32') {
      expect(['dct-copy1.bin', 'report.txt', 'report.json'].map(modes)).toEqual([0, 0, 0]);
      expect(modes('user-part-6.bin')).not.toBe(0);
    }
    bench.expect(0, ['build', 'all/recipe.yaml']);
    expectSame(bench.get('all/rebuilt.bin'), bench.get('old.bin'));
  });

  it('replaces nothing, and leaves nothing when it fails', () => {
    expect(bench.expect(2, ['extract', 'old.bin', '-o', 'parts']).stderr).toContain('(OUTPUT_EXISTS)');
    expect(bench.expect(2, ['extract', 'old.bin', '-o', 'parts', '--force']).stderr).toContain('rebuilt.bin');
    expect(bench.expect(2, ['extract', 'old.bin']).stderr).toContain('(USAGE_NO_OUTPUT)');
    expect(bench.expect(2, ['extract', '-', '-o', 'pipe'], bench.get('old.bin')).stderr).toContain('(EXTRACT_STDIN)');
    expect(bench.has('pipe')).toBe(false);
    bench.expect(0, ['extract', '-', '-o', 'pipe'], bench.get('app.bin'));
    expect(bench.list().filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('tells programs the same', () => {
    const { text } = bench.expect(0, ['extract', '--json', 'old.bin', '-o', 'json']);
    const document = JSON.parse(text);
    expect(document).toMatchObject({
      schema: 'flashatlas/extract',
      schemaVersion: 1,
      folder: 'json',
      recipe: 'recipe.yaml',
      allow: [],
    });
    expect(document.files[0]).toMatchObject({
      name: 'bootloader-1006.bin',
      size: 14456,
      secret: false,
      start: '0x08000000',
    });
    expect(document.withheld).toEqual([
      { title: 'Device configuration table (DCT), copy 1', start: '0x08004000', end: '0x08008000' },
    ]);
    expect(basename(document.input.path)).toBe('old.bin');
  });
});
