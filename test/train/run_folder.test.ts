import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configFromCheckpoint, parseConfig, resolveConfig } from '../../src/config/load';
import { loadCheckpoint as loadWeights } from '../../src/io/load';
import { loadCheckpoint, type NamedTensor, type TrainingState } from '../../src/train/checkpoint';
import { RunFolder } from '../../src/train/run_folder';
import { temporaryFolder } from '../data/temporary_folder';
import { inputError } from '../io/checks';

const inFolder = temporaryFolder();
const { config, yaml } = resolveConfig('mask_rcnn_slim_particles').withClasses(['grain'], [1], 'train.json');

const at = (step: number): TrainingState => ({ step, epoch: 0, seed: 1, best: null, extra: {} });
const tensorsOf = (value: number): Map<string, NamedTensor> => {
  const tensor = (x: number): NamedTensor => ({ shape: [2], data: Float32Array.of(x, x) });
  return new Map([
    ['w', tensor(value)],
    ['frozen', tensor(7)],
    ['optimizer/momentum/w', tensor(value + 100)],
    ['ema/w', tensor(value + 1000)],
  ]);
};

const createRun = async (path: string, resolvedYaml: string): Promise<RunFolder> => {
  const folder = await RunFolder.choose(path);
  await folder.configure(resolvedYaml);
  return folder;
};

const refused = async (run: () => Promise<unknown>): Promise<string> => {
  // these have no full stop, as the messages of src/data
  const error = await run().then(
    () => new Error('was not refused'),
    (reason: unknown) => reason as Error,
  );
  expect(error.name).toBe('InputError');
  expect(error.message).not.toContain('\n');
  return error.message.replaceAll(inFolder('/'), '');
};

