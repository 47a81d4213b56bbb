/** The end of the way: credentials, network, and what the cloud handshake makes of the keys in the DCT. */
import type { DctReport } from '../regions/dct/decode.js';
import type { DctValues } from '../regions/dct/report.js';
import { dctField, dctSection } from '../regions/dct/table.js';
import type { Machine } from './machine.js';
import type { SystemRuns } from './system.js';
import type { BootConfidence, BootOutcome } from './types.js';

const WLAN = 'hal/src/photon/wlan_hal.cpp @ v2.3.1, wlan_has_credentials';
const HANDSHAKE = 'system/src/system_task.cpp @ v2.3.1; which key mistake gives which colour is not verified';
const KEYS = 'hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.3.1, HAL_FLASH_Read_CorePrivateKey';

export interface End {
  readonly outcome: BootOutcome;
  readonly led: string;
}

/** What the handshake will come to, by one key; null: nothing speaks against it. */
interface Obstacle {
  readonly field: string;
  readonly result: string;
  readonly led: string;
  readonly confidence: BootConfidence;
  readonly outcome?: BootOutcome;
}

export function reachNetwork(machine: Machine, runs: SystemRuns, clearWifi: boolean): End {
  const { platform, dct } = machine;
  const values = valuesOf(machine, runs.systemVersion);
  if (platform.network === 'cellular') return connect(machine, runs, values);
  // Taken as erased, which is said of everything that the input does not hold.
  if (dct.report === null) machine.trace.lower('possible');
  noteTheme(machine, values);
  const stored = values?.wifi?.hasCredentials === true;
  if (stored && !clearWifi) return connect(machine, runs, values);
  return listen(machine, runs, values, clearWifi);
}

function noteTheme({ trace, dct }: Machine, values: DctValues | null): void {
  if (!values?.ledTheme) return;
  const result = 'set; the LED may show other colours than the usual ones';
  trace.step(
    'system',
    'LED theme',
    result,
    addressOf(dct.report, 'led_theme'),
    'system/src/system_led_signal.cpp @ v2.3.1',
  );
}

function valuesOf({ dct, facts }: Machine, version: number): DctValues | null {
  const rules = version >= facts.system.validatesItselfFrom ? 'from-0.7.0' : 'before-0.7.0';
  return dct.copy(rules)?.values ?? null;
}

/** Address of a field in the copy in use, for a step. */
function addressOf(report: DctReport | null, key: string): number | null {
  if (!report || report.current === null) return null;
  const field = dctField(key);
  const copy = report.details[report.current - 1];
  return copy ? copy.address + dctSection(report.store, field.section).offset + field.offset : null;
}

function listen({ trace, dct }: Machine, runs: SystemRuns, values: DctValues | null, cleared: boolean): End {
  const why = cleared
    ? 'cleared by the button'
    : values
      ? 'none stored'
      : 'none, neither copy of the DCT is usable and the firmware writes an empty one';
  const address = dct.report?.store === 'wiced' ? addressOf(dct.report, 'wifi.stored_ap_list') : null;
  trace.step('system', 'Wi-Fi credentials', `${why}; listening mode`, address, WLAN);
  if (runs.safeMode !== null) trace.assume('the application is not started before that is mended (safe mode)');
  else {
    const condition =
      'the application does not leave the connection to the system (SYSTEM_MODE SEMI_AUTOMATIC or MANUAL)';
    trace.otherwise('runs-offline', 'network-idle', condition, 'possible');
  }
  const refused = 'it is given credentials while the cloud does not know the key that the firmware makes';
  const key = values?.devicePrivateKey ?? 'blank';
  if (key === 'blank') trace.otherwise('cloud-refused', 'cloud-error', refused, 'likely');
  else trace.otherwise('connecting', 'network-connecting', 'it is given credentials', 'certain');
  return { outcome: 'listening', led: 'listening' };
}

/** Credentials are there: what happens with network and cloud. */
function connect(machine: Machine, runs: SystemRuns, values: DctValues | null): End {
  const { trace, platform } = machine;
  const network =
    platform.network === 'wifi'
      ? 'its Wi-Fi network is in reach and leads to the Internet'
      : 'a cellular network takes its SIM';
  if (platform.network === 'wifi') {
    trace.step(
      'system',
      'Wi-Fi credentials',
      'stored, it connects',
      addressOf(machine.dct.report, 'wifi.stored_ap_list'),
      WLAN,
    );
  }
  trace.assume(network);
  const lost = platform.network === 'wifi' ? 'its Wi-Fi network is out of reach' : 'no cellular network takes its SIM';
  trace.lower('likely');
  trace.withAny('connecting', 'network-connecting', lost, 'certain');
  trace.withAny('connecting', 'cloud-unreachable', 'the network does not lead to the server of the cloud', 'likely');
  const obstacle = handshakeObstacle(machine, runs.systemVersion, values);
  const { report } = machine.dct;
  if (obstacle) {
    trace.lower(obstacle.confidence);
    trace.step('cloud', 'handshake', obstacle.result, addressOf(report, obstacle.field), HANDSHAKE);
    if (obstacle.led !== 'cloud-error' && obstacle.outcome === undefined) {
      trace.otherwise(
        'cloud-refused',
        'cloud-error',
        'the firmware reports the mistake as a general error',
        'possible',
      );
    }
    return { outcome: obstacle.outcome ?? 'cloud-refused', led: obstacle.led };
  }
  const known = 'the cloud knows the public half of the device key';
  trace.assume(known);
  trace.otherwise('cloud-refused', 'cloud-error', 'the cloud knows another key for this device, or none', 'likely');
  const keys = platform.network === 'wifi' ? 'device_private_key' : 'alt_device_private_key';
  trace.step('cloud', 'handshake', 'device key and server key are usable', addressOf(report, keys), KEYS);
  return online(machine, runs);
}

