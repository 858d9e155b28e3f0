export { loadConfig, parseConfig, shippedConfigs, shippedParts } from './config-file';
export { configFromCheckpoint, CONFIG_METADATA_KEY } from './from-checkpoint';
export { modelSection } from './model_section';
export { overrideConfig, type ConfigOverrides } from './override';
export { resolveConfig, type ResolvedConfig } from './resolve';
export type { ModelConfig, TrainConfig } from './schema';
