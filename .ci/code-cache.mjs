/**
 * Makes the code cache of the bundle: runs it once on a sample, so that the functions a typical run needs are compiled,
 * and writes what V8 compiled beside it. Used by the build; src/cli/launcher.ts reads the result.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';

const file = resolve(process.argv[2]);
const script = new Script(readFileSync(file, 'latin1'), { filename: file });

process.argv = [process.execPath, file, 'inspect', 'samples/p1-healthy.bin.gz'];
process.on('exit', () => writeFileSync(`${file}.cache`, script.createCachedData()));
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
