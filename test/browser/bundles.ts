import { basename, join } from 'node:path';
import { build, type OutputFile, type Plugin } from 'esbuild';
import { buildBrowser } from '../../scripts/build.mjs';
import { ROOT } from '../../scripts/lib/run.mjs';

const PAGE = join(ROOT, 'test', 'browser', 'page');

/** Gives test files what they get from vitest and Node in the form that a worker has it, and the page the built bundle. */
const forThePage: Plugin = {
  name: 'for-the-page',
  setup(bundle) {
    bundle.onResolve({ filter: /^vitest$/ }, () => ({ path: join(PAGE, 'vitest.ts') }));
    bundle.onResolve({ filter: /^node:/ }, () => ({ path: join(PAGE, 'node.ts') }));
    bundle.onResolve({ filter: /\/src\/node\/webgpu$/ }, () => ({ path: 'host', namespace: 'browser-host' }));
    bundle.onLoad({ filter: /.*/, namespace: 'browser-host' }, () => ({
      contents: `export { browserHost as nodeHost } from './src/browser';`,
      resolveDir: ROOT,
      loader: 'ts',
    }));
    bundle.onResolve({ filter: /\/src\/browser$/ }, ({ kind, importer }) =>
      kind === 'import-statement' && basename(importer) === 'main.ts' ? { path: '/browser.js', external: true } : null,
    );
  },
};

/**
 * The scripts that the test's page loads, by their addresses: /browser.js, the bundle that users get; /tests/main.js, the
 * page's script, which imports it; /tests/worker.js; and /tests/NAME.js for each test file, which share their modules.
 *
 * @param names of files in test/kernels, without .test.ts
 */
export async function pageScripts(names: readonly string[]): Promise<Map<string, Uint8Array>> {
  const tests = names.map((name) => [name, join(ROOT, 'test', 'kernels', `${name}.test.ts`)]);
  const [engine, scripts] = await Promise.all([
    buildBrowser('src/browser.ts'),
    build({
      absWorkingDir: ROOT,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      loader: { '.wgsl': 'text' },
      external: ['/tests/*'],
      define: {
        // files of the repository lie under /repository on the server
        'import.meta.url': '"file:///repository/test/kernels/x.test.ts"',
        'import.meta.dirname': '"/repository/test/kernels"',
        'process.env.ENGINE_ADAPTER': 'undefined',
      },
      entryPoints: {
        ...Object.fromEntries(tests),
        main: join(PAGE, 'main.ts'),
        worker: join(PAGE, 'worker.ts'),
      },
      outdir: 'tests',
      write: false,
      plugins: [forThePage],
    }),
  ]);
  const named = (prefix: string, files: readonly OutputFile[]): [string, Uint8Array][] =>
    files.filter(({ path }) => path.endsWith('.js')).map(({ path, contents }) => [prefix + basename(path), contents]);
  return new Map([...named('/', engine.outputFiles ?? []), ...named('/tests/', scripts.outputFiles)]);
}
