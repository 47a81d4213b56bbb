/** Rules about what a board proves its identity with, and whom it believes: device key, cloud server key and address. */
import type { Finding, Severity } from '../core/finding.js';
import { currentFieldRange, type DctReport } from '../regions/dct/decode.js';
import { defineRule, type Evidence, type Rule, report } from './rule.js';

/** The field a finding is about, and the copy it is read from. */
export type FieldEvidence = { field: string; copy: number };

/** A finding at a field of the current copy. */
export function atField<E extends Evidence>(
  rule: Rule<E & FieldEvidence>,
  dct: DctReport,
  field: string,
  evidence: E,
  severity?: Severity,
): Finding {
  const copy = dct.current ?? 1;
  return report(rule, currentFieldRange(dct, field), { field, copy, ...evidence }, { region: `dct${copy}`, severity });
}

/** The way back to a key the cloud knows, for boards without a backup (particle-cli 2.16.0, src/cmd/keys.js). */
const NEW_KEY =
  'let the board start once, put it into DFU mode (blinking yellow) and run "particle keys doctor DEVICE_ID", which makes a key pair, writes it to the board and sends its public half to the cloud';

/** The same where the server key is gone as well, which the doctor does not write. */
export const NEW_KEYS = `${NEW_KEY}; then, in DFU mode again, "particle keys server", which writes the server key`;

const RESTORE_KEY = `Put the key of this board back from a backup. Without one, ${NEW_KEY}.`;
const WRITE_SERVER_KEY =
  'For the Particle cloud run "particle keys server" in DFU mode (blinking yellow); for another cloud write its public key to this field.';

export const deviceKeyMissing = defineRule({
  id: 'dct/device-key-missing',
  severity: 'error',
  title: 'Device key missing',
  about: 'The device private key is missing, so the board makes one the cloud does not know.',
  why: 'The firmware makes a new key pair as soon as it connects. The cloud knows only the old public key and ends the handshake.',
  source: 'hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.2.0',
  message: (_: FieldEvidence) =>
    'The device private key is missing: the firmware generates a new one, which the cloud does not know and refuses (LED: cyan with red flashes).',
  remedy: () => RESTORE_KEY,
});

export const deviceKeyInvalid = defineRule({
  id: 'dct/device-key-invalid',
  severity: 'error',
  title: 'Device key unusable',
  about: 'The device private key cannot be used, and the firmware does not replace it.',
  why: 'Only a first byte of 0xFF makes the firmware generate a key; zeros or a truncated key stay, and every handshake fails.',
  source: 'hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.2.0',
  message: (e: FieldEvidence & { kind: string; reason: string }) =>
    `The device private key is unusable (${e.reason}); the firmware does not replace it, and the handshake with the cloud fails.`,
  remedy: () => RESTORE_KEY,
});

export const deviceKeyWrongType = defineRule({
  id: 'dct/device-key-wrong-type',
  severity: 'error',
  title: 'Device key of the wrong type',
  about: 'The device private key is of a type that the board does not use.',
  why: 'The TCP transport signs with RSA-1024, the UDP transport with a P-256 key; a key of another type cannot be loaded.',
  source: 'platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h, system/src/system_cloud_internal.cpp @ v2.3.1',
  message: (e: FieldEvidence & { kind: string; expected: string }) =>
    `The device private key is of type ${e.kind}; this board uses ${e.expected}, so the handshake with the cloud fails.`,
  remedy: () => RESTORE_KEY,
});

export const deviceKeyMismatch = defineRule({
  id: 'dct/device-key-mismatch',
  severity: 'warning',
  title: 'Key pair does not match',
  about: 'The device public key does not belong to the private key.',
  why: 'The two halves come from different boards or writes, so that the private key may not be the one that the cloud has on record.',
  source: 'platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h @ v2.3.1',
  message: (_: FieldEvidence) =>
    'The device public key does not belong to the private key; the firmware derives it again at its next connection.',
  remedy: () => 'Check which of the two belongs to this board before it connects.',
});

export const serverKeyMissing = defineRule({
  id: 'dct/server-key-missing',
  severity: 'warning',
  title: 'Server key missing',
  about: 'The cloud server key is missing; firmware before 0.7.0 has none built in.',
  why: 'Without the public key of the cloud the handshake cannot succeed; from 0.7.0 on the firmware falls back on a built-in one, before it has none.',
  source: 'system/src/system_cloud_internal.cpp @ v2.3.1',
  message: (e: FieldEvidence & { builtIn: boolean }) =>
    e.builtIn
      ? 'The cloud server key is missing; the firmware uses the one built in.'
      : 'The cloud server key is missing, so the handshake with the cloud fails.',
  remedy: () => WRITE_SERVER_KEY,
});

export const serverKeyInvalid = defineRule({
  id: 'dct/server-key-invalid',
  severity: 'error',
  title: 'Server key unusable',
  about: 'The cloud server key is no public key.',
  why: 'The fallback needs a first byte of 0xFF: zeros or other data are used as the key, and the handshake fails.',
  source: 'system/src/system_cloud_internal.cpp @ v2.3.1',
  message: (e: FieldEvidence & { kind: string }) =>
    `The cloud server key is ${e.kind === 'zero' ? 'all zero' : 'no public key'}, so the handshake with the cloud fails.`,
  remedy: () => WRITE_SERVER_KEY,
});

