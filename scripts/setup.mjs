// Makes a fresh clone ready: npm packages, the bundles, and a WebGPU adapter. Run again, it does nothing.
import { ROOT, runMain, say } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

await runMain(async () => {
  await setUp();
  say(`ready in ${ROOT}`);
  return 0;
});
