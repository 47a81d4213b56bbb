/**
 * Makes a code cache of a bundle: runs it once, so that the functions such a run needs are compiled, and writes what V8
 * compiled. Used by the build; src/cli/launcher.ts reads the result.
 *
 *   node .ci/code-cache.mjs BUNDLE CACHE ARGUMENT...
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';

const [file, cache] = process.argv.slice(2, 4).map((path) => resolve(path));
const script = new Script(readFileSync(file, 'latin1'), { filename: file });

process.argv = [process.execPath, file, ...process.argv.slice(4)];
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
  // Findings and differences are no failure.
  if (process.exitCode === 1) process.exitCode = 0;
});
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
