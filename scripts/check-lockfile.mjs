// package-lock.json must serve every registry: it holds versions and hashes, no addresses to download from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockfileComplaints } from './lib/lockfile-rules.mjs';
import { ROOT } from './lib/run.mjs';

const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
const complaints = lockfileComplaints(read('package-lock.json'), read('package.json'));
for (const complaint of complaints) {
  console.error(`package-lock.json: ${complaint}`);
}
process.exitCode = complaints.length === 0 ? 0 : 1;
