import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import { readAny } from '../../../src/formats/index.js';
import { TOOL_IDS, type ToolId } from '../../../src/layout/flashing-tools.js';
import { plan } from '../../../src/operations/plan/plan.js';
import { commentText, jlinkWord, shellWord, tclWord } from '../../../src/operations/plan/scripts/quote.js';
import type { Plan, PlanOptions } from '../../../src/operations/plan/types.js';
import { bootloader, dctCopies, dump, noise, systemPart1, systemPart2, userPart } from '../../support/synthetic.js';
import { board, flash, healthy } from './arbitrary.js';

const PROTECTED = 0x0e1eaaed;
const update = MemoryImage.fromSegments([
  { address: 0x08020000, bytes: systemPart1(2302) },
  { address: 0x08060000, bytes: systemPart2(2302) },
]);
const app = MemoryImage.fromBytes(userPart({ version: 7 }), 0x080a0000);

function made(tool: ToolId, options: PlanOptions = {}, image = app): Plan {
  return plan(healthy, { image }, board, { tool, ...options });
}

/** Lines that do something: no comments, no checks, no output. */
function commands({ script }: Plan): string[] {
  return script
    .split('\n')
    .filter((line) =>
      /^(init|reset|flash|dump_image|stm32f2x|shutdown|st-flash|cmp|rm|STM32|dfu-util|leave dfu-util|particle|savebin|erase|loadbin|verifybin|r$|g$|h$|qc)/.test(
        line,
      ),
    );
}

describe('OpenOCD', () => {
  it('erases, writes and verifies exactly', () => {
    expect(commands(made('openocd', { optcr: PROTECTED }, update))).toEqual([
      'init',
      'reset halt',
      'flash probe 0',
      'dump_image backup.bin 0x08000000 0x100000',
      'flash protect 0 5 8 off',
      'flash erase_sector 0 5 8',
      'flash write_bank 0 system-part1-08020200.bin 0x20200',
      'flash write_bank 0 system-part2-08060000.bin 0x60000',
      'flash verify_bank 0 system-part1-08020200.bin 0x20200',
      'flash verify_bank 0 system-part2-08060000.bin 0x60000',
      'flash write_bank 0 system-part1-08020000.bin 0x20000',
      'flash verify_bank 0 system-part1-08020000.bin 0x20000',
      'flash protect 0 5 8 on',
      'reset run',
      'shutdown',
    ]);
  });

  it.each([
    ['stlink', 'openocd -f interface/stlink.cfg -f target/stm32f2x.cfg -f plan.tcl'],
    ['jlink', 'openocd -f interface/jlink.cfg -c "transport select swd" -f target/stm32f2x.cfg -f plan.tcl'],
    ['cmsis-dap', 'openocd -f interface/cmsis-dap.cfg -c "transport select swd" -f target/stm32f2x.cfg -f plan.tcl'],
  ] as const)('runs with the probe %s', (probe, run) => {
    expect(made('openocd', { probe }).scripts[0]?.run).toBe(run);
    expect(made('openocd', { probe, serial: '066 BFF' }).scripts[0]?.run).toContain('-c "adapter serial {066 BFF}"');
  });

  it('connects under reset when it is asked to', () => {
    expect(made('openocd', { underReset: true }).scripts[0]?.run).toBe(
      'openocd -f interface/stlink.cfg -f target/stm32f2x.cfg -c "reset_config srst_only srst_nogate connect_assert_srst" -f plan.tcl',
    );
    expect(commands(made('st-flash', { underReset: true }))[0]).toBe(
      'st-flash --connect-under-reset read backup.bin 0x08000000 0x100000',
    );
  });

  it('quotes the name of the backup, and refuses what Tcl would take for something else', () => {
    expect(made('openocd', { backupFile: 'my backup.bin' }).script).toContain('dump_image {my backup.bin} 0x08000000');
    for (const backupFile of ['a$b.bin', 'a[exec x].bin', 'a}b', 'a"b', 'a;b', 'a\\b', 'a\nb', 'a`b']) {
      expect(() => made('openocd', { backupFile })).toThrowError(expect.objectContaining({ code: 'PLAN_FILE_NAME' }));
    }
  });

  it('writes option bytes bit by bit', () => {
    const script = plan(healthy, { image: app, optcr: 0x0ffeaae0 }, board, { optcr: 0x0fffaaed }).script;
    expect(script).toContain('flash protect 0 0 last off\nflash protect 0 0 0 on\nstm32f2x options_write 0 0xE0\n');
  });
});

