/**
 * Bundles the command line: main.cjs holds all of it, flashatlas.cjs starts it. Dynamic imports inside the bundle become
 * functions that run when a command asks for them, so a run executes only what it needs, and node reads one file instead
 * of resolving a graph of modules. CommonJS for the same reason. The library keeps its modules (tsc); this reads its
 * output.
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

const options = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.15',
  minify: !process.env.FLASHATLAS_READABLE_BUNDLE,
  legalComments: 'none',
  // The launcher reads the bundle as latin1, which is fastest and right for ASCII only.
  charset: 'ascii',
  define: { 'import.meta.url': '__bundleUrl' },
  // A script with a code cache has no import() of its own; require serves as well.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
};
const bundleUrl = 'var __bundleUrl = require("node:url").pathToFileURL(__filename).href;';

await build({
  ...options,
  entryPoints: ['dist/cli/main.js'],
  outfile: `${FOLDER}/main.cjs`,
  // A function around the whole file, as node wraps a module; the launcher calls it.
  banner: { js: `(function (exports, require, module, __filename, __dirname) { ${bundleUrl}` },
  footer: { js: '})' },
  // Only a pattern that the shell left alone needs it.
  external: ['fast-glob'],
  plugins: [apart],
});
for (const [name, entry] of Object.entries(APART)) {
  await build({ ...options, entryPoints: [entry], outfile: `${FOLDER}/${name}.cjs` });
}
await build({
  ...options,
  entryPoints: ['dist/cli/launcher.js'],
  outfile: `${FOLDER}/flashatlas.cjs`,
  banner: { js: `#!/usr/bin/env node\n${bundleUrl}` },
});
chmodSync(`${FOLDER}/flashatlas.cjs`, 0o755);
// The run on a sample is for its compiled functions; nobody wants to read it.
execFileSync(process.execPath, ['.ci/code-cache.mjs', `${FOLDER}/main.cjs`], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
