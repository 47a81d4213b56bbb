import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '#bytes': source('./src/platform/node/bytes.ts'),
      '#checksum': source('./src/platform/node/checksum.ts'),
      '#inflate': source('./src/platform/node/inflate.ts'),
      '#data': source('./src/platform/node/data.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'test/e2e/**', 'node_modules/**'],
    testTimeout: 60_000,
  },
});
