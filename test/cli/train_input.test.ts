import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/load';
import { readTrainingDataset } from '../../src/data/training/dataset';
import { datasetIdentity } from '../../src/data/training/identity';
import { Warnings } from '../../src/data/warnings';
import { Detector } from '../../src/models/detector';
import type { NamedTensor } from '../../src/train/checkpoint';
import { initialWeights } from '../../src/train/initial_weights';
import { RunFolder } from '../../src/train/run_folder';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand, type CommandOutcome } from '../helpers/command';

const inFolder = temporaryFolder();
const CONFIG = 'mask_rcnn_tiny_particles';

interface Annotations {
  categories: { id: number; name: string }[];
  annotations: Record<string, unknown>[];
}

let annotations: string;
let images: string;

beforeAll(async () => {
  const { code, stderr } = await runCommand(
    ...['synth', '--out', inFolder('scenes'), '--images', '3', '--size', '96x64', '--seed', '5'],
  );
  expect(code, stderr).toBe(0);
  [annotations, images] = [inFolder('scenes/annotations_rle.json'), inFolder('scenes/images')];
});

/** The annotations, changed, in a file of their own. */
function changed(name: string, change: (file: Annotations) => unknown): string {
  const file = JSON.parse(readFileSync(annotations, 'utf8')) as Annotations;
  writeFileSync(inFolder(name), JSON.stringify(change(file) ?? file));
  return inFolder(name);
}

function train(...settings: string[]): Promise<CommandOutcome> {
  const data = [`data.train.annotations=${annotations}`, `data.train.images=${images}`];
  return runCommand(
    ...['train', '--config', CONFIG, '--out', inFolder('out')],
    ...[...data, ...settings].flatMap((setting) => ['--set', setting]),
  );
}

/** What a command that has to be refused says: one sentence, and nothing is written. */
async function refusal(command: Promise<CommandOutcome>): Promise<string> {
  const { code, stderr, stdout } = await command;
  expect(code, stderr).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.trim()).toMatch(/^engine: [^\n]+$/);
  expect(existsSync(inFolder('out'))).toBe(false);
  return stderr;
}

describe('engine train refuses', () => {
  test('a command line without what to train', async () => {
    expect(await refusal(runCommand('train'))).toContain('--config NAME or FILE, or --resume FOLDER');
    expect(await refusal(runCommand('train', '--config', 'mask_rcnn_tiny_particle'))).toContain(
      'the nearest is mask_rcnn_tiny_particles',
    );
    expect(await refusal(runCommand('train', '--config', CONFIG))).toContain('--set data.train.annotations=');
  });

  test('misspelt keys, with the nearest', async () => {
    expect(await refusal(train('optimizer.lerning_rate=1'))).toContain('the nearest one is learning_rate');
    writeFileSync(inFolder('my.yaml'), `_base_: ${CONFIG}\ntrain:\n  epoch: 3\n`);
    expect(await refusal(runCommand('train', '--config', inFolder('my.yaml')))).toMatch(
      /my\.yaml, line 3.*"epoch".*nearest one is epochs/,
    );
  });

  test('data that cannot be learnt from', async () => {
    expect(await refusal(train('data.train.annotations=nowhere.json'))).toContain('nowhere.json does not exist');
    expect(await refusal(train(`data.train.images=${inFolder('scenes')}`))).toContain('lacks 3 of 3 images');
    const boxes = changed('boxes.json', (file) => {
      file.annotations.forEach((annotation) => delete annotation.segmentation);
    });
    expect(await refusal(train(`data.train.annotations=${boxes}`))).toContain('boxes but no masks');
    expect(await refusal(train(`data.val.annotations=${boxes}`))).toContain('boxes but no masks');
    const results = changed('results.json', (file) => file.annotations.map((object) => ({ ...object, score: 0.5 })));
    expect(await refusal(train(`data.train.annotations=${results}`))).toContain('results list');
    const crowds = changed('crowds.json', (file) => {
      file.annotations.forEach((annotation) => (annotation.iscrowd = 1));
    });
    expect(await refusal(train(`data.train.annotations=${crowds}`))).toContain('no object to learn of "particle"');
    expect(await refusal(train(`data.val.annotations=${crowds}`))).toContain('no object to compare with');
  });

  test('validation of other classes', async () => {
    const other = changed('other.json', ({ categories }) => {
      categories[0].name = 'particel';
    });
    expect(await refusal(train(`data.val.annotations=${other}`))).toMatch(/"particle" is no category.*"particel"\?/);
  });

  test('a folder that is taken, before anything is read', async () => {
    const taken = runCommand('train', '--config', CONFIG, '--out', inFolder('scenes'));
    expect(await refusal(taken)).toContain('already holds files: name a new or empty output folder');
    expect(await refusal(runCommand('train', '--config', CONFIG, '--out', annotations))).toContain(
      'name another output',
    );
  });

  test('weights that are none', async () => {
    expect(await refusal(train('train.init=nowhere.pth'))).toContain('there is no such file');
    expect(await refusal(train(`train.init=${annotations}`))).toContain('it is a text file');
  });
});

