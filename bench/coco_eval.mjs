// Times the COCO evaluation, by turns with pycocotools where Python has it: node bench/coco_eval.mjs [runs].
//
// In one process: both files loaded, evaluated, accumulated; the first run of each side is not counted. Whole command:
// `engine eval` against a Python script that does the same. The environment variable PYTHON names the interpreter.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { capture, ROOT, runMain, SetupError } from '../scripts/lib/run.mjs';

/** @typedef {{ title: string, gt: string, pred: string, type: 'bbox' | 'segm', maxDets: number[] }} Case */
/** @typedef {{ milliseconds: number, AP: number | null }} Timing */

const COCOAPI = join(ROOT, '..', 'shared', 'data', 'eval', 'cocoapi');
const PEER = join(ROOT, 'bench', 'peers', 'pycocotools_eval.py');
const [WIDTH, HEIGHT] = [1536, 1024];

/** @returns {Promise<typeof import('../src/index')>} */
async function builtEngine() {
  const { code, stderr } = await capture(['scripts/build.mjs']);
  if (code !== 0) {
    throw new SetupError(`dist/ cannot be built: ${stderr}`);
  }
  return /** @type {typeof import('../src/index')} */ (await import(join(ROOT, 'dist', 'index.js')));
}

/** Numbers from 0 up to 1, the same each time (Numerical Recipes' LCG). */
function randomNumbers() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * An ellipse in an image of WIDTH x HEIGHT.
 *
 * @param {number[]} shape centre x, y and radii
 */
function ellipse([cx, cy, rx, ry]) {
  const counts = [];
  let at = 0;
  for (let x = Math.max(0, Math.ceil(cx - rx)); x < Math.min(WIDTH, cx + rx); x++) {
    const half = ry * Math.sqrt(Math.max(0, 1 - ((x - cx) / rx) ** 2));
    const top = Math.max(0, Math.ceil(cy - half));
    const bottom = Math.min(HEIGHT, Math.floor(cy + half));
    if (bottom > top) {
      counts.push(x * HEIGHT + top - at, bottom - top);
      at = x * HEIGHT + bottom;
    }
  }
  counts.push(HEIGHT * WIDTH - at);
  return { height: HEIGHT, width: WIDTH, counts: Uint32Array.from(counts) };
}

/**
 * One image with 400 ellipses and 500 detections, most of them moved objects. Masks alone: pycocotools then takes boxes
 * and areas from them.
 *
 * @param {typeof import('../src/index')} engine
 * @param {string} folder
 * @param {string} name
 * @param {[number, number]} radii least and greatest, pixels
 */
function denseScene(engine, folder, name, [least, most]) {
  const random = randomNumbers();
  const between = (/** @type {number} */ low, /** @type {number} */ high) => low + random() * (high - low);
  const object = () => [between(0, WIDTH), between(0, HEIGHT), between(least, most), between(least, most)];
  const objects = Array.from({ length: 400 }, object);
  const detections = Array.from({ length: 500 }, (_, i) =>
    i < 400 ? objects[i].map((value) => value + between(-0.1, 0.1) * least) : object(),
  );
  const fields = (/** @type {number[]} */ shape) => {
    const mask = ellipse(shape);
    return { image_id: 1, category_id: 1, segmentation: engine.rleToCoco(mask), mask };
  };
  const annotations = objects.map((shape, i) => {
    const { mask, ...entry } = fields(shape);
    return { id: i + 1, ...entry, area: engine.rleArea(mask), bbox: engine.rleToBbox(mask), iscrowd: 0 };
  });
  const results = detections.map((shape) => {
    const { mask: _, ...entry } = fields(shape);
    return { ...entry, score: random() };
  });
  const images = [{ id: 1, width: WIDTH, height: HEIGHT, file_name: 'dense.png' }];
  const files = { gt: join(folder, `${name}.gt.json`), pred: join(folder, `${name}.pred.json`) };
  writeFileSync(files.gt, JSON.stringify({ images, categories: [{ id: 1, name: 'particle' }], annotations }));
  writeFileSync(files.pred, JSON.stringify(results));
  return files;
}

/**
 * @param {typeof import('../src/index')} engine
 * @param {Case} example
 * @returns {Promise<Timing>}
 */
async function runOurs(engine, { gt, pred, type, maxDets }) {
  const start = performance.now();
  const warnings = new engine.Warnings();
  const reading = { masks: type === 'segm' };
  const dataset = await engine.readDataset(gt, warnings, reading);
  const { predictions } = await engine.readPredictions(pred, warnings, { ...reading, against: dataset });
  const { figures } = engine.evaluateCoco(dataset, predictions, { type, maxDets });
  return { milliseconds: performance.now() - start, AP: figures.AP };
}

