import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { InputError } from '../errors';
import { packageRoot } from '../node/package-root';
import type { Contestant, ModelRun } from './measure';
import type { BenchModel } from './models';

/** How ONNX Runtime runs a model. */
export type Provider = 'webgpu' | 'cpu';

const PEER = 'bench/peers/onnxruntime.mjs';
const EXPORT = 'bench/export_onnx.py';
/** What the exported files depend on. */
const EXPORT_SOURCES = [EXPORT, 'bench/formula_weights.py', 'test/reference/fixture.py'];
/** Folder of the exported files, which git ignores; ENGINE_BENCH_CACHE names another. */
const CACHE = '.cache/bench';
const PYTHONS = ['python3', '/usr/bin/python3', 'python'];

/** The peers' programs and the models' ONNX files, which are made on first use. */
export class Peers {
  private readonly files = new Map<string, string>();

  /**
   * Looks for everything that the peers need.
   * @param root of a clone of the repository
   * @throws InputError, naming what to install, where something is missing
   */
  constructor(
    models: readonly BenchModel[],
    tell: (text: string) => void,
    private readonly root = packageRoot(),
  ) {
    if (!existsSync(join(root, PEER))) {
      throw new InputError('--peers needs a clone of the repository: the peers are no part of the installed package');
    }
    try {
      createRequire(join(root, PEER)).resolve('onnxruntime-node');
    } catch {
      throw new InputError(
        '--peers needs the package onnxruntime-node: run `npm ci --ignore-scripts` in the clone, or leave --peers out',
      );
    }
    for (const { id } of models) {
      this.files.set(id, this.exported(id, tell));
    }
  }

  /** The model in ONNX Runtime, in a process of its own: two instances of Dawn in one would be in each other's way. */
  async start(model: BenchModel, provider: Provider): Promise<Contestant> {
    const file = this.files.get(model.id) ?? '';
    const peer = new PeerProcess(join(this.root, PEER), `ONNX Runtime (${provider}) on ${model.id}`);
    const { shape, data } = model.peerInput();
    const request = { kind: 'load', file, provider, shape, data, outputs: model.peerOutputs };
    const { version } = await peer.ask<{ version: string }>(request).catch(async (error: unknown) => {
      await peer.end();
      throw error;
    });
    return {
      name: `ONNX Runtime ${version}, ${provider === 'webgpu' ? 'WebGPU' : 'CPU'}`,
      get adapter() {
        return provider === 'webgpu' ? peer.vulkanDevice : null;
      },
      run: () => peer.ask<ModelRun>({ kind: 'run' }),
      release: () => peer.end(),
    };
  }

  /** The model's ONNX file in the cache: made anew where the scripts that make it have changed. */
  private exported(id: string, tell: (text: string) => void): string {
    const hash = createHash('sha256');
    EXPORT_SOURCES.forEach((source) => hash.update(readFileSync(join(this.root, source))));
    const cache = process.env.ENGINE_BENCH_CACHE ?? join(this.root, CACHE);
    const file = join(cache, `${id}-${hash.digest('hex').slice(0, 12)}.onnx`);
    if (!existsSync(file)) {
      const python = findPython();
      tell(`exporting ${id} to ONNX`);
      mkdirSync(cache, { recursive: true });
      const { status, stderr } = spawnSync(python, [join(this.root, EXPORT), id, file], { encoding: 'utf8' });
      if (status !== 0) {
        throw new Error(`${EXPORT} ${id} failed: ${stderr.trim().split('\n').at(-1)}`);
      }
    }
    return file;
  }
}

function findPython(): string {
  const candidates = process.env.PYTHON === undefined ? PYTHONS : [process.env.PYTHON];
  const python = candidates.find(
    (candidate) => spawnSync(candidate, ['-c', 'import numpy, torch, torchvision'], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) {
    throw new InputError(
      `--peers exports the models by Python with PyTorch and torchvision, and ${candidates.join(', ')} ` +
        `${candidates.length > 1 ? 'have' : 'has'} not got them: install them (on Debian: ` +
        '`apt-get install python3-torch python3-torchvision`), or set PYTHON to an interpreter that has them',
    );
  }
  return python;
}

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** A child process that answers one request at a time. */
class PeerProcess {
  private readonly child: ChildProcess;
  private errors = '';

  constructor(
    script: string,
    private readonly what: string,
  ) {
    this.child = fork(script, [], {
      // typed arrays as they are
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // ONNX Runtime does not tell its adapter; the Vulkan loader tells which device is opened
      env: { ...process.env, VK_LOADER_DEBUG: 'driver' },
    });
    this.child.stderr?.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
  }

  /** The device that the process opened; null where it is not Vulkan's, or the loader is an older one. */
  get vulkanDevice(): string | null {
    return /Using "([^"]+)" with driver/.exec(this.errors)?.[1] ?? null;
  }

  ask<T>(request: object): Promise<T> {
    const { child, what } = this;
    return new Promise<T>((resolve, reject) => {
      const settle = (answer: Answer): void => {
        child.off('exit', onExit);
        if (answer.error === undefined) {
          resolve(answer.value as T);
        } else {
          reject(new Error(`${what}: ${answer.error}`));
        }
      };
      const onExit = (code: number | null, signal: string | null): void => {
        child.off('message', settle);
        const last = this.errors.trim().split('\n').at(-1);
        reject(new Error(`${what} ended with ${signal ?? code}${last === '' ? '' : `: ${last}`}`));
      };
      child.once('message', settle);
      child.once('exit', onExit);
      child.send(request);
    });
  }

  async end(): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    }
  }
}
