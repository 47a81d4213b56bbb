/**
 * Rules about the DCT: what keeps a board from starting its application's connection, and what its next start will do
 * because of the table. A superseded second copy is normal life and no finding.
 */
import { formatAddress } from '../core/bytes.js';
import type { Finding, Severity } from '../core/finding.js';
import { rangeOf } from '../core/range.js';
import { bytesWords } from '../core/words.js';
import type { DctReport } from '../regions/dct/decode.js';
import { DCT_COPY_BYTES } from '../regions/dct/table.js';
import { atField, checkDeviceKey, checkServer, dctKeyRules, type FieldEvidence, NEW_KEYS } from './dct-keys.js';
import { defineRule, type Evidence, type Rule, report } from './rule.js';

type CopyEvidence = { copy: number };

type UnusableCopies = {
  copy1: string;
  copy2: string;
  rule: number;
  rules: string;
  store: string;
  /** False when the bootloader or a system part is missing. */
  starts: boolean;
  address1: string;
  address2: string;
  /** `copy 1 at 0x08004000 still holds the device private key`; empty when there is nothing to save. */
  kept: string;
};

/** What the LED shows once the firmware has made an empty table. */
function ledWithoutTable(e: UnusableCopies): string {
  if (e.store === 'electron') {
    return ' The cloud does not know its new key: the LED blinks cyan with red flashes.';
  }
  // From 0.7.0 on the firmware has the server key built in (system_cloud_internal.cpp); before, it has none to fall back on.
  const serverKey = e.rules === 'before-0.7.0' ? ', and no server key either' : '';
  return ` Without Wi-Fi credentials it waits in listening mode (LED blinks blue); once it has them, the cloud does not know its new key${serverKey}: the LED blinks cyan with red flashes.`;
}

/** What is still there survives only as long as no firmware looks at it: the bootloader reads the table by the same rules. */
function saveFirst(e: UnusableCopies): string {
  return `Do not power the board up and do not let it run, not even in DFU mode. First save both sectors (${e.address1} and ${e.address2}) over SWD, or keep this file if it was read from the board: "flashatlas dct show --copy N" shows what a copy holds, "flashatlas dct get --copy N --show-secrets -o KEY_FILE FILE device_private_key" takes out its key. Then write both sectors from a backup, or the copy with its header repaired.`;
}

export const noUsableCopy = defineRule({
  id: 'dct/no-usable-copy',
  severity: 'error',
  title: 'No usable DCT copy',
  about: 'Neither DCT copy is usable, so that the firmware starts with an empty table.',
  why: 'The firmware formats both sectors: device key, claim, Wi-Fi networks and server address are gone, and the cloud refuses the key that it makes.',
  source: 'wiced_dct_internal_common.o in hal/src/photon/lib/FreeRTOS/STM32F2xx.a',
  message: (e: UnusableCopies) => {
    const state = e.copy1 === 'erased' && e.copy2 === 'erased' ? 'both erased' : `${e.copy1} and ${e.copy2}`;
    if (e.kept) {
      return `Neither DCT copy is usable (${state}), but not all is lost: ${e.kept}. Once the board runs, the firmware writes an empty table and erases what is there.`;
    }
    const starts = e.starts
      ? 'The board starts, and the firmware'
      : 'The board does not start, because modules are missing; once it has them, the firmware';
    const empty = e.store === 'electron' ? 'starts an empty table' : 'writes an empty table into copy 1';
    return `No device key, no claim, no credentials: neither DCT copy is usable (${state}). ${starts} ${empty} and makes a new device key.${ledWithoutTable(e)}`;
  },
  remedy: (e) => {
    if (e.kept) return saveFirst(e);
    const first = e.starts ? '' : 'Flash the missing modules first. ';
    const last = e.store === 'electron' ? '' : '; then set up Wi-Fi';
    return `${first}Write both DCT sectors (${e.address1} and ${e.address2}) from a backup of this board: nothing else is needed. Without one, ${NEW_KEYS}${last}.`;
  },
});

export const rulesDisagree = defineRule({
  id: 'dct/rules-disagree',
  severity: 'warning',
  title: 'Firmware generations choose different copies',
  about: 'Firmware before and from 0.7.0 would use different copies.',
  why: 'Before 0.7.0 the newer copy is chosen by flags, from 0.7.0 on by version record and sequence: after an update or a downgrade the board may go on with old keys and networks.',
  source: 'wiced_dct_internal_common.o of 0.6.4 and 0.7.0',
  message: (e: CopyEvidence & { before070: string; from070: string }) =>
    `Firmware before 0.7.0 would use ${e.before070}, firmware from 0.7.0 ${e.from070}.`,
  remedy: () => 'Say which firmware is on the board, or erase the copy that is not wanted.',
});

