/** What programs in Node import from `mask-engine`: the core of `./browser`, and Node's side of it. */
export * from './core';
export { configFromCheckpoint, loadConfig, parseConfig, shippedConfigs, type ModelConfig } from './config/load';
export { decodeImage, type RgbImage } from './data/image';
export { loadCheckpoint } from './io/load';
export { createGpu, nodeHost } from './node/webgpu';
