import { join } from 'node:path';
import { resnet50, resnet50Shapes } from '../classifier';
import { formulaWeights } from '../formula_weights';
import type { Contestant, ModelRun } from '../measure';
import { PeerChild } from './child';
import { requirePackage } from './packages';
import type { Peer, PeerSetting } from './peer';

const SCRIPT = 'bench/peers/tfjs.mjs';

/** TensorFlow.js by its WebGPU backend, https://www.tensorflow.org/js, on the same Dawn as ours. */
export function tfjsWebgpu({ root }: PeerSetting): Peer {
  const script = join(root, SCRIPT);
  return {
    id: 'tfjs-webgpu',
    lacks: ({ id }) =>
      id === resnet50.id
        ? null
        : 'only ResNet-50 was built for it; it has no RoIAlign, so there is no Mask R-CNN for it',
    async start(model) {
      requirePackage(script, '@tensorflow/tfjs-core');
      requirePackage(script, '@tensorflow/tfjs-backend-webgpu');
      const shapes = resnet50Shapes();
      const weights = [...formulaWeights(shapes)].map(([name, data]) => ({ name, shape: shapes.get(name), data }));
      const { shape, data } = model.peerInputs().get('image')!;
      const child = PeerChild.node(script, 'TensorFlow.js');
      const request = { kind: 'load', weights, shape, data };
      const { version, adapter } = await child.load<{ version: string; adapter: string }>(request);
      const peer: Contestant = {
        name: `TensorFlow.js ${version}, WebGPU`,
        get adapter() {
          return child.vulkanDevice ?? adapter;
        },
        run: () => child.ask<ModelRun>({ kind: 'run' }),
        release: () => child.end(),
      };
      return [peer];
    },
  };
}
