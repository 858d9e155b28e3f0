// Whether dist/ was built from the sources as they are: their hash lies beside the bundles.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const INPUTS = ['src', 'shaders', 'package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/lib/inline.mjs'];
const OUTPUTS = ['cli.js', 'index.js', 'browser.js'];
const STAMP = join(ROOT, 'dist', '.stamp');

/**
 * @param {string} path relative to the root
 * @returns {string[]}
 */
function filesIn(path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) {
    return [];
  }
  const entries = readdirSync(full, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The hash of everything that the bundles are made from. */
export function sourceHash() {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    const files = /\.\w+$/.test(input) ? [join(ROOT, input)] : filesIn(input).sort();
    for (const file of files) {
      hash
        .update(`${file.slice(ROOT.length)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

export function isBuilt() {
  return (
    existsSync(STAMP) &&
    OUTPUTS.every((name) => existsSync(join(ROOT, 'dist', name))) &&
    readFileSync(STAMP, 'utf8') === sourceHash()
  );
}

/** @param {string} hash */
export function markBuilt(hash) {
  writeFileSync(STAMP, hash);
}
