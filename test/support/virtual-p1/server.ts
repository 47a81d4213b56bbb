/** The `remote_bitbang` protocol of OpenOCD (its doc/manual/jtag/drivers/remote_bitbang.txt) in front of a chip. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Chip } from './chip.js';

const CHARACTER = { zero: 0x30, seven: 0x37, read: 0x52, quit: 0x51, firstReset: 0x72, lastReset: 0x75 } as const;

/** Thrown by an operation that is not to happen because the probe is gone. */
export class LinkLost extends Error {}

/** One connection. The level of TCK is kept between the pieces in which the characters arrive. */
function serve(socket: Socket, chip: Chip): void {
  const { pins } = chip;
  let clockIsHigh = false;
  let systemReset = false;
  const answers = Buffer.alloc(0x10000);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());

  const setResets = (character: number): void => {
    const lines = character - CHARACTER.firstReset;
    if ((lines & 2) !== 0) pins.reset();
    const isHeld = (lines & 1) !== 0;
    if (systemReset && !isHeld) chip.reset();
    systemReset = isHeld;
  };

  const take = (data: Buffer): void => {
    let count = 0;
    for (const character of data) {
      if (character >= CHARACTER.zero && character <= CHARACTER.seven) {
        const isHigh = (character & 4) !== 0;
        if (isHigh && !clockIsHigh) pins.clock((character >> 1) & 1, character & 1);
        clockIsHigh = isHigh;
      } else if (character === CHARACTER.read) {
        answers[count++] = CHARACTER.zero + pins.tdo;
      } else if (character >= CHARACTER.firstReset && character <= CHARACTER.lastReset) setResets(character);
      else if (character === CHARACTER.quit) socket.end();
    }
    if (count > 0) socket.write(Buffer.from(answers.subarray(0, count)));
  };

  socket.on('data', (data) => {
    try {
      take(data);
    } catch (error) {
      socket.destroy();
      if (!(error instanceof LinkLost)) throw error;
    }
  });
}

export interface PinServer {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Listens on a free port of this computer. Connections are served one after the other or together, on one chip. */
export async function servePins(chip: Chip): Promise<PinServer> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serve(socket, chip);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const stop = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: typeof address === 'object' && address ? address.port : 0, stop };
}
