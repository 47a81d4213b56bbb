/**
 * Findings about the DCT: what keeps a board from starting its application's connection, and what its next start will do
 * because of the table. A superseded second copy is normal life and no finding.
 */
import { formatAddress } from '../core/bytes.js';
import type { Finding, Severity } from '../core/finding.js';
import { type Range, rangeOf } from '../core/range.js';
import type { DctReport } from '../regions/dct/decode.js';
import { DCT_COPY_BYTES, dctField, dctSection } from '../regions/dct/table.js';

type Evidence = Finding['evidence'];

interface Statement {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly evidence?: Evidence;
  readonly remedy?: string;
}

/** Judges a decoded DCT. Sectors the image does not hold are not judged. */
export function dctFindings(report: DctReport): Finding[] {
  if (report.copies.every((state) => state === 'absent')) return [];
  if (report.current === null) return report.copies.includes('absent') ? [] : [noUsableCopy(report)];
  return [
    ...copyFindings(report),
    ...deviceKeyFindings(report),
    ...serverFindings(report),
    ...pendingFindings(report),
    ...wifiFindings(report),
  ];
}

/** The way back to a board the cloud knows, for boards without a backup. */
const NEW_KEYS =
  'let the board start once, put it into DFU mode (blinking yellow) and run "particle keys doctor DEVICE_ID", which makes a key pair, sends its public half to the cloud and writes the server key';

function noUsableCopy(report: DctReport): Finding {
  const [first, second] = report.details;
  const start = Math.min(first.address, second.address);
  const state = report.copies.every((copy) => copy === 'erased') ? 'both erased' : report.copies.join(' and ');
  const electron = report.store === 'electron';
  // From 0.7.0 on the firmware has the server key built in (system_cloud_internal.cpp); before, it has none to fall back on.
  const serverKey = report.why.rules === 'before-0.7.0' ? ', and no server key either' : '';
  const listening = electron
    ? ''
    : ' Without Wi-Fi credentials it waits in listening mode (LED blinks blue); once it has them, the cloud does not know its new key';
  const led = electron
    ? ' The cloud does not know its new key: the LED blinks cyan with red flashes.'
    : `${listening}${serverKey}: the LED blinks cyan with red flashes.`;
  return {
    rule: 'dct/no-usable-copy',
    severity: 'error',
    message: `No device key, no claim, no credentials: neither DCT copy is usable (${state}). The board starts, and the firmware writes an empty table into copy 1 and makes a new device key.${led}`,
    start,
    end: Math.max(first.address, second.address) + DCT_COPY_BYTES,
    region: 'dct1',
    evidence: { copy1: report.copies[0], copy2: report.copies[1], rule: report.why.rule, rules: report.why.rules },
    remedy: `Write both DCT sectors (${formatAddress(first.address)} and ${formatAddress(second.address)}) from a backup of this board: nothing else is needed. Without one, ${NEW_KEYS}${electron ? '' : '; then set up Wi-Fi'}.`,
  };
}

/** Address range of a field in the current copy. */
function fieldRange(report: DctReport, key: string): Range {
  const field = dctField(key);
  const copy = report.details[(report.current ?? 1) - 1];
  const section = dctSection(report.store, field.section);
  return rangeOf((copy?.address ?? 0) + section.offset + field.offset, field.size);
}

function atField(report: DctReport, key: string, statement: Statement): Finding {
  return {
    ...statement,
    ...fieldRange(report, key),
    region: `dct${report.current ?? 1}`,
    evidence: { field: key, copy: report.current ?? 0, ...statement.evidence },
  };
}

function atCopy(report: DctReport, number: 1 | 2, statement: Statement): Finding {
  const start = report.details[number - 1]?.address ?? 0;
  return {
    ...statement,
    ...rangeOf(start, DCT_COPY_BYTES),
    region: `dct${number}`,
    evidence: { copy: number, ...statement.evidence },
  };
}

