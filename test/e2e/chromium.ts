/** Debian's Chromium without a screen: loads one page from a server of this process and gives back its final HTML. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const NAMES = [process.env.FLASHATLAS_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'];
const TIMEOUT = 120_000;

/** Nothing of the browser's own may use the network or the profile of a user. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-features=OptimizationHints,MediaRouter,Translate',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-pings',
];

const run = promisify(execFile);

/** The first browser that answers, or undefined. */
export async function findChromium(): Promise<string | undefined> {
  for (const name of NAMES) {
    if (!name) continue;
    try {
      await run(name, ['--version'], { timeout: TIMEOUT });
      return name;
    } catch {
      // The next name.
    }
  }
  return undefined;
}

/** @param files content by name; "index.html" is the page that is opened. */
export async function openPage(chromium: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'flashatlas-chromium-'));
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1) || 'index.html';
    const content = files.get(name);
    const type = name.endsWith('.html') ? 'text/html; charset=utf-8' : name.endsWith('.js') ? 'text/javascript' : '';
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type || 'application/octet-stream' });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const flags = [...FLAGS, `--user-data-dir=${profile}`, '--virtual-time-budget=20000', '--dump-dom'];
    const { stdout } = await run(chromium, [...flags, `http://127.0.0.1:${port}/`], {
      maxBuffer: 64 * 1024 * 1024,
      timeout: TIMEOUT,
    });
    return stdout;
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
