/** What option bytes mean for the board, in sentences; and the names of the bytes in option memory. */
import { formatHex } from '../core/bytes.js';
import type { Part } from '../core/part.js';
import type { OptionByteLayout } from '../layout/option-bytes.js';
import type { OptionBytes, SectorProtection } from './option-bytes.js';

export type ConsequenceId =
  | 'read-protection'
  | 'brown-out'
  | 'watchdog'
  | 'reset-on-stop'
  | 'reset-on-standby'
  | 'write-protection'
  | 'data-sectors'
  | 'pattern';

export interface Consequence {
  readonly id: ConsequenceId;
  readonly text: string;
}

/** Everything that follows from the bytes, most serious area first. */
export function explainOptionBytes(bytes: OptionBytes): Consequence[] {
  const found: Consequence[] = [
    { id: 'read-protection', text: readProtectionText(bytes) },
    { id: 'brown-out', text: brownOutText(bytes) },
    { id: 'watchdog', text: watchdogText(bytes) },
  ];
  if (bytes.resetOnStop) found.push({ id: 'reset-on-stop', text: 'Entering Stop mode resets the chip.' });
  if (bytes.resetOnStandby) found.push({ id: 'reset-on-standby', text: 'Entering Standby mode resets the chip.' });
  found.push({ id: 'write-protection', text: writeProtectionText(bytes) });
  const data = dataSectors(bytes);
  if (data.length > 0) found.push({ id: 'data-sectors', text: dataSectorsText(data) });
  if (bytes.pattern) found.push({ id: 'pattern', text: patternText(bytes) });
  return found;
}

function readProtectionText({ readProtection: { level, value } }: OptionBytes): string {
  const rdp = `RDP ${formatHex(value, 2)}`;
  if (level === 0)
    return `Read protection level 0 (${rdp}): a debugger and the ROM boot loader can read and write everything.`;
  if (level === 2) {
    return `Read protection level 2 (${rdp}), final: debug port and ROM boot loader are closed and the option bytes are frozen for good.`;
  }
  return (
    `Read protection level 1 (${rdp}): a debugger or the ROM boot loader can neither read, program nor erase the flash; ` +
    'firmware that starts from flash runs as before. Going back to level 0 first erases the whole flash and the backup SRAM.'
  );
}

function brownOutText({ brownOut: { level, falling, supply } }: OptionBytes): string {
  if (level === 0) {
    return `Brown-out reset off: only power-on reset at about ${falling.typical.toFixed(1)} V. A supply that sinks during a flash write can spoil configuration or EEPROM.`;
  }
  return (
    `Brown-out reset level ${level}, for supplies of ${supply.min.toFixed(2)} to ${supply.max.toFixed(2)} V: below about ` +
    `${falling.typical.toFixed(2)} V (${falling.min.toFixed(2)} to ${falling.max.toFixed(2)} V) the chip is held in reset. ` +
    'A board on a weak supply resets again and again, or never leaves reset.'
  );
}

function watchdogText({ watchdog }: OptionBytes): string {
  return watchdog === 'software'
    ? 'The watchdog runs when a program starts it.'
    : 'Hardware watchdog: it runs from reset, and a boot loader or program that does not serve it is reset again and again.';
}

function names(sectors: readonly SectorProtection[]): string {
  const numbers = sectors.map((sector) => sector.number).join(', ');
  const regions = [...new Set(sectors.flatMap((sector) => sector.regions))];
  const word = sectors.length === 1 ? 'Sector' : 'Sectors';
  return `${word} ${numbers}${regions.length > 0 ? ` (${regions.join(', ')})` : ''}`;
}

function writeProtectionText({ sectors, nwrp }: OptionBytes): string {
  const shut = sectors.filter((sector) => sector.protected);
  if (shut.length === 0) {
    return sectors.length > 0 ? 'No sector is write protected.' : `nWRP is ${formatHex(nwrp, 3)}.`;
  }
  const verb = shut.length === 1 ? 'is' : 'are';
  return `${names(shut)} ${verb} write protected: a programmer must clear the protection before it erases or writes there.${dfuText(shut)}`;
}

/** Only where DFU may write at all does it clear the protection first. */
function dfuText(shut: readonly SectorProtection[]): string {
  const open = shut.filter(({ dfuWrites }) => dfuWrites === true);
  const refused = shut.filter(({ dfuWrites }) => dfuWrites === false);
  const dfu = 'DFU through the Particle bootloader';
  if (refused.length === 0) return open.length > 0 ? ` ${dfu} clears it by itself.` : '';
  const update = refused.some(({ regions }) => regions.includes('bootloader'))
    ? ', or for the bootloader an over-the-air update'
    : '';
  const which = refused.length === 1 ? 'which takes' : 'which take';
  const refusal = `refuses ${sectorNumbers(refused)}, ${which} a programmer over SWD${update}.`;
  return open.length === 0
    ? ` ${dfu} ${refusal}`
    : ` ${dfu} clears it by itself for ${sectorNumbers(open)}. It ${refusal}`;
}

function sectorNumbers(sectors: readonly SectorProtection[]): string {
  return `${sectors.length === 1 ? 'sector' : 'sectors'} ${sectors.map(({ number }) => number).join(', ')}`;
}

/** Protected sectors with configuration or EEPROM, which firmware writes while it runs. */
export function dataSectors({ sectors }: OptionBytes): SectorProtection[] {
  return sectors.filter((sector) => sector.protected && sector.regions.some((id) => /^(dct|eeprom)\d*$/.test(id)));
}

function dataSectorsText(sectors: readonly SectorProtection[]): string {
  const [verb, them] = sectors.length === 1 ? ['holds', 'it'] : ['hold', 'them'];
  return `${names(sectors)} ${verb} what firmware writes while it runs, and write protection keeps it from writing ${them}: keys, credentials and EEPROM cannot change.`;
}

function patternText({ nwrp, pattern }: OptionBytes): string {
  const left = (pattern?.left ?? []).map(
    ({ from, to, when }) => `${from} ${to === null ? 'and later' : `to ${to}`} ${when}`,
  );
  return `nWRP ${formatHex(nwrp, 3)}, ${pattern?.title}: Particle firmware leaves it (${left.join('; ')}). It stays when the firmware changes.`;
}

/** Names for the bytes of option memory. */
export function optionMemoryParts(bytes: OptionBytes, layout: OptionByteLayout): Part[] {
  const { start, size } = layout.memory;
  const at = (name: string, offset: number, length: number, value?: string, about?: string): Part => ({
    name,
    start: start + offset,
    end: start + offset + length,
    value,
    about,
  });
  const fields = (): Part[] => [
    at('USER', 0, 1, formatHex(bytes.optcr & 0xff, 2), 'BOR_LEV, WDG_SW, nRST_STOP, nRST_STDBY'),
    at('RDP', 1, 1, formatHex(bytes.readProtection.value, 2), `read protection level ${bytes.readProtection.level}`),
    at('complement', 2, 2, undefined, 'complement of USER and RDP, or reserved'),
    at('nWRP', 8, 2, formatHex(bytes.nwrp, 3), 'bit n is 0 when sector n is write protected'),
    at('complement', 10, 2, undefined, 'complement of nWRP, or reserved'),
  ];
  return [{ ...at('option-bytes', 0, size, formatHex(bytes.optcr, 8)), parts: fields }];
}