export const serverKeyWrongType = defineRule({
  id: 'dct/server-key-wrong-type',
  severity: 'error',
  title: 'Server key of the wrong type',
  about: 'The cloud server key is the one for another transport than the board uses.',
  why: 'The cloud has an RSA key for TCP and a P-256 key for UDP; each transport can only use its own.',
  source: 'system/src/system_cloud_internal.cpp @ v2.3.1',
  message: (e: FieldEvidence & { kind: string }) => {
    const [has, needs] = e.kind === 'particle-rsa' ? ['TCP (RSA)', 'UDP (EC)'] : ['UDP (EC)', 'TCP (RSA)'];
    return `The cloud server key is the one for ${has}; this board needs the one for ${needs}, so the handshake fails.`;
  },
  remedy: () => WRITE_SERVER_KEY,
});

export const serverKeyOther = defineRule({
  id: 'dct/server-key-other',
  severity: 'warning',
  title: 'Server key of another cloud',
  about: 'The cloud server key is not a key of the Particle cloud.',
  why: 'The board trusts only the holder of this key: a private cloud on purpose, or nobody at all.',
  source: 'system/src/system_cloud_internal.h @ v2.3.1',
  message: (_: FieldEvidence & { fingerprint: string }) =>
    'The cloud server key is not a key of the Particle cloud: the board reaches only the cloud that has its counterpart.',
  remedy: () => WRITE_SERVER_KEY,
});

const ADDRESS_STATES: Readonly<Record<string, string>> = { zero: 'is 0.0.0.0', blank: 'is blank' };

export const serverAddressInvalid = defineRule({
  id: 'dct/server-address-invalid',
  severity: 'error',
  title: 'Server address unusable',
  about: 'The cloud server address cannot be used.',
  why: 'Address type 0 with zeros counts as the IP address 0.0.0.0: the board connects to nothing.',
  source: 'system/src/system_cloud_connection.cpp @ v2.3.1',
  message: (e: FieldEvidence & { state: string }) =>
    `The cloud server address ${ADDRESS_STATES[e.state] ?? 'cannot be used'}.`,
  remedy: () => 'Write the address of the cloud, device.spark.io for Particle, to this field.',
});

export const dctKeyRules = [
  deviceKeyMissing,
  deviceKeyInvalid,
  deviceKeyWrongType,
  deviceKeyMismatch,
  serverKeyMissing,
  serverKeyInvalid,
  serverKeyWrongType,
  serverKeyOther,
  serverAddressInvalid,
] as const;

/** The Electron connects over UDP with the EC keys, unless it was told to use TCP. */
function usesUdp(dct: DctReport): boolean {
  return dct.store === 'electron' && dct.cloudTransport !== 'tcp';
}

export function checkDeviceKey(dct: DctReport): Finding[] {
  const udp = usesUdp(dct);
  const field = udp ? 'alt_device_private_key' : 'device_private_key';
  const kind = udp ? dct.altDevicePrivateKey : dct.devicePrivateKey;
  if (kind === 'blank') return [atField(deviceKeyMissing, dct, field, {})];
  if (kind === 'zero' || kind === 'invalid') {
    const invalid = udp ? 'it cannot be read' : (dct.devicePrivateKeyReason ?? '');
    return [atField(deviceKeyInvalid, dct, field, { kind, reason: kind === 'zero' ? 'it is all zero' : invalid })];
  }
  const expected = udp ? 'ec-p256' : 'rsa-1024';
  if (kind !== expected) return [atField(deviceKeyWrongType, dct, field, { kind: kind ?? '', expected })];
  const relation = udp ? dct.altDevicePublicKey : dct.devicePublicKey;
  if (relation !== 'mismatch') return [];
  return [atField(deviceKeyMismatch, dct, udp ? 'alt_device_public_key' : 'device_public_key', {})];
}

export function checkServer(dct: DctReport): Finding[] {
  const udp = usesUdp(dct);
  const kind = udp ? dct.altServerPublicKey : dct.serverPublicKey;
  const field = udp ? 'alt_server_public_key' : 'server_public_key';
  // From 0.7.0 on the firmware has the server key built in (system_cloud_internal.cpp).
  const builtIn = dct.why.rules !== 'before-0.7.0';
  if (kind === 'blank') {
    return [atField(serverKeyMissing, dct, field, { builtIn }, builtIn ? 'warning' : 'error')];
  }
  if (kind === 'zero' || kind === 'invalid') return [atField(serverKeyInvalid, dct, field, { kind })];
  if (kind === (udp ? 'particle-rsa' : 'particle-ec')) return [atField(serverKeyWrongType, dct, field, { kind })];
  const address = udp ? [] : checkServerAddress(dct, builtIn);
  if (kind !== 'other') return address;
  const fingerprint = (udp ? dct.altServerKeyFingerprint : dct.serverKeyFingerprint) ?? '';
  return [atField(serverKeyOther, dct, field, { fingerprint }), ...address];
}

function checkServerAddress(dct: DctReport, builtIn: boolean): Finding[] {
  const state = dct.serverAddressState ?? 'invalid';
  if (state === 'set' || (state === 'blank' && builtIn)) return [];
  const severity = state === 'zero' ? 'error' : 'warning';
  return [atField(serverAddressInvalid, dct, 'server_address', { state }, severity)];
}
