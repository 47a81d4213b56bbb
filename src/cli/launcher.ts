/**
 * Starts a bundle with the code cache that the build made for the command. V8 takes it only when version and flags are
 * those of the build; otherwise it compiles as usual, which costs about as long as a small command runs.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** Put in by the build: the commands that have a smaller program of their own. */
declare const EVERYDAY_COMMANDS: readonly string[];

const folder = dirname(fileURLToPath(import.meta.url));
const command = process.argv[2] ?? '';
const everyday = EVERYDAY_COMMANDS.includes(command);
const file = join(folder, everyday ? 'everyday.cjs' : 'main.cjs');

function codeCache(): Buffer | undefined {
  try {
    return readFileSync(join(folder, `${everyday ? command : 'main'}.cache`));
  } catch {
    return undefined;
  }
}

// The build wraps a bundle in a function and keeps it ASCII: nothing is decoded or joined at every start.
const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: codeCache() });
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, folder);
