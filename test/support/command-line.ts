/** Runs the built command line as a user does; `npm run build` makes it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const COMMAND_LINE = fileURLToPath(new URL('../../dist/cli/bundle/flashatlas.cjs', import.meta.url));

if (!existsSync(COMMAND_LINE)) throw new Error('The command line is not built. Run npm run build first.');

export interface Outcome {
  readonly status: number | null;
  readonly stdout: Uint8Array;
  readonly text: string;
  readonly stderr: string;
}

/** A folder of its own for the files of a test file, and commands that run in it. */
export class Workbench {
  readonly folder = mkdtempSync(join(tmpdir(), 'flashatlas-'));

  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  put(name: string, content: Uint8Array | string): string {
    writeFileSync(this.path(name), content);
    return name;
  }

  get(name: string): Uint8Array {
    return new Uint8Array(readFileSync(this.path(name)));
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** Names in the folder, hidden ones too. */
  list(): string[] {
    return readdirSync(this.folder).sort();
  }

  run(args: readonly string[], stdin: Uint8Array | string = ''): Outcome {
    const child = spawnSync(process.execPath, [COMMAND_LINE, ...args], {
      cwd: this.folder,
      input: stdin,
      maxBuffer: 256 * 1024 * 1024,
    });
    const stdout = new Uint8Array(child.stdout);
    return {
      status: child.status,
      stdout,
      text: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(child.stderr),
    };
  }

  /** A run that must end with this status. */
  expect(status: number, args: readonly string[], stdin?: Uint8Array | string): Outcome {
    const outcome = this.run(args, stdin);
    if (outcome.status === status) return outcome;
    throw new Error(`${args.join(' ')}: status ${outcome.status} instead of ${status}\n${outcome.stderr}`);
  }
}
