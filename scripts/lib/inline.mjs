// Imports of a file's content: `./page?script` is the browser script built from page.ts, `./job?thread` the script of a
// worker thread of Node built from job.ts, `./style.css?text` its text.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** @typedef {'script' | 'thread' | 'text'} Kind */
const PATTERN = /^(.+)\?(script|thread|text)$/;

/**
 * @param {string} importee as the import has it
 * @param {string} importer path of the file that imports
 * @returns {{ path: string, kind: Kind } | undefined} undefined for an ordinary import
 */
function inlined(importee, importer) {
  const match = PATTERN.exec(importee);
  if (match === null) {
    return undefined;
  }
  const kind = /** @type {Kind} */ (match[2]);
  return { path: join(dirname(importer), match[1]) + (kind === 'text' ? '' : '.ts'), kind };
}

/** @type {Record<'script' | 'thread', import('esbuild').BuildOptions>} */
const BUNDLES = {
  script: { format: 'iife', platform: 'browser', target: 'es2022' },
  // packages stay outside: the thread requires them
  thread: { format: 'cjs', platform: 'node', target: 'node20', packages: 'external' },
};

/** @param {{ path: string, kind: Kind }} file */
async function contentOf({ path, kind }) {
  if (kind === 'text') {
    return readFileSync(path, 'utf8');
  }
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    ...BUNDLES[kind],
    minify: true,
    legalComments: 'none',
    plugins: [inlineForEsbuild],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** @type {import('esbuild').Plugin} */
export const inlineForEsbuild = {
  name: 'inline',
  setup(bundle) {
    bundle.onResolve({ filter: PATTERN }, ({ path, importer }) => {
      const file = inlined(path, importer);
      return file === undefined ? undefined : { path: file.path, namespace: `inline-${file.kind}` };
    });
    for (const kind of /** @type {const} */ (['script', 'thread', 'text'])) {
      bundle.onLoad({ filter: /.*/, namespace: `inline-${kind}` }, async ({ path }) => ({
        contents: await contentOf({ path, kind }),
        loader: 'text',
        watchFiles: [path],
      }));
    }
  },
};

const MARK = '\0inline:';

/** @returns {import('vitest/config').Plugin} */
export function inlineForVitest() {
  return {
    name: 'inline',
    enforce: 'pre',
    resolveId(importee, importer) {
      const file = importer === undefined ? undefined : inlined(importee, importer);
      // an ending of its own, so that Vite does not take a style sheet for one of its modules
      return file === undefined ? null : `${MARK}${file.kind}:${file.path}.inline`;
    },
    async load(id) {
      if (!id.startsWith(MARK)) {
        return null;
      }
      const [kind, path] = id.slice(MARK.length, -'.inline'.length).split(/:(.*)/s);
      return `export default ${JSON.stringify(await contentOf({ path, kind: /** @type {Kind} */ (kind) }))};`;
    },
  };
}
