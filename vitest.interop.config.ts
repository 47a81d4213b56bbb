/** `npx vitest run --config vitest.interop.config.ts`: tests that need the tools of others. */
import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

const shared = { ...base, test: { ...base.test, include: [], exclude: ['node_modules/**'] } };

export default mergeConfig(shared, defineConfig({ test: { include: ['test/interop/**/*.test.ts'] } }));
