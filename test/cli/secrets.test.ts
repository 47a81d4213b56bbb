/** No output of any command holds a secret, unless it was asked for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dctFields, dctSection, dctSections, fieldKey } from '../../src/regions/dct/index.js';
import { PlantedFiles } from '../support/canary-files.js';
import { type Outcome, run } from '../support/commands.js';

const FIELDS = dctSections('wiced').flatMap(({ name }) => dctFields(name).map(fieldKey));

let folder = '';
let files: PlantedFiles;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-secrets-'));
  files = new PlantedFiles(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectNothing(outcome: Outcome, what: string): void {
  expect(`${what}: ${files.detector.find(outcome.stdout) ?? 'nothing'}`).toBe(`${what}: nothing`);
  expect(`${what}, stderr: ${files.detector.find(outcome.stderr) ?? 'nothing'}`).toBe(`${what}, stderr: nothing`);
}

/** Every way to look at a file that prints something about its configuration. */
const VIEWS: readonly (readonly string[])[] = [
  ['inspect'],
  ['inspect', '--color', 'always'],
  ['inspect', '--json'],
  ['check'],
  ['check', '--json'],
  ['check', '--sarif'],
  ['check', '--junit'],
  ['check', '--github'],
  ['map'],
  ['map', '--json'],
  ['boot'],
  ['boot', '--json', '--button', 'factory-restore-clear-wifi'],
  ['catalog', 'match'],
  ['dct', 'show'],
  ['dct', 'show', '--json'],
  ['dct', 'show', '--all'],
  ['dct', 'show', '--all', '--copy', '1'],
  ['dct', 'show', '--json', '--copy', '2'],
  ['dct', 'show', '--board', 'photon'],
  ['keys', 'show'],
  ['keys', 'show', '--json'],
  ['keys', 'show', '--pem'],
  ['eeprom', 'show'],
  ['eeprom', 'show', '--json'],
  ['eeprom', 'history'],
  ['eeprom', 'history', '--json', '--reader', 'legacy'],
  ['optbytes', 'decode'],
  ['optbytes', 'decode', '--json'],
  ['inspect', '--at', '0x08005D9E'],
  ['inspect', '--at', '0x22', '--json'],
  ['inspect', '--sector', '1'],
  ['inspect', '--sector', '2', '--json'],
  ['hex'],
  ['hex', '--range', '0x08000000+0x100000'],
  ['hex', '--range', '0+0x100000', '--json'],
  ['hex', '--range', '0x1FFF7800+0x400'],
  ['plan', '--to', 'samples/p1-healthy.bin.gz', '--from'],
  ['plan', '--to', 'samples/p1-healthy.bin.gz', '--include', 'dct,eeprom', '--explain', '--from'],
  ['plan', '--to', 'samples/p1-healthy.bin.gz', '--include', 'dct', '--json', '--from'],
  ['plan', '--from', 'samples/p1-healthy.bin.gz', '--include', 'dct,eeprom', '--json', '--to'],
  ['plan', '--from', 'samples/p1-healthy.bin.gz', '--include', 'dct', '--tool', 'dfu-util', '--explain', '--to'],
  ['plan', '--from', 'samples/p1-erased-then-flashed.bin.gz', '--include', 'dct', '--script', '--to'],
  ['plan', '--modernise'],
  ['build', '--dry-run'],
  ['build', '--dry-run', '--dct-from'],
  ['build', '--dry-run', '--json', '--eeprom-from'],
  ['build', '--dry-run', '--factory'],
  ['diagnose'],
  ['diagnose', '--json', '--led', 'cyan red', '--symptom', 'already registered'],
  ['diagnose', '--log'],
  ['diagnose', '--json', '--log'],
];

