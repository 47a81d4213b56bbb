import { healthyDump } from '../../support/synthetic.js';
import { checked, type Sample, type Samples } from './sample.js';

const DEFAULT = 0x0fffaaed;

/** The healthy device with this word in FLASH_OPTCR. Protected sectors are noted beside what the rule is about. */
const of = (optcr: number, also: readonly string[] = []): Sample => ({
  fires: () => checked(healthyDump(), { optcr }),
  silent: () => checked(healthyDump(), { optcr: DEFAULT }),
  also,
});

export const protectionSamples: Samples = {
  'protection/implausible': of(0xffffffff),
  'protection/read-level-1': of(0x0fff55ed),
  'protection/read-level-2': of(0x0fffcced),
  'protection/brown-out': {
    fires: () => checked(healthyDump(), { optcr: 0x0fffaae1 }),
    // Level 3 holds the chip in reset below 2.88 V; a supply that never sinks below 3.1 V is out of its reach.
    silent: () => checked(healthyDump(), { optcr: 0x0fffaae1, minimumSupply: 3.1 }),
  },
  'protection/hardware-watchdog': of(DEFAULT & ~0x20),
  'protection/reset-on-stop': of(DEFAULT & ~0x40),
  'protection/reset-on-standby': of(DEFAULT & ~0x80),
  'protection/write-protected': of(0x0e1eaaed),
  'protection/data-sectors-protected': of(0x0ff9aaed, ['protection/write-protected']),
};
