/** plan and simulate as a user runs them. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../support/commands.js';
import {
  dctCopies,
  erasedThenFlashedDump,
  healthyDump,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const dump = file('dump.bin', healthyDump());
const erased = file('erased.bin', erasedThenFlashedDump());
const part1 = file('part1.bin', systemPart1(2302));
const part2 = file('part2.bin', systemPart2(2302));
const app = file('app.bin', userPart({ version: 7 }));

describe('plan', () => {
  it('prints steps, what is kept, changed and lost, what follows, and the script', async () => {
    const { code, stdout } = await run('plan', '--from', dump, '--to', part1, '--to', part2, '--optcr', '0x0E1EAAED');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `Particle P1\n  from  ${dump}\n  to    ${part1}\n  to    ${part2}\n  with  OpenOCD 0.12, probe ST-LINK\n`,
    );
    expect(stdout).toMatch(/ {3}3 {2}erase sectors 5 to 8 +524,288 +8\.0 s +16 s\n/);
    expect(stdout).toContain(
      '\nChanged\n  what                           where                    differ\n  system part 1: 2.2.0 -> 2.3.1',
    );
    expect(stdout).toContain('\nLost\n  nothing\n');
    expect(stdout).toContain('Device OS 2.3.1: pass\n');
    expect(stdout).toContain(
      '\nplan.tcl\n# flashatlas plan for Particle P1 (STM32F205RG): dump.bin -> part1.bin, part2.bin\n',
    );
    expect(stdout).toContain('say -o FOLDER');
    for (const line of stdout.split('\n'))
      if (!line.startsWith('foreach') && !line.startsWith('  from') && !line.startsWith('  to'))
        expect(line.length).toBeLessThan(140);
  });

  it('explains every step', async () => {
    const { stdout } = await run(
      'plan',
      '--from',
      erased,
      '--to',
      dump,
      '--include',
      'dct,eeprom',
      '--explain',
      '--optcr',
      '0x0FFFAAED',
    );
    expect(stdout).toContain(
      '  1. read the whole flash to backup.bin  26 s, at most 79 s\n     The backup: keys and Wi-Fi networks exist nowhere else.',
    );
    expect(stdout).toContain('Only clears bits, so nothing is erased.');
    expect(stdout).toContain('device private key: blank -> rsa-1024');
  });

  it('prints one JSON document, or the script alone', async () => {
    const json = await run('plan', '--from', dump, '--to', app, '--json');
    const document = JSON.parse(json.stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/plan',
      input: { path: dump, size: 0x100000 },
      targets: [{ path: app }],
    });
    const script = await run('plan', '--from', dump, '--to', app, '--script');
    expect(script.stdout).toBe(document.script);
    expect(script.stdout.startsWith('# flashatlas plan')).toBe(true);
  });

  it('writes script, data and plan.json into a folder, once', async () => {
    const out = join(folder, 'my plan');
    const first = await run('plan', '--from', dump, '--to', app, '-o', out, '--tool', 'st-flash');
    expect(first.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['plan.json', 'plan.sh', 'user-080a0000.bin']);
    expect(statSync(join(out, 'plan.sh')).mode & 0o111).not.toBe(0);
    expect(first.stdout).toContain(`  cd '${out}'\n  sh plan.sh\n`);
    expect(first.stdout).not.toContain('#!/bin/sh');
    const again = await run('plan', '--from', dump, '--to', app, '-o', out);
    expect(again.error?.code).toBe('OUTPUT_EXISTS');
    expect((await run('plan', '--from', dump, '--to', app, '-o', out, '--force', '--tool', 'st-flash')).code).toBe(0);
  });

  it('says when there is nothing to do, and writes nothing', async () => {
    const out = join(folder, 'nothing');
    const { code, stdout } = await run('plan', '--from', dump, '--to', dump, '-o', out);
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing to do: the chip already holds everything the target gives.');
    expect(existsSync(out)).toBe(false);
  });

  it('takes a recipe, with the option bytes it asks for', async () => {
    const parts = 'parts:\n  - module: part1.bin\n  - module: part2.bin\n';
    const recipe = file('board.yaml', `recipe: 1\nboard: particle-p1\n${parts}optionBytes: 0x0FFEAAED\n`);
    const { stdout, error } = await run('plan', '--from', dump, '--to', recipe, '--optcr', '0x0FFFAAED', '--json');
    expect(error).toBeNull();
    const document = JSON.parse(stdout);
    expect(document.optcr).toEqual({ before: '0x0FFFAAEC', after: '0x0FFEAAEC' });
    expect(document.targets).toEqual([expect.objectContaining({ path: recipe })]);
    const photon = file('photon.yaml', `recipe: 1\nboard: particle-photon\n${parts}`);
    expect((await run('plan', '--to', photon)).error?.code).toBe('PLAN_OTHER_BOARD');
    expect((await run('plan', '--to', recipe, '--to', app)).error?.code).toBe('BUILD_RECIPE_ALONE');
  });

  it('takes plain bytes at an address', async () => {
    const bytes = file('data.dat', Uint8Array.of(1, 2, 3));
    const { stdout } = await run('plan', '--from', dump, '--to', `0x080CC000:${bytes}`, '--json');
    expect(JSON.parse(stdout).steps[1]).toMatchObject({
      op: 'program',
      range: { start: '0x080CC000', end: '0x080CC004' },
    });
    expect((await run('plan', '--from', dump, '--to', bytes)).error?.code).toBe('PLAN_TO_NOWHERE');
  });

  it.each([
    [['plan'], 'USAGE_NO_FILES'],
    [['plan', dump], 'USAGE_OPERANDS'],
    [['plan', '--to', '-', '--from', '-'], 'USAGE_STDIN_TWICE'],
    [['plan', '--to', app, '-o', '-'], 'PLAN_FOLDER'],
    [['plan', '--to', app, '--include', 'dtc'], 'USAGE_BAD_CHOICE'],
    [['plan', '--to', app, '--tool', 'opnocd'], 'USAGE_BAD_CHOICE'],
    [['plan', '--to', app, '--from', join(folder, 'absent.bin')], 'INPUT_NOT_FOUND'],
    [['plan', '--to', app, '--from', file('odd.dat', Uint8Array.of(1, 2, 3))], 'PLAN_FROM_NOWHERE'],
    [['plan', '--to', file('dct.bin', dctCopies().copy1)], 'PLAN_ONLY_KEPT'],
    [['plan', '--modernise', app], 'PLAN_NOT_A_SCRIPT'],
    [['plan', '--modernise', dump, '--to', app], 'USAGE_EXCLUSIVE'],
  ] as const)('%j is refused with %s', async (argv, code) => {
    const { error } = await run(argv[0], ...argv.slice(1));
    expect(error?.code).toBe(code);
  });

  it('leaves nothing behind when it fails', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    const { code } = await run('plan', '--from', dump, '--to', app, '-o', join(closed, 'no', 'where'));
    expect(code).toBe(2);
    expect(readdirSync(closed)).toEqual([]);
  });
});

describe('plan --modernise', () => {
  const old = file('old.cfg', 'interface hla\nadapter_khz 1000\nstm32x mass_erase 0\n');

  it('prints the new script, and what was changed beside it', async () => {
    const { code, stdout, stderr } = await run('plan', '--modernise', old);
    expect(code).toBe(0);
    expect(stdout).toBe('source [find interface/stlink.cfg]\nadapter speed 1000\nstm32f2x mass_erase 0\n');
    expect(stderr).toContain('line 2: adapter_khz 1000\n     now: adapter speed 1000\n');
    expect(stderr).toContain('     mind: mass_erase erases everything');
    expect((await run('plan', '--modernise', file('new.cfg', stdout))).stderr).toContain('Nothing had to be changed.');
  });

  it('as JSON, or into a file', async () => {
    const json = JSON.parse((await run('plan', '--modernise', old, '--json')).stdout);
    expect(json).toMatchObject({
      schema: 'flashatlas/plan-modernise',
      changes: [{ line: 1 }, { line: 2 }, { line: 3 }],
      warnings: [{ line: 3 }],
    });
    const out = join(folder, 'translated.cfg');
    await run('plan', '--modernise', old, '-o', out);
    expect(readFileSync(out, 'utf8')).toBe(json.script);
    expect((await run('plan', '--modernise', old, '-o', old, '--force')).error?.code).toBe('OUTPUT_IS_INPUT');
  });
});

describe('simulate', () => {
  const made = join(folder, 'made');
  const prepare = async () => {
    if (!existsSync(made))
      await run('plan', '--from', dump, '--to', part1, '--to', part2, '--optcr', '0x0E1EAAED', '-o', made);
    return made;
  };

  it('does the plan and says what the board does then', async () => {
    const { code, stdout } = await run('simulate', await prepare(), '--from', dump);
    expect(code).toBe(0);
    expect(stdout).toContain(' 3  done    erase sectors 5 to 8\n');
    expect(stdout).toContain(
      'Every step is done. flash dump of Particle P1 from 0x08000000, 4 modules, Device OS 2.3.1; option',
    );
    expect(stdout).toContain('At reset    the board runs its application, connected to the cloud');
    expect(stdout).toContain('Verdict  pass');
  });

  it('cuts the power: the board waits in DFU mode', async () => {
    const cut = await run(
      'simulate',
      join(await prepare(), 'plan.json'),
      '--from',
      dump,
      '--cut-inside',
      '5',
      '--json',
    );
    expect(cut.code).toBe(0);
    expect(JSON.parse(cut.stdout)).toMatchObject({
      schema: 'flashatlas/simulate',
      outcome: 'cut',
      stoppedAt: 5,
      optcr: '0x0FFEAAEC',
      boot: { bootloader: 'dfu', outcome: 'dfu' },
      verdict: 'fail',
    });
    expect((await run('simulate', made, '--from', dump, '--cut-after', '3')).stdout).toContain(
      'The power failed at step 3.',
    );
    expect((await run('simulate', made, '--from', dump, '--cut-after', '0')).stdout).toContain(
      'The power failed before the first step.',
    );
  });

  it('ends with 1 when a step fails', async () => {
    const { code, stdout } = await run('simulate', await prepare(), '--from', dump, '--optcr', '0x0FFF55ED');
    expect(code).toBe(1);
    expect(stdout).toContain('The tool stopped at step 1.');
  });

  it('writes what the flash then holds', async () => {
    const out = join(folder, 'after.bin');
    await run('simulate', await prepare(), '--from', dump, '-o', out);
    expect(Buffer.compare(readFileSync(out).subarray(0x20000, 0x20000 + systemPart1().length), systemPart1(2302))).toBe(
      0,
    );
    const blind = await run('simulate', made, '-o', join(folder, 'blind.bin'));
    expect(blind.stderr).toContain('bytes nobody knows are written as 0xFF');
  });

  it.each([
    [[], 'USAGE_ONE_FILE'],
    [['-'], 'SIMULATE_STDIN'],
    [[dump], 'INPUT_TOO_LARGE'],
    [[app], 'PLAN_FILE'],
    [['MADE', '--cut-after', '1', '--cut-inside', '1'], 'USAGE_EXCLUSIVE'],
    [['MADE', '--cut-after', '99'], 'SIMULATE_NO_STEP'],
    [['MADE', '--board', 'particle-photon'], 'SIMULATE_OTHER_BOARD'],
    [['MADE', '-o', dump], 'OUTPUT_EXISTS'],
    [['MADE', '--from', dump, '-o', dump, '--force'], 'OUTPUT_IS_INPUT'],
  ] as const)('%j is refused with %s', async (argv, code) => {
    await prepare();
    const expected = code === 'INPUT_TOO_LARGE' ? ['INPUT_TOO_LARGE', 'PLAN_FILE'] : [code];
    const { error } = await run('simulate', ...argv.map((word) => (word === 'MADE' ? made : word)));
    expect(expected).toContain(error?.code);
  });

  it('notices data that is missing or another', async () => {
    const copy = join(folder, 'copy');
    await run('plan', '--from', dump, '--to', app, '-o', copy);
    writeFileSync(join(copy, 'user-080a0000.bin'), 'x');
    expect((await run('simulate', copy, '--from', dump)).error?.code).toBe('PLAN_FILE_DATA');
    rmSync(join(copy, 'user-080a0000.bin'));
    expect((await run('simulate', copy, '--from', dump)).error?.code).toBe('INPUT_NOT_FOUND');
  });
});
