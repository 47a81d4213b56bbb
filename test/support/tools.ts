/** Programs of others. Suites that need one are skipped with a notice where it is absent, and fail when CI is set. */
import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';

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

function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** `describe` for suites that run other programs. */
export function describeWithTools(name: string, commands: readonly string[], suite: () => void): void {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length > 0 && process.env.CI) {
    describe(name, () => {
      it(`has ${missing.join(', ')}`, () => {
        throw new Error(`${missing.join(', ')} not installed.`);
      });
    });
    return;
  }
  if (missing.length > 0) console.log(`Notice: "${name}" is skipped; not installed: ${missing.join(', ')}.`);
  describe.skipIf(missing.length > 0)(name, suite);
}
