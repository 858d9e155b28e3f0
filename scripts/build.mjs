// Builds dist/: cli.js and index.js for Node, browser.js with the core only; with --types also the declarations.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { markBuilt, sourceHash } from './lib/build-state.mjs';
import { inlineForEsbuild } from './lib/inline.mjs';
import { ROOT } from './lib/run.mjs';

const DIST = join(ROOT, 'dist');
const CHUNKS = join(DIST, 'chunks');

/** @type {import('esbuild').BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  loader: { '.wgsl': 'text' },
  sourcemap: 'linked',
  legalComments: 'none',
  outdir: DIST,
  write: false,
  logLevel: 'silent',
};

/** Fails the build at an import of Node's modules, naming the file that has it. @type {import('esbuild').Plugin} */
const noNode = {
  name: 'no-node',
  setup(bundle) {
    bundle.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      if (path.startsWith('node:') || builtinModules.includes(path)) {
        return {
          errors: [{ text: `the browser bundle must not import "${path}" (in ${importer.replace(`${ROOT}/`, '')})` }],
        };
      }
      return undefined;
    });
  },
};

/**
 * The bundle of an entry for the browser: nothing of Node's, everything else inside.
 *
 * @param {string} entry
 */
export function buildBrowser(entry) {
  return build({ ...COMMON, platform: 'browser', entryPoints: { browser: entry }, plugins: [noNode] });
}

/** The two bundles for Node; npm packages stay outside. */
function buildNode() {
  return build({
    ...COMMON,
    platform: 'node',
    target: 'node20',
    packages: 'external',
    plugins: [inlineForEsbuild],
    entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts' },
    // each command of the cli is a chunk of its own, loaded when it is asked for
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  });
}

/**
 * Written aside and renamed, so that a process that starts meanwhile reads a whole file.
 *
 * @param {import('esbuild').OutputFile[]} files
 */
function writeOutputs(files) {
  // entries last: they name the chunks
  const chunksFirst = [...files].sort((a, b) => Number(dirname(a.path) === DIST) - Number(dirname(b.path) === DIST));
  for (const { path, contents } of chunksFirst) {
    mkdirSync(dirname(path), { recursive: true });
    const aside = join(DIST, `.${basename(path)}.${process.pid}`);
    writeFileSync(aside, contents);
    renameSync(aside, path);
  }
  const written = new Set(files.map(({ path }) => path));
  for (const name of readdirSync(CHUNKS).filter((name) => !written.has(join(CHUNKS, name)))) {
    rmSync(join(CHUNKS, name));
  }
}

/** Declarations need file endings in their imports to be found by every way of resolving modules. */
function writeTypes() {
  const types = join(DIST, 'types');
  rmSync(types, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--rootDir',
    'src',
    '--outDir',
    types,
  ];
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'scripts/tsconfig.types.json', ...options], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) {
    throw new Error('tsc could not write the declarations');
  }
  for (const entry of readdirSync(types, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      writeFileSync(
        path,
        text.replace(
          /((?:from|import\()\s*['"])(\.{1,2}\/[^'"]+)(?=['"])/g,
          (_, /** @type {string} */ head, /** @type {string} */ to) => {
            const isFolder = existsSync(join(dirname(path), to, 'index.d.ts'));
            return `${head}${to}${isFolder ? '/index' : ''}.js`;
          },
        ),
      );
    }
  }
}

async function main() {
  const started = performance.now();
  const hash = sourceHash();
  mkdirSync(DIST, { recursive: true });
  const results = await Promise.all([buildNode(), buildBrowser('src/browser.ts')]);
  writeOutputs(results.flatMap(({ outputFiles }) => outputFiles ?? []));
  if (process.argv.includes('--types')) {
    writeTypes();
  }
  markBuilt(hash);
  console.error(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

if (process.argv[1]?.endsWith('build.mjs')) {
  try {
    await main();
  } catch (error) {
    const errors = /** @type {{ errors?: import('esbuild').Message[] }} */ (error).errors;
    if (errors === undefined) {
      throw error;
    }
    for (const { text, location } of errors) {
      console.error(location === null ? text : `${location.file}:${location.line}:${location.column}: ${text}`);
    }
    process.exitCode = 1;
  }
}
