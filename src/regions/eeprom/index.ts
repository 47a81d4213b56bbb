/** The emulated EEPROM of Particle boards: decode, replay, build. */
export { buildEeprom, type EepromBuildOptions } from './build.js';
export { decodeEeprom, type Eeprom, type EepromCoverage, type EepromInput, logicalBytes } from './decode.js';
export type { Authorship } from './generation.js';
export type { Interruption, InterruptionKind } from './interruptions.js';
export {
  CAPACITY,
  CAPACITY_0_5_0,
  type EepromPage,
  type Generation,
  type LegacyPageState,
  PAGE1_ADDRESS,
  PAGE1_BYTES,
  PAGE2_ADDRESS,
  PAGE2_BYTES,
  PARKED_MODULE,
  type PageContent,
  type PageNumber,
  type PageState,
  parkedModuleLength,
} from './pages.js';
export type { EndReason, ListEnd, Reading } from './read.js';
export type { EepromRecord } from './records.js';
export type { Recovery, RecoverySource } from './recover.js';
export type { StartUp, StartUpOutcome } from './start-up.js';
export {
  type EepromOperation,
  type EepromStep,
  type EepromWriteOptions,
  type EepromWriteResult,
  type StepResult,
  writeEeprom,
} from './write.js';