/**
 * pycocotools in a process that stays.
 *
 * @param {string} python
 * @param {Case} example
 */
function startPeer(python, { gt, pred, type, maxDets }) {
  const child = spawn(python, [PEER, gt, pred, type, maxDets.join(), '--serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run() {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done === true) {
        throw new SetupError(`${python} ended while it evaluated`);
      }
      return /** @type {Timing} */ (JSON.parse(value));
    },
    end() {
      child.stdin.end();
    },
  };
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function wallTime(program, args) {
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) {
    throw new SetupError(`${program} ${args.join(' ')} failed: ${stderr}`);
  }
  return performance.now() - start;
}

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * @param {typeof import('../src/index')} engine
 * @param {string | undefined} python
 * @param {Case} example
 * @param {number} runs
 */
async function timeCase(engine, python, example, runs) {
  const { title, gt, pred, type, maxDets } = example;
  /** @type {Record<'ours' | 'peer' | 'ourCommand' | 'peerCommand', number[]>} */
  const times = { ours: [], peer: [], ourCommand: [], peerCommand: [] };
  const peer = python === undefined ? undefined : startPeer(python, example);
  let difference = 0;
  for (let run = 0; run <= runs; run++) {
    const ours = await runOurs(engine, example);
    const theirs = await peer?.run();
    if (theirs !== undefined) {
      difference = Math.max(difference, Math.abs((ours.AP ?? -1) - (theirs.AP ?? -1)));
    }
    if (run > 0) {
      times.ours.push(ours.milliseconds);
      times.peer.push(...(theirs === undefined ? [] : [theirs.milliseconds]));
    }
  }
  peer?.end();
  const command = ['bin/engine.mjs', 'eval', '--gt', gt, '--pred', pred, '--type', type, '--max-dets', maxDets.join()];
  for (let run = 0; run < runs; run++) {
    times.ourCommand.push(wallTime(process.execPath, command.with(0, join(ROOT, command[0]))));
    if (python !== undefined) {
      times.peerCommand.push(wallTime(python, [PEER, gt, pred, type, maxDets.join()]));
    }
  }
  const line = (/** @type {string} */ name, /** @type {number[]} */ ours, /** @type {number[]} */ peers) => {
    const versus =
      peers.length === 0
        ? ''
        : `   pycocotools ${median(peers).toFixed(0)} ms   ${(median(peers) / median(ours)).toFixed(2)} x`;
    return `  ${name.padEnd(13)} ours ${median(ours).toFixed(0)} ms${versus}`;
  };
  console.log(title);
  console.log(line('one process', times.ours, times.peer));
  console.log(line('whole command', times.ourCommand, times.peerCommand));
  if (python !== undefined) {
    console.log(`  AP differs by ${difference.toExponential(0)}`);
  }
}

await runMain(async () => {
  const runs = Number(process.argv[2] ?? 7);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new SetupError(`${process.argv[2]} runs: give a whole number from 1 on`);
  }
  const interpreter = process.env.PYTHON ?? 'python3';
  const hasPeer = spawnSync(interpreter, ['-c', 'import pycocotools']).status === 0;
  if (!hasPeer) {
    console.log(`${interpreter} has no pycocotools (PYTHON=… names another one): ours alone`);
  }
  const engine = await builtEngine();
  const folder = mkdtempSync(join(tmpdir(), 'mask-engine-bench-'));
  try {
    const small = denseScene(engine, folder, 'small', [8, 30]);
    const large = denseScene(engine, folder, 'large', [60, 250]);
    /** @type {Case[]} */
    const cases = [
      { title: 'dense, radii 8 to 30, segm', ...small, type: 'segm', maxDets: [1, 10, 500] },
      { title: 'dense, radii 60 to 250, segm', ...large, type: 'segm', maxDets: [1, 10, 500] },
      { title: 'dense, radii 8 to 30, bbox', ...small, type: 'bbox', maxDets: [1, 10, 500] },
    ];
    if (existsSync(COCOAPI)) {
      const gt = join(COCOAPI, 'instances_val2014_100.json');
      for (const type of /** @type {const} */ (['bbox', 'segm'])) {
        const pred = join(COCOAPI, `instances_val2014_fake${type}100_results.json`);
        cases.unshift({ title: `100 COCO images, ${type}`, gt, pred, type, maxDets: [1, 10, 100] });
      }
    } else {
      console.log('../shared/data/eval is not there: without the 100 COCO images');
    }
    for (const example of cases) {
      await timeCase(engine, hasPeer ? interpreter : undefined, example, runs);
    }
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
