/** The other ends: what button, backup registers, watchdog, supply and option bytes would make of the same flash. */
import type { OptionBytes } from '../regions/option-bytes.js';
import { factoryRefusal } from './bootloader.js';
import type { End } from './cloud.js';
import { type BootloaderProgram, factorySource, type Machine } from './machine.js';
import type { Trace } from './trace.js';
import type { BootOutcome, HeldButton } from './types.js';

const OPTION_BYTES = 'STM32F2 reference manual RM0033, option bytes';

export interface Ended {
  readonly end: End;
  readonly program: BootloaderProgram | null;
  readonly dctAccess: boolean;
}

const RUNNING: readonly BootOutcome[] = ['runs', 'cloud-refused', 'connecting'];

export function noteAlternatives(machine: Machine, { end, program, dctAccess }: Ended, button: HeldButton): void {
  const { trace } = machine;
  const { outcome } = end;
  if (outcome === 'hang') noteHang(machine, program);
  if (program && button === 'released') {
    const ask = (time: string, what: string): string =>
      `the button is held for ${time} at reset, or a request for ${what} waits in the backup registers`;
    if (outcome !== 'dfu') trace.withAny('dfu', 'dfu', ask('3 seconds', 'DFU'), 'certain');
    if (RUNNING.includes(outcome)) trace.withAny('safe-mode', 'safe-mode', ask('1 second', 'safe mode'), 'likely');
    // Asked of the flash as it is at the end: an image that was just restored is still there.
    if (factoryRefusal(machine, program, factorySource(machine, program, dctAccess)) === null) {
      trace.otherwise('factory-restore', 'factory-restore', ask('7 seconds', 'a factory reset'), 'likely');
    }
  }
  if (outcome !== 'no-start') {
    trace.withAny('reset-loop', 'dark', 'the supply sinks while it starts', 'possible');
  }
}

function noteHang({ trace, memory, platform, facts, dct }: Machine, program: BootloaderProgram | null): void {
  const escalated = 'has reset the board three times';
  const known = program !== null && program.version < facts.flags.inRegistersFromBootloader;
  if (!known) {
    const left = `the watchdog was left enabled (after DFU or a factory reset) and ${escalated}`;
    trace.otherwise('dfu', 'dfu', left, 'likely');
  } else if (dct.systemFlags().watchdog) {
    trace.otherwise('dfu', 'dfu', `the watchdog, which the DCT enables, ${escalated}`, 'likely');
  }
  const damaged = memory.header(platform.application)?.info.moduleStartAddress === platform.application;
  if (!damaged) return;
  trace.otherwise('fault', 'sos', 'a fault is caught by the handler of the system firmware', 'possible');
}

/** What the option bytes change about an end; the end itself where they change nothing or are not known. */
export function noteOptionBytes(trace: Trace, bytes: OptionBytes | null, end: End): End {
  if (bytes === null) {
    trace.assume('the supply is steady, and the option bytes are the usual ones');
    return end;
  }
  const { readProtection, brownOut, watchdog } = bytes;
  if (readProtection.level > 0) {
    const result = `level ${readProtection.level}, code runs from flash as before, a debugger cannot read it`;
    trace.step('reset', 'read protection', result, null, OPTION_BYTES);
  }
  if (brownOut.level === 0) trace.assume('the supply is steady');
  else {
    const volts = brownOut.falling.max.toFixed(2);
    trace.step(
      'reset',
      'brown-out reset',
      `level ${brownOut.level}, below ${volts} V the chip stays in reset`,
      null,
      OPTION_BYTES,
    );
    trace.assume(`the supply stays above ${volts} V (brown-out reset level ${brownOut.level})`);
    if (end.outcome !== 'no-start') {
      trace.otherwise('no-start', 'dark', `the supply does not reach ${volts} V`, 'certain');
    }
  }
  if (watchdog === 'software' || end.outcome === 'no-start') return end;
  trace.lower('possible');
  const result = 'started by hardware, it runs from reset and nothing stops it';
  trace.step('reset', 'independent watchdog', result, null, OPTION_BYTES);
  trace.otherwise(end.outcome, end.led, 'the firmware serves the watchdog in time, from reset on', 'possible');
  return { outcome: 'reset-loop', led: 'dark' };
}
