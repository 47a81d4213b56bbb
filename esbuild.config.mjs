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
 * The schema library is most of what a bundle with it would weigh, and only someone's own board file needs it. Its users
 * stay outside and are loaded from the library output beside the bundle.
 */
const schemaStaysOutside = {
  name: 'schema-stays-outside',
  setup({ onResolve }) {
    onResolve({ filter: /\/schema\.js$/ }, () => ({ path: '../../layout/schema.js', external: true }));
    onResolve({ filter: /^typebox(\/|$)/ }, ({ path }) => ({ path, external: true }));
  },
};

const options = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.15',
  minify: !process.env.FLASHATLAS_READABLE_BUNDLE,
  legalComments: 'none',
  define: { 'import.meta.url': '__bundleUrl' },
  logLevel: 'warning',
};
const bundleUrl = 'var __bundleUrl = require("node:url").pathToFileURL(__filename).href;';

await build({
  ...options,
  entryPoints: ['dist/cli/main.js'],
  outfile: `${FOLDER}/main.cjs`,
  banner: { js: bundleUrl },
  plugins: [schemaStaysOutside],
});
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