export const writeInterrupted = defineRule({
  id: 'dct/write-interrupted',
  severity: 'note',
  title: 'Interrupted write',
  about: 'A write to the other copy was interrupted, and the values before it count.',
  why: 'The last change was lost with the power, for example a network that was being stored.',
  source: 'wiced_dct_internal_common.o in hal/src/photon/lib/FreeRTOS/STM32F2xx.a',
  message: (e: CopyEvidence & { current: number }) =>
    `A write to copy ${e.copy} was interrupted; the firmware goes on with copy ${e.current}, which holds the values before it.`,
});

export const checkValueBad = defineRule({
  id: 'dct/check-value-bad',
  severity: 'warning',
  title: 'Wrong check value',
  about: 'The check value of the current copy is wrong.',
  why: 'When both copies are candidates, the one with a wrong check value loses, and older values count.',
  source: 'wiced_dct_internal_common.o in hal/src/photon/lib/FreeRTOS/STM32F2xx.a',
  message: (e: CopyEvidence & { sequence: number; onlyCopy: boolean }) =>
    e.onlyCopy
      ? `The check value of DCT copy ${e.copy} is wrong; firmware before 0.7.0 leaves it so, and the only copy is used anyway.`
      : `The check value of DCT copy ${e.copy} is wrong: the copy was changed without it, or is damaged.`,
  remedy: (e) =>
    e.onlyCopy ? undefined : 'Compare the copy with a backup; recompute the check value when its content is right.',
});

type SlotEvidence = { slot: number; source: number; destination: number; length: number; function: string };

export const pendingSlot = defineRule({
  id: 'dct/pending-slot',
  severity: 'warning',
  title: 'Update pending',
  about: 'The bootloader copies a module at the next reset.',
  why: 'At the next reset the bootloader erases the destination and copies the source over it, without asking again.',
  source: 'FLASH_UpdateModules in flash_mal.c @ v2.3.1',
  message: (e: FieldEvidence & SlotEvidence) =>
    `An update is pending in slot ${e.slot} (${e.function.replaceAll('-', ' ')}): at the next reset the bootloader copies ${bytesWords(e.length)} to ${formatAddress(e.destination)}, if it finds them valid.`,
  remedy: () => 'Free the slot (magic 0xFFFF) unless the update is wanted.',
});

export const otaFlagSet = defineRule({
  id: 'dct/ota-flag-set',
  severity: 'warning',
  title: 'Update flag set',
  about: 'The firmware installs the module in the OTA region at its next start.',
  why: 'At its next start the firmware installs whatever valid module lies in the OTA region.',
  source: 'platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h, system firmware from 1.2.1-rc.3 on',
  message: (_: FieldEvidence) =>
    'The update flag is set: at its next start the firmware installs the module in the OTA region, if it finds it valid.',
  remedy: () => 'Clear the flag (0xFF) unless the update is wanted.',
});

export const factoryResetRequested = defineRule({
  id: 'dct/factory-reset-requested',
  severity: 'warning',
  title: 'Factory reset requested',
  about: 'The bootloader restores the factory application at the next reset.',
  why: 'The bootloader replaces the application by the factory copy at the next reset.',
  source: 'bootloader/src/main.c @ v0.6.4',
  message: (_: FieldEvidence) =>
    'A factory reset is requested: the bootloader restores the factory application at the next reset.',
  remedy: () => 'Clear the request unless the reset is wanted.',
});

export const noCredentials = defineRule({
  id: 'dct/no-credentials',
  severity: 'warning',
  title: 'No Wi-Fi credentials',
  about: 'No Wi-Fi network is stored.',
  why: 'The application does run, but the board opens its setup network instead of connecting: people take this for a user part that does not start.',
  source: 'hal/src/photon/wlan_hal.cpp @ v2.3.1',
  message: (_: FieldEvidence & { configured: boolean }) =>
    'No Wi-Fi network is stored: the board goes to listening mode (LED blinks blue) instead of connecting.',
  remedy: () => 'Set the network up in listening mode, or write it to the DCT.',
});

