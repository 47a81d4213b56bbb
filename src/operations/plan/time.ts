/** How long steps take, typically and at most: DS6329 flash timing, the width the tool uses, and its link. */
import { type FlashTiming, flashTiming, type Parallelism, type ToolProfile } from '../../layout/flashing-tools.js';
import type { Sector } from '../../layout/types.js';
import type { Duration } from './types.js';

/** The slowest link that still works is taken to be this much slower than the usual one. */
const SLOW_LINK = 3;

export class Estimator {
  readonly #timing: FlashTiming = flashTiming();

  constructor(readonly tool: ToolProfile) {}

  erase(sectors: readonly Sector[]): Duration {
    let [typical, max] = [0, 0];
    for (const { size } of sectors) {
      const [usual, longest] = this.#eraseTime(size, this.tool.parallelism);
      typical += usual;
      max += longest;
    }
    return { typical, max };
  }

  /** Sectors that the chip's table does not list take as long per byte as the next smaller one that it does. */
  #eraseTime(size: number, parallelism: Parallelism): readonly [number, number] {
    const rows = this.#timing.erase.map((row) => ({ size: Number(row.size), time: row[parallelism] }));
    const row = rows.findLast((candidate) => candidate.size <= size) ?? rows[0];
    if (!row) return [0, 0];
    const factor = size / row.size;
    return [Math.round(row.time[0] * factor), Math.round(row.time[1] * factor)];
  }

  program(bytes: number): Duration {
    const units = Math.ceil(bytes / this.tool.programUnit);
    const { typicalMicroseconds, maxMicroseconds } = this.#timing.program;
    const link = this.transfer(bytes);
    return {
      typical: Math.round((units * typicalMicroseconds) / 1000) + link.typical,
      max: Math.round((units * maxMicroseconds) / 1000) + link.max,
    };
  }

  transfer(bytes: number): Duration {
    const typical = Math.ceil((bytes * 1000) / this.tool.linkBytesPerSecond);
    return { typical, max: typical * SLOW_LINK };
  }

  massErase(): Duration {
    const [typical, max] = this.#timing.massErase[this.tool.parallelism];
    return { typical, max };
  }

  options(): Duration {
    const [typical, max] = this.#timing.optionBytes;
    return { typical, max };
  }

  start(): Duration {
    return { typical: this.tool.startMilliseconds, max: this.tool.startMilliseconds * SLOW_LINK };
  }
}

export function addDurations(durations: readonly Duration[]): Duration {
  return durations.reduce((sum, { typical, max }) => ({ typical: sum.typical + typical, max: sum.max + max }), {
    typical: 0,
    max: 0,
  });
}
