/**
 * The scripts of plan against the real tools, as far as they look without a board: OpenOCD parses and runs them on recording
 * procedures, st-flash and dfu-util check their arguments and files, dfuse-pack unpacks what goes to dfu-util, and a shell
 * runs them on programs that write down their arguments.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import type { ToolId } from '../../src/layout/flashing-tools.js';
import { loadBoard } from '../../src/layout/load.js';
import { modernise } from '../../src/operations/plan/modernise.js';
import { plan } from '../../src/operations/plan/plan.js';
import type { Plan, PlanOptions, PlanTarget } from '../../src/operations/plan/types.js';
import {
  bootloader,
  dctCopies,
  erasedThenFlashedDump,
  healthyDump,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';
import { describeWithTools, runTool, useTool } from '../support/tools.js';

const board = loadBoard('particle-p1');
const START = 0x08000000;
const PROTECTED = 0x0e1eaaed;
const chip = (bytes: Uint8Array) => MemoryImage.fromBytes(bytes, START, { name: 'dump.bin' });
const image = (...parts: readonly (readonly [number, Uint8Array])[]): PlanTarget => ({
  image: MemoryImage.fromSegments(parts.map(([address, bytes]) => ({ address, bytes }))),
});

const UPDATE = image([0x08020000, systemPart1(2302)], [0x08060000, systemPart2(2302)]);
const APP = image([0x080a0000, userPart({ version: 7 })]);
const { copy1, copy2 } = dctCopies();
const KEYS = image([0x08004000, copy1], [0x08008000, copy2]);
const BOOTLOADER = image([START, bootloader(1007)]);

interface Case {
  readonly from: Uint8Array | null;
  readonly to: PlanTarget;
  readonly options: PlanOptions;
}

const CASES: Readonly<Record<string, Case>> = {
  update: { from: healthyDump(), to: UPDATE, options: { optcr: PROTECTED } },
  'worst case': { from: null, to: APP, options: {} },
  everything: {
    from: erasedThenFlashedDump(),
    to: { image: chip(healthyDump()) },
    options: { include: ['dct', 'eeprom'], optcr: PROTECTED },
  },
  keys: { from: erasedThenFlashedDump(), to: KEYS, options: { include: ['dct'], optcr: 0x0fffaaed } },
  erase: {
    from: healthyDump(),
    to: image([0x080a0000, new Uint8Array(0x20000).fill(0xff)]),
    options: { optcr: 0x0fffaaed },
  },
  'option bytes': { from: healthyDump(), to: { ...APP, optcr: 0x0ffeaae0 }, options: { optcr: 0x0fffaaed } },
  unlock: { from: healthyDump(), to: APP, options: { optcr: 0x0fff55ed, allowMassErase: true } },
  'under reset': { from: healthyDump(), to: APP, options: { underReset: true, serial: '066BFF5150' } },
  names: {
    from: healthyDump(),
    to: APP,
    options: { optcr: 0x0fffaaed, backupFile: "-my backup, isn't it.bin", fromName: 'a\nb $(x)' },
  },
};

function make(name: string, tool: ToolId): Plan {
  const { from, to, options } = CASES[name] as Case;
  return plan(from && chip(from), to, board, { ...options, tool });
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flashatlas-plan-tools-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function unpack({ scripts, files }: Plan): string {
  const folder = scratch();
  for (const { name, text } of scripts) writeFileSync(join(folder, name), text);
  for (const { name, content } of files) writeFileSync(join(folder, name), content);
  return folder;
}

/** Adapter without hardware, and procedures that write down how they are called instead of reaching for a chip. */
const ADAPTER = 'adapter driver dummy\ntransport select jtag\nsource [find target/stm32f2x.cfg]\n';
const RECORDER = `
foreach name {init reset dump_image mdh mdw stm32f2x} { proc $name {args} "echo \\"CALL $name \\$args\\"" }
proc flash {what args} {
  if {[lsearch {probe protect erase_sector write_bank verify_bank} $what] < 0} { error "flash $what" }
  echo "CALL flash $what $args"
}
proc read_memory {address width count} { return $::optcr }
`;

