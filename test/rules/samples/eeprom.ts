import { fromHex } from '../../../src/core/bytes.js';
import { healthyDump, systemPart1, systemPart2, userPart } from '../../support/synthetic.js';
import { checked, type DeviceOptions, type Sample, type Samples } from './sample.js';

const ACTIVE = '0000ffff';
const COPY = 'eeeeffff';

/** A healthy device with these beginnings of the EEPROM pages; the rest of them is erased. */
function withPages(first: string, second: string, version = 2202): Uint8Array {
  const device = healthyDump();
  device.fill(0xff, 0xc000, 0x20000);
  device.set(fromHex(first.replaceAll(' ', '')) ?? [], 0xc000);
  device.set(fromHex(second.replaceAll(' ', '')) ?? [], 0x10000);
  if (version !== 2202) {
    device.fill(0xff, 0x20000, 0xa0000);
    device.set(systemPart1(version), 0x20000);
    device.set(systemPart2(version), 0x60000);
  }
  return device;
}

const IN_USE = `${ACTIVE} 11000100 22000100`;

function of(first: string, second: string, also: readonly string[] = [], options: DeviceOptions = {}): Sample {
  return {
    fires: () => checked(withPages(first, second), options),
    silent: () => checked(withPages(IN_USE, '')),
    also,
  };
}

/** By the rules of firmware up to 0.4.9, on a device that has it. */
function legacy(first: string, second: string): Sample {
  return {
    fires: () => checked(withPages(first, second, 11)),
    silent: () => checked(withPages(IN_USE, '', 11)),
    also: ['dependency/mixed-generations'],
  };
}

function parkedOn(version: number): Uint8Array {
  const device = withPages('', '', version);
  device.set(userPart(), 0xc000);
  return device;
}

export const eepromSamples: Samples = {
  'eeprom/not-eeprom': of(IN_USE, 'ece0f13f 0102030405'),
  'eeprom/parked-module': {
    fires: () => checked(parkedOn(1321)),
    silent: () => checked(withPages(IN_USE, '', 1321)),
    also: ['dependency/unmet'],
  },
  'eeprom/abandoned-module': {
    fires: () => checked(parkedOn(2202)),
    silent: () => checked(withPages(IN_USE, '')),
  },
  'eeprom/page-word': of('0000fff7 11000100', '', ['eeprom/would-be-formatted']),
  'eeprom/half-written-record': of(`${ACTIVE} 11000100 2200ffff 33000300`, ''),
  'eeprom/invalid-record': of(`${ACTIVE} 11000100 22010200 33000300`, ''),
  'eeprom/unfinished-write': of(`${ACTIVE} ffffffff a1001400`, ''),
  'eeprom/lost-by-newer-reader': legacy(`${ACTIVE} 11000100 2200ffff 33000300`, ''),
  'eeprom/would-be-formatted': of('', `${COPY} 99000900`),
  'eeprom/lost-by-newer-start': legacy('', `${COPY} 99000900`),
  'eeprom/both-active': of(`${ACTIVE} 11000100`, `${ACTIVE} 22000100`),
  'eeprom/index-beyond-capacity': of(`${ACTIVE} 1100b80b`, ''),
};
