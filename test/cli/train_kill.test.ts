import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/run.mjs';
import { loadCheckpoint } from '../../src/train/checkpoint';
import { temporaryFolder } from '../data/temporary_folder';
import { runCommand } from '../helpers/command';
import { checkpointBits, TINY_SETTINGS } from '../helpers/tiny_training';

const inFolder = temporaryFolder();
const STEPS = 12;
const KILLS = 2;

/** Two images, one a step; a checkpoint every other step. */
const SETTINGS = [...TINY_SETTINGS, 'train.batch_size=1', `train.steps=${STEPS}`, 'checkpoint.every=1'];

beforeAll(async () => {
  const scenes = ['--out', inFolder('scenes'), '--images', '2', '--size', '96x64', '--seed', '5'];
  expect((await runCommand('synth', ...scenes)).code).toBe(0);
});

function trainInto(out: string): string[] {
  const data = [
    `data.train.annotations=${inFolder('scenes/annotations_rle.json')}`,
    `data.train.images=${inFolder('scenes/images')}`,
  ];
  return [
    ...['train', '--config', 'mask_rcnn_tiny_particles', '--out', out],
    ...[...data, ...SETTINGS].flatMap((setting) => ['--set', setting]),
  ];
}

/** Starts the command and ends it, without a warning, some milliseconds after a file is there. Whether it was in time. */
async function killed(args: readonly string[], file: string, after: number): Promise<boolean> {
  const engine = spawn(process.execPath, ['bin/engine.mjs', ...args], { cwd: ROOT, stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    engine.on('close', (_, signal) => {
      resolve(signal);
    });
  });
  while (engine.exitCode === null && !existsSync(file)) {
    await setTimeout(5);
  }
  await setTimeout(after);
  engine.kill('SIGKILL');
  return (await ended) === 'SIGKILL';
}

test('a run that is killed before its first checkpoint says so when it is to go on', async () => {
  const run = inFolder('early');
  expect(await killed(trainInto(run), inFolder('early/config.yaml'), 0)).toBe(true);
  const { code, stderr } = await runCommand('train', '--resume', run);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^engine: .* holds no last\.safetensors, for the run ended before its first checkpoint/);
});

/** The exit code of a command whose output nobody reads. */
async function unread(args: readonly string[]): Promise<unknown> {
  const engine = spawn(process.execPath, ['bin/engine.mjs', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  engine.stdout.destroy();
  engine.stderr.destroy();
  return new Promise((resolve) => {
    engine.on('close', resolve);
  });
}

test('a run whose output nobody reads any more goes on to its end', async () => {
  const args = trainInto(inFolder('unread'));
  // refused, for the warm-up is as long as the run
  expect(await unread([...args, '--set', 'train.steps=2', '--set', 'schedule.warm_up.steps=2'])).toBe(2);
  expect(await unread([...args, '--set', 'train.steps=2', '--set', 'schedule.warm_up.steps=0'])).toBe(0);
  expect((await loadCheckpoint(inFolder('unread/last.safetensors'))).state?.step).toBe(2);
});

test.runIf(process.platform !== 'win32')('a run that is killed again and again ends with the same bits', async () => {
  const [whole, run] = [inFolder('whole'), inFolder('killed')];
  const uninterrupted = await runCommand(...trainInto(whole));
  expect(uninterrupted.code, uninterrupted.stderr).toBe(0);
  const last = inFolder('killed/last.safetensors');
  let kills = 0;
  for (let i = 0; i < KILLS; i++) {
    // from the second time on the file is there at once, and the kill meets reading, compiling or a step
    kills += (await killed(i === 0 ? trainInto(run) : ['train', '--resume', run], last, Math.random() * 800)) ? 1 : 0;
    expect((await loadCheckpoint(last)).state?.step).toBeGreaterThan(0);
  }
  expect(kills).toBeGreaterThan(0);
  const resumed = await runCommand('train', '--resume', run);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(checkpointBits(await loadCheckpoint(last))).toEqual(
    checkpointBits(await loadCheckpoint(inFolder('whole/last.safetensors'))),
  );
  expect(readdirSync(run).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
