/** The real OpenOCD against a virtual P1. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs } from '../tools.js';

export const OPENOCD = 'openocd';

const TIME_LIMIT_MS = 50_000;
/** As target/stm32f2x.cfg has it. */
const DEFAULT_WORK_AREA = 0x10000;

export interface OpenocdRun {
  /** null when it had to be ended after the time limit. */
  readonly status: number | null;
  /** All it printed. */
  readonly log: string;
  readonly milliseconds: number;
}

export interface OpenocdOptions {
  /** Files of the script, by name; written to the folder in which OpenOCD runs. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  /** A folder to run in instead of a new one: what a plan wrote. Nothing is deleted there. */
  readonly folder?: string;
  /**
   * Bytes of RAM for routines of OpenOCD; its own default when left out. With 0 it writes half-words through the debug
   * port, fifteen times slower, and verifies by reading.
   */
  readonly workArea?: number;
  /** Milliseconds until OpenOCD is ended. */
  readonly timeLimit?: number;
}

function configuration(port: number, workArea: number): string {
  return [
    'adapter driver remote_bitbang',
    'remote_bitbang host 127.0.0.1',
    `remote_bitbang port ${port}`,
    `set WORKAREASIZE ${workArea}`,
    'source [find target/stm32f2x.cfg]',
    'gdb_port disabled',
    'telnet_port disabled',
    'tcl_port disabled',
    '',
  ].join('\n');
}

/**
 * Runs a script after the configuration of adapter and target, as `openocd -f interface… -f target… -f script` would.
 *
 * @param script Tcl from `init` to `shutdown`. One that does not end OpenOCD runs into the time limit.
 * @param virtualP1 anything with the port of a running virtual P1.
 */
export async function runOpenocd(
  script: string,
  { port }: { readonly port: number },
  { files = {}, folder, timeLimit = TIME_LIMIT_MS, workArea = DEFAULT_WORK_AREA }: OpenocdOptions = {},
): Promise<OpenocdRun> {
  const own = mkdtempSync(join(tmpdir(), 'flashatlas-openocd-'));
  const cwd = folder ?? own;
  const start = performance.now();
  try {
    const board = join(own, 'virtual-p1.cfg');
    const plan = join(own, 'script.tcl');
    writeFileSync(board, configuration(port, workArea));
    writeFileSync(plan, script);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const child = spawn(OPENOCD, ['-f', board, '-f', plan], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    endWithUs(child);
    let log = '';
    const collect = (data: Buffer): void => {
      log += data.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeLimit);
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    }).finally(() => clearTimeout(timer));
    return { status, log, milliseconds: performance.now() - start };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
