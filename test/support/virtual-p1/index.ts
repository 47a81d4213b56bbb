/**
 * A virtual P1: an STM32F205RG behind the JTAG pins of OpenOCD's `remote_bitbang` driver, so that the real OpenOCD finds,
 * erases, programs, verifies and protects it.
 *
 * ```ts
 * const p1 = await startVirtualP1({ flash: healthyDump(), optcr: 0x0e1eaaed });
 * const run = await runOpenocd('init\nreset halt\nflash erase_sector 0 9 9\nshutdown\n', p1, { files: { 'user.bin': bytes } });
 * expect(run.status, run.log).toBe(0);
 * expect(p1.flash.subarray(0xa0000, 0xc0000)).toEqual(…);   // what the chip holds now
 * expect(p1.operations).toEqual([{ kind: 'reset' }, { kind: 'erase', sector: 9 }]);
 * await p1.stop();
 * ```
 *
 * Its processor executes the routines that OpenOCD puts into RAM, but not the firmware in its flash. Writing takes about
 * 25 ms, reading 15 ms for each KiB.
 */
import { Chip } from './chip.js';
import { FLASH_SIZE, OTP_SIZE } from './flash-controller.js';
import { LinkLost, servePins } from './server.js';
import type { Faults, Operation } from './types.js';

export { OPENOCD, type OpenocdOptions, type OpenocdRun, runOpenocd } from './openocd.js';
export type { Faults, Operation } from './types.js';

export interface VirtualP1Options {
  /** 1 MiB from 0x08000000; copied. Erased when left out. */
  readonly flash?: Uint8Array;
  /** 528 bytes from 0x1FFF7800, the last 16 of them locks; copied. Erased when left out. */
  readonly otp?: Uint8Array;
  /** FLASH_OPTCR; 0x0FFFAAED when left out. */
  readonly optcr?: number;
  /** 12 bytes at 0x1FFF7A10. */
  readonly uniqueId?: Uint8Array;
  readonly faults?: Faults;
}

export interface VirtualP1 {
  /** Where OpenOCD connects. */
  readonly port: number;
  /** What the flash holds now; the same array for the whole life of the chip. */
  readonly flash: Uint8Array;
  readonly otp: Uint8Array;
  /** The stored option bytes now, as FLASH_OPTCR reads after a reset. */
  readonly optcr: number;
  /** What was done so far, oldest first. */
  readonly operations: readonly Operation[];
  /** Ends all connections. What the flash holds can still be read. */
  readonly stop: () => Promise<void>;
}

const DEFAULT_OPTCR = 0x0fffaaed;
const SAMPLE_UNIQUE_ID = Uint8Array.of(0x34, 0, 0x26, 0, 0x04, 0x47, 0x34, 0x31, 0x34, 0x38, 0x38, 0x39);

function erased(size: number): Uint8Array {
  return new Uint8Array(size).fill(0xff);
}

/** Starts a chip and listens on a free port. @throws Error for a flash that is not 1 MiB. */
export async function startVirtualP1(options: VirtualP1Options = {}): Promise<VirtualP1> {
  const { optcr = DEFAULT_OPTCR, uniqueId = SAMPLE_UNIQUE_ID, faults = {} } = options;
  const flash = options.flash?.slice() ?? erased(FLASH_SIZE);
  const otp = options.otp?.slice() ?? erased(OTP_SIZE);
  const chip = new Chip({ flash, otp, optcr, uniqueId, faults });
  const { controller } = chip;

  let count = 0;
  controller.beforeOperation = () => {
    count++;
    if (faults.powerFailsAfter !== undefined && count > faults.powerFailsAfter) {
      chip.cyclePower();
      throw new LinkLost();
    }
    if (faults.linkDropsAfter !== undefined && count > faults.linkDropsAfter) throw new LinkLost();
  };

  const { port, stop } = await servePins(chip);
  return {
    port,
    flash,
    otp,
    get optcr() {
      return controller.optcr;
    },
    operations: controller.operations,
    stop,
  };
}
