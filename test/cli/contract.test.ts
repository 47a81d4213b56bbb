/** The JSON of inspect: names are API. Fields may be added, none of these may change its name or its type. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { randomBytes } from '../support/random-bytes.js';
import { bootloader, dump, healthyDump, systemPart1, systemPart2, userPart } from '../support/synthetic.js';
import { run, scratchFolder } from './run.js';

const words = (...list: string[]) => Type.Enum(list);
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Address = Type.String({ pattern: '^0x[0-9A-F]{8}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Count = Type.Integer({ minimum: 0 });
const Text = Type.String();
const Names = Type.Array(Text);

const Finding = Type.Object({
  rule: Type.String({ pattern: '^[a-z-]+/[a-z0-9-]+$' }),
  severity: words('error', 'warning', 'note'),
  message: Type.String({ minLength: 1 }),
  start: Address,
  end: Address,
  region: Type.Optional(Text),
  evidence: Type.Record(Text, Type.Union([Text, Type.Number(), Type.Boolean()])),
  remedy: Type.Optional(Text),
});

const Sector = Type.Object({
  number: Count,
  start: Address,
  size: Count,
  state: Text,
  regions: Names,
  summary: Text,
  bytes: Type.Object({ decoded: Count, erased: Count, fill: Count, unknown: Count, absent: Count }),
});

const Dependency = Type.Object({
  function: Text,
  index: Count,
  minVersion: Count,
  found: orNull(Count),
  satisfied: Type.Boolean(),
});

const CRC = ['ok', 'bad', 'placeholder', 'unreadable'];

const Module = Type.Object({
  region: Text,
  role: words('main', 'factory', 'ota', 'parked', 'foreign', 'other'),
  address: Address,
  startAddress: Address,
  endAddress: Address,
  length: Count,
  platform: orNull(Text),
  platformId: Count,
  function: Text,
  index: Count,
  version: Count,
  flags: Count,
  crc: words(...CRC),
  sha: words(...CRC, 'absent'),
  sha256: orNull(Digest),
  release: orNull(Text),
  known: Type.Boolean(),
  productId: orNull(Count),
  productVersion: orNull(Count),
  dependencies: Type.Array(Dependency),
});

const KeyState = ['blank', 'zero', 'invalid'];

const Dct = Type.Object({
  current: orNull(Type.Union([Type.Literal(1), Type.Literal(2)])),
  copies: Type.Array(words('current', 'stale', 'erased', 'invalid', 'write-incomplete', 'absent'), {
    minItems: 2,
    maxItems: 2,
  }),
  format: orNull(words('0x370', '0x330')),
  crc: orNull(words('ok', 'bad')),
  sequence: orNull(Count),
  devicePrivateKey: orNull(words('rsa-1024', 'rsa-2048', 'ec-p256', ...KeyState)),
  devicePublicKey: orNull(words('matches-private', 'mismatch', ...KeyState)),
  serverPublicKey: orNull(words('particle-rsa', 'particle-ec', 'other', ...KeyState)),
  serverAddress: orNull(Text),
  serverPort: orNull(Count),
  altServerPublicKey: orNull(Text),
  altServerAddress: orNull(Text),
  claimed: orNull(Type.Boolean()),
  claimCode: orNull(Type.Boolean()),
  ssidPrefix: orNull(Text),
  deviceCode: orNull(Text),
  deviceId: orNull(Text),
  versionString: orNull(Text),
  productId: orNull(Count),
  productVersion: orNull(Count),
  country: orNull(Text),
  antenna: orNull(Text),
  wifi: orNull(
    Type.Object({
      configured: Type.Boolean(),
      networks: Type.Array(Type.Object({ ssid: Text, security: Text, channel: Count })),
    }),
  ),
  fields: Type.Object({}),
});

const PageState = words('active', 'copy', 'inactive', 'erased', 'invalid');

const Inspection = Type.Object({
  schema: Type.Literal('flashatlas/inspect'),
  schemaVersion: Type.Literal(1),
  tool: Type.Object({ name: Type.Literal('flashatlas'), version: Text }),
  input: Type.Object({
    path: Text,
    size: Count,
    sha256: Digest,
    format: Text,
    base: orNull(Address),
    baseSource: orNull(words('given', 'file', 'header', 'inferred')),
  }),
  findings: Type.Array(Finding),
  verdict: words('pass', 'warn', 'fail'),
  kind: words('flash-dump', 'module', 'image', 'dct-section', 'option-bytes', 'unknown'),
  layout: Type.Object({ board: Text, chip: Text, variant: orNull(Text) }),
  container: orNull(Type.Object({ kind: Text })),
  sectors: Type.Array(Sector),
  modules: Type.Array(Module),
  embedded: Type.Array(Type.Object({ inside: Text, address: Address, function: Text, version: Count })),
  deviceOs: orNull(Text),
  dependencies: Type.Union([Type.Literal('ok'), Type.Array(Dependency, { minItems: 1 })]),
  dct: orNull(Dct),
  eeprom: orNull(
    Type.Object({
      // null when no page holds anything that tells.
      format: orNull(words('current', 'legacy')),
      activePage: orNull(Type.Union([Type.Literal(1), Type.Literal(2)])),
      page1: PageState,
      page2: PageState,
      records: Count,
      values: Type.Record(Text, Count),
    }),
  ),
  optionBytes: orNull(Type.Object({})),
  pendingUpdate: orNull(
    Type.Object({ slot: Count, source: Address, destination: Address, length: Count, function: Text }),
  ),
  acquisition: orNull(
    Type.Object({
      transform: orNull(Text),
      repeat: orNull(Type.Object({ period: Count })),
      stuck: orNull(Type.Object({ kind: words('data', 'address'), bit: Count, level: Count })),
      readProtected: Type.Boolean(),
      truncated: Type.Unknown(),
    }),
  ),
  coverage: Type.Object({
    total: Count,
    module: Count,
    dct: Count,
    eeprom: Count,
    erased: Count,
    fill: Count,
    unknown: Count,
    absent: Count,
  }),
  boot: orNull(
    Type.Object({
      bootloader: words('jump', 'dfu', 'factory-restore', 'lockup'),
      dctAccess: Type.Unknown(),
      outcome: words(
        'no-start',
        'dfu',
        'fault',
        'hang',
        'reset-loop',
        'factory-restore',
        'safe-mode',
        'listening',
        'connecting',
        'cloud-refused',
        'runs',
        'runs-offline',
      ),
      led: orNull(Text),
      confidence: words('certain', 'likely', 'possible'),
      conditions: Type.Array(Type.Unknown()),
      alternatives: Type.Array(Type.Unknown()),
      steps: Type.Array(
        Type.Object({ stage: Text, check: Text, result: Text, address: orNull(Address), source: Text }),
      ),
    }),
  ),
});

const folder = scratchFolder();

interface Document {
  readonly findings: readonly { readonly start: string; readonly rule: string; readonly severity: string }[];
  readonly verdict: string;
  readonly coverage: Readonly<Record<string, number>>;
}

function inspect(name: string, bytes: Uint8Array, ...options: string[]): Document {
  const path = join(folder, `${name.replaceAll(/\W/g, '-')}.bin`);
  writeFileSync(path, bytes);
  const outcome = run(['inspect', '--json', ...options, path]);
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  return JSON.parse(outcome.stdout);
}

function expectContract(document: Document): void {
  const problems = Value.Errors(Inspection, document).map(({ instancePath, message }) => `${instancePath} ${message}`);
  expect(problems).toEqual([]);
  const { total, ...classes } = document.coverage;
  const counted = ['module', 'dct', 'eeprom', 'erased', 'fill', 'unknown', 'absent'].map((name) => classes[name] ?? 0);
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(total);
  const severities = document.findings.map(({ severity }) => severity);
  const worst = severities.includes('error') ? 'fail' : severities.includes('warning') ? 'warn' : 'pass';
  expect(document.verdict).toBe(worst);
  const order = document.findings.map(({ start, rule }) => `${start} ${rule}`);
  expect(order).toEqual([...order].sort());
}

describe('the JSON of inspect', () => {
  const flipped = healthyDump();
  flipped[0x21000] = (flipped[0x21000] ?? 0) ^ 1;
  const mixed = dump([
    [0x08000000, bootloader(7)],
    [0x08020000, systemPart1(17)],
    [0x08060000, systemPart2()],
    [0x080a0000, userPart({ startAddress: 0x080c0000, flags: 4, platformId: 6 })],
    [0x080c0000, userPart()],
    [0x080e0000, userPart()],
  ]);

  it.each([
    ['a healthy device', healthyDump()],
    ['a damaged one', flipped],
    ['a mixed one', mixed],
    ['an erased one', new Uint8Array(0x100000).fill(0xff)],
    ['a module', systemPart1()],
    ['a truncated module', systemPart1().slice(0, 5000)],
    ['noise', randomBytes(5000)],
  ] as const)('of %s', (name, bytes) => expectContract(inspect(name, bytes)));

  it('of a range of a device', () => expectContract(inspect('range', userPart(), '--base', '0x080C0000')));

  it.each(['particle-photon', 'particle-electron', 'stm32f205-generic'])('for the board %s', (board) =>
    expectContract(inspect(board, healthyDump(), '--board', board)),
  );

  it('is not met by anything', () => {
    const document = { ...inspect('changed', healthyDump()), verdict: 'good', kind: undefined };
    const places = Value.Errors(Inspection, document).map(({ instancePath }) => instancePath);
    expect(places).toContain('/verdict');
    expect(Value.Check(Inspection, { ...document, verdict: 'pass' })).toBe(false);
  });
});

describe('the JSON of every command that judges a file', () => {
  const path = join(scratchFolder(), 'device.bin');
  writeFileSync(path, healthyDump());
  const Head = Type.Object({
    schema: Type.String({ pattern: '^flashatlas/[a-z-]+$' }),
    schemaVersion: Type.Literal(1),
    tool: Type.Object({ name: Type.Literal('flashatlas'), version: Text }),
    findings: Type.Array(Finding),
    verdict: words('pass', 'warn', 'fail'),
  });

  it.each([
    ['inspect', '--at', '0x08000000'],
    ['inspect', '--sector', '1'],
    ['map'],
    ['hex', '--range', '0x08000000+32'],
    ['catalog', 'match'],
    ['dct', 'show'],
    ['keys', 'show'],
    ['eeprom', 'show'],
  ])('%s %s %s has the common head', (...args) => {
    const document = JSON.parse(run([...args.filter((arg) => arg !== undefined), path, '--json']).stdout);
    expect(Value.Errors(Head, document).map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
  });
});

describeWithFirmware('the JSON of inspect, released firmware', () => {
  it.each([
    'particle-cli@2.16.0:assets/updates/p1-system-part1@2.2.0.bin',
    'system-part2-0.5.2-p1.bin',
    'RC4_bootloader_pad_BM-14.bin',
    'particle-cli@1.16.0:binaries/core_tinker.bin',
  ])('of %s', (name) => expectContract(inspect(name, firmwareFile(name))));
});
