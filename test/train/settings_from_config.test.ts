import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve';
import { InputError } from '../../src/errors';
import { learningRateAt } from '../../src/train/schedules';
import { runSettings, type RunSettings } from '../../src/train/settings_from_config';

function settingsOf(steps: number, ...settings: string[]): RunSettings {
  return runSettings(resolveConfig('mask_rcnn_slim', settings).config, steps);
}

test('the recipe of the slim model on nuclei', () => {
  const { config } = resolveConfig('mask_rcnn_slim_nuclei');
  const settings = runSettings(config, config.train.steps!);
  expect(settings.optimizer).toMatchObject({ type: 'sgd', momentum: 0.9, weightDecay: 1e-4, nesterov: false });
  expect(settings.clipping).toEqual({ norm: 10 });
  expect(settings.imagesPerStep).toBe(2);
  expect(settings.remarks).toEqual([]);
  const rates = [0, 100, 200, 639, 640, 799].map((step) => learningRateAt(settings.schedule, step));
  expect(rates.map((rate) => Number(rate.toPrecision(6)))).toEqual([0.00002, 0.01001, 0.02, 0.02, 0.002, 0.002]);
});

test.each([
  ['adam', 1e-3],
  ['adamw', 1e-3],
  ['adadelta', 1],
  ['adagrad', 0.01],
  ['adamax', 2e-3],
  ['nadam', 2e-3],
  ['radam', 1e-3],
  ['rmsprop', 0.01],
  ['rprop', 0.01],
  ['asgd', 0.01],
  ['lbfgs', 1],
])("%s with torch.optim's learning rate where none is given", (type, rate) => {
  const { optimizer, schedule } = settingsOf(500, `optimizer={type: ${type}}`);
  expect(optimizer.type).toBe(type);
  expect(schedule.learningRate).toBe(rate);
});

test('the learning rate in proportion to the images of a step', () => {
  const settings = ['optimizer.learning_rate=0.02', 'train.batch_size=2', 'train.accumulate=4'];
  expect(settingsOf(500, ...settings).schedule.learningRate).toBe(0.02);
  expect(settingsOf(500, ...settings, 'train.reference_batch_size=16').schedule.learningRate).toBe(0.01);
  expect(settingsOf(500, ...settings, 'train.reference_batch_size=16').imagesPerStep).toBe(8);
});

test('gradients are those of the mean over the passes', () => {
  expect(settingsOf(500, 'train.accumulate=4', 'train.loss_weights.mask=2').passWeights).toEqual({
    objectness: 0.25,
    rpnBox: 0.25,
    class: 0.25,
    box: 0.25,
    mask: 0.5,
  });
});

test('the average, clipping by value, a schedule without warm-up', () => {
  const { average, clipping, schedule } = settingsOf(
    10,
    'train.ema={decay: 0.9}',
    'train.clip_value=0.5',
    'schedule={type: multistep, milestones: [0.25, 0.26, 0.5], warm_up: {steps: 0}}',
  );
  expect(average).toEqual({ decay: 0.9, every: 1, warmUp: true });
  expect(clipping).toEqual({ value: 0.5 });
  expect(schedule.warmUp).toBeUndefined();
  // two milestones of a short run may fall on one step
  const rates = [2, 3, 5].map((step) => learningRateAt({ ...schedule, learningRate: 1 }, step));
  expect(rates.map((rate) => Number(rate.toPrecision(6)))).toEqual([1, 0.01, 0.001]);
});

test('a warm-up that outlasts the run is told', () => {
  expect(settingsOf(50).remarks).toEqual([expect.stringMatching(/warm_up.steps is 200 and the run has 50 steps/)]);
});

test.each([
  [['optimizer={type: sgd, learning_rate: 0.1, nesterov: true}'], /nesterov needs a momentum/],
  [['train.clip_norm=1', 'train.clip_value=1'], /train.clip_norm and train.clip_value are both given/],
  [['schedule={type: cosine, minimum: 0.5}'], /schedule.minimum is 0.5 and must be from 0 to the learning rate, 0.02/],
  [['schedule.warm_up.order=before'], /schedule.warm_up.steps is 200 and must be below the 100 steps of the run/],
  [['optimizer={type: lbfgs}', 'train.clip_norm=1'], /optimizer.type is lbfgs.*take train.clip_norm out/],
  [
    ['optimizer={type: lbfgs}', 'train.backbone_multiplier=0.1', "train.groups=[{pattern: '*'}]"],
    /take train.groups and train.backbone_multiplier out/,
  ],
  [
    ['train.loss_weights={objectness: 0, rpn_box: 0, class: 0, box: 0, mask: 0}'],
    /train.loss_weights are all 0: give one/,
  ],
])('%j is refused in one sentence', (settings, message) => {
  expect(() => settingsOf(100, ...settings)).toThrow(InputError);
  expect(() => settingsOf(100, ...settings)).toThrow(message);
});
