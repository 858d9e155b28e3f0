import { normalInto, uniformInto, type Fill } from './initial_weights_random';

export interface ParameterShape {
  /** torchvision's name. */
  readonly name: string;
  /** PyTorch's layout: OIHW for convolutions, [in, out, H, W] for transposed ones, [out, in] for linear layers. */
  readonly shape: readonly number[];
}

/** What a parameter begins with: a constant, a normal distribution around 0, or a uniform one from -bound to bound. */
export type Initialisation =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number };

const zeros: Initialisation = { kind: 'constant', value: 0 };
const ones: Initialisation = { kind: 'constant', value: 1 };

/**
 * As torchvision's constructors begin (models/resnet.py, ops/feature_pyramid_network.py, models/detection/{rpn,mask_rcnn,
 * faster_rcnn}.py), with these of torch.nn.init:
 *
 * - body: kaiming_normal_, fan_out; its norms 1, 0, and 0, 1 as running mean and variance
 * - FPN: kaiming_uniform_ with a = 1; biases 0
 * - RPN: normal_ with 0.01; biases 0
 * - box head and predictor: nn.Linear's own, kaiming_uniform_ with a = √5, which is ±1/√fan_in, for weights and biases
 * - mask head: kaiming_normal_, fan_out; biases 0
 * - mask predictor: kaiming_normal_, fan_out, which counts the first two axes of a transposed convolution as they lie; the
 *   biases nn.Conv2d's own, ±1/√fan_in
 *
 * @param shapeOf the shapes of other parameters: a bias begins by the fan-in of its weight
 * @throws RangeError for a name that is none of torchvision's Mask R-CNN
 */
export function initialisationOf(
  { name, shape }: ParameterShape,
  shapeOf: (name: string) => readonly number[] | undefined,
): Initialisation {
  const isBias = name.endsWith('.bias');
  if (/\.(bn\d+|downsample\.1)\./.test(name)) {
    return isBias || name.endsWith('.running_mean') ? zeros : ones;
  }
  if (name.startsWith('backbone.body.')) {
    return normalByFanOut(shape);
  }
  if (name.startsWith('backbone.fpn.')) {
    return isBias ? zeros : { kind: 'uniform', bound: Math.sqrt(3 / fanIn(shape)) };
  }
  if (name.startsWith('rpn.')) {
    return isBias ? zeros : { kind: 'normal', deviation: 0.01 };
  }
  if (name.startsWith('roi_heads.mask_head.')) {
    return isBias ? zeros : normalByFanOut(shape);
  }
  if (name.startsWith('roi_heads.mask_predictor.') && !isBias) {
    return normalByFanOut(shape);
  }
  if (name.startsWith('roi_heads.')) {
    const weight = isBias ? shapeOf(name.replace(/bias$/, 'weight')) : shape;
    if (weight !== undefined) {
      return { kind: 'uniform', bound: 1 / Math.sqrt(fanIn(weight)) };
    }
  }
  throw new RangeError(`there is no rule for what ${name} begins with`);
}

/** kaiming_normal_(mode='fan_out', nonlinearity='relu'). */
function normalByFanOut(shape: readonly number[]): Initialisation {
  return { kind: 'normal', deviation: Math.sqrt(2 / (shape[0] * area(shape))) };
}

function fanIn(shape: readonly number[]): number {
  return shape[1] * area(shape);
}

function area(shape: readonly number[]): number {
  return shape.slice(2).reduce((product, size) => product * size, 1);
}

/**
 * The values that training from scratch begins with, dense and row-major. Those of a parameter depend on its name, its
 * shape and the seed alone, bit for bit on every machine.
 *
 * @param parameters those to begin anew
 * @param seed whole number from 0 to 2^53 - 1
 * @param all all of the model's, where `parameters` are a part of them
 * @throws RangeError for a name that is none of torchvision's Mask R-CNN
 */
export function initialWeights(
  parameters: Iterable<ParameterShape>,
  seed: number,
  all?: Iterable<ParameterShape>,
): Map<string, Float32Array<ArrayBuffer>> {
  const wanted = [...parameters];
  const shapes = new Map([...(all ?? wanted)].map(({ name, shape }) => [name, shape]));
  const values = new Map<string, Float32Array<ArrayBuffer>>();
  for (const parameter of wanted) {
    const { name, shape } = parameter;
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    fill(
      data,
      initialisationOf(parameter, (other) => shapes.get(other)),
      { seed, name },
    );
    values.set(name, data);
  }
  return values;
}

function fill(data: Float32Array, rule: Initialisation, of: Fill): void {
  switch (rule.kind) {
    case 'constant':
      data.fill(rule.value);
      break;
    case 'normal':
      normalInto(data, rule.deviation, of);
      break;
    case 'uniform':
      uniformInto(data, rule.bound, of);
      break;
  }
}
