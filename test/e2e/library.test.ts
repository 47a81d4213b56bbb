/** The library in a browser gives what it gives under node. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { renderJson } from '../../src/report/json.js';
import { ROOT } from '../support/source-files.js';
import { healthyDump, rawInput } from '../support/synthetic.js';
import { findChromium, openPage } from './chromium.js';

const PAGE =
  '<!DOCTYPE html><meta charset="utf-8"><title>flashatlas</title><body><script src="page.js"></script></body>';

const chromium = await findChromium();

/** The page with the library, as a bundler for browsers makes it: `#checksum` and `#data` are those of the web. */
async function bundlePage() {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('There is no dist/index.js. Run npm run build first.');
  const result = await build({
    entryPoints: [join(ROOT, 'test/e2e/page.mjs')],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    // Without the paths of the project's own, which lead to the twins for node.
    tsconfigRaw: '{}',
    minify: true,
    metafile: true,
    logLevel: 'silent',
  });
  return { code: result.outputFiles[0]?.text ?? '', inputs: Object.keys(result.metafile.inputs) };
}

describe('the bundle for browsers', () => {
  it('holds the web twins and nothing of node', async () => {
    const { code, inputs } = await bundlePage();
    expect(inputs).toEqual(
      expect.arrayContaining(['dist/platform/web/checksum.js', 'dist/platform/web/data.js', 'dist/index.js']),
    );
    expect(inputs.filter((name) => name.includes('platform/node') || name.includes('dist/cli'))).toEqual([]);
    expect(code).not.toMatch(/require\(["']node:/);
  });
});

describe.skipIf(!chromium && !process.env.CI)('Chromium', () => {
  let html = '';

  beforeAll(async () => {
    if (!chromium) throw new Error('There is no Chromium. Install it, or name it in FLASHATLAS_CHROMIUM.');
    const { code } = await bundlePage();
    const folder = join(ROOT, '.cache/e2e');
    mkdirSync(folder, { recursive: true });
    // Kept for a look with the developer tools when the test fails.
    writeFileSync(join(folder, 'page.js'), code);
    html = await openPage(
      chromium,
      new Map<string, Uint8Array | string>([
        ['index.html', PAGE],
        ['page.js', code],
        ['dump.bin', healthyDump()],
      ]),
    );
  }, 180_000);

  it('inspects a dump as node does', () => {
    const [, state, text = ''] = /<pre id="(\w+)">([^<]*)<\/pre>/.exec(html) ?? [];
    expect(state, decodeURIComponent(text) || html.slice(0, 2000)).toBe('result');
    const expected = renderJson(inspect(rawInput(healthyDump()), loadBoard('particle-p1')));
    expect(JSON.parse(decodeURIComponent(text))).toEqual(JSON.parse(expected));
    expect(JSON.parse(expected)).toMatchObject({ kind: 'flash-dump', verdict: 'pass' });
  });
});
