export { loadConfig, parseConfig, shippedConfigs } from './config-file';
export { configFromCheckpoint, CONFIG_METADATA_KEY } from './from-checkpoint';
export { overrideConfig, type ConfigOverrides } from './override';
export type { ModelConfig } from './schema';
