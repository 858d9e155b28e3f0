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
  { name: 'imports', args: ['scripts/check-imports.mjs'], mend: 'node scripts/check-imports.mjs' },
  { name: 'lock file', args: ['scripts/check-lockfile.mjs'], mend: 'node scripts/check-lockfile.mjs' },
  { name: 'build', args: ['scripts/build.mjs', '--types'], mend: 'npm run build' },
];

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/**
 * Runs one check and prints its name and time, and, where it fails, what it said.
 *
 * @param {{ name: string, args: string[], mend: string }} check
 */
async function runCheck({ name, args, mend }) {
  const started = performance.now();
  const { code, stdout, stderr } = await capture(args);
  console.log(`[check] ${name.padEnd(10)} ${code === 0 ? 'ok' : 'FAILED'} (${seconds(started)})`);
  if (code !== 0) {
    console.log(`${stdout}${stderr}`.trimEnd());
    console.log(`[check] again on its own: ${mend}`);
  }
  return code === 0;
}

await runMain(async () => {
  const started = performance.now();
  await setUp();
  const failed = [];
  for (const check of CHECKS) {
    if (!(await runCheck(check))) {
      failed.push(check.name);
    }
  }
  const vitest = [join(MODULES, 'vitest/vitest.mjs'), 'run', ...process.argv.slice(2)];
  if ((await run(process.execPath, vitest)) !== 0) {
    failed.push('tests');
  }
  const outcome = failed.length === 0 ? 'everything passed' : `FAILED: ${failed.join(', ')}`;
  console.log(`[test] ${outcome}, ${seconds(started)} in all`);
  return failed.length === 0 ? 0 : 1;
});