describe('st-flash', () => {
  it('writes, reads back and compares; protection goes with the option word', () => {
    expect(commands(made('st-flash', { optcr: PROTECTED, serial: '5A' }, update))).toEqual([
      'st-flash --serial 5A read backup.bin 0x08000000 0x100000',
      'st-flash --serial 5A --area=option write 0x0FFEAAEC',
      'st-flash --serial 5A write system-part1-08020000.bin 0x08020000',
      'st-flash --serial 5A write system-part2-08060000.bin 0x08060000',
      'st-flash --serial 5A read readback.tmp 0x08020000 0x2C0E8',
      'cmp system-part1-08020000.bin readback.tmp',
      'rm -f readback.tmp',
      'st-flash --serial 5A read readback.tmp 0x08060000 0x30F08',
      'cmp system-part2-08060000.bin readback.tmp',
      'rm -f readback.tmp',
      'st-flash --serial 5A --area=option write 0x0E1EAAEC',
      'st-flash --serial 5A reset',
    ]);
  });

  it('never erases by a command of its own, which would be a mass erase', () => {
    const erased = MemoryImage.fromBytes(new Uint8Array(0x20000).fill(0xff), 0x080a0000);
    expect(made('st-flash', {}, erased).script).not.toMatch(/st-flash.* erase/);
    expect(made('st-flash', {}, erased).files[0]?.content).toEqual(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
  });
});

describe('STM32CubeProgrammer', () => {
  const connect = 'STM32_Programmer_CLI -c port=SWD freq=4000 mode=UR reset=HWrst';

  it('lifts and restores protection by name', () => {
    const lines = commands(made('cubeprogrammer', { optcr: PROTECTED }, update));
    expect(lines).toContain(`${connect} -u 0x08000000 0x100000 backup.bin`);
    expect(lines).toContain(`${connect} -ob nWRP5=1 nWRP6=1 nWRP7=1 nWRP8=1`);
    expect(lines).toContain(`${connect} -w system-part1-08020000.bin 0x08020000 -v`);
    expect(lines).toContain(`${connect} -ob nWRP5=0 nWRP6=0 nWRP7=0 nWRP8=0`);
    expect(lines.at(-1)).toBe(`${connect} -hardRst`);
  });

  it('erases a sector that shall be erased, and knows unlock and option bytes', () => {
    const erased = MemoryImage.fromBytes(new Uint8Array(0x20000).fill(0xff), 0x080a0000);
    expect(commands(made('cubeprogrammer', { serial: '1' }, erased))).toContain(`${connect} sn=1 -e 9`);
    expect(made('cubeprogrammer', { optcr: 0x0fff55ed, allowMassErase: true }).script).toContain(`${connect} -rdu`);
    const options = plan(healthy, { image: app, optcr: 0x0ffeaae0 }, board, {
      tool: 'cubeprogrammer',
      optcr: 0x0fffaaed,
    });
    expect(options.script).toContain('-ob BOR_LEV=0 WDG_SW=1 nRST_STOP=1 nRST_STDBY=1 nWRP0=0 nWRP1=1');
  });
});

describe('J-Link Commander', () => {
  it('has one command to a line, and erases what loadbin would keep', () => {
    const bytes = healthy.merge(MemoryImage.fromBytes(noise(100), 0x080b0000), { overlap: 'last-wins' });
    const image = MemoryImage.fromBytes(new Uint8Array(0x20000).fill(0xff), 0x080a0000);
    const erasing = plan(bytes, { image }, board, { tool: 'jlink' });
    expect(commands(erasing)).toEqual([
      'r',
      'h',
      'savebin backup.bin, 0x08000000, 0x100000',
      'erase 0x080A0000 0x080C0000',
      'verifybin user-080a0000.bin, 0x080A0000',
      'r',
      'g',
      'qc',
    ]);
    expect(commands(made('jlink', { serial: '42' })).slice(3, 6)).toEqual([
      'erase 0x080A0000 0x080C0000',
      'loadbin user-080a0000.bin, 0x080A0000',
      'verifybin user-080a0000.bin, 0x080A0000',
    ]);
    expect(made('jlink', { serial: '42' }).scripts[0]?.run).toContain(
      '-device STM32F205RG -if SWD -speed 4000 -autoconnect 1 -ExitOnError 1 -SelectEmuBySN 42',
    );
  });

  it('writes no option bytes', () => {
    expect(() =>
      plan(healthy, { image: app, optcr: 0x0ffeaaec }, board, { tool: 'jlink', optcr: 0x0fffaaed }),
    ).toThrowError(expect.objectContaining({ code: 'PLAN_TOOL_CANNOT' }));
    expect(() =>
      plan(healthy, { image: app, optcr: 0x0fffaae0 }, board, { tool: 'jlink', optcr: 0x0fffaaed }),
    ).toThrowError(
      expect.objectContaining({ code: 'PLAN_TOOL_CANNOT', what: 'J-Link Commander cannot write option bytes' }),
    );
  });
});

describe('dfu-util', () => {
  it('takes one file with -s for one range, and leaves with it', () => {
    expect(commands(made('dfu-util'))).toEqual([
      'dfu-util -d 2b04:d008 -a 0 -s 0x08000000:0x100000 -U backup.bin',
      'leave dfu-util -d 2b04:d008 -a 0 -i 0 -s 0x080A0000:leave -D user-080a0000.bin',
    ]);
  });

  it('takes a DfuSe file for several ranges, with the bytes of the plan', () => {
    const two = made('dfu-util', {}, update);
    expect(commands(two).at(-1)).toBe('leave dfu-util -d 2b04:d008 -a 0 -s :leave -D flash.dfu');
    const file = two.files.find(({ name }) => name === 'flash.dfu');
    const { image } = readAny(file?.content ?? new Uint8Array(0), { name: 'flash.dfu' });
    for (const { range, data } of two.steps.filter(({ op }) => op === 'program')) {
      expect(range && image.bytes(range)).toEqual(data);
    }
    const raw = commands(made('dfu-util', { dfuFormat: 'raw' }, update)).slice(1);
    expect(raw).toEqual([
      'dfu-util -d 2b04:d008 -a 0 -i 0 -s 0x08020000 -D system-part1-08020000.bin',
      'leave dfu-util -d 2b04:d008 -a 0 -i 0 -s 0x08060000:leave -D system-part2-08060000.bin',
    ]);
  });

  it('says :leave with the last command only, whichever alternate setting that is', () => {
    const { copy1 } = dctCopies();
    copy1.set(new TextEncoder().encode('another claim code'), 7548 + 1762);
    const image = app
      .merge(MemoryImage.fromBytes(bootloader(1007), 0x08000000))
      .merge(MemoryImage.fromBytes(copy1, 0x08004000));
    const { script } = made('dfu-util', { include: ['dct'] }, image);
    expect(script.match(/:leave/g)).toHaveLength(1);
    expect(script).toContain('dfu-util -d 2b04:d008 -a 1 -i 0 -s 1762 -D dct-1762.bin\n');
    expect(script).toContain('leave dfu-util -d 2b04:d008 -a 1 -i 0 -s 1753:leave -D ota-flag-a5.bin\n');
    expect(script).toContain("'step 10: Device OS installs the bootloader: wait until the board has restarted'");
  });

  it('selects a board by its serial number only where it has one of its own', () => {
    expect(commands(made('dfu-util', { serial: '340026000447343134383839' }))[0]).toContain(
      '-d 2b04:d008 -S 340026000447343134383839 -a 0',
    );
    const old = MemoryImage.fromBytes(
      dump([
        [0x08000000, bootloader(7)],
        [0x08020000, systemPart1(17)],
        [0x08060000, systemPart2(17)],
      ]),
      flash.start,
    );
    const failing = (from: MemoryImage | null) => () =>
      plan(from, { image: app }, board, { tool: 'dfu-util', serial: '3400' });
    expect(failing(old)).toThrowError(
      expect.objectContaining({ code: 'PLAN_NO_SERIAL', got: expect.stringContaining('version 7') }),
    );
    expect(failing(null)).toThrowError(
      expect.objectContaining({ code: 'PLAN_NO_SERIAL', help: expect.stringContaining('--usb-path') }),
    );
    expect(commands(made('dfu-util', { usbPath: '1-2.3' }))[0]).toContain('-d 2b04:d008 -p 1-2.3 -a 0');
  });
});

describe('Particle CLI', () => {
  it('flashes whole modules', () => {
    const two = made('particle-cli', {}, update);
    expect(commands(two)).toEqual([
      'particle flash --usb system-part1-08020000.bin',
      'particle flash --usb system-part2-08060000.bin',
    ]);
    expect(two.files.map(({ content }) => content)).toEqual([systemPart1(2302), systemPart2(2302)]);
    expect(two.warnings.join(' ')).toContain('Particle CLI cannot read the flash');
  });

  it('refuses everything else, with the tool that can', () => {
    const shared = healthy.merge(MemoryImage.fromBytes(noise(50), 0x080b0000), { overlap: 'last-wins' });
    expect(() => plan(shared, { image: app }, board, { tool: 'particle-cli' })).toThrowError(
      expect.objectContaining({
        code: 'PLAN_TOOL_CANNOT',
        what: expect.stringContaining('whole modules only'),
        help: 'Use --tool dfu-util.',
      }),
    );
    expect(() => made('particle-cli', {}, MemoryImage.fromBytes(bootloader(1007), 0x08000000))).toThrowError(
      expect.objectContaining({ code: 'PLAN_TOOL_CANNOT', what: expect.stringContaining('set the OTA flag') }),
    );
  });
});

describe('every script', () => {
  it.each(TOOL_IDS)('of %s names only files that come with it, and the plan in its head', (tool) => {
    const result = made(tool, { fromName: 'my dump.bin', toName: 'evil\nname; rm -rf /' }, update);
    const [script] = result.scripts;
    for (const word of script?.text.match(/[\w-]+\.(?:bin|dfu)\b/g) ?? []) {
      if (['backup.bin', 'dump.bin'].includes(word)) continue;
      expect(result.files.map(({ name }) => name)).toContain(word);
    }
    const lines = script?.text.split('\n') ?? [];
    expect(lines.filter((line) => line.includes('rm -rf')).every((line) => /^(#|\/\/) /.test(line))).toBe(true);
    expect(lines.find((line) => line.includes('flashatlas plan for Particle P1 (STM32F205RG)'))).toMatch(/^(#|\/\/) /);
    expect(result.script).toBe(script?.text);
  });
});

describe('a hostile board file', () => {
  const evil = '}; exec evil \n$(evil) `evil` [evil] \' " \\';
  const hostile = {
    ...board,
    name: evil,
    chip: { ...board.chip, name: evil.replace('\n', '') },
    regions: board.regions.map((region) => ({ ...region, title: evil })),
  };

  it.each(TOOL_IDS)('does not get a command into the script of %s', (tool) => {
    const { scripts } = plan(healthy, { image: app }, hostile, { tool });
    for (const line of scripts[0]?.text.split('\n') ?? []) {
      if (!line.includes('evil')) continue;
      const quoted = /^printf '%s\\n' '(?:[^']|'\\'')*'$/.test(line) || /^echo \{[^{}\\]*\}$/.test(line);
      expect(`${quoted || /^(#|\/\/) /.test(line)} ${line}`).toBe(`true ${line}`);
    }
  });
});

describe('quoting', () => {
  const names = [
    'plain.bin',
    'my file.bin',
    "it's.bin",
    'a"b.bin',
    'cash$HOME.bin',
    '-rf.bin',
    'a;b',
    'a`id`',
    'a\\b',
    'ü.bin',
    '*',
    'a,b',
  ];

  it('of a shell keeps every name one word', () => {
    for (const name of names) {
      const word = shellWord(name);
      const plain = /^'(.*)'$/s.exec(word)?.[1]?.replaceAll("'\\''", "'") ?? word;
      expect(plain).toBe(name.startsWith('-') ? `./${name}` : name);
      expect(/^[\w@%+=:,./-]+$/.test(word) || /^'/.test(word)).toBe(true);
    }
  });

  it('of Tcl and J-Link refuses what they cannot take', () => {
    const taken = (quote: (name: string) => string) =>
      names.filter((name) => {
        try {
          return quote(name) !== '';
        } catch (error) {
          expect(error).toMatchObject({ code: 'PLAN_FILE_NAME' });
          return false;
        }
      });
    expect(taken(tclWord)).toEqual(['plain.bin', 'my file.bin', "it's.bin", '-rf.bin', 'ü.bin', '*', 'a,b']);
    expect(taken(jlinkWord)).toEqual([
      'plain.bin',
      'my file.bin',
      "it's.bin",
      'cash$HOME.bin',
      '-rf.bin',
      'a;b',
      'a`id`',
      'a\\b',
      'ü.bin',
      '*',
    ]);
    expect([tclWord('my file.bin'), jlinkWord('my file.bin'), tclWord('-a')]).toEqual([
      '{my file.bin}',
      '"my file.bin"',
      './-a',
    ]);
  });

  it('refuses control characters and empty names everywhere', () => {
    for (const quote of [tclWord, shellWord, jlinkWord]) {
      for (const name of ['', 'a\nb', 'a\u0000b', 'a\u007fb']) expect(() => quote(name)).toThrow(/file name/);
    }
  });

  it('keeps comments on one line', () => {
    expect(commentText('a\r\nb\u2028c\\')).toBe('a b c');
  });
});
