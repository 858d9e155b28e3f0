import type { Checkpoint } from '../../src/train/checkpoint';

/** What makes a step of mask_rcnn_tiny_particles on scenes of 96x64 take a fraction of a second. */
export const TINY_SETTINGS = [
  'model.fpn.channels=16',
  'model.box.hidden=[32, 32]',
  'model.mask.channels=[16]',
  'model.mask.upsample_channels=16',
  'model.image.min_size=64',
  'model.image.max_size=96',
  'train.proposals.post_nms_top_n=100',
  'train.regions.samples=32',
];

/** All that a checkpoint holds, bit for bit. */
export function checkpointBits({ tensors, state }: Checkpoint): unknown {
  const words = (data: Float32Array): Uint32Array => new Uint32Array(data.buffer, data.byteOffset, data.length);
  return { tensors: [...tensors].map(([name, { shape, data }]) => [name, shape, words(data)]), state };
}
