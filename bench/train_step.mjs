// Times a step of training, by turns with torchvision: node bench/train_step.mjs [runs] [slim|r50] [software|hardware].
//
// Two images of ../shared/data/nuclei, the same weights, sampling sizes, clipping and optimizer. A step goes from decoded
// images, boxes and masks in the computer's memory to new weights; the first steps of each side are not counted. The peer
// runs on all cores, and on CUDA where PyTorch has it. The environment variable PYTHON names the interpreter.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inlineForEsbuild } from '../scripts/lib/inline.mjs';
import { ROOT, runMain, SetupError } from '../scripts/lib/run.mjs';

/** @typedef {import('../src/bench/measure').Contestant} Contestant */
/** @typedef {{ title: string, config: string, settings: string[], weights: string | null }} Case */

const DATA = join(ROOT, '..', 'shared', 'data');
const ANNOTATIONS = join(DATA, 'nuclei', 'annotations', 'train_rle.json');
const PEER = join(ROOT, 'bench', 'peers', 'torchvision_train.py');
/** Of 256 x 256 pixels with 62 objects, and of 347 x 260 with 125. */
const IMAGES = [4, 8];
/** Low enough for weights by formula to stay what they are. */
const RATE = 0.0001;
const COMMON = [
  `optimizer.learning_rate=${RATE}`,
  'schedule={type: constant, warm_up: {steps: 0}}',
  'train.clip_norm=10',
  'train.frozen_stages=1',
];

/** @type {Record<string, Case>} */
const CASES = {
  slim: {
    title: 'slim, 2 images, shorter side 320',
    config: 'mask_rcnn_slim_nuclei',
    settings: COMMON,
    weights: join(DATA, 'slim', 'slim.safetensors'),
  },
  r50: {
    title: 'R50-FPN, 2 images, shorter side 128',
    config: 'mask_rcnn_r50_fpn',
    settings: [
      ...COMMON,
      'model.classes=3',
      'model.class_names=null',
      'model.category_ids=null',
      'model.backbone.norm_eps=0.00001',
      'model.image.min_size=128',
      'model.image.max_size=160',
    ],
    weights: null,
  },
};

/** @returns {Promise<typeof import('./training_step')>} */
async function builtStep() {
  const folder = join(ROOT, '.cache', 'bench');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'training_step.mjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['bench/training_step.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    loader: { '.wgsl': 'text' },
    plugins: [inlineForEsbuild],
    outfile,
    logLevel: 'error',
  });
  return /** @type {typeof import('./training_step')} */ (await import(pathToFileURL(outfile).href));
}

/**
 * torchvision in a process of its own.
 *
 * @param {string} python
 * @param {string} name
 * @param {'cpu' | 'cuda'} device
 * @returns {Promise<Contestant>}
 */
async function startPeer(python, name, device) {
  const child = spawn(python, [PEER, name, IMAGES.join(), device, String(RATE)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done === true) {
      throw new SetupError(`${python} ended while it trained`);
    }
    return JSON.parse(value);
  };
  const { device: title } = await answer();
  return {
    name: `torchvision, ${title}`,
    adapter: null,
    async run() {
      child.stdin.write('\n');
      const { milliseconds, losses } = await answer();
      const values = Object.entries(losses).map(([loss, value]) => [loss, [value]]);
      return { milliseconds, result: Object.fromEntries(values) };
    },
    release() {
      child.stdin.end();
      return Promise.resolve();
    },
  };
}

/**
 * @param {string} python
 * @returns {('cpu' | 'cuda')[]}
 */
function peerDevices(python) {
  const script = 'import torch, torchvision; print(torch.cuda.is_available())';
  const { status, stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  if (status !== 0) {
    console.log(`${python} has no torchvision (PYTHON=… names another one): ours alone`);
    return [];
  }
  return stdout.trim() === 'True' ? ['cpu', 'cuda'] : ['cpu'];
}

await runMain(async () => {
  const [runsText = '5', only, adapter = 'auto'] = process.argv.slice(2);
  const runs = Number(runsText);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new SetupError(`${runsText} runs: give a whole number from 1 on`);
  }
  if (adapter !== 'auto' && adapter !== 'software' && adapter !== 'hardware') {
    throw new SetupError(`there is no adapter ${adapter}: software, hardware or auto`);
  }
  const names = only === undefined ? Object.keys(CASES) : [only];
  if (names.some((name) => !(name in CASES))) {
    throw new SetupError(`there is no case ${only}: ${Object.keys(CASES).join(' or ')}`);
  }
  if (!existsSync(ANNOTATIONS)) {
    throw new SetupError('../shared/data/nuclei is not there: the benchmark trains on two of its images');
  }
  const python = process.env.PYTHON ?? 'python3';
  const devices = peerDevices(python);
  const { measure, prepareStep } = await builtStep();
  for (const name of names) {
    const { title, ...form } = CASES[name];
    const data = { annotations: ANNOTATIONS, imageFolder: join(DATA, 'nuclei', 'images'), images: IMAGES };
    const contestants = [await prepareStep({ ...form, ...data }, adapter)];
    for (const device of devices) {
      contestants.push(await startPeer(python, name, device));
    }
    console.log(`${title}; ours on ${contestants[0].adapter ?? 'an unnamed device'}`);
    const timings = await measure(
      contestants,
      contestants.map(() => runs),
      (text) => console.error(text),
    );
    for (const { name: side, medianMs, minMs, maxMs, firstMs, result } of timings) {
      const seconds = [medianMs, minMs, maxMs, firstMs].map((value) => (value / 1000).toFixed(2));
      const ratio = side === timings[0].name ? '' : `   ${(medianMs / timings[0].medianMs).toFixed(2)} x`;
      const losses = Object.values(result).reduce((sum, values) => sum + Number(values[0]), 0);
      console.log(
        `  ${side.padEnd(42)} ${seconds[0]} s a step (${seconds[1]} to ${seconds[2]}; first ${seconds[3]})` +
          `   loss ${losses.toFixed(3)}${ratio}`,
      );
    }
    for (const contestant of contestants) {
      await contestant.release();
    }
  }
  return 0;
});
