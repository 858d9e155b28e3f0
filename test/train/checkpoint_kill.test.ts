import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { loadCheckpoint, type Checkpoint } from '../../src/train/checkpoint';
import { RunFolder } from '../../src/train/run_folder';
import { temporaryFolder } from '../data/temporary_folder';

const inFolder = temporaryFolder();
const KILLS = 12;

/** What packages in CommonJS need in a bundle of ES modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; " +
  `const require = createRequire(${JSON.stringify(import.meta.url)});`;

async function bundleWriter(): Promise<string> {
  const outfile = inFolder('writer.mjs');
  const source = fileURLToPath(new URL('checkpoint_writer.ts', import.meta.url));
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    loader: { '.wgsl': 'text' },
    external: ['sharp', 'webgpu'],
    banner: { js: REQUIRE },
    logLevel: 'silent',
  });
  return outfile;
}

/** Runs the writer, kills it so long after its first checkpoint, and tells the last step that it said was saved. */
async function killAfter(milliseconds: number, writer: string, run: string): Promise<number> {
  const child = spawn(process.execPath, [writer, run], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complaint] = ['', ''];
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      resolve();
    });
    child.on('exit', () => resolve());
  });
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  await first;
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.signalCode);
    }
    child.on('close', (_, signal) => resolve(signal));
  });
  await setTimeout(milliseconds);
  child.kill('SIGKILL');
  expect([await ended, complaint]).toEqual(['SIGKILL', '']);
  return Math.max(...said.trim().split('\n').map(Number));
}

/** The step that every element states. */
function stepOf({ tensors, state }: Checkpoint, names: readonly string[]): number {
  expect([...tensors.keys()].sort()).toEqual([...names].sort());
  for (const { data } of tensors.values()) {
    expect(data.every((value) => value === state?.step)).toBe(true);
  }
  return state?.step ?? NaN;
}

it.runIf(process.platform !== 'win32')('a kill at any moment leaves checkpoints that load', async () => {
  const writer = await bundleWriter();
  const run = inFolder('run');
  const all = ['a', 'b', 'optimizer/m/a'];
  const created = await RunFolder.choose(run);
  await created.configure('model: {}\n');
  const zeros = new Map(all.map((name) => [name, { shape: [1], data: new Float32Array(1) }]));
  await created.saveLast(zeros, { step: 0, epoch: 0, seed: 1, best: null, extra: {} }, 2);
  let [halfWritten, kept] = [0, 0];
  for (let i = 0; i < KILLS; i++) {
    const said = await killAfter(Math.random() * 60, writer, run);
    halfWritten += readdirSync(run).some((name) => name.endsWith('.tmp')) ? 1 : 0;
    const { folder, checkpoint } = await RunFolder.open(run);
    // what was said to be saved is there, and at most the next one
    const step = stepOf(checkpoint, all);
    expect([said, said + 1]).toContain(step);
    expect([said, said + 1]).toContain(stepOf(await loadCheckpoint(folder.best), ['a', 'b']));
    const earlier = await folder.earlier();
    kept = Math.max(kept, earlier.length);
    for (const path of earlier) {
      expect(stepOf(await loadCheckpoint(path), all)).toBeLessThanOrEqual(step);
    }
    expect(readdirSync(run).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }
  expect(existsSync(created.last)).toBe(true);
  expect(kept).toBeGreaterThanOrEqual(2);
  // the kills fell into the writing of files, not between
  expect(halfWritten).toBeGreaterThanOrEqual(2);
});
