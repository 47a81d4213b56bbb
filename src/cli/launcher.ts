/**
 * Starts a bundle with the code cache that the build made for the command. V8 takes it only when version and flags are
 * those of the build; otherwise it compiles as usual, which costs about as long as a small command runs.
 */
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';

/** The build makes a CommonJS file of this one; with what node gives such a file, no more of node has to be loaded. */
declare const __dirname: string;
declare const require: NodeJS.Require;

/** Put in by the build: the commands that are in a smaller program, with its name. */
declare const PROGRAMS: Readonly<Record<string, string>>;

const command = process.argv[2] ?? '';
const program = (Object.hasOwn(PROGRAMS, command) ? PROGRAMS[command] : undefined) ?? 'main';
const file = `${__dirname}/${program}.cjs`;

function codeCache(): Buffer | undefined {
  try {
    return readFileSync(`${__dirname}/${program}.cache`);
  } catch {
    return undefined;
  }
}

// The build wraps a bundle in a function and keeps it ASCII: nothing is decoded or joined at every start.
const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: codeCache() });
const module = { exports: {} };
script.runInThisContext()(module.exports, require, module, file, __dirname);