export const dctRules = [
  noUsableCopy,
  rulesDisagree,
  writeInterrupted,
  checkValueBad,
  pendingSlot,
  otaFlagSet,
  factoryResetRequested,
  noCredentials,
  ...dctKeyRules,
] as const;

/**
 * Judges a decoded DCT. Sectors the image does not hold are not judged.
 * @param starts False when the bootloader or a system part is missing.
 */
export function dctFindings(dct: DctReport, starts = true): Finding[] {
  if (dct.copies.every((state) => state === 'absent')) return [];
  if (dct.current === null) return dct.copies.includes('absent') ? [] : [reportNoUsableCopy(dct, starts)];
  return [
    ...checkCopies(dct, dct.current),
    ...checkDeviceKey(dct),
    ...checkServer(dct),
    ...checkPending(dct),
    ...checkWifi(dct),
  ];
}

function reportNoUsableCopy({ details, copies, why, store }: DctReport, starts: boolean): Finding {
  const [first, second] = details;
  const start = Math.min(first.address, second.address);
  const end = Math.max(first.address, second.address) + DCT_COPY_BYTES;
  const addresses = { address1: formatAddress(first.address), address2: formatAddress(second.address) };
  const evidence = {
    copy1: copies[0],
    copy2: copies[1],
    rule: why.rule,
    rules: why.rules,
    store,
    starts,
    ...addresses,
    kept: keptWords(details),
  };
  return report(noUsableCopy, { start, end }, evidence, { region: 'dct1' });
}

function keptWords(details: DctReport['details']): string {
  return details
    .filter(({ kept }) => kept.length > 0)
    .map(({ number, address, kept }) => {
      const last = kept.length > 1 ? ` and ${kept.at(-1)}` : '';
      const others = kept.length > 1 ? kept.slice(0, -1) : kept;
      return `copy ${number} at ${formatAddress(address)} still holds ${others.join(', ')}${last}`;
    })
    .join('; ');
}

/** A finding about one whole copy. */
function atCopy<E extends Evidence>(
  rule: Rule<E & CopyEvidence>,
  dct: DctReport,
  copy: 1 | 2,
  evidence: E,
  severity?: Severity,
): Finding {
  const place = rangeOf(dct.details[copy - 1]?.address ?? 0, DCT_COPY_BYTES);
  return report(rule, place, { copy, ...evidence }, { region: `dct${copy}`, severity });
}

function checkCopies(dct: DctReport, current: 1 | 2): Finding[] {
  const findings: Finding[] = [];
  if (dct.disagreement) {
    const { before070, from070 } = dct.disagreement;
    const evidence = { before070: copyName(before070.current), from070: copyName(from070.current) };
    findings.push(atCopy(rulesDisagree, dct, current, evidence));
  }
  const other = current === 1 ? 2 : 1;
  if (dct.copies[other - 1] === 'write-incomplete') findings.push(atCopy(writeInterrupted, dct, other, { current }));
  // Code before 0.7.0 copies an old version record along, so there a wrong check value means nothing.
  if (dct.crc === 'bad' && dct.why.rules !== 'before-0.7.0') {
    const onlyCopy = dct.copies[other - 1] === 'erased';
    const evidence = { sequence: dct.sequence ?? -1, onlyCopy };
    findings.push(atCopy(checkValueBad, dct, current, evidence, onlyCopy ? 'note' : 'warning'));
  }
  return findings;
}

function copyName(current: 1 | 2 | null): string {
  return current === null ? 'no copy' : `copy ${current}`;
}

function checkPending(dct: DctReport): Finding[] {
  const findings: Finding[] = [];
  for (const { slot, source, destination, length, function: kind } of dct.pendingSlots ?? []) {
    findings.push(atField(pendingSlot, dct, 'flash_modules', { slot, source, destination, length, function: kind }));
  }
  if (dct.otaUpdate) findings.push(atField(otaFlagSet, dct, 'ota_update_flag', {}));
  if (dct.factoryResetRequested && dct.why.rules === 'before-0.7.0') {
    findings.push(atField(factoryResetRequested, dct, 'system_flags', {}));
  }
  return findings;
}

function checkWifi(dct: DctReport): Finding[] {
  if (!dct.wifi || dct.wifi.hasCredentials) return [];
  return [atField(noCredentials, dct, 'wifi.stored_ap_list', { configured: dct.wifi.configured })];
}
