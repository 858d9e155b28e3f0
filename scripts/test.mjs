// `npm test`: sets the clone up, then runs every check and every test. Arguments go to Vitest.
import { join } from 'node:path';
import { ROOT, capture, run, runMain } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

const MODULES = join(ROOT, 'node_modules');

/** @type {readonly { name: string, args: string[], mend: string }[]} */
const CHECKS = [
  { name: 'format', args: [join(MODULES, 'prettier/bin/prettier.cjs'), '--check', '.'], mend: 'npm run format' },
  { name: 'lint', args: [join(MODULES, 'eslint/bin/eslint.js'), '--max-warnings', '0', '.'], mend: 'npm run lint' },
  { name: 'types', args: [join(MODULES, 'typescript/bin/tsc'), '-p', '.'], mend: 'npm run types' },
  { name: 'page types', args: [join(MODULES, 'typescript/bin/tsc'), '-p', 'src/report/client'], mend: 'npm run types' },
  { name: 'imports', args: ['scripts/check-imports.mjs'], mend: 'node scripts/check-imports.mjs' },
  { name: 'lock file', args: ['scripts/check-lockfile.mjs'], mend: 'node scripts/check-lockfile.mjs' },
  { name: 'build', args: ['scripts/build.mjs', '--types'], mend: 'npm run build' },
];

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/**
 * Runs all checks at once, and prints name and time of each in their order, with what it said where it failed.
 *
 * @returns {Promise<string[]>} the names of those that failed
 */
async function runChecks() {
  const running = CHECKS.map(async (check) => {
    const started = performance.now();
    return { ...check, ...(await capture(check.args)), took: seconds(started) };
  });
  const failed = [];
  for (const check of running) {
    const { name, code, stdout, stderr, took, mend } = await check;
    console.log(`[check] ${name.padEnd(10)} ${code === 0 ? 'ok' : 'FAILED'} (${took})`);
    if (code !== 0) {
      failed.push(name);
      console.log(`${stdout}${stderr}`.trimEnd());
      console.log(`[check] again on its own: ${mend}`);
    }
  }
  return failed;
}

await runMain(async () => {
  const started = performance.now();
  await setUp();
  const failed = await runChecks();
  const vitest = [join(MODULES, 'vitest/vitest.mjs'), 'run', ...process.argv.slice(2)];
  if ((await run(process.execPath, vitest)) !== 0) {
    failed.push('tests');
  }
  const outcome = failed.length === 0 ? 'everything passed' : `FAILED: ${failed.join(', ')}`;
  console.log(`[test] ${outcome}, ${seconds(started)} in all`);
  return failed.length === 0 ? 0 : 1;
});
