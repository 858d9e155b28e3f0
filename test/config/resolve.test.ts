import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig, resolveConfig, shippedConfigs, shippedParts } from '../../src/config/load';
import { configSchema } from '../../src/config/schema';
import { InputError } from '../../src/errors';
import type { OptimizerSettings } from '../../src/train/optimizer_settings';
import type { Schedule } from '../../src/train/schedules';
import { temporaryFolder } from '../data/temporary_folder';

const inFolder = temporaryFolder();

function write(name: string, content: string): string {
  const path = inFolder(name);
  writeFileSync(path, content);
  return path;
}

/** The sentence that a configuration is refused with, without the folder. */
function refusal(nameOrPath: string, ...settings: string[]): string {
  try {
    resolveConfig(nameOrPath, settings);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message).toMatch(/^[^\n]+[^.][.?]$/);
    return message.replaceAll(inFolder('/'), '');
  }
  throw new Error(`${nameOrPath} ${settings.join(' ')} was not refused`);
}

const refusalOf = (content: string): string => refusal(write('refused.yaml', content));

/** What a part is for. */
const SECTIONS: Record<string, string[]> = {
  'augment/none': ['augment'],
  'datasets/coco_instances': ['data'],
  'runtime/default': ['train', 'validate', 'checkpoint', 'log'],
};

describe('shipped configurations and parts', () => {
  it('are listed', () => {
    expect(shippedParts()).toEqual([
      'augment/flips',
      'augment/none',
      'datasets/coco_instances',
      'models/mask_rcnn_r50_fpn',
      'models/mask_rcnn_slim',
      'runtime/default',
      'schedules/adamw_cosine',
      'schedules/sgd_multistep',
    ]);
  });

  it.each(shippedConfigs())('%s resolves, and its resolved text loads again as the same', (name) => {
    const { config, yaml } = resolveConfig(name);
    const path = write(`${name}.resolved.yaml`, yaml);
    expect(resolveConfig(path).config).toEqual(config);
    const { model, classNames, categoryIds } = config;
    expect(loadConfig(path)).toEqual({ model, classNames, categoryIds });
    expect(parseConfig(yaml, 'metadata')).toEqual(loadConfig(name));
  });

  it.each(shippedParts().filter((part) => !part.startsWith('models/')))('%s states the defaults', (part) => {
    const stated = resolveConfig(write('part.yaml', `_base_: ${part}\nmodel: {}\n`)).config;
    const defaults = resolveConfig(write('plain.yaml', 'model: {}\n')).config;
    if (part === 'schedules/adamw_cosine') {
      expect(stated.optimizer).toMatchObject({ type: 'adamw', learningRate: 5e-4, weightDecay: 0.05 });
      expect(stated.schedule).toMatchObject({ type: 'cosine', warmUp: { steps: 200, order: 'before' } });
    } else if (part === 'augment/flips') {
      const half = { probability: 0.5 };
      expect(stated.augment).toEqual({ ...defaults.augment, flipHorizontal: half, flipVertical: half });
    } else {
      expect(stated).toEqual(defaults);
    }
  });

  it.each(['augment/none', 'datasets/coco_instances', 'runtime/default'])(
    '%s has every key of its sections',
    (part) => {
      const text = resolveConfig(write('part.yaml', `_base_: ${part}\nmodel: {}\n`)).yaml;
      const sections = SECTIONS[part];
      const complete = configSchema.parse({ model: {} }) as Record<string, unknown>;
      const leaves = (value: unknown): number =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.values(value).reduce<number>((sum, inner) => sum + leaves(inner), 0)
          : 1;
      const stated = text.split('\n').filter((line) => line.includes(`# configs/_base_/${part}.yaml, line `)).length;
      const extra = part.startsWith('runtime') ? 1 : 0; // early_stopping, a section that is empty by default
      expect(stated).toBe(sections.reduce((sum, section) => sum + leaves(complete[section]), extra));
    },
  );

  it('mask_rcnn_slim_nuclei is the recipe of the slim weights', () => {
    const { config } = resolveConfig('mask_rcnn_slim_nuclei');
    expect(config.model).toEqual(loadConfig('mask_rcnn_slim').model);
    expect(config.optimizer).toMatchObject({ type: 'sgd', learningRate: 0.02, momentum: 0.9, weightDecay: 1e-4 });
    expect(config.schedule).toMatchObject({ milestones: [0.8], gamma: 0.1, warmUp: { type: 'linear', steps: 200 } });
    expect(config.train).toMatchObject({ steps: 800, batchSize: 2, clipNorm: 10, frozenStages: 1, seed: 1 });
    expect(config.train.proposals).toMatchObject({ preNmsTopN: 1000, postNmsTopN: 500, samples: 256 });
    expect(config.train.regions).toMatchObject({ samples: 256, positiveShare: 0.25 });
    expect(config.augment).toMatchObject({ flipHorizontal: { probability: 0.5 }, flipVertical: { probability: 0.5 } });
    expect(config.data).toMatchObject({ order: 'replacement', keepEmptyImages: false, groupByAspectRatio: false });
  });
});