/** Every action that writes a file. What it writes is an image, which holds secrets by nature; what it says must not. */
const ACTIONS: readonly (readonly string[])[] = [
  ['dct', 'set', 'FILE', '--set', 'claimed=no', '--set', 'serverAddress=cloud.example.com', '-o', 'OUT'],
  ['dct', 'set', 'FILE', '--set', 'wifi=', '--set', 'claim_code=blank', '--style', 'in-place', '-o', 'OUT'],
  ['dct', 'set', 'FILE', '--set', 'claim_code=blank', '--fresh', '--release', '0.4.5', '-o', 'OUT'],
  ['dct', 'erase-field', 'FILE', 'keys', 'wifi', 'claim', 'device_secret', 'eap_config', '-o', 'OUT'],
  ['dct', 'copy', '--from', 'DUMP', '--to', 'FILE', '-o', 'OUT'],
  ['dct', 'copy', '--from', 'FILE', '--to', 'DUMP', 'keys', 'wifi', 'claim', '-o', 'OUT'],
  ['dct', 'new', 'FILE', '-o', 'OUT'],
  ['dct', 'new', '--device-key', 'FILE', '-o', 'OUT'],
  ['dct', 'new', '--set', 'claim_code=@FILE', '-o', 'OUT'],
  ['keys', 'new', 'FILE', '-o', 'OUT'],
  ['keys', 'import', 'DUMP', 'FILE', '-o', 'OUT'],
  ['keys', 'export', 'FILE', '-o', 'OUT'],
  ['keys', 'public', 'FILE', '-o', 'OUT'],
  ['keys', 'check', 'FILE'],
  ['keys', 'check', 'DUMP', '--public', 'FILE'],
  ['repair', 'FILE', '-o', 'OUT'],
  ['repair', 'FILE', '--set', 'version=7', '--module', 'bootloader'],
  ['wrap', 'FILE', '--version', '1', '-o', 'OUT'],
  ['eeprom', 'set', 'FILE', '--set', '0=1', '-o', 'OUT'],
  ['eeprom', 'build', 'FILE', '-o', 'OUT'],
  ['eeprom', 'export', 'FILE', '-o', 'OUT'],
];

/** Every way to look at two of them. */
const COMPARISONS: readonly (readonly string[])[] = [
  ['diff'],
  ['diff', '--json'],
  ['diff', '--stat'],
  ['diff', '--hex', '--limit', '4000'],
  ['diff', '--hex', '--limit', '4000', '--json'],
  ['diff', '--common', '--hex', '--color', 'always'],
  ['diff', '--matrix'],
  ['diff', '--matrix', '--json'],
];

const PAIRS = [
  ['old-only', 'dump'],
  ['no-header', 'dump'],
  ['dump', 'incomplete'],
  ['dump', 'cut'],
  ['cut', 'swapped'],
  ['sector', 'sector-no-header'],
  ['sectors', 'sector'],
  ['section', 'section-long'],
  ['section', 'dump'],
  ['odd', 'section'],
  ['key-like', 'odd'],
  ['otp', 'eeprom-sized'],
] as const;

