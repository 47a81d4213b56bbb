import { describe, expect, it } from 'vitest';
import {
  decodeCountry,
  decodeDeviceCode,
  decodeHostNames,
  decodeIpConfig,
  decodeLedTheme,
  decodeModuleSlots,
  decodeServerAddress,
} from '../../../src/regions/dct/application.js';
import {
  encodeLedTheme,
  encodeModuleSlot,
  encodeServerAddress,
  encodeSoftAp,
  encodeSsidPrefix,
  encodeStoredNetworks,
} from '../../../src/regions/dct/encode.js';
import { dctField } from '../../../src/regions/dct/table.js';
import { decodeWifi, wifiSecurityName, wifiSecurityWord } from '../../../src/regions/dct/wifi.js';
import { leafWords } from '../../../src/regions/dct/words.js';
import { hex, vectors } from './vectors.js';

interface AddressCase {
  domain: string | null;
  ip: string | null;
  port: number | null;
  hex: string;
}
interface SlotCase {
  magic: string;
  source: string;
  destination: string;
  length: number;
  flags: string;
  function: number;
  hex: string;
}
interface Theme {
  hex: string;
  signals: { name: string; rgb: string; pattern: number; period_ms: number }[];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const filled = (size: number, content: Uint8Array, fill = 0xff): Uint8Array => {
  const bytes = new Uint8Array(size).fill(fill);
  bytes.set(content);
  return bytes;
};
const words = (key: string, bytes: Uint8Array): string => leafWords(dctField(key), bytes, false).value;

describe('server address', () => {
  it.each(vectors<{ cases: AddressCase[] }>('server-address.json').cases)('$hex', (vector) => {
    const bytes = hex(vector.hex);
    const address = vector.domain ?? vector.ip ?? '';
    expect(decodeServerAddress(bytes)).toEqual({ state: 'set', address, port: vector.port, reason: null });
    expect(encodeServerAddress({ address, ...(vector.port === null ? {} : { port: vector.port }) })).toEqual(bytes);
  });

  it.each([
    ['ff', 'blank', null],
    ['0004', 'set', '255.255.255.255'],
    ['0005', 'invalid', 'an IPv4 address of 5 bytes'],
    ['0207', 'invalid', 'address type 2 is neither a host name nor IPv4'],
    ['0100', 'invalid', 'the host name is empty'],
    ['0140', 'invalid', 'a host name of 64 bytes runs into the port'],
    ['01056161', 'invalid', 'the host name ends after 2 of 5 bytes'],
  ])('%s is %s', (start, state, detail) => {
    const decoded = decodeServerAddress(filled(128, hex(start)));
    expect(decoded.state).toBe(state);
    expect(decoded.reason ?? decoded.address).toBe(detail);
  });

  it('takes a zeroed record for the address 0.0.0.0, as the firmware does', () => {
    expect(decodeServerAddress(new Uint8Array(128))).toMatchObject({ state: 'zero', address: '0.0.0.0', port: null });
  });

  it('refuses what does not fit', () => {
    expect(() => encodeServerAddress({ address: 'x'.repeat(64) })).toThrow(
      'the server address does not fit: expected 1 to 63 bytes, got 64 bytes',
    );
    expect(() => encodeServerAddress({ address: '1.2.3.256' })).toThrow('this is not an IPv4 address');
    expect(() => encodeServerAddress({ address: 'a', port: 65535 })).toThrow('the port is out of range');
  });
});

describe('module slots', () => {
  it.each(vectors<{ cases: SlotCase[] }>('module-slots.json').cases)('$magic', (vector) => {
    const bytes = hex(vector.hex);
    const pending = vector.magic === '0xABCD';
    const list = filled(100, new Uint8Array(0));
    list.set(bytes, pending ? 20 : 0);
    const slot = decodeModuleSlots(list)[pending ? 1 : 0];
    expect(slot).toEqual({
      slot: pending ? 1 : 0,
      state: pending ? 'pending' : 'factory',
      source: Number(vector.source),
      sourceDevice: 'internal flash',
      destination: Number(vector.destination),
      destinationDevice: 'internal flash',
      length: vector.length,
      flags: Number(vector.flags),
      function: pending ? 'system part' : 'user part',
    });
    expect(
      encodeModuleSlot({
        state: pending ? 'pending' : 'factory',
        source: Number(vector.source),
        destination: Number(vector.destination),
        length: vector.length,
        flags: Number(vector.flags),
        function: vector.function,
      }),
    ).toEqual(bytes);
  });

  it('tells free, consumed and ignored slots apart', () => {
    const list = filled(100, new Uint8Array(0));
    list.fill(0, 20, 40);
    list.set(hex('ac0f'), 40);
    list.set(hex('cdab'), 0);
    expect(decodeModuleSlots(list).map(({ state }) => state)).toEqual([
      'ignored',
      'consumed',
      'ignored',
      'free',
      'free',
    ]);
    expect(words('flash_modules', list)).toBe('slot 0 ignored; slot 2 ignored');
  });
});

describe('LED theme', () => {
  const theme = vectors<Theme>('led-theme.json');
  const patterns = ['', 'solid', 'blink', 'fade'];

  it('decodes and encodes the default theme', () => {
    const bytes = filled(64, hex(theme.hex));
    const decoded = decodeLedTheme(bytes);
    expect(decoded).toEqual(
      theme.signals.map(({ name, rgb, pattern, period_ms }) => ({
        signal: name,
        color: `#${rgb.toUpperCase()}`.replace('#1F1F1F', '#111111'),
        pattern: patterns[pattern],
        periodMilliseconds: period_ms,
      })),
    );
    expect(encodeLedTheme(decoded ?? [])).toEqual(bytes);
  });

  it('has no theme with another version byte', () => {
    expect(decodeLedTheme(new Uint8Array(64).fill(0xff))).toBeNull();
    expect(words('led_theme', new Uint8Array(64).fill(0xff))).toBe('default theme');
  });
});

describe('Wi-Fi section', () => {
  const section = hex(vectors<{ hex: string }>('wifi-config.json').hex);

  it('decodes the section built from the compiled structures', () => {
    const wifi = decodeWifi(section, false);
    expect(wifi).toEqual({
      configured: true,
      hasCredentials: true,
      networks: [
        { ssid: 'ExampleNet-5', security: 'WPA2_AES', channel: 6, bssid: null, entry: 0, keyLength: 21 },
        { ssid: 'guest', security: 'OPEN', channel: 0, bssid: null, entry: 1, keyLength: 0 },
        { ssid: 'corp', security: 'WPA2_AES_ENTERPRISE', channel: 11, bssid: null, entry: 2, keyLength: 0 },
      ],
      softApSsid: 'Photon-ABC234',
      softApSecurity: 'OPEN',
      softApChannel: 11,
      country: 'JP/0',
    });
    expect(decodeWifi(section, true).networks[0]?.key).toBe('correct horse battery');
  });

  it('encodes the same bytes', () => {
    const built = new Uint8Array(844);
    built[0] = 1;
    const networks = [
      { ssid: 'ExampleNet-5', key: 'correct horse battery', security: 'WPA2_AES', channel: 6 },
      { ssid: 'guest', security: 'OPEN' },
      { ssid: 'corp', security: 'WPA2_AES_ENTERPRISE', channel: 11 },
    ];
    built.set(encodeStoredNetworks(networks), dctField('wifi.stored_ap_list').offset);
    built.set(encodeSoftAp('Photon-ABC234'), dctField('wifi.soft_ap_settings').offset);
    built.set(text('JP'), dctField('wifi.country_code').offset);
    expect(built).toEqual(section);
  });

  it('has credentials by the BSSID of entry 0 too, and none in an unconfigured section', () => {
    const other = new Uint8Array(844);
    expect(decodeWifi(other, false)).toMatchObject({ configured: false, hasCredentials: false, networks: [] });
    other[0] = 1;
    other[34] = 0x12;
    expect(decodeWifi(other, false)).toMatchObject({ configured: true, hasCredentials: true, networks: [] });
    expect(decodeWifi(new Uint8Array(844).fill(0xff), false)).toMatchObject({ configured: false, networks: [] });
  });

  it('makes hostile SSIDs harmless', () => {
    const hostile = encodeStoredNetworks([
      { ssid: '\x1b[2J\u202Egpj', security: 'OPEN' },
      { ssid: new Uint8Array([0xff, 0x00, 0x41]), security: 'WEP' },
    ]);
    const built = new Uint8Array(844);
    built.set(hostile, 1);
    expect(decodeWifi(built, false).networks.map(({ ssid }) => ssid)).toEqual(['\\x1B[2J\\u{202E}gpj', '\\xFF\\x00A']);
  });

  it('names securities both ways', () => {
    for (const name of ['OPEN', 'WEP', 'WEP_SHARED', 'WPA_TKIP', 'WPA_AES_ENTERPRISE', 'WPA2_MIXED']) {
      expect(wifiSecurityName(wifiSecurityWord(name) ?? -1)).toBe(name);
    }
    expect(wifiSecurityName(0x10000000)).toBe('0x10000000');
    expect(wifiSecurityName(0xffffffff)).toBe('0xFFFFFFFF');
    expect(wifiSecurityWord('OPEN_ENTERPRISE')).toBeUndefined();
    expect(wifiSecurityWord('WPA9')).toBeUndefined();
  });

  it('never repeats a key in an error', () => {
    expect(() => encodeStoredNetworks([{ ssid: 'a', security: 'WPA2_AES', key: 'secret'.repeat(11) }])).toThrow(
      'the network key does not fit: expected at most 64 bytes, got 66 bytes',
    );
  });
});

describe('small fields in words', () => {
  it.each([
    ['country_code', hex('55533400'), 'US, revision 4'],
    ['country_code', hex('ffffffff'), 'not set (Japan)'],
    ['claimed', hex('31'), 'claimed'],
    ['claimed', hex('01'), 'not claimed'],
    ['antenna_selection', hex('03'), 'auto'],
    ['antenna_selection', hex('ff'), 'default (internal)'],
    ['antenna_selection', hex('02'), '2'],
    ['cloud_transport', hex('00'), 'TCP'],
    ['ota_update_flag', hex('a5'), 'install the module in the OTA region at the next start'],
    ['ota_update_flag', hex('ff'), 'clear'],
    ['feature_flags', hex('ffffffff'), 'default'],
    ['feature_flags', hex('01000000'), 'reset information enabled, LED overridden at boot'],
    ['feature_flags', hex('feffffff'), 'reset information disabled'],
    ['radio_flags', hex('02'), 'sleep clock output disabled'],
    ['radio_flags', hex('ff'), 'sleep clock output enabled'],
    ['ext_low_speed_clock_disable', hex('5ed117fa'), 'disabled'],
    ['server_port', hex('1633'), '5683'],
    [
      'ip_config',
      hex('010000000201a8c000ffffff0101a8c00101a8c008080808'),
      '192.168.1.2, netmask 255.255.255.0, gateway 192.168.1.1, DNS 192.168.1.1 and 8.8.8.8',
    ],
    ['ip_config', filled(24, hex('')), 'DHCP'],
    ['product_store', filled(24, hex('0a000300')), 'product 10, version 3'],
    ['product_store', filled(24, hex('')), 'product none, version none'],
    ['ssid_prefix', encodeSsidPrefix('Photon'), 'Photon'],
    ['ssid_prefix', filled(26, hex('1a')), 'length 26 does not fit'],
    ['device_code', text('ABC234'), 'ABC234'],
    ['device_id', hex('00112233445566778899aabb'), '00112233445566778899aabb'],
    [
      'system_flags',
      filled(32, hex('c0acde1affffffffffffffffaaaa')),
      'header in use, Factory_Reset_SysFlag factory reset requested',
    ],
    ['version.magic_number', hex('cd0002dc'), 'version record'],
    ['header.magic_number', hex('4252434d'), 'BRCM'],
    ['header.full_size', hex('ffffffff'), 'blank'],
    ['reserved1', new Uint8Array(64), 'all zero'],
  ])('%s %#', (key, bytes, expected) => {
    expect(words(key, bytes)).toBe(expected);
  });

  it('reads codes of four and six characters', () => {
    expect(decodeDeviceCode(hex('4142323300ff'))).toBe('AB23');
    expect(decodeDeviceCode(hex('41423233ffff'))).toBe('AB23');
    expect(decodeDeviceCode(hex('ffffffffffff'))).toBeNull();
    expect(decodeDeviceCode(hex('80ffffffffff'))).toBeNull();
  });

  it('reads host names up to the first blank', () => {
    expect(decodeHostNames(filled(128, text('device.local\0www\0')))).toEqual(['device.local', 'www']);
    expect(decodeHostNames(new Uint8Array(128).fill(0x61))).toHaveLength(1);
    expect(decodeHostNames(new Uint8Array(128))).toEqual([]);
  });

  it('reads static addresses and countries as values', () => {
    expect(decodeIpConfig(filled(24, hex('01ffffff0201a8c0')))).toMatchObject({ mode: 'static', host: '192.168.1.2' });
    expect(decodeCountry(hex('4a50ffff'))).toEqual({ country: 'JP', revision: null });
  });
});