describe('settings', () => {
  const set = (...settings: string[]): ReturnType<typeof resolveConfig>['config'] => {
    return resolveConfig('mask_rcnn_slim_nuclei', settings).config;
  };

  it('set any key, the last one counts', () => {
    const config = set('train.batch_size=4', 'model.box.score_threshold=1e-2', 'train.batch_size=8');
    expect([config.train.batchSize, config.model.box.scoreThreshold]).toEqual([8, 0.01]);
    expect(set('log.curves=false').log.curves).toBe(false);
    expect(set('validate.metric=bbox_AP50').validate.metric).toBe('bbox_AP50');
    expect(set('early_stopping={patience: 4}').earlyStopping).toEqual({ patience: 4, minDelta: 0 });
    expect(set('early_stopping.patience=4').earlyStopping).toEqual({ patience: 4, minDelta: 0 });
    expect(set('train.ema.decay=0.99').train.ema).toEqual({ decay: 0.99, every: 1, warmUp: true });
    expect(set('train.clip_norm=').train.clipNorm).toBeNull();
    expect(set('train.init=a=b').train.init).toBe(resolve('a=b'));
  });

  it('set items of lists', () => {
    expect(set('model.anchors.sizes[1]=[20]').model.anchors.sizes).toEqual([[8], [20], [32], [64]]);
    expect(set('model.anchors.sizes.1.0=20').model.anchors.sizes).toEqual([[8], [20], [32], [64]]);
    expect(set('schedule.milestones[1]=0.9').schedule).toMatchObject({ milestones: [0.8, 0.9] });
    const groups = set('train.groups[0].pattern=rpn.*', 'train.groups[0].weight_decay=0').train.groups;
    expect(groups).toEqual([{ pattern: 'rpn.*', learningRateMultiplier: 1, weightDecay: 0 }]);
    expect(set('train.no_decay[0]="*.bias"').train.noDecay).toEqual(['*.bias']);
  });

  it('take another optimizer and schedule without the options of the one before', () => {
    const config = set('optimizer.type=AdamW', 'schedule.type=cosine');
    const optimizer: OptimizerSettings | { type: 'lbfgs' } = config.optimizer;
    const schedule: Schedule = config.schedule;
    expect(optimizer).toEqual({
      ...{ type: 'adamw', learningRate: null, weightDecay: 0.01, maximize: false },
      ...{ beta1: 0.9, beta2: 0.999, eps: 1e-8, amsgrad: false },
    });
    expect(schedule).toMatchObject({ type: 'cosine', minimum: 0, warmUp: { steps: 200 } });
    expect(set('optimizer.momentum=0.8').optimizer).toMatchObject({ momentum: 0.8, weightDecay: 1e-4 });
  });

  it.each([
    ['train.epoch=3', '--set train.epoch=3: "epoch" is not a key of train; the nearest one is epochs.'],
    ['learning_rate=3', '"learning_rate" is not a key of a configuration; it belongs under optimizer.'],
    ['batch_sise=3', 'the nearest one is batch_size, under train.'],
    ['early_stopping.patence=3', '"patence" is not a key of early_stopping; the nearest one is patience.'],
    ['train.ema.dekay=0.9', '"dekay" is not a key of train.ema; the nearest one is decay.'],
    ['augment.rotate.degree=[-5, 5]', '"degree" is not a key of augment.rotate; the nearest one is degrees.'],
    ['augment.flip_horizontal=0.5', 'augment.flip_horizontal must be a section with keys, not 0.5'],
    ['augment.blur.sigma=[2, 1]', 'augment.blur.sigma must be a list of two numbers'],
    ['train.groups=[{patern: x}]', '"patern" is not a key of train.groups[0]; the nearest one is pattern'],
    ['optimizer.beta1=0.9', '"beta1" is not a key of optimizer;'],
    ['optimizer={type: adam, momentum: 0.9}', '"momentum" is not a key of optimizer;'],
    ['optimizer.type=adamm', 'optimizer.type must be sgd, adam, adamw,'],
    ['optimizer.type=adamm', '(the nearest is adam'],
    ['optimizer.type=SparseAdam', 'since no layer here has sparse ones: adam does the same for them'],
    [
      'optimizer.learning_rate=-1',
      '--set optimizer.learning_rate=-1: optimizer.learning_rate must be a number above 0',
    ],
    ['optimizer.learning_rate=', 'optimizer.learning_rate must be a number above 0'],
    ['schedule.type=step', 'schedule.type must be constant, multistep, cosine or polynomial'],
    ['schedule.milestones=[0.9, 0.5]', 'schedule.milestones must be in ascending order'],
    ['schedule.milestones=[8, 11]', 'schedule.milestones[0] must be a share of the run between 0 and 1, not 8'],
    ['validate.metric=mAP', 'validate.metric must be segm_AP, segm_AP50'],
    ['train.seed=-1', 'train.seed must be a whole number from 0 to 4294967295, not -1'],
    ['train.batch_size=two', 'train.batch_size must be a whole number from 1 to 1024, not the text "two"'],
    ['train=3', 'train must be a section with keys, not 3'],
    ['train.batch_size', '--set train.batch_size: write KEY=VALUE'],
    ['=3', 'write KEY=VALUE'],
    ['train..seed=3', 'write KEY=VALUE'],
    ['train.init="a', 'the value cannot be read as YAML'],
    ['train.init=*a', '--set train.init=*a: the value'],
    ['model.anchors.sizes[7]=[3]', 'model.anchors.sizes has 4 items, counted from 0, and none at "7"'],
    ['train.seed[0]=3', 'train.seed is no list, so it has no numbered items'],
    ['__proto__.x=3', '"__proto__" is not a key of a configuration'],
    ['train.init=a\0b', '--set train.init=a b: train.init must be a path without null characters'],
  ])('%s is refused', (setting, expected) => {
    const message = refusal('mask_rcnn_slim_nuclei', setting);
    expect(message).toContain('--set ');
    expect(message).toContain(expected);
    expect(message.length).toBeLessThan(500);
  });
});

