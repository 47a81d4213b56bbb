/** A client of the debug stub of qemu: registers, memory, breakpoints, run until the next stop. */
import { connect, type Socket } from 'node:net';
import {
  decodeRegisters,
  encodePacket,
  encodeWord,
  PacketReader,
  type RegisterName,
  type Registers,
  registerNumber,
} from './gdb-packets.js';

/** Why the processor stopped. */
export type Stop = 'breakpoint' | 'time-limit' | 'gone';

interface Waiter {
  readonly resolve: (payload: string) => void;
  readonly reject: (error: Error) => void;
}

const SIZE_OF_THUMB_BREAKPOINT = 2;
/** Qemu's packets hold 4096 characters, two for each byte. */
const BYTES_PER_PACKET = 2000;
const INTERRUPT = '\x03';

export class GdbClient {
  readonly #socket: Socket;
  readonly #reader = new PacketReader();
  /** Requests without an answer, oldest first: several may be on the way, as TCP loses none. */
  readonly #waiters: Waiter[] = [];
  #error: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The debug stub closed the connection')));
  }

  /** Connects to a local socket and does what the stub needs before it gives registers out. @throws Error when nobody listens. */
  static async connect(path: string): Promise<GdbClient> {
    const socket = connect({ path });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    const client = new GdbClient(socket);
    await client.request('qSupported:xmlRegisters=arm');
    await client.request('qXfer:features:read:target.xml:0,ffb');
    return client;
  }

  #receive(data: Buffer): void {
    try {
      for (const payload of this.#reader.feed(data.toString('latin1'))) {
        this.#socket.write('+');
        this.#waiters.shift()?.resolve(payload);
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#error);
  }

  /** Sends a payload; the payload of the answer. */
  request(payload: string): Promise<string> {
    if (this.#error) return Promise.reject(this.#error);
    this.#socket.write(encodePacket(payload));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  async #order(payload: string): Promise<void> {
    const answer = await this.request(payload);
    if (answer !== 'OK') throw new Error(`The stub answers "${answer}" to ${payload.slice(0, 40)}`);
  }

  async readRegisters(): Promise<Registers> {
    return decodeRegisters(await this.request('g'));
  }

  writeRegister(name: RegisterName, value: number): Promise<void> {
    return this.#order(`P${registerNumber(name).toString(16)}=${encodeWord(value)}`);
  }

  setBreakpoint(address: number): Promise<void> {
    return this.#order(`Z0,${address.toString(16)},${SIZE_OF_THUMB_BREAKPOINT}`);
  }

  /** Must come before a run that starts at the address: the stub would stop there again at once. */
  removeBreakpoint(address: number): Promise<void> {
    return this.#order(`z0,${address.toString(16)},${SIZE_OF_THUMB_BREAKPOINT}`);
  }

  /** Also writes memory that the processor cannot, such as flash. */
  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    const orders: Promise<void>[] = [];
    for (let offset = 0; offset < bytes.length; offset += BYTES_PER_PACKET) {
      const piece = Buffer.from(bytes.subarray(offset, offset + BYTES_PER_PACKET));
      orders.push(
        this.#order(`M${(address + offset).toString(16)},${piece.length.toString(16)}:${piece.toString('hex')}`),
      );
    }
    await Promise.all(orders);
  }

  /** Runs until the processor stops, the emulator ends, or the time is over, after which the processor stands. */
  async run(milliseconds: number): Promise<Stop> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#socket.write(INTERRUPT);
    }, milliseconds);
    try {
      await this.request('c');
      return late ? 'time-limit' : 'breakpoint';
    } catch {
      return 'gone';
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
