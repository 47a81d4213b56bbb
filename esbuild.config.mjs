/**
 * Bundles the command line into one file. Dynamic imports inside it become functions that run when a command asks for
 * them, so a run executes only what it needs, and node reads one file instead of resolving a graph of modules: half of
 * the start-up time. CommonJS for the same reason. The library keeps its modules (tsc); this reads its output.
 */
import { chmodSync } from 'node:fs';
import { build } from 'esbuild';

// platform/node/data.ts finds layouts/ three folders above its own place; the bundle lies as deep as that file.
const OUTPUT = 'dist/cli/bundle/flashatlas.cjs';

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

await build({
  entryPoints: ['dist/cli/main.js'],
  outfile: OUTPUT,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.15',
  minify: !process.env.FLASHATLAS_READABLE_BUNDLE,
  legalComments: 'none',
  banner: { js: '#!/usr/bin/env node\nvar __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': '__bundleUrl' },
  plugins: [schemaStaysOutside],
  logLevel: 'warning',
});
chmodSync(OUTPUT, 0o755);
