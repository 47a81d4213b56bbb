/** Findings about option bytes. Write protection that Particle firmware leaves is normal life and only noted. */
import { formatHex } from '../core/bytes.js';
import { type Finding, type Severity, sortFindings } from '../core/finding.js';
import type { Range } from '../core/range.js';
import type { OptionByteLayout } from '../layout/option-bytes.js';
import type { OptionBytes } from '../regions/option-bytes.js';
import { type ConsequenceId, dataSectors, explainOptionBytes } from '../regions/option-consequences.js';

export interface ProtectionContext {
  readonly layout: OptionByteLayout;
  /** Lowest supply voltage of the board, in volts, when it is known. */
  readonly minimumSupply?: number;
}

/** Margin between the falling and the rising threshold, in volts (DS6329, not checked). */
const HYSTERESIS_VOLTS = 0.1;

/** All findings, in address order; they lie at the register or in option memory, where the bytes came from. */
export function checkProtection(bytes: OptionBytes, context: ProtectionContext): Finding[] {
  const { register, memory } = context.layout;
  const place: Range =
    bytes.source === 'register'
      ? { start: register.address, end: register.address + 4 }
      : { start: memory.start, end: memory.start + memory.size };
  const evidence = { optcr: formatHex(bytes.optcr, 8) };
  const doubt = bytes.doubts[0];
  if (doubt !== undefined) {
    const remedy = 'Read the option bytes again, with the board powered and the core halted.';
    return [
      {
        rule: 'protection/implausible',
        severity: 'warning',
        message: doubt,
        ...place,
        evidence: { ...evidence, raw: formatHex(bytes.raw, 8) },
        remedy,
      },
    ];
  }
  const texts = new Map<ConsequenceId, string>(explainOptionBytes(bytes).map(({ id, text }) => [id, text]));
  return sortFindings(
    judge(bytes, context).map(({ id, rule, severity, remedy, ...more }) => ({
      rule: `protection/${rule}`,
      severity,
      message: texts.get(id) ?? rule,
      ...place,
      evidence: { ...evidence, ...more.evidence },
      remedy,
    })),
  );
}

interface Judgement {
  readonly id: ConsequenceId;
  readonly rule: string;
  readonly severity: Severity;
  readonly evidence: Finding['evidence'];
  readonly remedy?: string | undefined;
}

function judge(bytes: OptionBytes, context: ProtectionContext): Judgement[] {
  return [
    ...readProtection(bytes),
    ...brownOut(bytes, context.minimumSupply),
    ...resets(bytes),
    ...writeProtection(bytes),
  ];
}

function readProtection({ readProtection: { level, value } }: OptionBytes): Judgement[] {
  const evidence = { level, value: formatHex(value, 2), expected: '0xAA' };
  if (level === 0) return [];
  if (level === 2) {
    const remedy =
      'Update over the air or through the boot loader in flash; nothing else can write this chip any more.';
    return [{ id: 'read-protection', rule: 'read-level-2', severity: 'error', evidence, remedy }];
  }
  const remedy =
    'Save what DFU through the Particle bootloader can still read before going back to level 0: it erases everything.';
  return [{ id: 'read-protection', rule: 'read-level-1', severity: 'warning', evidence, remedy }];
}

function brownOut({ brownOut: { level, falling } }: OptionBytes, minimum: number | undefined): Judgement[] {
  if (level === 0) return [];
  const needed = falling.max + HYSTERESIS_VOLTS;
  if (minimum !== undefined && minimum >= needed) return [];
  const supply = minimum === undefined ? 'unknown' : `${minimum} V`;
  const severity = level === 3 || minimum !== undefined ? 'warning' : 'note';
  const remedy =
    severity === 'warning'
      ? `Measure the supply under load: it must stay above ${needed.toFixed(2)} V. Else choose a lower level or off.`
      : undefined;
  const evidence = { level, thresholdMin: falling.min, thresholdMax: falling.max, supply };
  return [{ id: 'brown-out', rule: 'brown-out', severity, evidence, remedy }];
}

function resets(bytes: OptionBytes): Judgement[] {
  const found: Judgement[] = [];
  if (bytes.watchdog === 'hardware') {
    const remedy = 'Set WDG_SW to 1; the Particle bootloader does not expect a watchdog that already runs.';
    const evidence = { field: 'WDG_SW', value: 0 };
    found.push({ id: 'watchdog', rule: 'hardware-watchdog', severity: 'warning', evidence, remedy });
  }
  if (bytes.resetOnStop) {
    found.push({
      id: 'reset-on-stop',
      rule: 'reset-on-stop',
      severity: 'note',
      evidence: { field: 'nRST_STOP', value: 0 },
    });
  }
  if (bytes.resetOnStandby) {
    const evidence = { field: 'nRST_STDBY', value: 0 };
    found.push({ id: 'reset-on-standby', rule: 'reset-on-standby', severity: 'note', evidence });
  }
  return found;
}

function writeProtection(bytes: OptionBytes): Judgement[] {
  const found: Judgement[] = [];
  const shut = bytes.sectors.filter((sector) => sector.protected);
  if (shut.length > 0) {
    const evidence = {
      nwrp: formatHex(bytes.nwrp, 3),
      sectors: shut.map((sector) => sector.number).join(', '),
      leftByParticleFirmware: bytes.pattern !== null,
    };
    found.push({ id: 'write-protection', rule: 'write-protected', severity: 'note', evidence });
  }
  const data = dataSectors(bytes);
  if (data.length > 0) {
    const evidence = { sectors: data.map((sector) => sector.number).join(', ') };
    const remedy = 'Clear the write protection of these sectors.';
    found.push({ id: 'data-sectors', rule: 'data-sectors-protected', severity: 'warning', evidence, remedy });
  }
  return found;
}
