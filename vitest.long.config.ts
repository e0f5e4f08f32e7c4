/** The tests that `npm test` leaves out, whole sweeps by many processes: `npm run test:long`. */
import { defineConfig, mergeConfig } from 'vitest/config';
import { shared } from './vitest.config.js';

export default mergeConfig(shared, defineConfig({ test: { include: ['test/**/*.long.test.ts'] } }));
