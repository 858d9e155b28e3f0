import { backpropagate } from '../graph/differentiate';
import { fuse } from '../graph/fusion';
import { Graph } from '../graph/graph';
import { recomputeStages } from '../graph/recompute';
import { accumulate } from '../kernels/accumulate';
import { fill } from '../kernels/fill';
import { dense } from '../kernels/tensor';
import type { MaskRcnnConfig } from '../models/config';
import { LOSSES, maskRcnnLosses, type LossName, type MaskRcnnTrainingSettings } from '../models/mask_rcnn_training';
import { trainingStage } from '../models/training_stages';
import type { TrainingImage } from '../models/training_image';
import type { GradientClipping, Optimizer } from './optimizers';

/** What the states of the parameters' gradients are called: this and the parameter's name. */
export const GRADIENT_PREFIX = 'gradient/';
/** Input u32 [2]: seed and number of the pass, from which samples are drawn. */
export const RANDOM = 'random';
/** Input f32 [1]: 0 in the first pass of a step, 1 in those whose gradients are added to it. */
export const KEEP = 'keep';
/** Output f32 [1]: the norm of all gradients before they are clipped. */
export const GRADIENT_NORM = 'gradientNorm';

export interface TrainingGraphSettings {
  readonly config: MaskRcnnConfig;
  readonly sampling: MaskRcnnTrainingSettings;
  readonly lossWeights: Readonly<Record<LossName, number>>;
  /** Parameters that train, by name: all others are constants. */
  readonly trainable: ReadonlySet<string>;
  /** Whether several passes make a step: the graph has the input KEEP. */
  readonly accumulate: boolean;
  /** Whether activations are computed again in the backward pass rather than kept: less memory, more time. */
  readonly checkpointing: boolean;
}

/** How a pass ends that completes a step. */
export interface StepEnd {
  readonly optimizer: Optimizer;
  readonly clipping?: GradientClipping;
  /** Adds what follows the optimizer, such as a moving average. */
  readonly then?: (graph: Graph) => void;
}

/**
 * One pass of training as one graph: losses, their gradients by every parameter that trains (into the arena of gradients),
 * and where it completes a step, clipping and the optimizer. Outputs: the losses by name, f32 [1] each, before they are
 * weighted; GRADIENT_NORM where gradients are clipped by norm.
 *
 * @param makeImages adds what makes the batch's images to the graph; all are padded to one size
 * @param end null for a pass that only gathers gradients
 */
export function trainingGraph(
  makeImages: (graph: Graph) => readonly TrainingImage[],
  { config, sampling, lossWeights, trainable, accumulate: gathers, checkpointing }: TrainingGraphSettings,
  end: StepEnd | null,
): Graph {
  const graph = new Graph(trainable);
  const random = sampling.choice === 'first' ? null : graph.input(RANDOM, dense([2], 'u32'));
  const losses = maskRcnnLosses(graph, makeImages(graph), random, config, sampling);
  LOSSES.forEach((name) => graph.output(name, losses[name]));
  fuse(graph);
  const forwardNodes = graph.nodes.length;

  const parameters = [...trainable].map((name) => graph.states.get(name) ?? unknownParameter(name));
  const weighted = LOSSES.filter((name) => lossWeights[name] !== 0).map((name) => {
    const weight = graph.apply1(fill, [], { shape: [1], layout: 'dense', value: lossWeights[name] });
    return [losses[name], weight] as const;
  });
  const gradients = backpropagate(graph, weighted, parameters);
  if (checkpointing) {
    recomputeStages(graph, forwardNodes, trainingStage);
  }
  graph.scope('gradients', () => {
    const keep = gathers ? graph.input(KEEP, dense([1])) : null;
    [...trainable].forEach((name, i) => {
      const state = graph.state(`${GRADIENT_PREFIX}${name}`, parameters[i].spec);
      graph.apply(accumulate, [state, gradients[i], keep], {});
    });
  });
  if (end !== null) {
    const { norm } = end.optimizer.addStep(graph, end.clipping);
    if (norm !== null) {
      graph.output(GRADIENT_NORM, norm);
    }
    end.then?.(graph);
  }
  return graph;
}

function unknownParameter(name: string): never {
  throw new RangeError(`the model has no parameter ${name}`);
}
