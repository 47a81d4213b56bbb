/** Rules about option bytes. Write protection that Particle firmware leaves is normal life and only noted. */
import { formatHex } from '../core/bytes.js';
import { type Finding, type Severity, sortFindings } from '../core/finding.js';
import type { Range } from '../core/range.js';
import type { OptionByteLayout } from '../layout/option-bytes.js';
import type { OptionBytes } from '../regions/option-bytes.js';
import { type ConsequenceId, dataSectors, explainOptionBytes } from '../regions/option-consequences.js';
import { defineRule, type Evidence, type Rule, report } from './rule.js';

export interface ProtectionContext {
  readonly layout: OptionByteLayout;
  /** Lowest supply voltage of the board, in volts, when it is known. */
  readonly minimumSupply?: number;
}

/** Margin between the falling and the rising threshold, in volts (DS6329, not checked). */
const HYSTERESIS_VOLTS = 0.1;

/** What every finding about option bytes carries; `text` is the consequence in words, as the region explains it. */
type Explained<E extends Evidence> = E & { optcr: string; text: string };

export const implausible = defineRule({
  id: 'protection/implausible',
  severity: 'warning',
  title: 'Implausible option bytes',
  about: 'The option bytes contradict themselves or the chip.',
  why: 'What the reading says about protection cannot be trusted, and a plan made from it may lock or erase the chip.',
  source: 'RM0033, option bytes',
  message: (e: Explained<{ raw: string }>) => e.text,
  remedy: () => 'Read the option bytes again, with the board powered and the core halted.',
});

type ReadLevel = { level: number; value: string; expected: string };

export const readLevel1 = defineRule({
  id: 'protection/read-level-1',
  severity: 'warning',
  title: 'Read protection level 1',
  about: 'Read protection level 1: a debugger and the ROM boot loader are shut out.',
  why: 'A debugger can neither read nor write the flash, and going back to level 0 erases all of it.',
  source: 'RM0033, read protection',
  message: (e: Explained<ReadLevel>) => e.text,
  remedy: () =>
    'Save what DFU through the Particle bootloader can still read before going back to level 0: it erases everything.',
});

export const readLevel2 = defineRule({
  id: 'protection/read-level-2',
  severity: 'error',
  title: 'Read protection level 2',
  about: 'Read protection level 2: the debug port is closed for good.',
  why: 'It cannot be undone: the debug port and the ROM boot loader are closed for good.',
  source: 'RM0033, read protection',
  message: (e: Explained<ReadLevel>) => e.text,
  remedy: () => 'Update over the air or through the boot loader in flash; nothing else can write this chip any more.',
});

export const brownOut = defineRule({
  id: 'protection/brown-out',
  severity: 'warning',
  title: 'Brown-out level',
  about: 'A brown-out level that the supply may not stay above.',
  why: 'Below the threshold the chip is held in reset: a board on a weak supply never starts and looks dead.',
  source: 'RM0033, option bytes; DS6329, brown-out thresholds',
  message: (e: Explained<{ level: number; thresholdMin: number; thresholdMax: number; supply: string }>) => e.text,
  // Without a known supply only the highest level asks for a measurement.
  remedy: (e) =>
    e.level === 3 || e.supply !== UNKNOWN_SUPPLY
      ? `Measure the supply under load: it must stay above ${supplyNeeded(e.thresholdMax).toFixed(2)} V. Else choose a lower level or off.`
      : undefined,
});

export const hardwareWatchdog = defineRule({
  id: 'protection/hardware-watchdog',
  severity: 'warning',
  title: 'Hardware watchdog',
  about: 'The watchdog runs from reset, before the bootloader can serve it.',
  why: 'The watchdog runs from reset and the bootloader does not serve it before its own setup: a reset loop.',
  source: 'RM0033, independent watchdog, bootloader/src/main.c @ v2.3.1',
  message: (e: Explained<{ field: string; value: number }>) => e.text,
  remedy: () => 'Set WDG_SW to 1; the Particle bootloader does not expect a watchdog that already runs.',
});

export const resetOnStop = defineRule({
  id: 'protection/reset-on-stop',
  severity: 'note',
  title: 'Reset on Stop',
  about: 'Entering Stop mode resets the chip.',
  why: 'A program that uses Stop mode to save power restarts each time instead of waking up.',
  source: 'RM0033, option bytes',
  message: (e: Explained<{ field: string; value: number }>) => e.text,
});

export const resetOnStandby = defineRule({
  id: 'protection/reset-on-standby',
  severity: 'note',
  title: 'Reset on Standby',
  about: 'Entering Standby mode resets the chip.',
  why: 'A program that uses Standby mode restarts at once instead of sleeping.',
  source: 'RM0033, option bytes',
  message: (e: Explained<{ field: string; value: number }>) => e.text,
});