test.each([
  ['model.classes=5', /--set model\.classes=5: model\.classes is 5 and is put aside: the classes of .*count \(2\)/],
  ['model={classes: 2, class_names: [crack]}', /model\.class_names is \["crack"\] and is put aside.*\["particle"\]/],
])('the dataset decides on the classes, not %s', async (setting, told) => {
  // ends at the weights, before a GPU is looked for
  const { stderr } = await train(setting, 'train.init=nowhere.pth');
  expect(stderr).toMatch(told);
  // what a shipped configuration states was not the user's word
  const two = changed('two.json', ({ categories }) => {
    categories.push({ id: 7, name: 'crack' });
  });
  const plain = await train(`data.train.annotations=${two}`, 'train.init=nowhere.pth');
  expect(plain.stderr.trim()).toMatch(/^engine: [^\n]*there is no such file[^\n]*$/);
});

describe('engine train --resume refuses', () => {
  let run: RunFolder;

  beforeAll(async () => {
    const data = [`data.train.annotations=${annotations}`, `data.train.images=${images}`];
    const { config, yaml } = resolveConfig(CONFIG, data).withClasses(['particle'], [1], 'them');
    const parameters = [...Detector.expectedParameters(config.model)].map(([name, shape]) => ({ name, shape }));
    const weights = initialWeights(parameters, 1);
    const tensors = new Map<string, NamedTensor>(
      parameters.map(({ name, shape }) => [name, { shape, data: weights.get(name)! }]),
    );
    run = await RunFolder.choose(inFolder('run'));
    await run.configure(yaml);
    for (const step of [10, 20]) {
      const extra =
        step === 10 ? {} : datasetIdentity(await readTrainingDataset(annotations, images, config.data, new Warnings()));
      await run.saveLast(tensors, { step, epoch: step, seed: 1, best: null, extra: { ...extra } }, 1);
    }
  });

  /** The refusal, which leaves the run as it was. */
  async function refused(...settings: string[]): Promise<string> {
    const before = readFileSync(run.file('config.yaml'), 'utf8');
    const sentence = await refusal(
      runCommand('train', '--resume', run.path, ...settings.flatMap((setting) => ['--set', setting])),
    );
    expect(readFileSync(run.file('config.yaml'), 'utf8')).toBe(before);
    return sentence;
  }

  test('a dataset of other classes', async () => {
    const pores = changed('pores.json', ({ categories }) => {
      categories[0].name = 'pore';
    });
    expect(await refused(`data.train.annotations=${pores}`)).toMatch(
      /the run learns "particle", and the dataset has "pore".*--init .*last\.safetensors/,
    );
  });

  test('another dataset of the same classes and number of images', async () => {
    const fewer = changed('fewer.json', (file) => {
      file.annotations.pop();
    });
    expect(await refused(`data.train.annotations=${fewer}`)).toMatch(
      /the run was trained on 3 images with \d+ objects \(digest [0-9a-f]{16}\), and .*fewer\.json has 3 images with \d+ objects \(digest [0-9a-f]{16}\): resume with the data/,
    );
    const pair = changed('pair.json', (file) => {
      const [{ image_id: first }] = file.annotations;
      file.annotations = file.annotations.filter((annotation) => annotation.image_id !== first);
    });
    expect(await refused(`data.train.annotations=${pair}`)).toContain('pair.json has 2 images with');
  });

  test('a model of another form', async () => {
    expect(await refused('model.fpn.channels=24')).toMatch(
      /last\.safetensors: it has no tensor "backbone\.fpn\..*--init .*last\.safetensors/,
    );
    const anchors = '{sizes: [[8], [16]], aspect_ratios: [[0.5, 1, 2], [0.5, 1, 2]]}';
    expect(await refused('model.backbone.stages=[1]', `model.anchors=${anchors}`)).toContain(
      'the model that these settings make has no tensor "backbone.body.layer2.',
    );
  });

  test('what beside it says how to begin', async () => {
    const both = runCommand('train', '--resume', run.path, '--out', inFolder('out'));
    expect(await refusal(both)).toContain('leave --out out');
  });

  test('a checkpoint that is cut short, with the one before it', async () => {
    truncateSync(run.last, statSync(run.last).size / 2);
    const earlier = run.file('step-00000010.safetensors');
    expect(await refused()).toContain(`mv ${earlier} ${run.last}`);
    expect(readdirSync(run.path)).toContain('step-00000010.safetensors');
  });
});
