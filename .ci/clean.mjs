/**
 * Makes what is packed depend on the sources alone: removes dist before a build, so that nothing of a deleted source
 * remains, and with --leftovers what only the next build would read.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const target = process.argv.includes('--leftovers') ? '../dist/.tsbuildinfo' : '../dist';
rmSync(fileURLToPath(new URL(target, import.meta.url)), { recursive: true, force: true });
