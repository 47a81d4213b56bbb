/** `describe` for suites that ask the tools of others. Without the tools they are skipped, and fail when CI is set. */
import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

/** True when the command can be started, whatever it then says. */
function isInstalled(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore', timeout: 30_000 }).error === undefined;
}

/** @param commands names of all tools the suite calls; `.ci/run` installs their packages. */
export function describeWithTools(name: string, commands: readonly string[], suite: () => void): void {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length > 0 && process.env.CI) {
    describe(name, () => {
      it(`has ${commands.join(', ')}`, () => {
        throw new Error(`Not installed: ${missing.join(', ')}. See the list of packages in .ci/run.`);
      });
    });
    return;
  }
  if (missing.length > 0) console.log(`Notice: "${name}" is skipped; not installed: ${missing.join(', ')}.`);
  describe.skipIf(missing.length > 0)(name, suite);
}

/** Runs a tool and gives back its standard output. @throws with its error output when it fails. */
export function callTool(command: string, args: readonly string[], cwd: string): Buffer {
  return execFileSync(command, [...args], { cwd, timeout: 60_000, maxBuffer: 64 * 1024 * 1024, stdio: 'pipe' });
}

export interface ToolRun {
  readonly status: number | null;
  /** stdout, then stderr. */
  readonly output: string;
}

export function runTool(command: string, args: readonly string[], cwd: string): ToolRun {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

/** A run that must work; returns what it printed. */
export function useTool(command: string, args: readonly string[], cwd: string): string {
  const { status, output } = runTool(command, args, cwd);
  if (status === 0) return output;
  throw new Error(`${command} ${args.join(' ')}: status ${status}\n${output}`);
}

/** Ends a child process when ours ends before it, as when a test run is broken off. */
export function endWithUs(child: ChildProcess): void {
  const end = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', end);
  child.once('close', () => process.removeListener('exit', end));
}
