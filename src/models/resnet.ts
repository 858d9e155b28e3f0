import type { Graph, Tensor } from '../graph/graph';
import { binary } from '../kernels/elementwise';
import { maxPool2d } from '../kernels/pool';
import type { ResnetName } from './config';
import { convNorm } from './layers';

// K. He et al., "Deep Residual Learning for Image Recognition" (2015), table 1.
const FORMS: Readonly<Record<ResnetName, { readonly bottleneck: boolean; readonly blocks: readonly number[] }>> = {
  resnet18: { bottleneck: false, blocks: [2, 2, 2, 2] },
  resnet34: { bottleneck: false, blocks: [3, 4, 6, 3] },
  resnet50: { bottleneck: true, blocks: [3, 4, 6, 3] },
  resnet101: { bottleneck: true, blocks: [3, 4, 23, 3] },
};
const WIDTHS = [64, 128, 256, 512];

/**
 * A ResNet body with frozen BatchNorms under torchvision's names: the feature maps of stages 1 to `lastStage`
 * (C2, C3 …, strides 4, 8 …). The stride of a bottleneck stands in its 3x3 convolution, as in torchvision.
 * @param x the normalised image [N, H, W, 3]
 */
export function resnetStages(
  graph: Graph,
  x: Tensor,
  name: ResnetName,
  { prefix, eps, lastStage }: { readonly prefix: string; readonly eps: number; readonly lastStage: number },
): Tensor[] {
  const { bottleneck, blocks } = FORMS[name];
  let y = convNorm(graph, x, { conv: `${prefix}conv1`, norm: `${prefix}bn1` }, 64, 7, { stride: 2, eps });
  const pool = { kernel: [3, 3], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceilMode: false } as const;
  y = graph.scope(`${prefix}maxpool`, () => graph.apply1(maxPool2d, [y], pool));
  const stages: Tensor[] = [];
  for (let stage = 0; stage < lastStage; stage++) {
    for (let block = 0; block < blocks[stage]; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      y = residualBlock(graph, y, `${prefix}layer${stage + 1}.${block}`, WIDTHS[stage], { stride, eps, bottleneck });
    }
    stages.push(y);
  }
  return stages;
}

function residualBlock(
  graph: Graph,
  x: Tensor,
  name: string,
  width: number,
  { stride, eps, bottleneck }: { readonly stride: number; readonly eps: number; readonly bottleneck: boolean },
): Tensor {
  const outputs = bottleneck ? width * 4 : width;
  const layer = (
    input: Tensor,
    index: number,
    channels: number,
    kernel: number,
    options: { readonly stride?: number; readonly relu?: boolean },
  ): Tensor => {
    const names = { conv: `${name}.conv${index}`, norm: `${name}.bn${index}` };
    return convNorm(graph, input, names, channels, kernel, { eps, ...options });
  };
  let shortcut = x;
  if (stride !== 1 || x.spec.shape[3] !== outputs) {
    const names = { conv: `${name}.downsample.0`, norm: `${name}.downsample.1` };
    shortcut = convNorm(graph, x, names, outputs, 1, { stride, eps, relu: false });
  }
  let y: Tensor;
  if (bottleneck) {
    y = layer(x, 1, width, 1, {});
    y = layer(y, 2, width, 3, { stride });
    y = layer(y, 3, outputs, 1, { relu: false });
  } else {
    y = layer(x, 1, width, 3, { stride });
    y = layer(y, 2, width, 3, { relu: false });
  }
  return graph.scope(name, () => graph.apply1(binary, [y, shortcut], { function: 'add', activation: 'relu' }));
}
