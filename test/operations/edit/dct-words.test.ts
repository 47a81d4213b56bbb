import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.js';
import { dctTarget, jsonName, settableFields } from '../../../src/operations/edit/dct-names.js';
import { type DctAssignment, type DctWordsOptions, dctEdits } from '../../../src/operations/edit/dct-words.js';
import { buildDct, type DctEdit, dctField, fieldKey } from '../../../src/regions/dct/index.js';
import { viewCopy } from '../../../src/regions/dct/view.js';
import { decodeWifi } from '../../../src/regions/dct/wifi.js';
import { leafWords } from '../../../src/regions/dct/words.js';

const set = (name: string, value: string, options: DctWordsOptions = {}): DctEdit[] =>
  dctEdits([{ name, value }], options);

/** What the reports say of a fresh DCT with these assignments. */
function words(key: string, ...assignments: DctAssignment[]): string {
  const { copy1 } = buildDct({ edits: dctEdits(assignments) });
  const view = viewCopy(copy1, 'wiced');
  const field = dctField(key);
  const base = view.sections.get(field.section) ?? 0;
  return leafWords(field, copy1.subarray(base + field.offset, base + field.offset + field.size), true).value;
}

function wifiAfter(values: readonly string[], current?: Uint8Array) {
  const edits = dctEdits(
    values.map((value) => ({ name: 'wifi', value })),
    { current },
  );
  const last = edits.at(-1);
  if (!last) throw new Error('no edit');
  return decodeWifi(last.bytes, true);
}

