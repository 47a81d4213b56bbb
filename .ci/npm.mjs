/** Runs npm also where `npm` is no executable file (Windows): below `npm run` its path is in the environment. */
import { execFileSync } from 'node:child_process';

/**
 * @param {string[]} args
 * @param {import('node:child_process').ExecFileSyncOptions} options
 */
export function runNpm(args, options) {
  const path = process.env.npm_execpath;
  if (path !== undefined && /\.c?js$/.test(path)) return execFileSync(process.execPath, [path, ...args], options);
  return execFileSync('npm', args, { ...options, shell: process.platform === 'win32' });
}
