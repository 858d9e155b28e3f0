import { resolveConfig } from '../../config/resolve';
import { fuse } from '../../graph/fusion';
import type { Graph, Node } from '../../graph/graph';
import { neededNodes, nodesBehind } from '../../graph/lower';
import { layOut } from '../../graph/states';
import { product } from '../../kernels/tensor';
import { Detector } from '../../models/detector';
import { modelImageSize } from '../../models/image_size';
import { maskRcnnGraph } from '../../models/mask_rcnn';
import { LOSSES } from '../../models/mask_rcnn_training';
import { trainingInputs } from '../../models/training_inputs';
import { packRectangles } from '../../train/augment/placement';
import { createOptimizer } from '../../train/optimizers';
import { parameterGroups, trainableParameters } from '../../train/parameter_groups';
import { runSettings } from '../../train/settings_from_config';
import { trainingGraph } from '../../train/training_graph';
import { formulaBoxes, type Scene } from './values';

/** A model at the size of one image, in inference and in training. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  /** Name of the configuration, and what is set over it. */
  readonly config: string;
  readonly settings: readonly string[];
  /** Of the image, before it is resized. */
  readonly height: number;
  readonly width: number;
}

export const WORKLOADS: readonly Workload[] = [
  {
    id: 'r50',
    title: 'Mask R-CNN R50-FPN, image of 1333 x 800',
    config: 'mask_rcnn_r50_fpn',
    // torchvision's, where it starts from a trained backbone
    settings: ['train.frozen_stages=2'],
    height: 800,
    width: 1333,
  },
  {
    id: 'slim',
    title: 'slim Mask R-CNN, image of 696 x 520',
    config: 'mask_rcnn_slim_nuclei',
    settings: [],
    height: 520,
    width: 696,
  },
];

export const PHASES = ['inference', 'training, forward', 'training, backward and update'] as const;
export type Phase = (typeof PHASES)[number];

/** Nodes of a workload's graph that a run of it works through, fused. */
export interface WorkloadNodes {
  readonly workload: Workload;
  readonly phase: Phase;
  readonly nodes: readonly Node[];
  readonly scene: Scene;
}

/** Objects of an image to train on. */
const OBJECTS = 100;
/** Of the run that the optimizer belongs to: its schedule, which no kernel depends on, is scaled by them. */
const STEPS = 1000;
/** Room for RLE strings: a detector begins with it. */
const RLE_BYTES = 2048;

/**
 * The nodes of all phases of a model: inference on one image, and a step of training on one image with the sampling, the
 * frozen stages, the clipping and the optimizer of the configuration.
 * @param maxBindingSize of the device, in bytes: the arenas of parameters are cut up by it
 */
export function workloadNodes(workload: Workload, maxBindingSize: number): WorkloadNodes[] {
  const { config } = resolveConfig(workload.config, workload.settings);
  const { height, width } = workload;
  const resized = modelImageSize(height, width, config.model.image);
  const scene: Scene = { source: { height, width }, resized };
  const { paddedHeight, paddedWidth } = resized;
  const pixelBytes = height * width * 3;

  const rleBytes = config.model.box.detectionsPerImage * RLE_BYTES;
  const inference = maskRcnnGraph(config.model, { paddedHeight, paddedWidth, pixelBytes, rleBytes });
  fuse(inference);

  const words = (size: { height: number; width: number }): number =>
    packRectangles(formulaBoxes(OBJECTS, size), size).words;
  const shape = {
    paddedHeight,
    paddedWidth,
    pixelBytes,
    objects: OBJECTS,
    sourceWords: words(scene.source),
    words: words(resized),
    colours: false,
  };
  const training = stepGraph(config, (graph) => [trainingInputs(graph, '', shape, config.model.image)], maxBindingSize);
  const losses = LOSSES.map((name) => training.outputs.get(name)).filter((tensor) => tensor !== undefined);
  const forward = nodesBehind(losses);
  const nodes = neededNodes(training);
  const phases: Record<Phase, Node[]> = {
    inference: neededNodes(inference),
    'training, forward': nodes.filter((node) => forward.has(node)),
    'training, backward and update': nodes.filter((node) => !forward.has(node)),
  };
  return PHASES.map((phase) => ({ workload, phase, nodes: phases[phase], scene }));
}

function stepGraph(
  config: ReturnType<typeof resolveConfig>['config'],
  makeImages: Parameters<typeof trainingGraph>[0],
  maxBindingSize: number,
): Graph {
  const { model, train } = config;
  const settings = runSettings(config, STEPS);
  if (settings.optimizer.type === 'lbfgs') {
    throw new RangeError('L-BFGS is no part of the graph');
  }
  const shapes = Detector.expectedParameters(model);
  const trainable = trainableParameters([...shapes.keys()], train);
  const lengths = trainable.map((name) => [name, product(shapes.get(name) ?? [])] as const);
  const layout = layOut(lengths, maxBindingSize);
  return trainingGraph(
    makeImages,
    {
      config: model,
      sampling: { proposals: train.proposals, regions: train.regions },
      lossWeights: settings.passWeights,
      trainable: new Set(trainable),
      accumulate: false,
      checkpointing: false,
    },
    {
      optimizer: createOptimizer(settings.optimizer, layout, parameterGroups(layout, train)),
      ...(settings.clipping === null ? {} : { clipping: settings.clipping }),
    },
  );
}
