/** eeprom set, import, export and build, as commands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/commands.js';
import { erasedThenFlashedDump, healthyDump } from '../support/synthetic.js';

let folder = '';
const path = (name: string): string => join(folder, name);
let count = 0;
const fresh = (ending = 'bin'): string => path(`out-${count++}.${ending}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-eeprom-edit-'));
  writeFileSync(path('healthy.bin'), healthyDump());
  writeFileSync(path('erased.bin'), erasedThenFlashedDump());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('eeprom set', () => {
  it('writes as the firmware of the dump does, and says what changed', async () => {
    const output = fresh();
    const outcome = await run(
      'eeprom',
      'set',
      path('healthy.bin'),
      '--set',
      '0=1',
      '--set',
      '500=u16:513',
      '-o',
      output,
    );
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toContain('Written as Device OS 2.2.0 does, in 3 flash operations. Page 1 stays in use.');
    expect(outcome.stderr).toMatch(/ {2}500 +nothing +1\n {2}501 +nothing +2\n/);
    const history = await run('eeprom', 'history', '--index', '0', output);
    expect(history.stdout).toContain('99');
  });

  it('formats erased sectors first', async () => {
    const outcome = await run('eeprom', 'set', path('erased.bin'), '--set', '0=1', '--legacy', '-o', fresh());
    expect(outcome.stderr).toContain('The sectors were formatted first; page 1 is in use.');
    const json = await run(
      'eeprom',
      'set',
      path('erased.bin'),
      '--set',
      '0=1',
      '--release',
      '0.5.0',
      '--json',
      '-o',
      fresh(),
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 'flashatlas/eeprom-set',
      release: '0.5.0',
      generation: 'current',
      capacity: 2047,
      changes: [{ index: 0, before: 255, after: 1 }],
    });
  });

  it.each([
    [['healthy.bin'], [], 'USAGE_OPERANDS'],
    [['healthy.bin'], ['--set', 'x=1'], 'EEPROM_BAD_VALUE'],
    [['healthy.bin'], ['--set', '0=text:caf\ufffd'], 'EEPROM_BAD_VALUE'],
    [['healthy.bin'], ['--set', '2048=1'], 'EEPROM_NO_ROOM'],
    [['healthy.bin'], ['--set', '0=1', '--from', 'x'], 'USAGE_OTHER_ACTION'],
    [['healthy.bin'], ['--set', '0=1', '--release', 'x'], 'DCT_BAD_RELEASE'],
  ])('%j %j is refused: %s', async (operands, options, code) => {
    expect((await run('eeprom', 'set', ...operands.map(path), ...options, '-o', fresh())).error?.code).toBe(code);
  });

  it('is suggested', async () => {
    expect((await run('eeprom', 'sett', path('healthy.bin'))).error?.help).toBe('Did you mean set?');
    expect((await run('eeprom', 'history', path('healthy.bin'), '-o', fresh())).error?.code).toBe('USAGE_OTHER_ACTION');
  });
});

describe('eeprom export, import and build', () => {
  it.each(['json', 'bin'])('bring the content of one board to another by way of a file (%s)', async (ending) => {
    const content = fresh(ending);
    const exported = await run('eeprom', 'export', path('healthy.bin'), '-o', content);
    expect(exported.stderr).toBe(`${content}: 10 of 2,048 bytes are set\n`);
    const output = fresh();
    expect((await run('eeprom', 'import', path('erased.bin'), content, '-o', output)).code).toBe(0);
    const [before, after] = [fresh('json'), fresh('json')];
    await run('eeprom', 'export', path('healthy.bin'), '-o', before);
    await run('eeprom', 'export', output, '-o', after);
    expect(readFileSync(after, 'utf8')).toBe(readFileSync(before, 'utf8'));
    const built = fresh();
    const outcome = await run('eeprom', 'build', '--from', content, '--set', '100=7', '-o', built);
    expect(outcome.stderr).toBe(`${built}: both EEPROM sectors, page 1 in use\n`);
    expect(readFileSync(built).length).toBe(0x14000);
    const replaced = await run('eeprom', 'build', path('healthy.bin'), '--from', content, '-o', fresh());
    expect(replaced.stderr).toContain('Fresh pages: page 1 in use, page 2 erased, no older values.');
    expect(replaced.stderr).toContain('No byte has another value than before.');
  });

  it('give JSON', async () => {
    const content = fresh('json');
    const exported = await run('eeprom', 'export', path('healthy.bin'), '--json', '-o', content);
    expect(JSON.parse(exported.stdout)).toMatchObject({
      schema: 'flashatlas/eeprom-export',
      output: { format: 'json' },
    });
    const built = await run('eeprom', 'build', '--from', content, '--json', '-o', fresh());
    expect(JSON.parse(built.stdout)).toMatchObject({ schema: 'flashatlas/eeprom-build', output: { size: 0x14000 } });
  });

  it('need their operands', async () => {
    for (const args of [['import', path('healthy.bin')], ['export'], ['build', 'a', 'b']]) {
      expect((await run('eeprom', ...args, '-o', fresh())).error?.code).toBe('USAGE_OPERANDS');
    }
    writeFileSync(path('bad.json'), '{"0": 700}');
    expect((await run('eeprom', 'import', path('healthy.bin'), path('bad.json'), '-o', fresh())).error?.code).toBe(
      'EEPROM_BAD_DATA',
    );
  });
});