describe('settings of great length', () => {
  it('are cut short in messages', () => {
    expect(refusal('mask_rcnn_slim', `train.seed=${'x'.repeat(5000)}`).length).toBeLessThan(500);
  });
});

describe('files', () => {
  it('say where a wrong value stands, also below another file', () => {
    write('below.yaml', 'model: {}\ntrain:\n  batch_size: 0\n');
    expect(refusalOf('_base_: below.yaml\ntrain:\n  seed: 2\n')).toContain(
      'below.yaml, line 3: train.batch_size must be',
    );
    expect(refusalOf('model: {}\nlog:\n  evry: 3\n')).toContain('refused.yaml, line 3: "evry" is not a key of log');
  });

  it('have paths relative to the file that names them, settings to the working folder', () => {
    mkdirSync(inFolder('sub'), { recursive: true });
    write('sub/data.yaml', 'data:\n  train: {annotations: a.json, images: ../images}\n');
    const path = write('top.yaml', '_base_: [mask_rcnn_slim, sub/data.yaml]\ndata:\n  val: {annotations: v.json}\n');
    const { config, yaml } = resolveConfig(path, ['data.val.images=here', `train.init=${tmpdir()}/w.pth`]);
    expect(config.data.train).toEqual({ annotations: inFolder('sub/a.json'), images: inFolder('images') });
    expect(config.data.val).toEqual({ annotations: inFolder('v.json'), images: resolve('here') });
    expect(config.train.init).toBe(`${tmpdir()}/w.pth`);
    // from another folder it is still the same files
    mkdirSync(inFolder('elsewhere'), { recursive: true });
    expect(resolveConfig(write('elsewhere/config.yaml', yaml)).config).toEqual(config);
  });

  it('resolve to a text that says where each value comes from', () => {
    const path = write('one.yaml', 'model: {classes: 3}\ntrain:\n  groups: [{pattern: "rpn.*"}]\n');
    const { yaml } = resolveConfig(path, ['train.seed=7']);
    expect(yaml).toMatch(/^ {2}classes: 3 # .*one\.yaml, line 1$/m);
    expect(yaml).toMatch(/^ {2}seed: 7 # --set train\.seed=7$/m);
    expect(yaml).toMatch(/^ {2}batch_size: 2$/m);
    expect(yaml).toMatch(/^ {2}# .*one\.yaml, line 3\n {2}groups: /m);
  });

  it('keep names that YAML would take for something else', () => {
    const path = write('names.yaml', 'model: {classes: 5, class_names: ["1", "no", "a: b # c", "null"]}\n');
    const again = resolveConfig(write('names2.yaml', resolveConfig(path).yaml)).config;
    expect(again.classNames).toEqual(['1', 'no', 'a: b # c', 'null']);
  });
});

describe('withClasses', () => {
  it('puts the classes of a dataset in place of those of the files', () => {
    const before = resolveConfig('mask_rcnn_slim', ['train.seed=7']);
    const { config, yaml } = before.withClasses(['grain', 'bubble'], [3, 9], '/data/train.json');
    expect(config).toEqual({
      ...before.config,
      model: { ...before.config.model, classes: 3 },
      classNames: ['grain', 'bubble'],
      categoryIds: [3, 9],
    });
    expect(resolveConfig(write('classes.yaml', yaml)).config).toEqual(config);
  });

  it('refuses more classes than a model may have', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `class ${i}`);
    const ids = names.map((_, i) => i);
    const resolved = resolveConfig('mask_rcnn_slim');
    expect(() => resolved.withClasses(names, ids, 'train.json')).toThrow(/^train\.json: model\.classes must be/);
  });
});
