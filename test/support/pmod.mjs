/** binary-version-reader, the module inspector of Particle, installed once beside the benchmarks. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from '../../.ci/npm.mjs';
import { ROOT } from './compile.mjs';

export const PEER = 'binary-version-reader';
export const PEER_VERSION = '3.1.3';
const CACHE = join(ROOT, '.cache/bench');

/** The path of its command `pmod`. @throws when it cannot be installed */
export function installPmod() {
  const folder = join(CACHE, `node_modules/${PEER}`);
  if (!existsSync(join(folder, 'package.json'))) {
    console.log(`Installing ${PEER} ${PEER_VERSION}`);
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(join(CACHE, 'package.json'), '{ "private": true }');
    const args = ['install', `${PEER}@${PEER_VERSION}`, '--save-exact', '--no-audit', '--no-fund', '--loglevel=error'];
    runNpm([...args, '--ignore-scripts'], { cwd: CACHE, stdio: 'pipe' });
  }
  const { bin, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (version !== PEER_VERSION) throw new Error(`${folder} holds version ${version}, expected ${PEER_VERSION}`);
  return join(folder, Object.values(bin)[0]);
}
