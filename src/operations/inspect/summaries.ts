/** Decoded regions in the shape of the JSON contract. */
import type { AcquisitionReport } from '../../regions/acquisition/index.js';
import type { DctReport } from '../../regions/dct/decode.js';
import type { DctValues } from '../../regions/dct/report.js';
import type { Eeprom } from '../../regions/eeprom/index.js';
import type { OptionBytes } from '../../regions/option-bytes.js';
import { explainOptionBytes } from '../../regions/option-consequences.js';
import type { Otp, UniqueId } from '../../regions/otp.js';

export type DctSummary = ReturnType<typeof summariseDct>;
export type DctSectionSummary = ReturnType<typeof summariseDctSection>;
export type EepromSummary = ReturnType<typeof summariseEeprom>;
export type OptionBytesSummary = ReturnType<typeof summariseOptionBytes>;
export type AcquisitionSummary = ReturnType<typeof summariseAcquisition>;

/** What a board without a usable copy has: everything blank, nothing claimed. */
export function summariseDct(dct: DctReport) {
  return {
    current: dct.current,
    copies: dct.copies,
    format: dct.format,
    crc: dct.crc,
    sequence: dct.sequence,
    why: dct.why,
    disagreement: dct.disagreement
      ? { before070: dct.disagreement.before070.current, from070: dct.disagreement.from070.current }
      : null,
    store: dct.store,
    devicePrivateKey: dct.devicePrivateKey ?? 'blank',
    devicePrivateKeyReason: dct.devicePrivateKeyReason,
    devicePublicKey: dct.devicePublicKey ?? 'blank',
    deviceKeyFingerprint: dct.deviceKeyFingerprint,
    serverPublicKey: dct.serverPublicKey ?? 'blank',
    serverKeyFingerprint: dct.serverKeyFingerprint,
    serverAddress: dct.serverAddress,
    serverPort: dct.serverPort,
    altDevicePrivateKey: dct.altDevicePrivateKey ?? 'blank',
    altDevicePublicKey: dct.altDevicePublicKey ?? 'blank',
    altServerPublicKey: dct.altServerPublicKey ?? 'blank',
    altServerAddress: dct.altServerAddress,
    altServerPort: dct.altServerPort,
    claimed: dct.claimed ?? false,
    claimCode: dct.claimCode ?? false,
    ssidPrefix: dct.ssidPrefix,
    deviceCode: dct.deviceCode,
    deviceId: dct.deviceId,
    deviceSecret: dct.deviceSecret ?? false,
    versionString: dct.versionString,
    productId: dct.productId,
    productVersion: dct.productVersion,
    country: dct.country,
    antenna: dct.antenna,
    wifi: dct.wifi ?? { configured: false, hasCredentials: false, networks: [] },
    moduleSlots: dct.moduleSlots ?? [],
    otaUpdate: dct.otaUpdate ?? false,
    factoryResetRequested: dct.factoryResetRequested ?? false,
    ipConfig: dct.ipConfig,
    enterprise: dct.enterprise,
    fields: dct.fields ?? {},
    staleFields: staleFields(dct),
    kept: dct.details.map(({ kept }) => kept),
  };
}

/** What an application section says; it has no Wi-Fi networks and no copies. */
export function summariseDctSection({ pendingSlots, ...values }: DctValues) {
  return values;
}

/** Fields of the superseded copy: it may still hold old credentials. */
function staleFields(dct: DctReport) {
  const stale = dct.details.find((copy) => copy.number !== dct.current && copy.values);
  return stale?.values?.fields ?? null;
}

export function summariseEeprom(eeprom: Eeprom) {
  return {
    format: eeprom.format,
    activePage: eeprom.activePage,
    page1: eeprom.page1.state,
    page2: eeprom.page2.state,
    records: eeprom.records.length,
    values: Object.fromEntries(eeprom.values),
    activeReason: eeprom.activeReason,
    page1Content: eeprom.page1.content,
    page2Content: eeprom.page2.content,
    listEnd: eeprom.end ? { reason: eeprom.end.reason, address: eeprom.end.address } : null,
    startUp: eeprom.startUp[eeprom.format ?? 'current'],
    interruptions: eeprom.interruptions,
    olderRecords: [...eeprom.history.values()].reduce((total, records) => total + records.length, 0),
    recoverable: eeprom.recovered.length,
  };
}

export interface PendingUpdate {
  readonly slot: number;
  readonly source: number;
  readonly destination: number;
  readonly length: number;
  readonly function: string;
}

/** The first copy the bootloader will make at the next reset. */
export function pendingUpdateOf(dct: DctReport): PendingUpdate | null {
  const slot = dct.pendingSlots?.[0];
  if (!slot) return null;
  const { slot: number, source, destination, length, function: kind } = slot;
  return { slot: number, source, destination, length, function: kind };
}

export function summariseOptionBytes(bytes: OptionBytes) {
  return {
    source: bytes.source,
    optcr: `0x${bytes.optcr.toString(16).toUpperCase().padStart(8, '0')}`,
    readProtection: bytes.readProtection,
    brownOut: bytes.brownOut,
    watchdog: bytes.watchdog,
    resetOnStop: bytes.resetOnStop,
    resetOnStandby: bytes.resetOnStandby,
    nwrp: `0x${bytes.nwrp.toString(16).toUpperCase().padStart(3, '0')}`,
    sectors: bytes.sectors.map(({ number, protected: isProtected, regions }) => ({
      number,
      protected: isProtected,
      regions,
    })),
    pattern: bytes.pattern,
    complement: bytes.complement,
    doubts: bytes.doubts,
    consequences: explainOptionBytes(bytes),
  };
}

export function summariseAcquisition(report: AcquisitionReport, judged: boolean) {
  return {
    transform: report.transform,
    repeat: report.repeat ? { period: report.repeat.period } : null,
    stuck: report.stuck,
    readProtected: report.readProtected,
    truncated: report.truncated,
    blank: report.blank,
    shortBy: report.shortBy,
    longBy: report.longBy,
    oddOffset: report.oddOffset,
    gluedModules: report.gluedModules,
    droppedChunks: report.droppedChunks,
    /** False when the content says nothing about the board, so that nothing else was judged. */
    judged,
    sentences: report.sentences,
  };
}

export interface IdentitySummary {
  readonly deviceId: string | null;
  readonly otp: Otp | null;
  readonly uniqueId: UniqueId | null;
  readonly flashSizeKiB: number | null;
}
