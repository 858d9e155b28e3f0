import type { Graph, Tensor } from '../graph/graph';
import { maxPool2d } from '../kernels/pool';
import { upsampleAdd } from '../kernels/resize';
import { conv } from './layers';

/**
 * A feature pyramid (Lin et al., "Feature Pyramid Networks for Object Detection", 2017) under torchvision's names.
 * @param features finest first
 * @returns one map of `channels` for each feature, finest first, then `extraLevels` made by max pooling with stride 2
 */
export function featurePyramid(
  graph: Graph,
  features: readonly Tensor[],
  {
    prefix,
    channels,
    extraLevels,
  }: { readonly prefix: string; readonly channels: number; readonly extraLevels: number },
): Tensor[] {
  const levels: Tensor[] = [];
  let top: Tensor | undefined;
  for (let level = features.length - 1; level >= 0; level--) {
    const lateral = conv(graph, features[level], `${prefix}inner_blocks.${level}.0`, channels, 1);
    const above = top;
    top =
      above === undefined
        ? lateral
        : graph.scope(`${prefix}top_down.${level}`, () => graph.apply1(upsampleAdd, [above, lateral], {}));
    levels.unshift(conv(graph, top, `${prefix}layer_blocks.${level}.0`, channels, 3, { padding: 1 }));
  }
  for (let i = 0; i < extraLevels; i++) {
    const last = levels[levels.length - 1];
    const pool = { kernel: [1, 1], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;
    levels.push(graph.scope(`${prefix}pool.${i}`, () => graph.apply1(maxPool2d, [last], pool)));
  }
  return levels;
}
