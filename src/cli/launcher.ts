/**
 * Starts the bundle with the code cache that the build made. V8 takes it only when version and flags are those of the
 * build; otherwise it compiles as usual, which costs about as long as a small command runs.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const file = join(dirname(fileURLToPath(import.meta.url)), 'main.cjs');

function codeCache(): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}

// The build wraps the bundle in a function and keeps it ASCII: nothing is decoded or joined at every start.
const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: codeCache() });
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