describe('a DCT field in words', () => {
  it.each([
    ['serverAddress', 'cloud.example.com:5683', 'server_address', 'cloud.example.com, port 5683'],
    ['server_address', '192.168.1.20', 'server_address', '192.168.1.20, default port'],
    ['serverPort', '5684', 'server_port', '5684'],
    ['claimed', 'yes', 'claimed', 'claimed'],
    ['claimed', 'no', 'claimed', 'not claimed'],
    ['claimCode', 'A'.repeat(63), 'claim_code', 'A'.repeat(63)],
    ['ssidPrefix', 'Workshop', 'ssid_prefix', 'Workshop'],
    ['deviceCode', 'ABC234', 'device_code', 'ABC234'],
    ['deviceCode', 'ABC2', 'device_code', 'ABC2'],
    ['country', 'gb/4', 'country_code', 'GB, revision 4'],
    ['antenna', 'external', 'antenna_selection', 'external'],
    ['antenna_selection', 'auto', 'antenna_selection', 'auto'],
    ['antenna', 'default', 'antenna_selection', 'default (internal)'],
    ['product', '8:2', 'product_store', 'product 8, version 2'],
    ['productVersion', '7', 'product_store', 'product none, version 7'],
    ['ipConfig', 'dhcp', 'ip_config', 'DHCP'],
    [
      'ipConfig',
      'static:192.168.1.2,255.255.255.0,192.168.1.1,9.9.9.9,1.1.1.1',
      'ip_config',
      '192.168.1.2, netmask 255.255.255.0, gateway 192.168.1.1, DNS 9.9.9.9 and 1.1.1.1',
    ],
    ['deviceId', '1F0038000447343138333038', 'device_id', '1f0038000447343138333038'],
    ['deviceSecret', 'SECRET-SECRET-1', 'device_secret', 'SECRET-SECRET-1'],
    ['versionString', '2.2.0', 'version_string', '2.2.0'],
    ['dns', 'device.example.com, other.example.com', 'dns_resolve', 'device.example.com, other.example.com'],
    ['otaUpdateFlag', 'install', 'ota_update_flag', 'install the module in the OTA region at the next start'],
    ['featureFlags', 'hex:fdffffff', 'feature_flags', 'reset information enabled, LED overridden at boot'],
    ['flash_modules[1].magicNumber', '0xFFFF', 'flash_modules', 'all slots free'],
    ['hostname', 'bench-4', 'network.hostname', 'bench-4'],
    ['mfg_info.serial_number', 'P1-0042', 'mfg_info.serial_number', 'P1-0042'],
    ['wifi.macAddress', '02:AB:00:11:22:33', 'wifi.mac_address', '02:AB:00:11:22:33'],
    ['wifi.country_code', 'US/0', 'wifi.country_code', 'US/0'],
    ['wifi.soft_ap_settings.SSID', 'Photon-AB12', 'wifi.soft_ap_settings', 'Photon-AB12'],
    ['ledTheme', 'default', 'led_theme', 'default theme'],
    ['claim_code', 'blank', 'claim_code', 'blank'],
    ['versionString', 'text:hex:', 'version_string', 'hex:'],
  ])('%s=%s', (name, value, key, expected) => {
    expect(words(key, { name, value })).toBe(expected);
  });

  it('takes both names of every field that can be set', () => {
    for (const field of settableFields()) {
      expect(dctTarget(fieldKey(field))).toEqual({ kind: 'field', field });
      expect(dctTarget(jsonName(field))).toMatchObject(
        jsonName(field).includes('product') ? { field } : { kind: 'field', field },
      );
    }
  });

  it('suggests the nearest name, and does not repeat what may be a passphrase', () => {
    expect(() => set('serverAdress', 'x')).toThrow(
      expect.objectContaining({
        code: 'DCT_NO_FIELD',
        what: 'the DCT has no field "serverAdress"',
        help: 'Did you mean serverAddress? All fields: flashatlas dct show --all FILE',
      }),
    );
    expect(() => set('wifi:Workshop:correct horse', 'x')).toThrow(
      expect.objectContaining({ what: 'this is not the name of a DCT field' }),
    );
  });

  it('fills the field up, so that nothing older stays behind', () => {
    for (const field of settableFields()) {
      const [edit] = set(fieldKey(field), 'hex:30');
      const address = dctField('server_address').offset - dctField('server_public_key').offset;
      expect(edit?.bytes.length).toBe(fieldKey(field) === 'server_public_key' ? address : field.size);
      expect(edit?.bytes.subarray(1).every((byte) => byte === 0xff)).toBe(true);
    }
  });

  it('writes exact bytes to a place', () => {
    expect(set('application+34', 'hex:01 02')).toEqual([
      { section: 'application', offset: 34, bytes: Uint8Array.of(1, 2) },
    ]);
    expect(set('wifi+0x344', '@mac', { readFile: () => Uint8Array.of(9) })).toEqual([
      { section: 'wifi', offset: 836, bytes: Uint8Array.of(9) },
    ]);
  });

  it.each([
    ['serverAddress', 'two words', 'HOST or HOST:PORT'],
    ['serverAddress', `${'a'.repeat(64)}.example`, '1 to 63 bytes'],
    ['serverPort', '70000', 'a port from 1 to 65534'],
    ['claimed', 'perhaps', 'yes or no'],
    ['claimCode', 'A'.repeat(64), 'at most 63 printable'],
    ['deviceCode', 'ABC', '4 or 6 characters'],
    ['country', 'Japan', 'two letters'],
    ['wifi.country_code', 'Japan', 'two letters'],
    ['antenna', 'sideways', 'internal, external, auto, default (internal), or a number from 0 to 255'],
    ['product', '65536', 'ID or ID:VERSION'],
    ['ipConfig', '192.168.1.2', 'dhcp, or static:'],
    ['ipConfig', '192.168.1.2,255.255.255.0,gateway', 'an address such as'],
    ['deviceId', '1F', '24 hexadecimal digits'],
    ['deviceSecret', 'short', '15 printable'],
    ['dns', 'a b', 'host names'],
    ['wifi.mac_address', '02:AB', 'six bytes'],
    ['wifi.soft_ap_settings.security', 'none at all', 'a name such as WPA2_AES'],
    ['wifi.soft_ap_settings.SSID', 'a'.repeat(33), 'at most 32 bytes'],
    ['security.certificate', 'no PEM', 'PEM text'],
    ['device_private_key', 'words', '@FILE with a key'],
    ['flash_modules', 'words', 'a value for one member, such as flash_modules[0].magicNumber'],
    ['ledTheme', 'pink', 'default, hex:BYTES or @FILE'],
    ['application+34', 'words', 'hex:BYTES or @FILE for a place'],
    ['claim_code', 'hex:0', 'an even number'],
    ['claimed', 'hex:0102', 'at most 1 byte'],
    ['mfg_info.manufacturer', 'ä', 'printable ASCII'],
    ['network.interface', '256', 'a number from 0 to 255'],
  ])('refuses %s=%s', (name, value, expected) => {
    expect(() => set(name, value)).toThrow(
      expect.objectContaining({ code: 'DCT_BAD_VALUE', expected: expect.stringContaining(expected) }),
    );
  });

  it('says that there are no files', () => {
    expect(() => set('claim_code', '@file')).toThrow(expect.objectContaining({ code: 'DCT_NO_FILES' }));
    expect(() => set('claim_code', '@', { readFile: () => new Uint8Array(0) })).toThrow(
      'the file to take the value from has no name at claim_code',
    );
  });

  it('never fails with an error that is not ours', () => {
    const names = [...settableFields().map(fieldKey), 'wifi', 'application+34', 'x', 'eap_config.type'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string({ maxLength: 80 }), (name, value) => {
        try {
          set(name, value, { readFile: () => new TextEncoder().encode(value) });
        } catch (error) {
          expect(error).toHaveProperty('help');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a network in words', () => {
  it('is put first, and the section is set up for the country of the board', () => {
    const wifi = wifiAfter(['Workshop:correct horse:wpa2', 'Guest', 'Old:0102030405:wep']);
    expect(wifi.configured).toBe(true);
    expect(wifi.country).toBe('JP/0');
    expect(wifi.networks.map(({ ssid, security, key }) => [ssid, security, key])).toEqual([
      ['Old', 'WEP', '\\x01\\x02\\x03\\x04\\x05'],
      ['Guest', 'OPEN', ''],
      ['Workshop', 'WPA2_AES', 'correct horse'],
    ]);
    const edits = dctEdits([
      { name: 'country', value: 'DE/7' },
      { name: 'wifi', value: 'Workshop' },
    ]);
    expect(decodeWifi(edits[1]?.bytes ?? new Uint8Array(844), false).country).toBe('DE/7');
  });

  it('replaces one of the same name in its place; the fifth is lost to a sixth', () => {
    const five = ['e', 'd', 'c', 'b', 'a'].map((ssid) => `${ssid}:password-${ssid}`);
    expect(wifiAfter([...five, 'c:password-new']).networks.map(({ ssid, key }) => `${ssid} ${key}`)).toEqual([
      'a password-a',
      'b password-b',
      'c password-new',
      'd password-d',
      'e password-e',
    ]);
    expect(wifiAfter([...five, 'f']).networks.map(({ ssid }) => ssid)).toEqual(['f', 'a', 'b', 'c', 'd']);
    expect(wifiAfter([...five, '']).networks).toEqual([]);
  });

  it('keeps one enterprise network only', () => {
    const networks = wifiAfter(['One::WPA2_AES_ENTERPRISE', 'Home:password', 'Two::wpa2_aes_enterprise']).networks;
    expect(networks.map(({ ssid }) => ssid)).toEqual(['Two', 'Home']);
  });

  it('may hold colons and backslashes', () => {
    const [network] = wifiAfter(['a\\:b\\\\:pass\\:word:wpa2-mixed']).networks;
    expect(network).toMatchObject({ ssid: 'a:b\\\\', key: 'pass:word', security: 'WPA2_MIXED' });
  });

  it.each([
    ['a:password:wpa2:more', 'the network has more than three parts'],
    ['a:pass:word12', 'the third part names no kind of Wi-Fi security'],
    ['a:short', 'no access point takes a passphrase of this length'],
    ['a:password:open', 'this network takes no passphrase'],
    ['a:password:wep', 'this is no WEP key'],
    [':password', 'the SSID does not fit'],
    [`${'ß'.repeat(17)}:password`, 'the SSID does not fit'],
  ])('refuses %s', (value, what) => {
    try {
      set('wifi', value);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'DCT_BAD_VALUE', what });
      expect(String(error)).not.toContain('word');
    }
  });
});

it('edits of the same field follow each other', () => {
  const edits = dctEdits([
    { name: 'claimed', value: 'yes' },
    { name: 'claimed', value: 'no' },
  ]);
  expect(edits.map(({ bytes }) => toHex(bytes))).toEqual(['31', 'ff']);
});
