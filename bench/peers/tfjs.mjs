// A peer in a process of its own: ResNet-50 by TensorFlow.js on its WebGPU backend. It is told what to do by messages and
// answers each. The net is that of torchvision, in NHWC, with its BatchNorms folded into the convolutions, as TensorFlow's
// converter folds them.
import { create, globals } from 'webgpu';
import { answerMessages } from './answer.mjs';

/** @import { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core' */

/**
 * @typedef {{ name: string, shape: number[], data: Float32Array }} Weight
 * @typedef {{ kind: 'load', weights: Weight[], shape: number[], data: Float32Array }} Load
 */

Object.assign(globalThis, globals);
// what the backend looks for in a page
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'node' }, configurable: true });
const tf = await import('@tensorflow/tfjs-core');
await import('@tensorflow/tfjs-backend-webgpu');

const BLOCKS = [3, 4, 6, 3];
const NORM_EPS = 1e-5;

/** @type {{ filters: Map<string, [Tensor4D, Tensor1D]>, fc: [Tensor2D, Tensor1D], image: Load } | undefined} */
let loaded;

/** @param {Load} message */
async function load(message) {
  if (!(await tf.setBackend('webgpu'))) {
    throw new Error('TensorFlow.js found no WebGPU adapter');
  }
  const weights = new Map(message.weights.map(({ name, shape, data }) => [name, tf.tensor(data, shape)]));
  /** @type {Map<string, [Tensor4D, Tensor1D]>} */
  const filters = new Map();
  for (const { name, shape } of message.weights) {
    if (shape.length === 4) {
      filters.set(name.replace(/\.weight$/, ''), folded(weights, name));
    }
  }
  loaded = {
    filters,
    fc: [
      /** @type {Tensor2D} */ (tf.transpose(weightOf(weights, 'fc.weight'))),
      /** @type {Tensor1D} */ (weightOf(weights, 'fc.bias')),
    ],
    image: message,
  };
  const { adapterInfo } = /** @type {{ adapterInfo?: { vendor: string, architecture: string } }} */ (tf.backend());
  return { version: tf.version_core, adapter: `${adapterInfo?.vendor} ${adapterInfo?.architecture}` };
}

/**
 * @param {Map<string, Tensor>} weights
 * @param {string} name
 */
function weightOf(weights, name) {
  const weight = weights.get(name);
  if (weight === undefined) {
    throw new Error(`there is no weight ${name}`);
  }
  return weight;
}

/**
 * Filter in HWIO and bias of a convolution with its BatchNorm.
 *
 * @param {Map<string, Tensor>} weights
 * @param {string} name of its OIHW weight
 * @returns {[Tensor4D, Tensor1D]}
 */
function folded(weights, name) {
  // conv1 and bn1 are a pair, and downsample.0 and downsample.1
  const norm = name.replace(/conv(\d)\.weight$/, 'bn$1').replace(/downsample\.0\.weight$/, 'downsample.1');
  const [gain, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    weightOf(weights, `${norm}.${part}`),
  );
  const scale = tf.div(gain, tf.sqrt(tf.add(variance, NORM_EPS)));
  const filter = tf.mul(tf.transpose(weightOf(weights, name), [2, 3, 1, 0]), scale);
  return [/** @type {Tensor4D} */ (filter), /** @type {Tensor1D} */ (tf.sub(bias, tf.mul(mean, scale)))];
}

/** @param {NonNullable<typeof loaded>} model */
function forward({ filters, fc: [fcWeight, fcBias], image: { data, shape } }) {
  /**
   * @param {Tensor4D} x
   * @param {string} name
   * @param {number} strides
   * @param {'relu' | 'linear'} activation
   */
  const conv = (x, name, strides, activation) => {
    const [filter, bias] = /** @type {[Tensor4D, Tensor1D]} */ (filters.get(name));
    const pad = Math.floor(filter.shape[0] / 2);
    return tf.fused.conv2d({ x, filter, strides, pad, dimRoundingMode: 'floor', bias, activation });
  };
  const input = /** @type {Tensor4D} */ (
    tf.transpose(tf.tensor4d(data, /** @type {[number, number, number, number]} */ (shape)), [0, 2, 3, 1])
  );
  let x = tf.maxPool(conv(input, 'conv1', 2, 'relu'), 3, 2, 1, 'floor');
  BLOCKS.forEach((blocks, stage) => {
    for (let block = 0; block < blocks; block++) {
      const prefix = `layer${stage + 1}.${block}`;
      const strides = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = block === 0 ? conv(x, `${prefix}.downsample.0`, strides, 'linear') : x;
      const inner = conv(conv(x, `${prefix}.conv1`, 1, 'relu'), `${prefix}.conv2`, strides, 'relu');
      x = tf.relu(tf.add(conv(inner, `${prefix}.conv3`, 1, 'linear'), shortcut));
    }
  });
  const pooled = /** @type {Tensor2D} */ (tf.mean(x, [1, 2]));
  return tf.fused.matMul({ a: pooled, b: fcWeight, bias: fcBias });
}

async function run() {
  const model = loaded;
  if (model === undefined) {
    throw new Error('nothing is loaded');
  }
  const start = performance.now();
  const logits = tf.tidy(() => forward(model));
  const values = await logits.data();
  const milliseconds = performance.now() - start;
  logits.dispose();
  return { milliseconds, result: { logits: Array.from(values) } };
}

answerMessages(load, run);
