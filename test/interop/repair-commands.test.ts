/** The OpenOCD commands that diagnose and explain give, taken by the real program; what needs a board is written down instead. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { causes, dfuRoutes } from '../../src/layout/causes.js';
import { describeWithTools } from '../support/tools.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-repair-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sub-commands of OpenOCD 0.12 that may appear. */
const FLASH = ['protect', 'erase_sector', 'write_bank', 'verify_bank'];
const MOCK = [
  ...['init', 'reset', 'mdw', 'mww', 'dump_image', 'stm32f2x'].map(
    (name) => `proc ${name} {args} { echo "CALL ${name} $args" }`,
  ),
  `proc flash {what args} { if {[lsearch {${FLASH.join(' ')}} $what] < 0} { error "flash $what" }; echo "CALL flash $what $args" }`,
].join('\n');

const commands = [...causes().flatMap(({ tell, repair }) => [...tell, ...repair]), ...dfuRoutes()].flatMap((step) =>
  step.commands.filter((command) => command.startsWith('openocd ')),
);

describeWithTools('OpenOCD commands of the repairs', ['openocd'], () => {
  writeFileSync(join(folder, 'mock.tcl'), MOCK);

  it.each([...new Set(commands)].map((command) => [command]))('%s', (command) => {
    const dry = command
      .replace('-f interface/stlink.cfg', '-c "adapter driver dummy" -c "transport select jtag"')
      .replace('-f target/stm32f2x.cfg', '-f target/stm32f2x.cfg -f mock.tcl');
    expect(dry).not.toBe(command);
    const { status, stderr } = spawnSync('sh', ['-c', dry], { cwd: folder, encoding: 'utf8', timeout: 30_000 });
    expect(stderr).toContain('CALL init');
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    expect(stderr).not.toMatch(/^Error|DEPRECATED/m);
  });

  it('are not few', () => expect(commands.length).toBeGreaterThan(10));
});
