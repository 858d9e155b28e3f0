import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { inlineForVitest } from './scripts/lib/inline.mjs';

/** The tests that use the GPU; all others are for the processor only. */
const GPU_TESTS = [
  ...['gpu', 'kernels', 'graph', 'models', 'browser'].map((folder) => `test/${folder}/**/*.test.ts`),
  'test/bench/gpu/**/*.test.ts',
  'test/cli/{bench,bench_kernels,data_preview,doctor,eval,infer,train,train_kill,train_overfit}.test.ts',
];

export default defineConfig({
  plugins: [
    inlineForVitest(),
    {
      name: 'wgsl',
      // .wgsl files are imported as text, as esbuild's text loader does in the bundles.
      load(id: string): string | null {
        return id.endsWith('.wgsl') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))};` : null;
      },
    },
  ],
  test: {
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'cpu',
          include: ['test/**/*.test.ts'],
          exclude: GPU_TESTS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: GPU_TESTS,
          // One device for all files: Dawn is loaded once, and files run one at a time in one process.
          maxWorkers: 1,
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
