/** The inputs that mutations begin with: made-up devices and modules, test vectors, samples, and small odd things. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { importTypeScript, ROOT } from '../support/compile.mjs';

const MAX_FILE = 64 * 1024;

/** Larger ones make each run slow and rarely find more: the dump is cut to what holds the first modules. */
export async function loadCorpus() {
  const synthetic = await importTypeScript('test/support/synthetic.ts');
  const parts = ['bootloader', 'systemPart1', 'systemPart2', 'userPart'];
  return [
    ...parts.map((name) => ({ name, bytes: synthetic[name]() })),
    { name: 'userPart, old suffix', bytes: synthetic.userPart({ withoutProduct: true }) },
    { name: 'dump', bytes: synthetic.healthyDump() },
    { name: 'dump, first sectors', bytes: synthetic.healthyDump().slice(0, 0x30000) },
    { name: 'one byte', bytes: Uint8Array.of(0) },
    { name: 'erased', bytes: new Uint8Array(0x4000).fill(0xff) },
    ...['test/vectors', 'samples'].flatMap(filesBelow),
  ];
}

function filesBelow(folder) {
  const top = join(ROOT, folder);
  if (!statSync(top, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(top, { recursive: true })
    .map((name) => ({ name: `${folder}/${name}`, status: statSync(join(top, name)) }))
    .filter(({ status }) => status.isFile() && status.size > 0 && status.size <= MAX_FILE)
    .map(({ name }) => ({ name, bytes: new Uint8Array(readFileSync(join(ROOT, name))) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
