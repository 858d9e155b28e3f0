import { InputError } from '../errors';
import type { ModelConfig } from './schema';

/** What the command line sets over a configuration; undefined leaves a key as it is. */
export interface ConfigOverrides {
  /** From 0 to 1. */
  readonly scoreThreshold?: number;
  /** Length in pixels that the shorter side of an image is resized to. */
  readonly minSize?: number;
  /** Length in pixels that the longer side is held to. */
  readonly maxSize?: number;
  /** Detections per image at most. */
  readonly maxDetections?: number;
}

/**
 * The configuration with other values, each of which the caller has checked by itself.
 * @throws InputError where a new `minSize` can never be reached, being above `maxSize`
 */
export function overrideConfig(config: ModelConfig, overrides: ConfigOverrides): ModelConfig {
  const { box, image } = config.model;
  const { scoreThreshold = box.scoreThreshold, minSize = image.minSize, maxSize = image.maxSize } = overrides;
  if (overrides.minSize !== undefined && minSize > maxSize) {
    const origin = overrides.maxSize === undefined ? `the configuration's max_size` : '--max-size';
    throw new InputError(`--min-size ${minSize} is more than ${origin}, ${maxSize}; give a larger --max-size.`);
  }
  const detectionsPerImage = overrides.maxDetections ?? box.detectionsPerImage;
  return {
    ...config,
    model: {
      ...config.model,
      box: { ...box, scoreThreshold, detectionsPerImage },
      image: { ...image, minSize, maxSize },
    },
  };
}