export const writeProtected = defineRule({
  id: 'protection/write-protected',
  severity: 'note',
  title: 'Write-protected sectors',
  about: 'Sectors are write protected.',
  why: 'Writing them over SWD fails until the protection is taken away; DFU through the Particle bootloader takes it away by itself.',
  source: 'RM0033, write protection, hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v1.4.4',
  message: (e: Explained<{ nwrp: string; sectors: string; leftByParticleFirmware: boolean }>) => e.text,
});

export const dataSectorsProtected = defineRule({
  id: 'protection/data-sectors-protected',
  severity: 'warning',
  title: 'Protected data sectors',
  about: 'Sectors that firmware writes while it runs are write protected.',
  why: 'Firmware stores networks, keys and EEPROM values there and cannot any more: every write fails.',
  source: 'RM0033, write protection',
  message: (e: Explained<{ sectors: string }>) => e.text,
  remedy: () => 'Clear the write protection of these sectors.',
});

export const protectionRules = [
  implausible,
  readLevel1,
  readLevel2,
  brownOut,
  hardwareWatchdog,
  resetOnStop,
  resetOnStandby,
  writeProtected,
  dataSectorsProtected,
] as const;

const UNKNOWN_SUPPLY = 'unknown';

/** Volts a supply must stay above so that the reset at this threshold is always left again. */
function supplyNeeded(thresholdMax: number): number {
  return thresholdMax + HYSTERESIS_VOLTS;
}

/** Makes the finding of a rule about these option bytes. */
type Say = <E extends Evidence>(
  rule: Rule<Explained<E>>,
  about: ConsequenceId,
  evidence: E,
  severity?: Severity,
) => Finding;

/** All findings, in address order; they lie at the register or in option memory, where the bytes came from. */
export function checkProtection(bytes: OptionBytes, context: ProtectionContext): Finding[] {
  const { register, memory } = context.layout;
  const place: Range =
    bytes.source === 'register'
      ? { start: register.address, end: register.address + 4 }
      : { start: memory.start, end: memory.start + memory.size };
  const optcr = formatHex(bytes.optcr, 8);
  const doubt = bytes.doubts[0];
  if (doubt !== undefined) {
    return [report(implausible, place, { optcr, raw: formatHex(bytes.raw, 8), text: doubt })];
  }
  const texts = new Map<ConsequenceId, string>(explainOptionBytes(bytes).map(({ id, text }) => [id, text]));
  const say: Say = (rule, about, evidence, severity) =>
    report(rule, place, { optcr, ...evidence, text: texts.get(about) ?? rule.about }, { severity });
  return sortFindings([
    ...checkReadProtection(bytes, say),
    ...checkBrownOut(bytes, context.minimumSupply, say),
    ...checkResets(bytes, say),
    ...checkWriteProtection(bytes, say),
  ]);
}

function checkReadProtection({ readProtection: { level, value } }: OptionBytes, say: Say): Finding[] {
  if (level === 0) return [];
  const evidence = { level, value: formatHex(value, 2), expected: '0xAA' };
  return [say(level === 2 ? readLevel2 : readLevel1, 'read-protection', evidence)];
}

function checkBrownOut(
  { brownOut: { level, falling } }: OptionBytes,
  minimum: number | undefined,
  say: Say,
): Finding[] {
  if (level === 0) return [];
  if (minimum !== undefined && minimum >= supplyNeeded(falling.max)) return [];
  const supply = minimum === undefined ? UNKNOWN_SUPPLY : `${minimum} V`;
  const severity = level === 3 || minimum !== undefined ? 'warning' : 'note';
  const evidence = { level, thresholdMin: falling.min, thresholdMax: falling.max, supply };
  return [say(brownOut, 'brown-out', evidence, severity)];
}

function checkResets(bytes: OptionBytes, say: Say): Finding[] {
  const found: Finding[] = [];
  if (bytes.watchdog === 'hardware') found.push(say(hardwareWatchdog, 'watchdog', { field: 'WDG_SW', value: 0 }));
  if (bytes.resetOnStop) found.push(say(resetOnStop, 'reset-on-stop', { field: 'nRST_STOP', value: 0 }));
  if (bytes.resetOnStandby) found.push(say(resetOnStandby, 'reset-on-standby', { field: 'nRST_STDBY', value: 0 }));
  return found;
}

function checkWriteProtection(bytes: OptionBytes, say: Say): Finding[] {
  const found: Finding[] = [];
  const shut = bytes.sectors.filter((sector) => sector.protected);
  if (shut.length > 0) {
    const sectors = shut.map((sector) => sector.number).join(', ');
    const evidence = { nwrp: formatHex(bytes.nwrp, 3), sectors, leftByParticleFirmware: bytes.pattern !== null };
    found.push(say(writeProtected, 'write-protection', evidence));
  }
  const data = dataSectors(bytes);
  if (data.length > 0) {
    const sectors = data.map((sector) => sector.number).join(', ');
    found.push(say(dataSectorsProtected, 'data-sectors', { sectors }));
  }
  return found;
}