describe('RunFolder', () => {
  it('holds the configuration from the beginning', async () => {
    const folder = await RunFolder.choose(inFolder('new/run'));
    expect(existsSync(inFolder('new'))).toBe(false);
    await folder.configure(yaml);
    expect(readdirSync(folder.path)).toEqual(['config.yaml']);
    expect(resolveConfig(folder.file('config.yaml')).config).toEqual(config);
  });

  it('refuses a folder with files, saying how to resume a run', async () => {
    const folder = await createRun(inFolder('full'), yaml);
    expect(await refused(() => RunFolder.choose(folder.path))).toBe(
      'full already holds files: name a new or empty output folder',
    );
    await folder.saveLast(tensorsOf(1), at(1), 0);
    expect(await refused(() => RunFolder.choose(folder.path))).toContain('go on with it by --resume full');
    writeFileSync(inFolder('file'), '');
    expect(await refused(() => RunFolder.choose(inFolder('file')))).toContain('file');
    expect(await refused(() => RunFolder.choose(inFolder('file/below')))).toContain('name another output');
  });

  it.each([
    [0, []],
    [1, [30]],
    [2, [20, 30]],
    [9, [10, 20, 30]],
  ])('keeps %i earlier checkpoints beside the last', async (keep, expected) => {
    const folder = await createRun(inFolder(`keep${keep}`), yaml);
    for (const step of [10, 20, 30, 40]) {
      await folder.saveLast(tensorsOf(step), at(step), keep);
    }
    const names = expected.map((step) => `step-000000${step}.safetensors`);
    expect((await folder.earlier()).map((path) => basename(path))).toEqual(names);
    expect(readdirSync(folder.path).sort()).toEqual(['config.yaml', 'last.safetensors', ...names].sort());
    for (const step of expected) {
      const { state, tensors } = await loadCheckpoint(folder.file(`step-000000${step}.safetensors`));
      expect([state?.step, tensors.get('w')?.data[0]]).toEqual([step, step]);
    }
    const last = await loadCheckpoint(folder.last);
    expect([last.state?.step, last.tensors.get('w')?.data[0]]).toEqual([40, 40]);
    expect(last.configYaml).toBe(yaml);
  });

  it('saves one step twice without another file', async () => {
    const folder = await createRun(inFolder('twice'), yaml);
    await folder.saveLast(tensorsOf(1), at(10), 3);
    await folder.saveLast(tensorsOf(2), at(10), 3);
    expect(await folder.earlier()).toEqual([]);
    expect((await loadCheckpoint(folder.last)).tensors.get('w')?.data[0]).toBe(2);
  });

  it('saves the best as weights to pass on, without paths', async () => {
    const paths = resolveConfig('mask_rcnn_slim_particles', ['data.train.annotations=/secret/train.json']);
    const withPaths = paths.withClasses(['grain'], [4], '/secret/train.json');
    const folder = await createRun(inFolder('best'), withPaths.yaml);
    await folder.saveBest(new Map([['w', tensorsOf(3).get('w')!]]), at(10));
    const { tensors, state, configYaml } = await loadCheckpoint(folder.best);
    expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([['w', 3]]);
    expect(state?.step).toBe(10);
    expect(readFileSync(folder.best, 'latin1')).not.toContain('secret');
    const { model, classNames, categoryIds } = withPaths.config;
    expect(parseConfig(configYaml ?? '', 'best')).toEqual({ model, classNames, categoryIds });
    const read = await loadWeights(folder.best);
    // the metadata suffice: the facts are not looked at
    expect(configFromCheckpoint({} as never, read)).toEqual({ model, classNames, categoryIds });
  });

  it('is opened to resume: state, configuration, and what is kept goes on', async () => {
    const folder = await createRun(inFolder('resumed'), yaml);
    await folder.saveLast(tensorsOf(1), at(10), 2);
    await folder.saveLast(tensorsOf(2), at(20), 2);
    writeFileSync(folder.file('last.safetensors.999999999.tmp'), 'half');
    writeFileSync(folder.file(`metrics.jsonl.${process.ppid}.tmp`), 'of another process, alive');
    const { folder: again, checkpoint } = await RunFolder.open(folder.path);
    expect(again.configYaml).toBe(yaml);
    expect(checkpoint.state.step).toBe(20);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([
      `metrics.jsonl.${process.ppid}.tmp`,
    ]);
    const other = resolveConfig(again.file('config.yaml'), ['train.epochs=99']);
    await again.configure(other.yaml);
    await again.saveLast(tensorsOf(3), at(30), 2);
    expect((await again.earlier()).map((path) => basename(path))).toEqual([
      'step-00000010.safetensors',
      'step-00000020.safetensors',
    ]);
    expect(resolveConfig(again.file('config.yaml')).config.train.epochs).toBe(99);
    expect((await RunFolder.open(folder.path)).checkpoint.configYaml).toBe(other.yaml);
  });

  it('takes the configuration of the checkpoint where the file is gone', async () => {
    const folder = await createRun(inFolder('lost'), yaml);
    await folder.saveLast(tensorsOf(1), at(10), 2);
    mkdirSync(inFolder('moved'));
    writeFileSync(inFolder('moved/last.safetensors'), readFileSync(folder.last));
    expect((await RunFolder.open(inFolder('moved'))).folder.configYaml).toBe(yaml);
  });

  it('says why a folder cannot be resumed', async () => {
    expect(await refused(() => RunFolder.open(inFolder('nowhere')))).toContain('the run nowhere does not exist');
    writeFileSync(inFolder('plain'), '');
    expect(await refused(() => RunFolder.open(inFolder('plain')))).toContain('--resume takes the folder of a run');
    mkdirSync(inFolder('other'));
    expect(await refused(() => RunFolder.open(inFolder('other')))).toContain('is not the folder of a run');
    const early = await createRun(inFolder('early'), yaml);
    expect(await refused(() => RunFolder.open(early.path))).toContain('ended before its first checkpoint');
    writeFileSync(early.last, new Uint8Array(100));
    expect(await inputError(() => RunFolder.open(early.path))).toContain('the run has no earlier checkpoint');
  });

  it('names the checkpoint to go on from where the last is cut short', async () => {
    const folder = await createRun(inFolder('cut'), yaml);
    for (const step of [10, 20, 30]) {
      await folder.saveLast(tensorsOf(step), at(step), 2);
    }
    truncateSync(folder.last, statSync(folder.last).size / 2);
    const earlier = folder.file('step-00000020.safetensors');
    expect(await inputError(() => RunFolder.open(folder.path))).toContain(`mv ${earlier} ${folder.last}`);
    renameSync(earlier, folder.last);
    expect((await RunFolder.open(folder.path)).checkpoint.state.step).toBe(20);
  });

  it('writes files that others may read as the user lets them', async () => {
    const folder = await createRun(inFolder('mode'), yaml);
    await folder.saveLast(tensorsOf(1), at(10), 2);
    writeFileSync(inFolder('ordinary'), '');
    expect(statSync(folder.last).mode).toBe(statSync(inFolder('ordinary')).mode);
  });
});