describeWithTools('OpenOCD without a chip', ['openocd'], () => {
  it.each(Object.keys(CASES))('runs every line of the plan "%s"', (name) => {
    const made = make(name, 'openocd');
    const folder = unpack(made);
    writeFileSync(join(folder, 'adapter.cfg'), ADAPTER);
    writeFileSync(join(folder, 'recorder.tcl'), RECORDER);
    for (const script of made.scripts) {
      const before = script.name === '2-plan.tcl' ? 0x0fffaaed : (CASES[name]?.options.optcr ?? 0x0fffaaed);
      const { status, output } = runTool(
        'openocd',
        ['-f', 'adapter.cfg', '-c', `set optcr ${before}`, '-f', 'recorder.tcl', '-f', script.name],
        folder,
      );
      expect(status, output).toBe(0);
      expect(output).not.toMatch(/DEPRECATED|Error/);
      const calls = output
        .split('\n')
        .filter((line) => line.startsWith('CALL '))
        .map((line) => line.slice(5).trim());
      const lines = script.text.split('\n').filter((line) => /^(init|reset|flash|dump_image|stm32f2x) ?/.test(line));
      expect(calls.filter((call) => !/^md/.test(call))).toEqual(
        lines.map((line) => line.replace(/\{(\.?[^}]*)\}/, '{$1}')),
      );
    }
  });

  it('knows the interface files and transports of the command lines', () => {
    for (const probe of ['stlink', 'jlink', 'cmsis-dap'] as const) {
      const { scripts } = plan(null, APP, board, { probe, underReset: probe === 'stlink' });
      const words = (scripts[0]?.run ?? '').replace(' -f plan.tcl', '').match(/"[^"]*"|\S+/g) ?? [];
      const args = words.slice(1).map((word) => word.replaceAll('"', ''));
      const { status, output } = runTool('openocd', [...args, '-c', 'shutdown'], scratch());
      expect(status, output).toBe(0);
      expect(output).not.toMatch(/DEPRECATED|Can't find|invalid command/);
    }
  });

  it('takes a modernised script without a word of complaint, and did not take the old one', () => {
    const folder = scratch();
    const old = [
      'interface hla',
      'hla_layout stlink',
      'hla_vid_pid 0x0483 0x3748',
      'transport select hla_swd',
      'source [find target/stm32f2x_stlink.cfg]',
      'adapter_khz 500',
      'jtag_nsrst_delay 100',
      'reset_config srst_only srst_nogate',
      '',
    ].join('\n');
    writeFileSync(join(folder, 'old.cfg'), old);
    writeFileSync(join(folder, 'new.cfg'), modernise(old).text);
    const before = runTool('openocd', ['-f', 'old.cfg', '-c', 'shutdown'], folder);
    expect(before.status).toBe(1);
    const after = runTool('openocd', ['-f', 'new.cfg', '-c', 'shutdown'], folder);
    expect(after.status, after.output).toBe(0);
    expect(after.output).not.toContain('DEPRECATED');
  });
});

/** Runs plan.sh with programs in front of the path that write down their arguments and succeed. */
function runRecorded(
  made: Plan,
  programs: readonly string[],
  answer = '',
): { readonly status: number | null; readonly calls: string[][]; readonly output: string } {
  const folder = unpack(made);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of [...programs, 'cmp']) {
    const path = join(bin, program);
    writeFileSync(
      path,
      `#!/bin/sh\n{ printf '%s' ${program}; for a; do printf '\\t%s' "$a"; done; echo; } >> "${folder}/calls"\n${answer}\n`,
    );
    chmodSync(path, 0o755);
  }
  const script = made.scripts[0]?.name ?? '';
  const { status, stdout, stderr } = spawnSync('sh', [join(folder, script)], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  const calls = readdirSync(folder).includes('calls')
    ? readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n')
    : [];
  return { status, calls: calls.map((line) => line.split('\t')), output: stdout + stderr };
}

describeWithTools('st-flash without a probe', ['st-flash', 'sh'], () => {
  it.each(['update', 'worst case', 'everything', 'keys', 'erase', 'option bytes', 'under reset', 'names'])(
    'takes every command of the plan "%s"',
    (name) => {
      const { status, calls, output } = runRecorded(make(name, 'st-flash'), ['st-flash']);
      expect(status, output).toBe(0);
      const own = calls.filter(([program]) => program === 'st-flash');
      expect(own.length).toBeGreaterThan(1);
      for (const [, ...args] of own) {
        const run = runTool('st-flash', args, scratch());
        expect(run.output, args.join(' ')).not.toContain('invalid command line');
        expect(run.output).toContain("Couldn't find any ST-Link devices");
      }
    },
  );

  it('would refuse a command that is wrong', () => {
    expect(runTool('st-flash', ['write', 'a.bin'], scratch()).output).toContain('invalid command line');
  });
});