function copyFindings(report: DctReport): Finding[] {
  const findings: Finding[] = [];
  const current = report.current ?? 1;
  if (report.disagreement) {
    const { before070, from070 } = report.disagreement;
    findings.push(
      atCopy(report, current, {
        rule: 'dct/rules-disagree',
        severity: 'warning',
        message: `Firmware before 0.7.0 would use ${copyName(before070.current)}, firmware from 0.7.0 ${copyName(from070.current)}.`,
        evidence: { before070: copyName(before070.current), from070: copyName(from070.current) },
        remedy: 'Say which firmware is on the board, or erase the copy that is not wanted.',
      }),
    );
  }
  const other = current === 1 ? 2 : 1;
  if (report.copies[other - 1] === 'write-incomplete') {
    findings.push(
      atCopy(report, other, {
        rule: 'dct/write-interrupted',
        severity: 'note',
        message: `A write to copy ${other} was interrupted; the firmware goes on with copy ${current}, which holds the values before it.`,
      }),
    );
  }
  if (report.crc === 'bad') findings.push(...checkValueFindings(report, current, other));
  return findings;
}

function checkValueFindings(report: DctReport, current: 1 | 2, other: 1 | 2): Finding[] {
  // Code before 0.7.0 copies an old version record along, so there a wrong check value means nothing.
  if (report.why.rules === 'before-0.7.0') return [];
  const alone = report.copies[other - 1] === 'erased';
  return [
    atCopy(report, current, {
      rule: 'dct/check-value-bad',
      severity: alone ? 'note' : 'warning',
      message: alone
        ? `The check value of DCT copy ${current} is wrong; firmware before 0.7.0 leaves it so, and the only copy is used anyway.`
        : `The check value of DCT copy ${current} is wrong: the copy was changed without it, or is damaged.`,
      evidence: { sequence: report.sequence ?? -1 },
      ...(alone
        ? {}
        : { remedy: 'Compare the copy with a backup; recompute the check value when its content is right.' }),
    }),
  ];
}

function copyName(current: 1 | 2 | null): string {
  return current === null ? 'no copy' : `copy ${current}`;
}

/** The Electron connects over UDP with the EC keys, unless it was told to use TCP. */
function usesUdp(report: DctReport): boolean {
  return report.store === 'electron' && report.cloudTransport !== 'tcp';
}

function deviceKeyFindings(report: DctReport): Finding[] {
  const udp = usesUdp(report);
  const key = udp ? 'alt_device_private_key' : 'device_private_key';
  const kind = udp ? report.altDevicePrivateKey : report.devicePrivateKey;
  const relation = udp ? report.altDevicePublicKey : report.devicePublicKey;
  const remedy = `Put the key of this board back from a backup. Without one, ${NEW_KEYS}.`;
  if (kind === 'blank') {
    const message =
      'The device private key is missing: the firmware generates a new one, which the cloud does not know and refuses (LED: cyan with red flashes).';
    return [atField(report, key, { rule: 'dct/device-key-missing', severity: 'error', message, remedy })];
  }
  if (kind === 'zero' || kind === 'invalid') {
    const reason =
      kind === 'zero' ? 'it is all zero' : udp ? 'it cannot be read' : (report.devicePrivateKeyReason ?? '');
    const message = `The device private key is unusable (${reason}); the firmware does not replace it, and the handshake with the cloud fails.`;
    return [
      atField(report, key, { rule: 'dct/device-key-invalid', severity: 'error', message, evidence: { kind }, remedy }),
    ];
  }
  const expected = udp ? 'ec-p256' : 'rsa-1024';
  if (kind !== expected) {
    const message = `The device private key is of type ${kind}; this board uses ${expected}, so the handshake with the cloud fails.`;
    const evidence = { kind: kind ?? '', expected };
    return [atField(report, key, { rule: 'dct/device-key-wrong-type', severity: 'error', message, evidence, remedy })];
  }
  if (relation !== 'mismatch') return [];
  return [
    atField(report, udp ? 'alt_device_public_key' : 'device_public_key', {
      rule: 'dct/device-key-mismatch',
      severity: 'warning',
      message:
        'The device public key does not belong to the private key; the firmware derives it again at its next connection.',
      remedy: 'Check which of the two belongs to this board before it connects.',
    }),
  ];
}

