/** check on the command line: exit codes, outputs that exclude each other, and the names of its JSON. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withModule } from '../rules/samples/device.js';
import { run } from '../support/commands.js';
import { bootloader, healthyDump, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const healthy = put('healthy.bin', healthyDump());
const broken = put('broken.bin', withModule(0x20000, new Uint8Array(0)));
const part1 = put('part1.bin', systemPart1());
const part2 = put('part2.bin', systemPart2());
const old = put('old.bin', bootloader(501));
const app = put('app.bin', userPart());
const LEVEL3 = ['--optcr', '0x0FFFAAE1'];

describe('the exit code of check', () => {
  it.each([
    [0, [healthy]],
    [1, [broken]],
    [0, [broken, '--fail-on', 'never']],
    [0, [broken, '--ignore', 'placement', '--ignore', 'dependency/*']],
    [1, [broken, '--rule', 'placement']],
    [0, [healthy, ...LEVEL3]],
    [1, [healthy, ...LEVEL3, '--strict']],
    [1, [healthy, ...LEVEL3, '--fail-on', 'warning']],
    [0, [healthy, ...LEVEL3, '--fail-on', 'warning', '--min-supply', '3.2V']],
    [1, [healthy, ...LEVEL3, '--fail-on', 'warning', '--min-supply', '2.5']],
    [1, [healthy, '--fail-on', 'note']],
    [0, [part1, part2, app]],
    [1, [part2, old]],
    [0, [app, '--onto', healthy]],
    [1, [old, '--onto', healthy]],
    [0, [part1, part2, '--onto', broken]],
    [0, [`0x080C0000:${app}`, '--onto', healthy]],
    [0, [`0x080C0000:${app}`]],
  ] as [number, string[]][])('%i for %j', async (code, argv) => {
    for (const form of [[], ['--json'], ['--sarif'], ['--junit'], ['--github']]) {
      const outcome = await run('check', ...argv, ...form);
      expect(outcome.error).toBeNull();
      expect(outcome).toMatchObject({ code, stderr: '' });
      if (form[0] === '--json' || form[0] === '--sarif') JSON.parse(outcome.stdout);
    }
  });

  it.each([
    ['USAGE_NO_FILES', []],
    ['USAGE_NO_FILES', ['--onto', healthy]],
    ['USAGE_EXCLUSIVE', [healthy, '--json', '--sarif']],
    ['USAGE_STDIN_TWICE', ['-', '--onto', '-']],
    ['USAGE_UNKNOWN_RULE', [healthy, '--rule', 'module/crc']],
    ['USAGE_BAD_VOLTAGE', [healthy, '--min-supply', '3300']],
    ['USAGE_BAD_VOLTAGE', [healthy, '--min-supply', 'x']],
    ['USAGE_BAD_VOLTAGE', [healthy, '--min-supply', '0']],
    ['USAGE_BAD_CHOICE', [healthy, '--fail-on', 'fatal']],
    ['CHECK_DUMP_IN_SET', [healthy, app]],
    ['INPUT_NOT_FOUND', [app, '--onto', join(folder, 'absent.bin')]],
  ] as [string, string[]][])('is 2 for %s', async (code, argv) => {
    const outcome = await run('check', ...argv);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.error?.code).toBe(code);
  });
});

describe('the JSON of check', () => {
  it('has the head of every document, and what is judged', async () => {
    const document = JSON.parse((await run('check', '--json', healthy)).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/check',
      schemaVersion: 1,
      tool: { name: 'flashatlas' },
      scope: 'one',
      input: { path: healthy, size: 0x100000, format: 'bin', base: '0x08000000', baseSource: 'inferred' },
      inputs: [{ path: healthy }],
      kind: 'flash-dump',
      deviceOs: '2.2.0',
      counts: { error: 0, warning: 0, note: 1 },
      verdict: 'pass',
      passed: true,
      failOn: 'error',
      hidden: 0,
      lost: [],
      kept: [],
      sectorsErased: [],
    });
    expect(document).toHaveProperty('boot');
    expect(document.findings).toMatchObject([
      { rule: 'release/unknown-build', start: '0x08000000', file: healthy, fileOffset: 0, fileLine: null },
    ]);
  });

  it('tells what is lost, with addresses', async () => {
    const document = JSON.parse((await run('check', '--json', app, '--onto', broken)).stdout);
    expect(document).toMatchObject({
      scope: 'onto',
      input: { path: broken },
      inputs: [{ path: app }],
      sectorsErased: [9],
      lost: [],
    });
    expect(document.kept[0]).toEqual({
      start: '0x08000000',
      end: '0x08003878',
      region: 'bootloader',
      what: 'bootloader version 1006',
    });
  });
});
