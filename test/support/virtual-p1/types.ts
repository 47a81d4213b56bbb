/** What was done to the flash, in order. Consecutive programming is one entry. */
export type Operation =
  | { readonly kind: 'erase'; readonly sector: number }
  | { readonly kind: 'mass-erase' }
  | { readonly kind: 'program'; readonly address: number; size: number }
  /** As FLASH_OPTCR reads after a reset. */
  | { readonly kind: 'options'; readonly optcr: number }
  /** Error flag set, nothing done. */
  | { readonly kind: 'refused'; readonly what: string }
  | { readonly kind: 'reset' };

/** What goes wrong. An operation is the erase of a sector, a mass erase, one program access or one write of options. */
export interface Faults {
  /** Sectors whose erase changes nothing; isReported: FLASH_SR says so (OPERR). Worn cells give no such sign. */
  readonly failingSectors?: readonly { readonly sector: number; readonly isReported?: boolean }[];
  /** Bits that keep their value, whatever is erased and programmed. */
  readonly stuckBits?: readonly { readonly address: number; readonly bit: number; readonly value: 0 | 1 }[];
  /** The probe is gone instead of the operation after this many; the chip goes on. */
  readonly linkDropsAfter?: number;
  /** The supply is gone instead of the operation after this many: the chip restarts, and the link is lost. */
  readonly powerFailsAfter?: number;
}
