/** TypeScript of the project for scripts that run without vitest, and as one file for a browser. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `#checksum` and its like, as package.json gives them for node, but from the sources. */
function platformAliases() {
  const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const source = ({ node }) => join(ROOT, node.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts'));
  return Object.fromEntries(Object.entries(imports).map(([name, conditions]) => [name, source(conditions)]));
}

/**
 * Imports a TypeScript file with everything below it. Its classes are not those of dist: take values from it, not errors.
 * @param {string} path from the root of the project
 */
export async function importTypeScript(path) {
  const result = await build({
    entryPoints: [join(ROOT, path)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    alias: platformAliases(),
    // The data files are found from the place of the module that reads them.
    define: {
      'import.meta.url': JSON.stringify(pathToFileURL(join(ROOT, 'src/platform/node/data.ts')).href),
      'import.meta.dirname': JSON.stringify(join(ROOT, 'src/platform/node')),
      'import.meta.filename': JSON.stringify(join(ROOT, 'src/platform/node/data.ts')),
    },
    // By a name of its own: what is bundled may import createRequire, too.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom('file:///');",
    },
    logLevel: 'warning',
  });
  const folder = mkdtempSync(join(tmpdir(), 'flashatlas-compiled-'));
  try {
    const file = join(folder, 'module.mjs');
    writeFileSync(file, result.outputFiles[0].contents);
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
