/**
 * A set of integers from 0 to a fixed bound that finds the nearest member on either side of a number quickly: a bitmap
 * whose words are bits of the next, 32 times smaller bitmap, and so on up to a single word.
 */
const WORD_BITS = 32;

export class IndexSet {
  /** levels[0] has one bit for every integer, each further level one bit for every word below that is not 0. */
  private readonly levels: readonly Uint32Array[];

  /** For the integers 0 … bound - 1. */
  constructor(bound: number) {
    const levels: Uint32Array[] = [];
    let words = Math.max(bound, 1);
    do {
      words = Math.ceil(words / WORD_BITS);
      levels.push(new Uint32Array(words));
    } while (words > 1);
    this.levels = levels;
  }

  add(member: number): void {
    let position = member;
    for (const level of this.levels) {
      const word = position >>> 5;
      level[word] = (level[word] as number) | (1 << (position & 31));
      position = word;
    }
  }

  delete(member: number): void {
    let position = member;
    for (const level of this.levels) {
      const word = position >>> 5;
      level[word] = (level[word] as number) & ~(1 << (position & 31));
      if (level[word] !== 0) return;
      position = word;
    }
  }

  /** The smallest member that is not below `from`. */
  next(from: number): number | undefined {
    let position = from;
    for (const [height, level] of this.levels.entries()) {
      const word = position >>> 5;
      if (word >= level.length) return undefined;
      const bits = (level[word] as number) & (-1 << (position & 31));
      if (bits !== 0) return this.descend(word * WORD_BITS + lowestBit(bits), height, lowestBit);
      position = word + 1;
    }
    return undefined;
  }

  /** The largest member that is not above `from`, which must lie within the bound. */
  previous(from: number): number | undefined {
    let position = from;
    for (const [height, level] of this.levels.entries()) {
      if (position < 0) return undefined;
      const word = position >>> 5;
      const bits = (level[word] as number) & (-1 >>> (31 - (position & 31)));
      if (bits !== 0) return this.descend(word * WORD_BITS + highestBit(bits), height, highestBit);
      position = word - 1;
    }
    return undefined;
  }

  /** From a bit of a level down to the member it stands for. */
  private descend(bit: number, height: number, choose: (bits: number) => number): number {
    let position = bit;
    for (let below = height - 1; below >= 0; below--) {
      position = position * WORD_BITS + choose(this.levels[below]?.[position] as number);
    }
    return position;
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}