describeWithTools('dfu-util without a board', ['dfu-util', 'dfu-suffix', 'dfuse-pack', 'sh'], () => {
  const cases: Readonly<Record<string, () => Plan>> = {
    update: () => plan(chip(healthyDump()), UPDATE, board, { tool: 'dfu-util' }),
    'raw files': () => plan(chip(healthyDump()), UPDATE, board, { tool: 'dfu-util', dfuFormat: 'raw' }),
    bootloader: () =>
      plan(chip(healthyDump()), BOOTLOADER, board, { tool: 'dfu-util', serial: '340026000447343134383839' }),
    keys: () =>
      plan(chip(erasedThenFlashedDump()), KEYS, board, { tool: 'dfu-util', include: ['dct'], usbPath: '1-2' }),
  };

  it.each(Object.keys(cases))('takes files and arguments of the plan "%s", and finds no board', (name) => {
    const made = cases[name]?.() as Plan;
    const { status, calls, output } = runRecorded(made, ['dfu-util'], 'echo "File downloaded successfully"');
    expect(status, output).toBe(0);
    const own = calls.filter(([program]) => program === 'dfu-util');
    expect(own.filter((args) => args.some((word) => word.includes(':leave')))).toHaveLength(1);
    expect(own.at(-1)?.some((word) => word.includes(':leave'))).toBe(true);
    const folder = unpack(made);
    for (const [, ...args] of own) {
      const run = runTool('dfu-util', args, folder);
      expect(run.status, run.output).toBe(74);
      expect(run.output).toContain('No DFU capable USB device available');
      expect(run.output).not.toMatch(/Usage|invalid option|CRC does not match/);
    }
  });

  it('stops the script when dfu-util did not write everything, and not when only the farewell failed', () => {
    const made = cases['raw files']?.() as Plan;
    expect(runRecorded(made, ['dfu-util'], 'exit 74').status).not.toBe(0);
    expect(runRecorded(made, ['dfu-util'], 'case "$*" in *:leave*) echo "Lost device"; exit 74;; esac').status).toBe(1);
    const farewell = 'echo "File downloaded successfully"; case "$*" in *:leave*) exit 74;; esac';
    expect(runRecorded(made, ['dfu-util'], farewell).status).toBe(0);
  });

  it('has a valid DfuSe file, which dfuse-pack unpacks to the bytes of the plan', () => {
    const made = cases.update?.() as Plan;
    const folder = unpack(made);
    expect(useTool('dfu-suffix', ['-c', 'flash.dfu'], folder)).toMatch(
      /Product ID:\s+0xD008\nVendor ID:\s+0x2B04\nBCD DFU:\s+0x011A/,
    );
    expect(useTool('dfuse-pack', ['-d', 'flash.dfu'], folder)).not.toContain('ERROR');
    const unpacked = readdirSync(folder)
      .filter((name) => name.startsWith('flash.dfu.target'))
      .sort();
    const programs = made.steps.filter(({ op }) => op === 'program');
    expect(unpacked).toHaveLength(programs.length);
    for (const [index, { data }] of programs.entries()) {
      expect(Buffer.compare(readFileSync(join(folder, unpacked[index] ?? '')), data ?? new Uint8Array(0))).toBe(0);
    }
  });
});

describeWithTools('a shell', ['sh'], () => {
  it.each([
    ['cubeprogrammer', 'STM32_Programmer_CLI'],
    ['particle-cli', 'particle'],
    ['st-flash', 'st-flash'],
  ] as const)('gives %s the arguments that were meant', (tool, program) => {
    const name = tool === 'particle-cli' ? 'update' : 'names';
    const { status, calls, output } = runRecorded(make(name, tool), [program]);
    expect(status, output).toBe(0);
    const words = calls.flat();
    if (tool === 'particle-cli') expect(words).toContain('system-part1-08020000.bin');
    else expect(words).toContain("./-my backup, isn't it.bin");
    expect(output).toContain(tool === 'particle-cli' ? 'step ' : 'step 1: read the whole flash to -my backup');
  });

  it('stops before anything is done when a data file is missing or the backup exists', () => {
    const made = make('update', 'st-flash');
    const missing = runRecorded({ ...made, files: made.files.slice(1) }, ['st-flash']);
    expect(missing).toMatchObject({ status: 1, calls: [] });
    expect(missing.output).toContain('is missing');
    const exists = runRecorded(
      { ...made, files: [...made.files, { name: 'backup.bin', content: new Uint8Array(1), about: '' }] },
      ['st-flash'],
    );
    expect(exists).toMatchObject({ status: 1, calls: [] });
    expect(exists.output).toContain('the backup exists already');
  });

  it('stops at the first command that fails', () => {
    const failing = runRecorded(
      make('update', 'st-flash'),
      ['st-flash'],
      'case "$*" in *write\\ sys*) exit 255;; esac',
    );
    expect(failing.status).toBe(255);
    expect(failing.calls.some((words) => words.includes('reset'))).toBe(false);
  });
});

describe('the plans', () => {
  it('are about something', () => {
    for (const name of Object.keys(CASES)) expect(make(name, 'openocd').steps.length).toBeGreaterThan(1);
  });
});
