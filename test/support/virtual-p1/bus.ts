/** What a bus master of the chip reaches. Sizes are 1, 2 or 4 bytes; addresses are aligned to them. */
export interface Bus {
  /** @throws BusError */
  read(address: number, size: number): number;
  /** @throws BusError */
  write(address: number, size: number, value: number): void;
}

/** No memory there, or none that may be reached now. */
export class BusError extends Error {
  constructor(readonly address: number) {
    super(`bus error at 0x${address.toString(16)}`);
  }
}
