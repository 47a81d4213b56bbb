/**
 * Packets of the remote serial protocol of gdb (gdb manual, appendix E "Remote Protocol"): `$payload#checksum`, where
 * the checksum is the sum of the payload's characters modulo 256 in two hexadecimal digits. Pure: text in, text out.
 */

export function packetChecksum(payload: string): string {
  let sum = 0;
  for (let index = 0; index < payload.length; index++) sum = (sum + payload.charCodeAt(index)) & 0xff;
  return sum.toString(16).padStart(2, '0');
}

/** @param payload ASCII without `$`, `#` and `}`, which would have to be escaped; nothing sent here holds them. */
export function encodePacket(payload: string): string {
  if (/[$#}]/.test(payload)) throw new Error(`This payload would need escapes: ${payload}`);
  return `$${payload}#${packetChecksum(payload)}`;
}

/** `}` in front of a character that was sent with bit 5 turned over. */
function withoutEscapes(payload: string): string {
  return payload.replace(/\}(.)/gs, (_, character: string) => String.fromCharCode(character.charCodeAt(0) ^ 0x20));
}

/** Finds the packets in what a stub sends, in whatever pieces it arrives. Acknowledgements are left out. */
export class PacketReader {
  #pending = '';

  /**
   * @param text bytes as Latin-1.
   * @returns payloads that are complete now, escapes undone.
   * @throws Error for a packet with a wrong checksum.
   */
  feed(text: string): string[] {
    this.#pending += text;
    const found: string[] = [];
    for (;;) {
      const start = this.#pending.indexOf('$');
      const end = start < 0 ? -1 : this.#pending.indexOf('#', start);
      if (end < 0 || this.#pending.length < end + 3) return found;
      const payload = this.#pending.slice(start + 1, end);
      const sum = this.#pending.slice(end + 1, end + 3);
      this.#pending = this.#pending.slice(end + 3);
      if (sum !== packetChecksum(payload)) throw new Error(`A packet of the stub says checksum ${sum}: ${payload}`);
      found.push(withoutEscapes(payload));
    }
  }
}

/** In the order of `g`, and numbered so in `P`, once the stub knows that the client reads target.xml. */
const REGISTERS = [
  ...(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12'] as const),
  ...(['sp', 'lr', 'pc', 'xpsr'] as const),
] as const;

export type RegisterName = (typeof REGISTERS)[number];
export type Registers = Readonly<Record<RegisterName, number>>;

const DIGITS_OF_WORD = 8;

export function registerNumber(name: RegisterName): number {
  return REGISTERS.indexOf(name);
}

/** Registers and memory are hexadecimal, lowest byte first. */
export function encodeWord(value: number): string {
  const bytes = Buffer.alloc(DIGITS_OF_WORD / 2);
  bytes.writeUInt32LE(value >>> 0);
  return bytes.toString('hex');
}

function decodeWord(hex: string): number {
  if (!/^[0-9a-f]{8}$/i.test(hex)) throw new Error(`The stub sent "${hex}" where a register was expected`);
  return Buffer.from(hex, 'hex').readUInt32LE();
}

/** @param answer to `g`. @throws Error when it holds fewer registers, or one whose value is not known. */
export function decodeRegisters(answer: string): Registers {
  const read = (index: number): number =>
    decodeWord(answer.slice(index * DIGITS_OF_WORD, (index + 1) * DIGITS_OF_WORD));
  const values = Object.fromEntries(REGISTERS.map((name, index) => [name, read(index)]));
  return values as Record<RegisterName, number>;
}
