import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant, ModelRun } from '../measure';
import type { BenchModel } from '../model';
import { PeerChild } from './child';
import { cacheFolder } from './exchange';
import { requirePackage } from './packages';
import type { Peer, PeerSetting } from './peer';
import { findPython } from './python';

/** How ONNX Runtime runs a model. */
type Provider = 'webgpu' | 'cpu';

const SCRIPT = 'bench/peers/onnxruntime.mjs';
const EXPORT = 'bench/export_onnx.py';
/** What the exported files depend on. */
const EXPORT_SOURCES = [
  EXPORT,
  'bench/formula_weights.py',
  'bench/peers/torchvision_models.py',
  'test/reference/fixture.py',
  'test/reference/models/training.py',
];

/** ONNX Runtime for Node, https://onnxruntime.ai. Its model files are exported by PyTorch on first use. */
export function onnxRuntime(provider: Provider, { root, tell }: PeerSetting): Peer {
  const script = join(root, SCRIPT);
  return {
    id: `onnxruntime-${provider}`,
    lacks: ({ task }) => (task === 'training' ? 'it is for inference' : null),
    async start(model) {
      requirePackage(script, 'onnxruntime-node');
      const file = exported(model, root, tell);
      const child = PeerChild.node(script, `ONNX Runtime (${provider})`);
      const { shape, data } = model.peerInputs().get('image')!;
      const request = { file, provider, shape, data, outputs: model.peerOutputs };
      const { version } = await child.load<{ version: string }>({ kind: 'load', ...request });
      const peer: Contestant = {
        name: `ONNX Runtime ${version}, ${provider === 'webgpu' ? 'WebGPU' : 'CPU'}`,
        get adapter() {
          return provider === 'webgpu' ? child.vulkanDevice : null;
        },
        run: () => child.ask<ModelRun>({ kind: 'run' }),
        release: () => child.end(),
      };
      return [peer];
    },
  };
}

/** The model's ONNX file in the cache: made anew where its weights or the scripts that make it have changed. */
function exported({ id, weights }: BenchModel, root: string, tell: (text: string) => void): string {
  const hash = createHash('sha256');
  const sources = EXPORT_SOURCES.map((source) => join(root, source));
  [...sources, ...(weights === null ? [] : [weights])].forEach((source) => hash.update(readFileSync(source)));
  const file = join(cacheFolder(root), `${id}-${hash.digest('hex').slice(0, 12)}.onnx`);
  if (!existsSync(file)) {
    const { command } = findPython();
    tell(`exporting ${id} to ONNX`);
    const args = [join(root, EXPORT), id, file, ...(weights === null ? [] : [weights])];
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`${EXPORT} ${id} failed: ${stderr.trim().split('\n').at(-1)}`);
    }
  }
  return file;
}
