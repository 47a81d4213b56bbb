/** Text that comes out of a dump cannot steer a terminal, a page or a JSON reader. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildDct, encodeServerAddress, encodeSoftAp, encodeStoredNetworks } from '../../src/regions/dct/index.js';
import { run } from '../support/commands.js';
import { healthyDump } from '../support/synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

/** SSIDs as an attacker would choose them, and what is printed instead. */
const CASES: readonly (readonly [name: string, ssid: Uint8Array, printed: string])[] = [
  ['a terminal sequence', text('\u001b[2J\u001b]0;x\u0007net'), '\\x1B[2J\\x1B]0;x\\x07net'],
  ['HTML', text('<img src=x onerror=a()>'), '<img src=x onerror=a()>'],
  ['a right-to-left override', text('a\u202egnp.exe'), 'a\\u{202E}gnp.exe'],
  ['bytes that are no UTF-8', Uint8Array.of(0x41, 0xff, 0xc3, 0x28, 0x80), 'A\\xFF\\xC3(\\x80'],
  ['a line break', text('a\r\nVerdict  pass'), 'a\\x0D\\x0AVerdict pass'],
  ['a forged escape', text('\\x1B[2J'), '\\\\x1B[2J'],
];

function dumpWith(ssid: Uint8Array, index: number): string {
  const bytes = healthyDump();
  const name = ssid.subarray(0, 32);
  const pair = buildDct({
    versionRecord: true,
    edits: [
      { field: 'wifi.device_configured', bytes: Uint8Array.of(1) },
      {
        field: 'wifi.stored_ap_list',
        bytes: encodeStoredNetworks([{ ssid: name, security: 'WPA2_AES', key: 'password', channel: 1 }]),
      },
      { field: 'wifi.soft_ap_settings', bytes: encodeSoftAp(name) },
      { field: 'version_string', bytes: name },
      { field: 'dns_resolve', bytes: Uint8Array.from([...name, 0]) },
      { field: 'server_address', bytes: encodeServerAddress({ address: 'a\u001b[31m.example' }) },
      { field: 'mfg_info.manufacturer', bytes: name },
    ],
  });
  bytes.set(pair.copy1, 0x4000);
  bytes.set(pair.copy2, 0x8000);
  const path = join(folder, `${index}.bin`);
  writeFileSync(path, bytes);
  return path;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/;

describe('text from a dump', () => {
  it.each(CASES)('%s comes out harmless', async (name, ssid, printed) => {
    const path = dumpWith(
      ssid,
      CASES.findIndex(([candidate]) => candidate === name),
    );
    for (const argv of [
      ['inspect'],
      ['dct', 'show'],
      ['dct', 'show', '--all'],
      ['dct', 'get', path, 'version_string'],
    ]) {
      const [command = '', ...rest] = argv;
      const { stdout, code } = await run(command, ...rest, ...(rest[0] === 'get' ? [] : [path]));
      expect(code).toBe(0);
      expect(stdout).not.toMatch(HARMFUL);
      // That field ends at its first 0xFF. Runs of blanks are paragraphs' business, not a danger.
      if (rest[0] !== 'get') expect(stdout.replace(/\s+/g, ' ')).toContain(printed.slice(0, 24));
    }
    const json = await run('inspect', '--json', path);
    expect(json.stdout).not.toMatch(HARMFUL);
    const document = JSON.parse(json.stdout) as { dct: { wifi: { networks: { ssid: string }[] } } };
    expect(document.dct.wifi.networks[0]?.ssid.replace(/ +/g, ' ')).toBe(printed);
    expect(document.dct.wifi.networks[0]?.ssid).not.toMatch(HARMFUL);
  });
});

describe('a file name with a line break', () => {
  it('forges no line of a report or a message', async () => {
    const path = join(folder, 'a\nVerdict  pass\r\u001b[1A.bin');
    writeFileSync(path, healthyDump().fill(0xff, 0, 0x4000));
    const views = [
      ['inspect'],
      ['check'],
      ['diagnose'],
      ['diff', join(folder, '0.bin')],
      ['dct', 'show'],
      ['keys', 'show'],
    ];
    for (const [command = '', ...rest] of [...views, ['eeprom', 'show']]) {
      const { stdout } = await run(command, ...rest, path);
      expect(stdout, command).toContain('a\\x0AVerdict');
      expect(stdout, command).not.toMatch(/^Verdict {2}pass.*\.bin/m);
    }
    const { stderr } = await run('check', join(folder, 'b\nVerdict  pass'));
    expect(stderr).toContain('no such file at ');
    expect(stderr).toContain('b\\x0AVerdict  pass');
  });
});
