/**
 * Bundles the command line: one entry and one chunk per lazily loaded command, so that a run loads only what it needs.
 * The library keeps its modules (tsc); this reads its output.
 */
import { build } from 'esbuild';

await build({
  entryPoints: ['dist/cli/main.js'],
  outdir: 'dist/cli/bundle',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.15',
  minify: !process.env.FLASHATLAS_READABLE_BUNDLE,
  keepNames: true,
  legalComments: 'none',
  // The chunks must lie beside the entry: platform/node/data.ts finds layouts/ from its own place.
  chunkNames: '[name]-[hash]',
  // CommonJS dependencies ask for node's modules with require.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
