import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors';
import type { StepRecord } from '../../../src/train/log/records';
import { TrainingLog, type TrainingLogOptions } from '../../../src/train/log/training_log';
import { temporaryFolder } from '../../data/temporary_folder';
import { readEvents } from './event_reader';

const at = temporaryFolder();

const OPTIONS: TrainingLogOptions = {
  log: { every: 1, tensorboard: true, curves: true, curvesSeconds: 1000 },
  resumeAt: null,
  totalSteps: 10,
  epochs: 5,
  metric: 'segm_AP',
};

function step(number: number, loss = 1 / number): StepRecord {
  return {
    step: number,
    epoch: Math.ceil(number / 2),
    learningRate: 0.02,
    losses: { loss, mask: loss / 4, class: (3 * loss) / 4 },
    gradientNorm: 2,
    imagesPerSecond: 3,
    secondsWaiting: 0.1,
    peakBytes: 2 ** 30,
  };
}

function validation(number: number, figure: number, best: boolean): Parameters<TrainingLog['validation']>[0] {
  return { step: number, epoch: number / 2, figures: { segm_AP: figure, bbox_AP: figure / 2 }, best };
}

async function record(folder: string, options: TrainingLogOptions, steps: readonly number[]): Promise<void> {
  const log = await TrainingLog.open(folder, options);
  steps.forEach((number) => {
    log.step(step(number));
  });
  await log.close();
}

