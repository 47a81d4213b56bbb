/** Exit codes, help, colours and words: what every command promises, whatever it does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/commands/index.js';
import { ROOT } from '../support/source-files.js';
import { dump, healthyDump, userPart } from '../support/synthetic.js';
import { type ErrorDocument, run, scratchFolder, shell } from './run.js';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const healthy = at('healthy.bin');
const broken = at('broken.bin');
const trailing = at('trailing.bin');
writeFileSync(healthy, healthyDump());
writeFileSync(broken, dump([[0x080a0000, userPart()]]));
writeFileSync(trailing, new Uint8Array([...userPart(), ...userPart().slice(100, 400)]));

const ESCAPE = '\u001b';
const version: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

describe('patterns', () => {
  it('are expanded where the shell left them alone', () => {
    const { stdout } = run(['catalog', 'match', join(folder, '*.bin')]);
    for (const name of [healthy, broken, trailing]) expect(stdout).toContain(basename(name));
  });

  it('that match nothing are an error', () => {
    expect(run(['catalog', 'match', join(folder, 'absent*.bin')])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('(INPUT_NO_MATCH)'),
    });
  });
});

describe('exit codes', () => {
  it.each([
    ['done, whatever was found', ['inspect', broken], 0],
    ['done, nothing at the level', ['inspect', '--fail-on', 'error', healthy], 0],
    ['findings at the level', ['inspect', '--fail-on', 'error', broken], 1],
    ['findings below the level', ['inspect', '--fail-on', 'warning', trailing], 0],
    ['a note, when notes count', ['inspect', '--fail-on', 'note', trailing], 1],
    ['a build that is not catalogued', ['catalog', 'match', healthy], 1],
    ['no file', ['inspect'], 2],
    ['two files', ['inspect', healthy, broken], 2],
    ['a missing file', ['inspect', at('absent.bin')], 2],
    ['an unknown board', ['inspect', '--board', 'particle-p9', healthy], 2],
    ['nothing to do', [], 0],
  ] as const)('%s', (_, args, status) => {
    expect(run(args).status).toBe(status);
  });
});

describe('help', () => {
  const overview = run(['--help']);

  it('lists every command, on stdout', () => {
    expect(overview).toMatchObject({ status: 0, stderr: '' });
    for (const name of commandNames()) expect(overview.stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    expect(run([]).stdout).toBe(overview.stdout);
    expect(run(['help']).stdout).toBe(overview.stdout);
  });

  it.each(commandNames())('of %s names its options and shows an example', (name) => {
    const help = run([name, '--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toMatch(new RegExp(`^Usage: flashatlas ${name} `));
    for (const option of ['--json', '--color WHEN', '--help']) expect(help.stdout).toContain(`  ${option}`);
    expect(help.stdout).toMatch(new RegExp(`Examples:\n  flashatlas ${name}`));
    expect(help.stdout).not.toContain(ESCAPE);
    expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
    expect(run(['help', name]).stdout).toBe(help.stdout);
  });

  it('of a command asks for nothing else to be right', () => {
    expect(run(['inspect', '--nonsense', '--help'])).toMatchObject({ status: 0, stderr: '' });
  });

  it('version is the one of the package', () => {
    expect(run(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('words that are not known', () => {
  it.each([
    ['USAGE_UNKNOWN_COMMAND', ['inspekt', healthy], 'unknown command "inspekt"', 'Did you mean inspect?'],
    ['USAGE_UNKNOWN_COMMAND', ['constructor'], 'unknown command "constructor"', 'flashatlas --help'],
    ['USAGE_UNKNOWN_COMMAND', ['__proto__'], 'unknown command "__proto__"', 'flashatlas --help'],
    ['USAGE_UNKNOWN_COMMAND', ['help', 'inspekt'], 'unknown command "inspekt"', 'Did you mean inspect?'],
    ['USAGE_UNKNOWN_OPTION', ['inspect', '--bord', 'x', healthy], 'unknown option --bord', 'Did you mean --board?'],
    ['USAGE_UNKNOWN_OPTION', ['inspect', '-x', healthy], 'unknown option -x', '--help'],
    ['USAGE_BAD_OPTION', ['inspect', healthy, '--board'], 'option requires argument: --board', '--help'],
    ['USAGE_BAD_CHOICE', ['inspect', '--fail-on', 'errors', healthy], 'expected error, warning', 'Did you mean error?'],
    ['USAGE_BAD_CHOICE', ['inspect', '--color', 'sometimes', healthy], 'expected auto, always, never', 'Choose one'],
    ['USAGE_UNKNOWN_ACTION', ['layouts', 'lisst'], 'unknown action "lisst"', 'Did you mean flashatlas layouts list?'],
    ['USAGE_UNKNOWN_ACTION', ['catalog', 'mach'], 'unknown action "mach"', 'Did you mean match?'],
    ['USAGE_OPERANDS', ['layouts', 'show'], 'layouts show needs one id', 'layouts show'],
    ['USAGE_OPERANDS', ['layouts', 'check'], 'layouts check needs a file', 'layouts check'],
    ['USAGE_ONE_FILE', ['catalog', 'match'], 'no file was named', 'at least one'],
    ['USAGE_ONE_FILE', ['map'], 'no file was named', '--help'],
    ['USAGE_ADDRESS_RANGE', ['inspect', '--at', '0x100000000', healthy], 'got 4294967296', 'for example 0x08004022'],
    ['USAGE_ONE_RANGE', ['hex', '--sector', '1', '--region', 'dct1', healthy], 'exclude each other', 'one of them'],
    ['USAGE_BAD_RANGE', ['hex', '--range', '0x08004000', healthy], 'expected START-END', '0x08004000+64'],
    ['USAGE_UNKNOWN_REGION', ['hex', '--region', 'dct3', healthy], 'no region "dct3"', 'Did you mean dct'],
    [
      'USAGE_UNKNOWN_SECTOR',
      ['hex', '--sector', '12', healthy],
      'no sector 12: expected 0 to 11',
      'layouts show stm32f205rg',
    ],
    ['LAYOUT_UNKNOWN_BOARD', ['inspect', '--board', 'particle-p2', healthy], 'particle-p2', 'particle-p1'],
  ] as const)('%s: %j', (code, args, message, help) => {
    const outcome = run(args);
    expect(outcome).toMatchObject({ status: 2, stdout: '' });
    expect(outcome.stderr).toMatch(/^flashatlas: /);
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).toContain(help);
    expect(outcome.stderr).toContain(`(${code})`);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
  });

  it('--debug adds the stack', () => {
    expect(run(['inspect', '--debug']).stderr).toMatch(/\n\s+at /);
  });
});

describe('numbers', () => {
  const base = (text: string) => run(['inspect', '--json', '--base', text, at('user.bin')]);
  writeFileSync(at('user.bin'), userPart());

  it.each([
    ['0x080A0000', '0x080A0000'],
    ['0X080a0000', '0x080A0000'],
    ['134873088', '0x080A0000'],
    ['64K', '0x00010000'],
    ['1m', '0x00100000'],
  ])('%s is taken', (text, address) => {
    const outcome = base(text);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout).input).toMatchObject({ base: address, baseSource: 'given' });
  });

  it.each(['zz', '', '0x', '0xzz', '12x', '1.5K', '-1', '1e3', '0x1234567890abc', '9999999999999999', 'K'])(
    '%j is refused',
    (text) => {
      const outcome = base(text);
      expect(outcome.status).toBe(2);
      expect(['USAGE_BAD_NUMBER', 'USAGE_BAD_OPTION']).toContain(JSON.parse(outcome.stdout).error.code);
    },
  );

  it.each(['0x100000000', '0xFFFFFFFF', '4G'])('%s, past the address space, is refused', (text) => {
    const outcome = base(text);
    expect(outcome.status).toBe(2);
    expect(JSON.parse(outcome.stdout).error.code).toBe('IMAGE_ADDRESS_RANGE');
  });
});

describe('stdout', () => {
  const words: readonly (readonly string[])[] = [
    ['inspect', healthy],
    ['inspect', broken],
    ['map', healthy],
    ['layouts'],
    ['layouts', 'show', 'particle-p1'],
    ['layouts', 'show', 'stm32f205rg'],
    ['layouts', 'check', join(ROOT, 'layouts/particle-p1.board.json')],
    ['catalog'],
    ['catalog', 'match', healthy],
  ];
  const commands = words.map((args) => [args.map((arg) => basename(arg)).join(' '), args] as const);

  it.each(commands)('of %s is one JSON document with --json', (_, args) => {
    const outcome = run([...args, '--json', '--color', 'always']);
    expect(outcome.stderr).toBe('');
    expect(outcome.stdout).not.toContain(ESCAPE);
    const document = JSON.parse(outcome.stdout);
    expect(document).toMatchObject({ schemaVersion: 1, tool: { name: 'flashatlas', version } });
    expect(document.schema).toMatch(new RegExp(`^flashatlas/${args[0]}`));
    expect(outcome.stdout.endsWith('}\n')).toBe(true);
  });

  it.each([
    ['INPUT_NOT_FOUND', ['inspect', at('absent.bin')]],
    ['USAGE_UNKNOWN_OPTION', ['inspect', '--bord', healthy]],
    ['USAGE_UNKNOWN_COMMAND', ['inspekt', healthy]],
    ['LAYOUT_UNKNOWN_BOARD', ['map', '--board', 'x', healthy]],
  ] as const)('is one error document on %s', (code, args) => {
    const outcome = run([...args, '--json']);
    expect(outcome.status).toBe(2);
    const document: ErrorDocument = JSON.parse(outcome.stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/error',
      schemaVersion: 1,
      tool: { name: 'flashatlas', version },
      error: { code },
    });
    expect(document.error.help).not.toBe('');
    expect(outcome.stderr).toContain(document.error.message);
  });

  it.each(commands)('of %s has no colour in a pipe, and has it with --color always', (_, args) => {
    const plain = run(args, { env: { FORCE_COLOR: '1' } }).stdout;
    expect(plain).not.toContain(ESCAPE);
    const coloured = run([...args, '--color', 'always'], { env: { NO_COLOR: '1' } }).stdout;
    expect(coloured).toContain(ESCAPE);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences are what is to be taken out.
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  it('ends silently when its reader has enough', () => {
    expect(shell(`$FLASHATLAS inspect --json healthy.bin | head -1`, folder)).toMatchObject({
      status: 0,
      stdout: '{\n',
      stderr: '',
    });
    // More than a pipe holds, and nobody who reads: every write fails.
    const many = shell('($FLASHATLAS catalog list --prereleases --json; echo $? > status) | true; cat status', folder);
    expect(many).toMatchObject({ stdout: '0\n', stderr: '' });
  });
});

describe('stdin', () => {
  it('is read for -', () => {
    const [fromFile, fromStdin] = [
      run(['inspect', '--json', healthy]),
      run(['inspect', '--json', '-'], { stdin: healthyDump() }),
    ];
    expect(fromStdin).toMatchObject({ status: 0, stderr: '' });
    const [one, other] = [JSON.parse(fromFile.stdout), JSON.parse(fromStdin.stdout)];
    expect(other.input).toEqual({ ...one.input, path: other.input.path });
    expect(other.modules).toEqual(one.modules);
  });

  it('comes in pieces through a pipe', () => {
    const outcome = shell(
      '(head -c 100000 healthy.bin; sleep 0.2; tail -c +100001 healthy.bin) | $FLASHATLAS inspect --json -',
      folder,
    );
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(outcome.stdout).input.size).toBe(0x100000);
  });

  it('may be empty', () => {
    expect(run(['inspect', '-'])).toMatchObject({ status: 2, stderr: expect.stringContaining('(INPUT_EMPTY)') });
  });
});
