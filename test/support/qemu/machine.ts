/** A `netduino2` board of qemu: an STM32F205 with 1 MiB of flash, halted before its first instruction. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from '../tools.js';
import { GdbClient } from './gdb-client.js';

export const QEMU = 'qemu-system-arm';

const START_LIMIT_MS = 10_000;

export interface Machine {
  readonly gdb: GdbClient;
  /** What qemu printed so far: a lockup of the processor is told here. */
  readonly output: () => string;
  /** Ends the emulator, in whatever state it is. */
  readonly stop: () => Promise<void>;
}

async function connectTo(path: string, child: ChildProcess, output: () => string): Promise<GdbClient> {
  const end = Date.now() + START_LIMIT_MS;
  while (Date.now() < end && child.exitCode === null) {
    try {
      return await GdbClient.connect(path);
    } catch {
      await sleep(5);
    }
  }
  throw new Error(`${QEMU} did not open its debug socket. It says: ${output() || 'nothing'}`);
}

/** @param flash 1 MiB from 0x08000000. */
export async function startMachine(flash: Uint8Array): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'flashatlas-qemu-'));
  const file = join(folder, 'flash.bin');
  writeFileSync(file, flash);
  const socket = join(folder, 'gdb');
  const child = spawn(
    QEMU,
    [
      ...['-M', 'netduino2', '-kernel', file, '-display', 'none', '-monitor', 'none', '-serial', 'null'],
      // The virtual clock runs with the instructions, not with the time of day: waiting loops end quickly and equally.
      ...['-icount', 'shift=10,align=off,sleep=off', '-S', '-gdb', `unix:${socket},server=on,wait=off`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  endWithUs(child);
  let text = '';
  const output = (): string => text;
  const collect = (data: Buffer): void => {
    text += data.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      text += error.message;
      resolve();
    });
  });
  let client: GdbClient | null = null;
  const stop = async (): Promise<void> => {
    client?.close();
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    client = await connectTo(socket, child, output);
    return { gdb: client, output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
