/** Who may read what is written: files with keys are for their owner alone, where the system has such permissions. */
import { chmodSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Workbench } from '../support/command-line.js';
import { bootloader, healthyDump, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

const bench = new Workbench();
const modules = [bootloader(), systemPart1(), systemPart2(), userPart()];
const SET = modules.map((bytes, index) => bench.put(`module-${index}.bin`, bytes));
for (const name of [...SET, bench.put('old.bin', healthyDump())]) chmodSync(bench.path(name), 0o644);
chmodSync(bench.path(bench.put('private.bin', healthyDump())), 0o600);
const BLANK = [...SET, '-o', 'blank.bin'];
bench.expect(0, ['build', ...BLANK]);
bench.expect(0, ['dct', 'get', 'old.bin', 'device_private_key', '--show-secrets', '-o', 'device.der']);

const permissions = (name: string): number => statSync(bench.path(name)).mode & 0o777;

const WITH_KEYS: Readonly<Record<string, readonly string[]>> = {
  'build --dct-from': ['build', ...SET, '--dct-from', 'old.bin'],
  'dct set': ['dct', 'set', 'old.bin', '--set', 'claimed=no'],
  'dct new': ['dct', 'new', '--device-key', 'old.bin'],
  'dct new in a dump': ['dct', 'new', 'blank.bin', '--device-key', 'old.bin'],
  'dct copy': ['dct', 'copy', '--from', 'old.bin', '--to', 'blank.bin', 'keys'],
  'dct erase-field': ['dct', 'erase-field', 'old.bin', 'claim_code'],
  'keys new': ['keys', 'new'],
  'keys new in a dump': ['keys', 'new', 'old.bin'],
  'keys import': ['keys', 'import', 'old.bin', 'device.der'],
  'keys export': ['keys', 'export', '--show-secrets', 'old.bin'],
  'eeprom set in a dump with a DCT': ['eeprom', 'set', 'old.bin', '--set', '4=42'],
};

describe.skipIf(process.platform === 'win32')('a file with the keys of a device', () => {
  it.each(Object.entries(WITH_KEYS))('of %s is readable by its owner alone, which is said', (name, args) => {
    const output = `${name.replaceAll(' ', '-')}.bin`;
    const { text, stderr } = bench.expect(0, [...args, '-o', output]);
    expect(permissions(output)).toBe(0o600);
    expect(text + stderr).toMatch(new RegExp(`${output}: .*, readable by you alone\n`));
    const again = bench.expect(0, [...args, '--force', '-o', output, '--json']);
    const { output: one, outputs } = JSON.parse(again.text);
    expect((one ?? outputs[0]).private).toBe(true);
  });

  it('of dct get --show-secrets is, too', () => {
    expect(permissions('device.der')).toBe(0o600);
  });

  it('stays so when --force replaces a file that others could read', () => {
    bench.put('open.bin', 'x');
    chmodSync(bench.path('open.bin'), 0o644);
    bench.expect(0, ['dct', 'set', 'old.bin', '--set', 'claimed=no', '--force', '-o', 'open.bin']);
    expect(permissions('open.bin')).toBe(0o600);
  });
});

const FROM_PRIVATE: Readonly<Record<string, readonly string[]>> = {
  convert: ['convert', 'private.bin', '-o', 'converted.hex'],
  'dct get': ['dct', 'get', 'private.bin', 'server_public_key', '-o', 'server.der'],
  'eeprom show': ['eeprom', 'show', 'private.bin', '-o', 'shown.bin'],
  'eeprom export': ['eeprom', 'export', 'private.bin', '-o', 'exported.json'],
  'build of a private file': ['build', ...SET, '--eeprom-from', 'private.bin', '-o', 'built.bin'],
  repair: ['repair', '--set', 'version=9', '--module', 'user', 'private.bin', '-o', 'repaired.bin'],
};

describe.skipIf(process.platform === 'win32')('other files', () => {
  it.each(Object.entries(FROM_PRIVATE))('of %s are as private as what they were made from', (_, args) => {
    bench.expect(0, args);
    expect(permissions(args.at(-1) ?? '')).toBe(0o600);
  });

  it('get the permissions of any new file', () => {
    const usual = 0o666 & ~process.umask();
    bench.expect(0, ['build', ...SET, '--shape', 'restore', '--dct-from', 'old.bin', '-o', 'restore.hex']);
    bench.expect(0, ['convert', 'old.bin', '-o', 'old.hex']);
    bench.expect(0, ['keys', 'public', 'private.bin', '-o', 'public.pem']);
    bench.expect(0, ['eeprom', 'build', '--set', '4=42', '-o', 'eeprom.bin']);
    for (const name of ['blank.bin', 'restore.hex', 'old.hex', 'public.pem', 'keys-new.pub.pem', 'eeprom.bin']) {
      expect(permissions(name), name).toBe(usual);
    }
  });

  it('say nothing of permissions on stdout', () => {
    const { stderr } = bench.expect(0, ['keys', 'export', '--show-secrets', 'old.bin', '-o', '-']);
    expect(stderr).toMatch(/^stdout: private key of the device\n/);
  });
});
