#!/usr/bin/env node
// The command. In a clone it builds dist/ first where the sources have changed; in an installed package dist/ is there.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));

async function ensureBuilt() {
  if (!existsSync(path('../src/cli/main.ts'))) {
    return true;
  }
  const isInstalled = existsSync(path('../node_modules/commander'));
  const { isBuilt } = await import('../scripts/lib/build-state.mjs');
  if (isInstalled && isBuilt()) {
    return true;
  }
  if (!isInstalled || !existsSync(path('../node_modules/esbuild'))) {
    console.error('engine: this clone is not set up yet: run `npm run setup` in it first.');
    process.exitCode = 2;
    return false;
  }
  const { spawnSync } = await import('node:child_process');
  const { status } = spawnSync(process.execPath, [path('../scripts/build.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    process.exitCode = 1;
    return false;
  }
  return true;
}

if (await ensureBuilt()) {
  await import(new URL('../dist/cli.js', import.meta.url).href);
}
