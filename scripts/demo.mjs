// `npm run demo`: sets the clone up, then finds the nuclei of six micrographs and draws them. Arguments go to engine infer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SetupError, run, runMain } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';

const WEIGHTS = join('..', 'shared', 'data', 'slim', 'slim.safetensors');
const IMAGES = join('..', 'shared', 'data', 'nuclei', 'images');

/** From few and large to 260 small ones, three sizes of image and two kinds of microscope. */
const CHOSEN = [
  '8efed2e62c919e6d',
  'c53326fe49fc26b7',
  '10ba6cbee4873b32',
  'a5e695fce80dc03e',
  '1f0008060150b5b9',
  '3d0ca3498d97edeb',
];

/** The arguments of `engine infer` for the images that lie beside the clone. */
function ownArguments() {
  const images = CHOSEN.map((name) => join(IMAGES, `${name}.png`));
  const absent = [WEIGHTS, ...images].filter((path) => !existsSync(join(ROOT, path)));
  if (absent.length > 0) {
    throw new SetupError(
      `The demo's own weights and images are not beside this clone (${absent[0]} is missing). Pass yours:\n` +
        '  npm run demo -- --weights WEIGHTS.safetensors --images PATH\n' +
        'and --config mask_rcnn_slim, or your own, where the weights do not tell the form of their model.',
    );
  }
  return ['--weights', WEIGHTS, '--config', 'mask_rcnn_slim', '--images', ...images];
}

await runMain(async () => {
  const given = process.argv.slice(2);
  const isGiven = (/** @type {string} */ option) => given.some((arg) => arg === option || arg.startsWith(`${option}=`));
  const hasOwn = isGiven('--weights') && (isGiven('--images') || isGiven('--coco'));
  if (given.length > 0 && !hasOwn) {
    throw new SetupError('The demo needs both: npm run demo -- --weights WEIGHTS.safetensors --images PATH');
  }
  const input = hasOwn ? given : ownArguments();
  await setUp();
  // npm changes into the clone: the paths that were given are meant from where it was started.
  const cwd = hasOwn ? (process.env.INIT_CWD ?? process.cwd()) : ROOT;
  const out = join(ROOT, 'out', 'demo');
  const output = isGiven('--out') ? [] : ['--out', out];
  const command = [join(ROOT, 'bin', 'engine.mjs'), 'infer', ...input, ...output, '--overlay'];
  const code = await run(process.execPath, command, { cwd });
  if (code === 0 && output.length > 0) {
    console.log(`\nThe pictures are in ${join(out, 'overlay')}, the results in ${join(out, 'predict.segm.json')}`);
  }
  return code;
});
