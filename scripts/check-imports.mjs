// Holds the order of the folders under src/: see docs/architecture.md and scripts/lib/import-rules.mjs.
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { checkFile } from './lib/import-rules.mjs';
import { ROOT } from './lib/run.mjs';

const files = readdirSync(join(ROOT, 'src'), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
const complaints = files.flatMap((file) =>
  checkFile(relative(ROOT, file).split(sep).join('/'), readFileSync(file, 'utf8')),
);
for (const complaint of complaints) {
  console.error(complaint);
}
console.log(`${files.length} files, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
