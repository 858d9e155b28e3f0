// A peer in a process of its own: ONNX Runtime on one model. It is told what to do by messages and answers each.
import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { answerMessages } from './answer.mjs';

/**
 * @typedef {{ kind: 'load', file: string, provider: 'webgpu' | 'cpu', shape: number[], data: Float32Array, outputs: string[] }} Load
 */

/** @type {{ session: ort.InferenceSession, image: ort.Tensor, outputs: string[] } | undefined} */
let loaded;

/** @param {Load} message */
async function load({ file, provider, shape, data, outputs }) {
  const session = await ort.InferenceSession.create(file, {
    // what WebGPU lacks falls to the CPU, as ONNX Runtime advises
    executionProviders: provider === 'webgpu' ? ['webgpu', 'cpu'] : ['cpu'],
    logSeverityLevel: 3,
  });
  loaded = { session, image: new ort.Tensor('float32', data, shape), outputs };
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
  return { version };
}

async function run() {
  if (loaded === undefined) {
    throw new Error('nothing is loaded');
  }
  const { session, image, outputs } = loaded;
  const start = performance.now();
  // of all outputs, as a user gets them
  const values = await session.run({ image });
  const milliseconds = performance.now() - start;
  const result = Object.fromEntries(outputs.map((name) => [name, Array.from(values[name].data, Number)]));
  return { milliseconds, result };
}

answerMessages(load, run);