function online({ trace }: Machine, runs: SystemRuns): End {
  if (runs.userNextTime) {
    trace.otherwise(
      'runs',
      'cloud-connected',
      'it is reset once more: the user part is in its place by then',
      'likely',
    );
  }
  if (runs.safeMode !== null) {
    trace.step('cloud', 'what is started', `safe mode, ${runs.safeMode}`, null, HANDSHAKE);
    return { outcome: 'safe-mode', led: 'safe-mode' };
  }
  trace.withAny('runs-offline', 'wifi-off', 'the application turns the connection off', 'possible');
  return { outcome: 'runs', led: 'cloud-connected' };
}

function handshakeObstacle(machine: Machine, version: number, values: DctValues | null): Obstacle | null {
  const cellular = machine.platform.network === 'cellular';
  return cellular
    ? electronObstacle(values)
    : (deviceKeyObstacle(values) ?? serverKeyObstacle(machine, version, values) ?? addressObstacle(values));
}

function electronObstacle(values: DctValues | null): Obstacle | null {
  const kind = values?.altDevicePrivateKey ?? 'blank';
  if (kind === 'ec-p256') return null;
  const result =
    kind === 'blank'
      ? 'no device key; the firmware makes one that the cloud does not know'
      : `the device key is ${kind}`;
  return { field: 'alt_device_private_key', result, led: 'cloud-error', confidence: 'possible' };
}

function deviceKeyObstacle(values: DctValues | null): Obstacle | null {
  const kind = values?.devicePrivateKey ?? 'blank';
  const field = 'device_private_key';
  if (kind === 'blank') {
    const result = 'no device key; the firmware makes a new one that the cloud does not know';
    return { field, result, led: 'cloud-error', confidence: 'likely' };
  }
  if (kind === 'zero' || kind === 'invalid') {
    const what = kind === 'zero' ? 'all zero, which counts as present' : 'no usable key';
    return {
      field,
      result: `the device key is ${what}; the handshake fails`,
      led: 'cloud-decryption-error',
      confidence: 'possible',
    };
  }
  if (kind === 'rsa-1024') return null;
  return {
    field,
    result: `the device key is ${kind}, not RSA-1024`,
    led: 'cloud-decryption-error',
    confidence: 'possible',
  };
}

function serverKeyObstacle({ facts, trace }: Machine, version: number, values: DctValues | null): Obstacle | null {
  const kind = values?.serverPublicKey ?? 'blank';
  const field = 'server_public_key';
  if (kind === 'particle-rsa') return null;
  if (kind === 'blank') {
    const { builtInServerKeyFrom, builtInServerKeySource } = facts.system;
    if (version >= builtInServerKeyFrom) {
      trace.step(
        'cloud',
        'server public key',
        'blank, the one built into the firmware is used',
        null,
        builtInServerKeySource,
      );
      return null;
    }
    return { field, result: 'no server key; the handshake cannot succeed', led: 'cloud-error', confidence: 'likely' };
  }
  if (kind === 'other') {
    const particle = isParticleServer(values);
    if (!particle) {
      trace.assume('the server of another cloud that the DCT names holds the other half of its key');
      trace.lower('possible');
      return null;
    }
    return {
      field,
      result: "the server key is not that of Particle's cloud",
      led: 'cloud-authentication-error',
      confidence: 'possible',
    };
  }
  const what =
    kind === 'zero'
      ? 'all zero'
      : kind === 'particle-ec'
        ? 'the one for boards that connect over UDP'
        : 'no usable key';
  return {
    field,
    result: `the server key is ${what}; the handshake fails`,
    led: 'cloud-authentication-error',
    confidence: 'possible',
  };
}

/** No address, or one of Particle's. */
function isParticleServer(values: DctValues | null): boolean {
  const address = values?.serverAddress ?? null;
  return address === null || /(^|\.)(spark|particle)\.io$/.test(address);
}

function addressObstacle(values: DctValues | null): Obstacle | null {
  if (values?.serverAddressState !== 'zero') return null;
  const result = 'the server address is 0.0.0.0, which is taken as it is';
  return { field: 'server_address', result, led: 'cloud-unreachable', confidence: 'possible', outcome: 'connecting' };
}
