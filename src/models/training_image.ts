import type { Tensor } from '../graph/graph';

/** An image with its objects, as the training graph takes it. */
export interface TrainingImage {
  /** [1, H, W, 3], normalised, zeros on the right and at the bottom up to the batch's common size. */
  readonly image: Tensor;
  /** u32 [4]: height and width of the source image, then those of the resized one without padding. */
  readonly imageInfo: Tensor;
  /** f32 dense [G, 4] with a count, x1, y1, x2, y2 in pixels of the resized image. */
  readonly boxes: Tensor;
  /** u32 [G], 1 is the first class. */
  readonly labels: Tensor;
  /** u32 [G]: 1 for crowd regions, which are neither learnt nor background. */
  readonly crowd: Tensor;
  /** u32 [G, 5]: where each object's mask lies, as `maskTargets` takes it. */
  readonly placements: Tensor;
  /** u32 [W]: the bits of the masks. */
  readonly words: Tensor;
}
