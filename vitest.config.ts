import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** interop needs the tools of others, browser needs Chromium: `npm test` runs neither. */
const OTHERS = { interop: 'test/interop/**/*.test.ts', browser: 'test/e2e/**/*.test.ts' };
const include = Object.values(OTHERS);

export default defineConfig({
  resolve: {
    alias: {
      '#bytes': source('./src/platform/node/bytes.ts'),
      '#checksum': source('./src/platform/node/checksum.ts'),
      '#inflate': source('./src/platform/node/inflate.ts'),
      '#keypair': source('./src/platform/node/keypair.ts'),
      '#data': source('./src/platform/node/data.ts'),
    },
  },
  test: {
    // Vitest would leave one processor free: on two that is half of them.
    maxWorkers: '100%',
    testTimeout: 60_000,
    setupFiles: [source('./test/support/equal-bytes.ts')],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...configDefaults.exclude, ...include] },
      },
      ...Object.entries(OTHERS).map(([name, files]) => ({
        extends: true as const,
        test: { name, include: [files], hookTimeout: 60_000 },
      })),
    ],
  },
});
