/**
 * Two flash sectors as the write model needs them: erasing gives 0xFF, programming only clears bits, and power may fail
 * before any single operation.
 */
import { copyBytes } from '../../core/bytes.js';
import type { PageNumber } from './pages.js';

/** Thrown inside the model when an operation finds no power; never leaves it. */
export class PowerLoss extends Error {}

export class FlashModel {
  readonly page1: Uint8Array;
  readonly page2: Uint8Array;
  /** Word or half-word program and sector erase operations done so far. */
  operations = 0;
  /** Value of `operations` at which power fails; Infinity: it never does. */
  private powerEnd = Number.POSITIVE_INFINITY;

  constructor(page1: Uint8Array, page2: Uint8Array) {
    this.page1 = copyBytes(page1);
    this.page2 = copyBytes(page2);
  }

  page(number: PageNumber): Uint8Array {
    return number === 1 ? this.page1 : this.page2;
  }

  /** @throws PowerLoss before anything has changed. */
  private spend(): void {
    if (this.operations >= this.powerEnd) throw new PowerLoss('power failed');
    this.operations++;
  }

  /** Allows `operations` further ones. */
  allow(operations: number): void {
    this.powerEnd = this.operations + operations;
  }

  erase(number: PageNumber): void {
    this.spend();
    this.page(number).fill(0xff);
  }

  /** One program operation of 2 or 4 bytes. True when the flash then reads as asked. */
  program(number: PageNumber, offset: number, value: number, width: 2 | 4): boolean {
    this.spend();
    const page = this.page(number);
    let verified = true;
    for (let index = 0; index < width; index++) {
      const wanted = (value >>> (8 * index)) & 0xff;
      const result = (page[offset + index] as number) & wanted;
      page[offset + index] = result;
      verified &&= result === wanted;
    }
    return verified;
  }
}