describe('secrets', () => {
  it('are planted in every secret field of the table, in both copies', () => {
    const secretFields = dctSections('wiced').flatMap(({ name }) => dctFields(name).filter(({ secret }) => secret));
    expect(secretFields.length).toBeGreaterThanOrEqual(6);
    for (const field of secretFields) {
      for (const copy of [1, 2]) {
        const secret = files.secrets.get(`copy ${copy} ${fieldKey(field)}`);
        const bytes = copy === 1 ? files.copies.copy1 : files.copies.copy2;
        const start = dctSection('wiced', field.section).offset + field.offset;
        expect(bytes.subarray(start, start + field.size)).toEqual(secret);
      }
    }
    expect([...files.secrets.keys()].filter((name) => name.includes('stored_ap_list'))).toHaveLength(10);
  });

  it('are found by the detector in every disguise', () => {
    const secret = files.secrets.get('copy 1 claim_code') ?? new Uint8Array(0);
    const text = String.fromCharCode(...secret);
    const hex = [...secret].map((byte) => byte.toString(16));
    const disguises = [
      text,
      text.slice(20, 30),
      [...text].reverse().join(''),
      hex.join(''),
      hex.join(' ').toUpperCase(),
      hex.map((byte) => `0x${byte}`).join(', '),
      btoa(text),
      btoa(`x${text}`),
      btoa(`xy${text}`),
    ];
    for (const disguise of disguises) expect(files.detector.find(`before ${disguise} after`)).toBe('copy 1 claim_code');
    expect(files.detector.find('a text about nothing in particular, 0x08004000')).toBeUndefined();
  });

  it.each(VIEWS.map((view) => [view.join(' '), view] as const))('are in no output of %s', async (_, view) => {
    const [name = '', ...argv] = view;
    for (const file of files.paths()) {
      expectNothing(await run(name, ...argv, file), `${view.join(' ')} ${file}`);
    }
  });

  it.each(COMPARISONS.map((view) => [view.join(' '), view] as const))('are in no output of %s', async (_, view) => {
    const [name = '', ...argv] = view;
    for (const [one, two] of PAIRS) {
      expectNothing(await run(name, ...argv, files.path(one), files.path(two)), `${view.join(' ')} ${one} ${two}`);
    }
  });

  it('are not given by dct get, whatever the field and the form', async () => {
    const forms = [[], ['--json'], ['--hex'], ['--raw'], ['--json', '--hex']];
    let refused = 0;
    for (const file of [files.path('sectors'), files.path('section')]) {
      for (const field of FIELDS) {
        for (const form of forms) {
          const outcome = await run('dct', 'get', file, field, ...form);
          expectNothing(outcome, `dct get ${field} ${form.join(' ')} ${file}`);
          if (outcome.error?.code === 'DCT_SECRET_NOT_SHOWN') refused++;
        }
        const output = join(folder, 'field.out');
        await run('dct', 'get', file, field, '-o', output, '--force');
        await run('dct', 'get', file, field, '--copy', '1', '-o', `${output}1`, '--force');
      }
    }
    expect(refused).toBeGreaterThan(20);
    const written = readdirSync(folder).filter((name) => name.startsWith('field.out'));
    expect(written.length).toBeGreaterThan(0);
  });

  it('are in no file that dct get writes', async () => {
    for (const [index, field] of FIELDS.entries()) {
      const output = join(folder, `get-${index}.out`);
      const { code } = await run('dct', 'get', files.path('sectors'), field, '-o', output);
      if (code !== 0) continue;
      const content = new TextDecoder('latin1').decode(readFileSync(output));
      expect(`${field}: ${files.detector.find(content) ?? 'nothing'}`).toBe(`${field}: nothing`);
    }
  });

  it('are in no file that eeprom show and map write', async () => {
    const [content, drawing] = [join(folder, 'eeprom.out'), join(folder, 'map.svg')];
    expectNothing(await run('eeprom', 'show', files.path('dump'), '-o', content), 'eeprom show -o');
    expectNothing(await run('map', files.path('dump'), '--svg', drawing), 'map --svg');
    for (const file of [content, drawing]) {
      expect(files.detector.find(new TextDecoder('latin1').decode(readFileSync(file)))).toBeUndefined();
    }
  });

  it('are in the data files of a plan only, which nobody else may read', async () => {
    const plan = join(folder, 'plan');
    const erased = 'samples/p1-erased-then-flashed.bin.gz';
    const made = await run('plan', '--from', erased, '--to', files.path('dump'), '--include', 'dct', '-o', plan);
    expect(made.code).toBe(0);
    const holding = readdirSync(plan).filter((name) => {
      const content = new TextDecoder('latin1').decode(readFileSync(join(plan, name)));
      return files.detector.find(content) !== undefined;
    });
    expect(holding.length).toBeGreaterThan(0);
    for (const name of holding) {
      expect(name).toMatch(/^dct\d-\w+\.bin$/);
      expect(statSync(join(plan, name)).mode & 0o777).toBe(0o600);
    }
    expectNothing(await run('simulate', plan, '--from', erased), 'simulate');
    expectNothing(
      await run('simulate', plan, '--from', files.path('dump'), '--json', '--cut-inside', '3'),
      'simulate --json',
    );
  });

  it.each(ACTIONS.map((action) => [action.join(' '), action] as const))('are in no output of %s', async (_, action) => {
    const output = join(folder, 'edited.out');
    for (const [index, file] of files.paths().entries()) {
      const [name = '', ...argv] = action.map((word) =>
        word === 'FILE' ? file : word === 'DUMP' ? files.path('dump') : word === 'OUT' ? output : word,
      );
      const what = `${action.join(' ')} ${file}`;
      const form = (index + action.length) % 2 === 0 ? ['--json'] : [];
      expectNothing(await run(name, ...argv, '--force', ...form), `${what} ${form.join(' ')}`);
    }
  });

  it.each([
    ['dct', 'diff'],
    ['dct', 'diff', '--json'],
    ['dct', 'diff', '--copy', '1'],
  ])('are in no output of %s %s %s', async (name, ...argv) => {
    for (const file of files.paths()) expectNothing(await run(name, ...argv, files.path('dump'), file), `diff ${file}`);
  });

  it('given to dct set are in no output, whether it works or not', async () => {
    const secret = 'correct horse battery staple';
    const output = join(folder, 'set.out');
    for (const assignment of [
      `wifi=Bench:${secret}:wpa2`,
      `wifi=Bench:${secret}:word:wpa2`,
      `wifi=Bench:${secret}${secret}${secret}`,
      `wifi:Bench=${secret}`,
      `${secret}=wifi`,
      `${secret}`,
      `claim_code=${secret}`,
      `claim_code=${secret.repeat(3)}`,
      `device_secret=${secret}`,
      `device_private_key=${secret}`,
      `eap_config.security_key=text:${secret}`,
      `wifi.stored_ap_list=${secret}`,
      `wifi.stored_ap_list[0].security_key=${secret}`,
      `security.private_key=${secret}`,
    ]) {
      for (const more of [[], ['--json']]) {
        const outcome = await run(
          'dct',
          'set',
          files.path('dump'),
          '--set',
          assignment,
          '-o',
          output,
          '--force',
          ...more,
        );
        expect(outcome.stdout + outcome.stderr).not.toContain('horse');
      }
    }
  });

  it('are in no file that extract writes', async () => {
    for (const [index, file] of files.paths().entries()) {
      const output = join(folder, `extracted-${index}`);
      expectNothing(await run('extract', file, '-o', output, ...(index % 2 ? ['--json'] : [])), `extract ${file}`);
      for (const name of readdirSync(output)) {
        const content = new TextDecoder('latin1').decode(readFileSync(join(output, name)));
        expect(`${file} ${name}: ${files.detector.find(content) ?? 'nothing'}`).toBe(`${file} ${name}: nothing`);
      }
    }
  });

  it('are in files of extract when they are asked for', async () => {
    const output = join(folder, 'extracted-all');
    await run('extract', '--show-secrets', files.path('dump'), '-o', output);
    const copy = new TextDecoder('latin1').decode(readFileSync(join(output, 'dct-copy1.bin')));
    expect(files.detector.find(copy)).toBeDefined();
  });

  it('are in no message about a recipe', async () => {
    const recipe = join(folder, 'secret.yaml');
    const secret = String.fromCharCode(...(files.secrets.get('copy 2 claim_code') ?? []));
    for (const dct of [
      `{ fresh: true, set: { claimCode: ${JSON.stringify(secret.repeat(2))} } }`,
      `{ fresh: true, set: { devicePrivateKey: ${JSON.stringify(secret)} } }`,
      `{ fresh: true, set: { claimCode: [{ x: ${JSON.stringify(secret)} }] } }`,
      `{ fresh: true, set: ${JSON.stringify(secret)} }`,
      JSON.stringify(secret),
      `"${secret}`,
    ]) {
      writeFileSync(recipe, `recipe: 1\nshape: sparse\ndct: ${dct}\noutputs: [x.hex]\n`);
      const outcome = await run('build', recipe);
      expect(`${dct.slice(0, 40)}: ${outcome.code}`).toBe(`${dct.slice(0, 40)}: 2`);
      expectNothing(outcome, `build with dct: ${dct.slice(0, 40)}`);
    }
  });

  it('are not told by what is lost when files are written onto a chip', async () => {
    for (const onto of [files.path('dump'), files.path('old-only')]) {
      for (const file of [files.path('sectors'), files.path('sector'), files.path('dump'), files.path('cut')]) {
        for (const form of [[], ['--json'], ['--sarif'], ['--junit'], ['--github']]) {
          expectNothing(await run('check', file, '--onto', onto, ...form), `check ${file} --onto ${onto} ${form}`);
        }
      }
    }
    expectNothing(await run('check', files.path('sector'), files.path('sectors')), 'check of a set');
  });

  it('are in no message about a mistake', async () => {
    const dump = files.path('dump');
    const secret = String.fromCharCode(...(files.secrets.get('copy 2 claim_code') ?? []));
    for (const argv of [
      ['dct', 'get', dump, 'claim_cod'],
      ['dct', 'get', dump, 'claim_code'],
      ['dct', 'get', dump, 'device_private_key', '--copy', '1', '--hex'],
      ['dct', 'show', dump, '--copy', '2', '--base', '0x08004000'],
      ['keys', 'show', files.path('odd')],
      ['eeprom', 'show', files.path('section')],
      ['eeprom', 'history', dump, '--index', '4096'],
      ['inspect', dump, '--layout', files.path('odd')],
      ['inspect', dump, '--base', '0xFFFFF000'],
      ['simulate', dump],
      ['plan', '--from', files.path('odd'), '--to', dump],
      ['plan', '--from', dump, '--to', files.path('odd')],
      ['plan', '--from', dump, '--to', files.path('sector'), '--tool', 'dfu-util', '--include', 'eeprom'],
    ]) {
      const [name = '', ...rest] = argv;
      expectNothing(await run(name, ...rest), argv.join(' '));
    }
    expect(secret).toHaveLength(63);
  });

  it('are printed when they are asked for', async () => {
    const secret = String.fromCharCode(...(files.secrets.get('copy 2 claim_code') ?? []));
    const got = await run('dct', 'get', files.path('dump'), 'claim_code', '--show-secrets');
    expect(got).toMatchObject({ code: 0, stdout: `${secret}\n` });
    const old = await run('dct', 'get', files.path('dump'), 'claim_code', '--show-secrets', '--copy', '1', '--raw');
    expect(old.stdout).toBe(String.fromCharCode(...(files.secrets.get('copy 1 claim_code') ?? [])));
    const network = String.fromCharCode(...(files.secrets.get('copy 2 wifi.stored_ap_list[0].security_key') ?? []));
    expect((await run('inspect', files.path('dump'), '--show-secrets')).stdout).toContain(network);
    expect((await run('dct', 'show', '--all', files.path('dump'), '--show-secrets')).stdout).toContain(network);
    const otp = String.fromCharCode(...(files.secrets.get('OTP device secret') ?? []));
    const shown = await run('inspect', files.path('otp'), '--base', '0x1FFF7800', '--show-secrets');
    expect(shown.stdout).toContain(otp);
  });

  it('of the OTP area are not shown', async () => {
    for (const argv of [[], ['--json']]) {
      const outcome = await run('inspect', files.path('otp'), '--base', '0x1FFF7800', ...argv);
      expectNothing(outcome, `inspect ${argv.join(' ')} otp`);
      expect(outcome.stdout).toContain('P1SERIALNUMBER0');
    }
  });
});

describe('private keys', () => {
  it('are printed as PEM only when secrets are asked for', async () => {
    const path = join(folder, 'healthy.bin');
    writeFileSync(path, files.healthy);
    const open = await run('keys', 'show', '--pem', path);
    expect(open.stdout).toContain('BEGIN PUBLIC KEY');
    expect(open.stdout).not.toContain('PRIVATE KEY');
    const all = await run('keys', 'show', '--pem', '--show-secrets', path);
    expect(all.stdout).toContain('-----BEGIN RSA PRIVATE KEY-----');
    expect((await run('keys', 'show', '--json', path)).stdout).not.toContain('PRIVATE KEY');
  });
});
