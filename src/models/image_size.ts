import type { MaskRcnnConfig } from './config';

export interface ModelImageSize {
  /** After resizing. */
  readonly height: number;
  readonly width: number;
  /** After padding, right and below: what the graph is built for. */
  readonly paddedHeight: number;
  readonly paddedWidth: number;
}

/**
 * The size that an image has in the model, as torchvision's GeneralizedRCNNTransform computes it: the scale in f32 as
 * PyTorch divides a number by a tensor (its reciprocal times the number: 320 / 400 is a bit less than 0.8), the size
 * rounded down from a double.
 */
export function modelImageSize(height: number, width: number, image: MaskRcnnConfig['image']): ModelImageSize {
  const { minSize, maxSize, sizeDivisor } = image;
  const quotient = (number: number, side: number): number => Math.fround(Math.fround(1 / side) * number);
  const scale = Math.min(quotient(minSize, Math.min(height, width)), quotient(maxSize, Math.max(height, width)));
  const resize = (side: number): number => Math.max(1, Math.floor(side * scale));
  const pad = (side: number): number => Math.ceil(side / sizeDivisor) * sizeDivisor;
  const [resizedHeight, resizedWidth] = [resize(height), resize(width)];
  return {
    height: resizedHeight,
    width: resizedWidth,
    paddedHeight: pad(resizedHeight),
    paddedWidth: pad(resizedWidth),
  };
}
