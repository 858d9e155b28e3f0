/** What programs in Node import from `mask-engine`: the core of `./browser`, and Node's side of it. */
export * from './core';
export { configFromCheckpoint, loadConfig, parseConfig, shippedConfigs, type ModelConfig } from './config/load';
export { readDataset, type DatasetReading } from './data/dataset_file';
export { decodeImage, type RgbImage } from './data/image';
export { readPredictions, type PredictionFile, type PredictionReading } from './data/prediction_file';
export { Warnings } from './data/warnings';
export { loadCheckpoint } from './io/load';
export { createGpu, nodeHost } from './node/webgpu';
