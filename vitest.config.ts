/** The tests of `npm test`; those that take longest have a script of their own (vitest.long.config.ts). */
import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';

export const shared = defineConfig({
  test: {
    // Training tests keep a core busy on their own; one file a core is the most that pays.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

export default mergeConfig(
  shared,
  defineConfig({
    test: {
      include: ['test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, 'test/**/*.long.test.ts'],
    },
  }),
);
