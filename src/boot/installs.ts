/** What system firmware installs at its start: a parked user module, the bootloader it carries, the module in the OTA region. */
import { formatAddress } from '../core/bytes.js';
import { BOOTLOADER, dependenciesRefusal, type Refusal, USER_PART } from './checks.js';
import { boundsOf, type CopyRequest, factoryAddress, isWithin } from './facts.js';
import { attemptCopy, type BootloaderProgram, type Machine } from './machine.js';
import { lengthOf } from './memory.js';

const VERIFY_CRC_AND_FUNCTION = 0x0a;
const VERIFY_ALL = 0x0e;
const CRC_BYTES = 4;

/** user: a user part was put in its place, which the next start will find. */
export type Installed = 'nothing' | 'user' | 'reset' | 'overwritten';

export function installs(machine: Machine, program: BootloaderProgram, version: number): Installed {
  const parked = installParked(machine, version);
  if (installCarried(machine, program, version)) return 'reset';
  if (makeKey(machine)) return 'reset';
  const ota = installOta(machine, version);
  return ota === 'nothing' && parked ? 'user' : ota;
}

const internal = { sourceDevice: 0, destinationDevice: 0 };

/** The user module of a factory image, waiting in the first EEPROM sector. */
function installParked(machine: Machine, version: number): boolean {
  const { facts, platform, memory, trace } = machine;
  const { parkedModule, parkedModuleSource: source } = facts.system;
  const at = platform.parked;
  if (at === null || !isWithin(version, parkedModule)) return false;
  const info = memory.header(at)?.info;
  if (!info || info.moduleStartAddress !== platform.user) return false;
  const length = lengthOf(info) + CRC_BYTES;
  const check = `user module parked at ${formatAddress(at)}`;
  if (length >= parkedModule.maxLength) {
    trace.step('system', check, `${length} bytes are too long, left alone`, at, source);
    return false;
  }
  const base: CopyRequest = {
    ...internal,
    source: at,
    destination: 0,
    length,
    function: USER_PART,
    flags: VERIFY_CRC_AND_FUNCTION,
  };
  const factory = { ...base, destination: factoryAddress(platform, version) };
  const first = attemptCopy(machine, 'parked-module', null, factory, platform.id);
  if (first.reason !== null) {
    trace.step('system', check, `refused, ${first.reason}`, at, source);
    return false;
  }
  attemptCopy(machine, 'parked-module', null, { ...base, destination: platform.user, flags: VERIFY_ALL }, platform.id);
  for (const sector of machine.sectors) if (sector.start === at) memory.erase(sector);
  trace.step('system', check, 'copied to the factory and user regions, and erased', at, source);
  return true;
}

/** Up to 0.6.x a newer bootloader inside the system part replaces the one in sector 0. */
function installCarried(machine: Machine, program: BootloaderProgram, version: number): boolean {
  const { facts, platform, memory, survey, trace } = machine;
  const { installsCarriedBootloader, installsCarriedBootloaderSource: source } = facts.system;
  if (!isWithin(version, installsCarriedBootloader) || memory.revision > 0) return false;
  const carried = survey.embedded.find(
    ({ inside, module }) => inside.module.address === platform.next && module.info.moduleFunction === BOOTLOADER,
  )?.module;
  if (carried?.crc !== 'ok' || carried.info.platformId !== platform.id) return false;
  const { moduleVersion } = carried.info;
  const check = `bootloader version ${moduleVersion} carried inside system part 2`;
  if (moduleVersion <= program.version) {
    trace.step('system', check, `not newer than version ${program.version}, not installed`, carried.address, source);
    return false;
  }
  trace.lower('likely');
  const request = {
    ...internal,
    source: carried.address,
    destination: memory.start,
    length: carried.length,
    function: BOOTLOADER,
    flags: VERIFY_ALL,
  };
  const copy = attemptCopy(machine, 'carried-bootloader', null, request, platform.id);
  trace.step(
    'system',
    check,
    copy.reason === null ? 'installed; the board resets' : `refused, ${copy.reason}`,
    carried.address,
    source,
  );
  return copy.reason === null;
}

/** Without a device key the firmware makes one and resets. */
function makeKey({ dct, trace, platform }: Machine): boolean {
  const kind = dct.report?.devicePrivateKey ?? 'blank';
  if (dct.report === null || kind !== 'blank' || dct.keyMade || platform.network !== 'wifi') return false;
  dct.noteKeyMade();
  const source = 'hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v2.3.1, before the application starts';
  trace.step(
    'system',
    'device private key',
    'none; the firmware makes a new one, writes it to the DCT and resets',
    null,
    source,
  );
  return true;
}

/** The byte 0xA5 in the DCT asks for the module in the OTA region. */
function installOta(machine: Machine, version: number): Installed {
  const { facts, dct, platform, trace, memory } = machine;
  const { otaFlagFrom, otaFlagSource: source } = facts.system;
  if (!dct.otaUpdate || !otaFlagFrom.some((range) => isWithin(version, range))) return 'nothing';
  dct.clearOtaFlag(platform.ownDct ? null : '0.7.0');
  const info = memory.header(platform.ota)?.info;
  const check = `flag in the DCT for the module at ${formatAddress(platform.ota)}`;
  const refusal = otaRefusal(machine);
  if (!info || refusal !== null) {
    trace.step('system', check, `set; nothing is installed, ${refusal}`, platform.ota, source);
    return 'nothing';
  }
  const length = lengthOf(info) + CRC_BYTES;
  const destination = info.moduleStartAddress;
  const request = {
    ...internal,
    source: platform.ota,
    destination,
    length,
    function: info.moduleFunction,
    flags: VERIFY_ALL,
  };
  const copy = attemptCopy(machine, 'ota-flag', null, request, platform.id);
  const way = info.moduleFunction === BOOTLOADER ? 'installed at once' : 'installed by the bootloader after a reset';
  trace.step(
    'system',
    check,
    copy.reason === null ? `set and cleared; ${way}` : `set; refused, ${copy.reason}`,
    platform.ota,
    source,
  );
  return copy.reason === null ? 'reset' : 'nothing';
}

/** The check of a received module: end in the region of its function and index, platform, dependencies, CRC. */
function otaRefusal({ memory, platform }: Machine): Refusal {
  const info = memory.header(platform.ota)?.info;
  const bounds = info && boundsOf(platform, info.moduleFunction, info.moduleIndex);
  if (!info || !bounds) return 'there is no module';
  const end = info.moduleEndAddress;
  if (end < bounds.start || end > bounds.end) return 'its end lies outside its region';
  if (info.platformId !== platform.id) return `it is for platform ${info.platformId}`;
  const unmet = info.moduleFunction === USER_PART ? null : dependenciesRefusal(memory, platform, info);
  if (unmet !== null) return unmet;
  return memory.verifyCrc(platform.ota, lengthOf(info)) === 'good' ? null : 'its CRC is wrong';
}
