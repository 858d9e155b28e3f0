import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      name: 'wgsl',
      // .wgsl files are imported as text, as esbuild's text loader does in the bundles.
      load(id: string): string | null {
        return id.endsWith('.wgsl') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : null;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    // Dawn is loaded once a process; GPU work runs in one forked worker, one file at a time.
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
