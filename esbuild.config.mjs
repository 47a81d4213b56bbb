/**
 * Bundles the command line: main.cjs holds all of it, a few smaller programs the commands that somebody waits for again
 * and again, and flashatlas.cjs starts one of them. Dynamic imports inside a bundle become functions that run when a
 * command asks for them, so a run executes only what it needs, and node reads one file instead of resolving a graph of
 * modules. CommonJS for the same reason. The library keeps its modules (tsc); this reads its output.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

// platform/node/data.ts finds layouts/ three folders above its own place; the bundle lies as deep as that file.
const FOLDER = 'dist/cli/bundle';

/**
 * The schema library and the YAML parser are most of what a bundle with them would weigh, and only someone's own board file
 * and a recipe need them: each gets a file of its own beside the bundle.
 */
const APART = { 'form-check': 'dist/layout/form-check.js', yaml: 'dist/operations/build/yaml.js' };
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/(.*\/)?(form-check|yaml)\.js$/, namespace: 'file' }, ({ kind, path }) => {
      const name = /([^/]+)\.js$/.exec(path)[1];
      return kind === 'entry-point' ? undefined : { path: `./${name}.cjs`, external: true };
    });
  },
};

/** Programs with only some commands: those that somebody waits for again and again. Each starts with a cache of its own. */
const EVERYDAY = {
  inspect: { commands: ['inspect', 'map', 'hex'], run: ['inspect', 'samples/p1-healthy.bin.gz'] },
  check: { commands: ['check'], run: ['check', 'samples/p1-healthy.bin.gz'] },
  diff: {
    commands: ['diff'],
    run: ['diff', 'samples/p1-erased-then-flashed.bin.gz', 'samples/p1-healthy.bin.gz'],
  },
};
const MAIN = { commands: [], run: ['dct', 'show', 'samples/p1-healthy.bin.gz'] };
/** Which program has a command; the launcher takes main.cjs for all others. */
const PROGRAMS = Object.fromEntries(
  Object.entries(EVERYDAY).flatMap(([program, { commands }]) => commands.map((command) => [command, program])),
);

/** Leaves out all other commands; the launcher never asks the program for them. */
const only = (commands) => ({
  name: 'only',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ kind, importer, path }) => {
      if (kind !== 'dynamic-import' || !/\/cli\/commands\/index\.js$/.test(importer)) return undefined;
      return commands.includes(path.slice(2, -3)) ? undefined : { path, external: true };
    });
  },
});

const options = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.15',
  minify: !process.env.FLASHATLAS_READABLE_BUNDLE,
  legalComments: 'none',
  // The launcher reads the bundle as latin1, which is fastest and right for ASCII only.
  charset: 'ascii',
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  // A script with a code cache has no import() of its own; require serves as well.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
};

/** A function around the whole file, as node wraps a module; the launcher calls it. */
const wrapped = {
  banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
  footer: { js: '})' },
  // Only a pattern that the shell left alone needs it.
  external: ['fast-glob'],
};

const program = (name, plugins) =>
  build({ ...options, ...wrapped, plugins, entryPoints: ['dist/cli/main.js'], outfile: `${FOLDER}/${name}.cjs` });

await program('main', [apart]);
for (const [name, { commands }] of Object.entries(EVERYDAY)) await program(name, [apart, only(commands)]);
for (const [name, entry] of Object.entries(APART)) {
  await build({ ...options, entryPoints: [entry], outfile: `${FOLDER}/${name}.cjs` });
}
await build({
  ...options,
  define: { ...options.define, PROGRAMS: JSON.stringify(PROGRAMS) },
  entryPoints: ['dist/cli/launcher.js'],
  outfile: `${FOLDER}/flashatlas.cjs`,
  banner: { js: '#!/usr/bin/env node' },
});
chmodSync(`${FOLDER}/flashatlas.cjs`, 0o755);

// The compiled functions of typical runs; their output is nothing anybody wants to read.
for (const [name, { run }] of Object.entries({ ...EVERYDAY, main: MAIN })) {
  const args = ['.ci/code-cache.mjs', `${FOLDER}/${name}.cjs`, `${FOLDER}/${name}.cache`, ...run];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
