/** The table of messages against the tools themselves: what they print without a board, and the texts they are built with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { patternsOf, toolMessages } from '../../src/layout/tool-messages.js';
import { explainLog } from '../../src/operations/diagnose/log.js';
import { describeWithTools, runTool } from '../support/tools.js';

const P1 = loadBoard('particle-p1');
const folder = mkdtempSync(join(tmpdir(), 'flashatlas-messages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function explainRun(command: string, args: readonly string[]) {
  const { status, output } = runTool(command, args, folder);
  return { status, report: explainLog(new TextEncoder().encode(output), P1) };
}

/** The text of a program and of its own library, blanks counted once. */
function programText(command: string): string {
  const shell = (line: string): string => execFileSync('sh', ['-c', line], { encoding: 'utf8' }).trim();
  const path = shell(`command -v ${command}`);
  const libraries = shell(`ldd ${path} | awk '/stlink/ { print $3 }'`).split('\n').filter(Boolean);
  const bytes = [path, ...libraries].map((file) => readFileSync(file, 'latin1'));
  return bytes.join('\n').replace(/[\0\s]+/g, ' ');
}

/** Messages whose source says that this version of the program holds them. */
function expectInProgram(command: string, source: string): void {
  const text = programText(command);
  const messages = toolMessages().filter((message) => message.source.startsWith(source));
  expect(messages.length).toBeGreaterThan(10);
  const missing = messages.filter(
    (message) =>
      !patternsOf(message).some((pattern) =>
        pattern.split(/^\^|\{\w+:\w+\}/).every((literal) => literal.trim().length < 6 || text.includes(literal.trim())),
      ),
  );
  expect(missing.map(({ id }) => id)).toEqual([]);
}

describeWithTools('messages of dfu-util', ['dfu-util'], () => {
  it('without a board are a failure that wrote nothing', () => {
    writeFileSync(join(folder, 'app.bin'), new Uint8Array(1000).fill(7));
    const { status, report } = explainRun('dfu-util', [
      '-d',
      '2b04:d008',
      '-a',
      '0',
      '-s',
      '0x080A0000',
      '-D',
      'app.bin',
    ]);
    expect(report.attempts).toMatchObject([{ tool: 'dfu-util', outcome: 'nothing-written', exit: status }]);
    expect(report.attempts[0]?.suffixMattered).toBe(false);
  });

  it('about a missing file are known', () => {
    const { status, report } = explainRun('dfu-util', ['-D', 'none.bin']);
    expect(report.attempts).toMatchObject([{ outcome: 'nothing-written', exit: status }]);
  });

  it('stand in the program', () => expectInProgram('dfu-util', 'dfu-util 0.11, messages of the program'));
});

describeWithTools('messages of OpenOCD', ['openocd'], () => {
  it('without a probe are a failure that wrote nothing', () => {
    const { report } = explainRun('openocd', ['-f', 'interface/stlink.cfg', '-f', 'target/stm32f2x.cfg', '-c', 'init']);
    expect(report.attempts).toMatchObject([{ tool: 'openocd', outcome: 'nothing-written' }]);
    expect(report.attempts[0]?.failure?.id).toBe('openocd/open-failed');
  });

  it('about old commands are known', () => {
    const { report } = explainRun('openocd', ['-c', 'jtag_khz 100']);
    expect(report.attempts[0]?.failure?.meaning).toContain('jtag_khz');
  });

  it('stand in the program', () => expectInProgram('openocd', 'OpenOCD 0.12.0, messages of the program'));
});

describeWithTools('messages of st-flash', ['st-flash'], () => {
  it('without a probe are a failure that wrote nothing', () => {
    const { report } = explainRun('st-flash', ['read', 'dump.bin', '0x08000000', '0x1000']);
    expect(report.attempts).toMatchObject([{ tool: 'st-flash', outcome: 'nothing-written' }]);
  });

  it('stand in the program and its library', () =>
    expectInProgram('st-flash', 'libstlink 1.7.0, messages of the library'));
});