function lines(folder: string, name: string): string[] {
  const text = readFileSync(at(folder, name), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

function stepsOf(folder: string): number[] {
  return lines(folder, 'metrics.jsonl').map((line) => (JSON.parse(line) as { step: number }).step);
}

/** Files of events in the order in which TensorBoard reads them. */
function eventFiles(folder: string): string[] {
  return readdirSync(at(folder))
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort();
}

describe('TrainingLog', () => {
  it('writes each record to all files at once', async () => {
    const log = await TrainingLog.open(at('whole', 'run'), OPTIONS);
    log.note('start');
    log.step(step(1, 2));
    log.step(step(2));
    log.validation(validation(2, 0.25, true));
    // before it is closed, as after a kill
    expect(lines('whole/run', 'metrics.jsonl').map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        kind: 'step',
        step: 1,
        epoch: 1,
        learning_rate: 0.02,
        losses: { loss: 2, mask: 0.5, class: 1.5 },
        gradient_norm: 2,
        images_per_second: 3,
        seconds_waiting: 0.1,
        peak_bytes: 2 ** 30,
      },
      expect.objectContaining({ step: 2, losses: { loss: 0.5, mask: 0.125, class: 0.375 } }),
      { kind: 'validation', step: 2, epoch: 1, figures: { segm_AP: 0.25, bbox_AP: 0.125 }, best: true },
    ]);
    const texts = lines('whole/run', 'train.log').map((line) =>
      line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}/, ''),
    );
    expect(texts).toEqual([
      'start',
      'epoch 1/5, step 1/10, loss 2 (mask 0.5, class 1.5), lr 0.02, 3 images/s, 1.00 GiB',
      'epoch 1/5, step 2/10, loss 0.5 (mask 0.125, class 0.375), lr 0.02, 3 images/s, 1.00 GiB',
      'validation after epoch 1, step 2: segm_AP 0.250, bbox_AP 0.125 (the best until now)',
    ]);
    const [name] = eventFiles('whole/run');
    expect(readEvents(readFileSync(at('whole/run', name)))).toEqual([
      { step: 0, fileVersion: 'brain.Event:2' },
      {
        step: 1,
        scalars: expect.objectContaining({
          'loss/total': 2,
          'loss/mask': 0.5,
          'loss/class': 1.5,
          'train/learning_rate': Math.fround(0.02),
          'train/gradient_norm': 2,
          'speed/images_per_second': 3,
        }) as unknown,
      },
      { step: 2, scalars: expect.objectContaining({ 'loss/total': 0.5 }) as unknown },
      { step: 2, scalars: { 'validation/segm_AP': 0.25, 'validation/bbox_AP': 0.125 } },
    ]);
    await log.close();
    const page = readFileSync(at('whole/run', 'curves.html'), 'utf8');
    expect(page).toContain('<title>Training of run</title>');
    expect(page).toContain('<dd>0.250 (step 2)</dd>');
    expect(page).toContain('"reloadSeconds":null');
  });

  it('resumes: what is recorded of later steps is dropped, also from the curves', async () => {
    await record(at('resumed'), OPTIONS, [1, 2, 3, 4, 5]);
    const [first] = eventFiles('resumed');
    const before = lines('resumed', 'metrics.jsonl').slice(0, 3);
    const eventsBefore = readEvents(readFileSync(at('resumed', first)));
    expect(eventsBefore.map(({ step: of }) => of)).toEqual([0, 1, 2, 3, 4, 5]);
    // a kill in the middle of a line, and of an event
    appendFileSync(at('resumed', first), readFileSync(at('resumed', first)).subarray(0, 30));
    appendFileSync(at('resumed', 'metrics.jsonl'), '{"kind":"step","step":6,"los');
    await record(at('resumed'), { ...OPTIONS, resumeAt: 3 }, [4, 5, 6]);
    expect(stepsOf('resumed')).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lines('resumed', 'metrics.jsonl').slice(0, 3)).toEqual(before);
    const text = lines('resumed', 'train.log').join('\n');
    expect(text).toContain('  resumed after step 3\n');
    expect(text).toContain('metrics.jsonl: 1 line was cut short or damaged, and is dropped');
    expect(text.match(/step 5\/10/g)).toHaveLength(2);
    const files = eventFiles('resumed');
    expect([files.length, files[0]]).toEqual([2, first]);
    expect(readEvents(readFileSync(at('resumed', first)))).toEqual(eventsBefore.slice(0, 4));
    expect(readEvents(readFileSync(at('resumed', files[1]))).map(({ step: of, start }) => [of, start])).toEqual([
      [0, undefined],
      [4, true],
      [4, undefined],
      [5, undefined],
      [6, undefined],
    ]);
    const data = /"title":"Sum of the losses".*?"steps":(\[[^\]]*\])/.exec(
      readFileSync(at('resumed', 'curves.html'), 'utf8'),
    );
    expect(data?.[1]).toBe('[1,2,3,4,5,6]');
  });

  it('a new run begins anew, and one resumed without a metrics file has none of before', async () => {
    await record(at('anew'), OPTIONS, [1, 2, 3]);
    await record(at('anew'), OPTIONS, [1]);
    expect(stepsOf('anew')).toEqual([1]);
    await record(at('empty'), { ...OPTIONS, resumeAt: 7 }, [8]);
    expect(stepsOf('empty')).toEqual([8]);
  });

  it('records every so many steps, the first and the last, and all validations', async () => {
    const options = { ...OPTIONS, log: { ...OPTIONS.log, every: 4, tensorboard: false, curves: false } };
    const log = await TrainingLog.open(at('some'), options);
    for (let number = 1; number <= 10; number++) {
      log.step(step(number));
    }
    log.validation(validation(6, NaN, false));
    await log.close();
    expect(stepsOf('some')).toEqual([1, 4, 8, 10, 6]);
    expect(lines('some', 'metrics.jsonl')[4]).toContain('"segm_AP":null');
    expect(lines('some', 'train.log')[4]).toMatch(/step 6: segm_AP -, bbox_AP -$/);
    expect(readdirSync(at('some')).sort()).toEqual(['metrics.jsonl', 'train.log']);
  });

  it('writes curves.html at once, then no more often than asked for', async () => {
    const log = await TrainingLog.open(at('often'), OPTIONS);
    log.step(step(1));
    await expect.poll(() => existsSync(at('often', 'curves.html'))).toBe(true);
    const { mtimeMs } = statSync(at('often', 'curves.html'));
    expect(readFileSync(at('often', 'curves.html'), 'utf8')).toContain('"reloadSeconds":1000');
    for (let number = 2; number < 10; number++) {
      log.step(step(number));
      await new Promise((done) => setTimeout(done, 5));
    }
    expect(statSync(at('often', 'curves.html')).mtimeMs).toBe(mtimeMs);
    await log.close();
    expect(readFileSync(at('often', 'curves.html'), 'utf8')).toContain('<dd>9 of 10</dd>');
    expect(readdirSync(at('often')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('a page that cannot be written ends no run', async () => {
    mkdirSync(at('blocked', 'curves.html'), { recursive: true });
    await record(at('blocked'), OPTIONS, [1, 2]);
    expect(stepsOf('blocked')).toEqual([1, 2]);
    expect(lines('blocked', 'train.log').join('\n')).toContain('curves.html could not be written: ');
  });

  it('a folder that cannot be written to is an InputError', async () => {
    writeFileSync(at('file'), '');
    await expect(TrainingLog.open(at('file', 'run'), OPTIONS)).rejects.toThrow(InputError);
    mkdirSync(at('taken', 'metrics.jsonl'), { recursive: true });
    await expect(TrainingLog.open(at('taken'), OPTIONS)).rejects.toThrow(InputError);
    await expect(TrainingLog.open(at('taken'), { ...OPTIONS, resumeAt: 1 })).rejects.toThrow(InputError);
  });
});
