// `npm run demo`: sets the clone up, makes pictures of particles, trains a small Mask R-CNN on them from random weights, and
// scores it on pictures that it has not seen.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError, run, runMain } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

const OUT = join('out', 'demo');
const CONFIG = 'mask_rcnn_tiny_particles';

const train = join(OUT, 'train');
const unseen = join(OUT, 'unseen');
const trained = join(OUT, 'run');
const best = join(trained, 'best.safetensors');
const found = join(OUT, 'found');
const pictures = join(OUT, 'pictures');
const report = join(OUT, 'report.html');
const annotations = (/** @type {string} */ folder) => join(folder, 'annotations_rle.json');
const images = (/** @type {string} */ folder) => join(folder, 'images');

/** Title and arguments of `engine` for each step. @type {[string, string[]][]} */
const STEPS = [
  [
    'Pictures of particles to learn from',
    ['synth', '--out', train, '--images', '24', '--size', '160x128', '--seed', '11'],
  ],
  ['Others to be tested on', ['synth', '--out', unseen, '--images', '8', '--size', '160x128', '--seed', '12']],
  [
    'Training, from random weights',
    [
      ...['train', '--config', CONFIG, '--out', trained],
      ...['--set', `data.train.annotations=${annotations(train)}`, '--set', `data.train.images=${images(train)}`],
      ...['--set', `data.val.annotations=${annotations(unseen)}`, '--set', `data.val.images=${images(unseen)}`],
    ],
  ],
  [
    'Finding the particles of the pictures that it has not seen',
    [
      ...['infer', '--weights', best, '--out', found],
      ...['--coco', annotations(unseen), '--image-root', images(unseen)],
    ],
  ],
  [
    'Drawing those that it is sure of',
    [
      ...['infer', '--weights', best, '--out', pictures, '--overlay', '--score-threshold', '0.5'],
      ...['--coco', annotations(unseen), '--image-root', images(unseen)],
    ],
  ],
  ['Figures', ['eval', '--gt', annotations(unseen), '--pred', join(found, 'predict.segm.json'), '--type', 'segm']],
  [
    'Report',
    [
      ...['report', '--gt', annotations(unseen), '--pred', join(found, 'predict.segm.json')],
      ...['--images', images(unseen), '--out', report],
    ],
  ],
];

await runMain(async () => {
  if (process.argv.length > 2) {
    throw new SetupError('The demo takes no arguments. For your own images: npx engine infer, npx engine train');
  }
  await setUp();
  rmSync(join(ROOT, OUT), { recursive: true, force: true });
  const start = performance.now();
  for (const [title, args] of STEPS) {
    console.log(`\n== ${title}: engine ${args.slice(0, 1).join(' ')}`);
    const code = await run(process.execPath, [join(ROOT, 'bin', 'engine.mjs'), ...args], { cwd: ROOT });
    if (code !== 0) {
      return code;
    }
  }
  const minutes = ((performance.now() - start) / 60_000).toFixed(1);
  console.log(`
Done in ${minutes} minutes. To look at, in ${join(ROOT, OUT)}:
  report.html      what was found beside what is there, image by image
  run/curves.html  losses and figures over the training
  pictures/overlay the pictures with what was found
The weights are run/best.safetensors: npx engine infer --weights ${best} --images YOURS --out DIR`);
  return 0;
});