function serverFindings(report: DctReport): Finding[] {
  const udp = usesUdp(report);
  const kind = udp ? report.altServerPublicKey : report.serverPublicKey;
  const key = udp ? 'alt_server_public_key' : 'server_public_key';
  const builtIn = report.why.rules !== 'before-0.7.0';
  const remedy = 'Write the public key of the cloud to this field.';
  if (kind === 'blank') {
    const message = builtIn
      ? 'The cloud server key is missing; the firmware uses the one built in.'
      : 'The cloud server key is missing, so the handshake with the cloud fails.';
    const severity = builtIn ? 'warning' : 'error';
    return [atField(report, key, { rule: 'dct/server-key-missing', severity, message, remedy })];
  }
  if (kind === 'zero' || kind === 'invalid') {
    const message = `The cloud server key is ${kind === 'zero' ? 'all zero' : 'no public key'}, so the handshake with the cloud fails.`;
    return [
      atField(report, key, { rule: 'dct/server-key-invalid', severity: 'error', message, evidence: { kind }, remedy }),
    ];
  }
  if (kind === (udp ? 'particle-rsa' : 'particle-ec')) {
    const [has, needs] = udp ? ['TCP (RSA)', 'UDP (EC)'] : ['UDP (EC)', 'TCP (RSA)'];
    const message = `The cloud server key is the one for ${has}; this board needs the one for ${needs}, so the handshake fails.`;
    return [
      atField(report, key, {
        rule: 'dct/server-key-wrong-type',
        severity: 'error',
        message,
        evidence: { kind },
        remedy,
      }),
    ];
  }
  const findings = udp ? [] : addressFindings(report, builtIn);
  if (kind !== 'other') return findings;
  const message =
    'The cloud server key is not a key of the Particle cloud: the board reaches only the cloud that has its counterpart.';
  const evidence = { fingerprint: (udp ? report.altServerKeyFingerprint : report.serverKeyFingerprint) ?? '' };
  return [
    atField(report, key, { rule: 'dct/server-key-other', severity: 'warning', message, evidence, remedy }),
    ...findings,
  ];
}

function addressFindings(report: DctReport, builtIn: boolean): Finding[] {
  const state = report.serverAddressState;
  if (state === 'set' || (state === 'blank' && builtIn)) return [];
  const what = state === 'zero' ? 'is 0.0.0.0' : state === 'blank' ? 'is blank' : 'cannot be used';
  return [
    atField(report, 'server_address', {
      rule: 'dct/server-address-invalid',
      severity: state === 'zero' ? 'error' : 'warning',
      message: `The cloud server address ${what}.`,
      evidence: { state: state ?? 'blank' },
      remedy: 'Write the address of the cloud, device.spark.io for Particle, to this field.',
    }),
  ];
}

function pendingFindings(report: DctReport): Finding[] {
  const findings: Finding[] = [];
  for (const { slot, source, destination, length, function: kind } of report.pendingSlots ?? []) {
    findings.push(
      atField(report, 'flash_modules', {
        rule: 'dct/pending-slot',
        severity: 'warning',
        message: `An update is pending in slot ${slot}: the bootloader copies a ${kind} of ${length} bytes at the next reset.`,
        evidence: { slot, source, destination, length, function: kind },
        remedy: 'Free the slot (magic 0xFFFF) unless the update is wanted.',
      }),
    );
  }
  if (report.otaUpdate) {
    findings.push(
      atField(report, 'ota_update_flag', {
        rule: 'dct/ota-flag-set',
        severity: 'warning',
        message: 'The update flag is set: the firmware installs the module in the OTA region at its next start.',
        remedy: 'Clear the flag (0xFF) unless the update is wanted.',
      }),
    );
  }
  if (report.factoryResetRequested && report.why.rules === 'before-0.7.0') {
    findings.push(
      atField(report, 'system_flags', {
        rule: 'dct/factory-reset-requested',
        severity: 'warning',
        message: 'A factory reset is requested: the bootloader restores the factory application at the next reset.',
        remedy: 'Clear the request unless the reset is wanted.',
      }),
    );
  }
  return findings;
}

function wifiFindings(report: DctReport): Finding[] {
  if (!report.wifi || report.wifi.hasCredentials) return [];
  return [
    atField(report, 'wifi.stored_ap_list', {
      rule: 'dct/no-credentials',
      severity: 'warning',
      message: 'No Wi-Fi network is stored: the board goes to listening mode (LED blinks blue) instead of connecting.',
      evidence: { configured: report.wifi.configured },
      remedy: 'Set the network up in listening mode, or write it to the DCT.',
    }),
  ];
}
