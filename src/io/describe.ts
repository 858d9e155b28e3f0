import { InputError } from '../errors';
import type { Checkpoint } from './checkpoint';
import { recogniseOtherModel } from './families';
import { canonicalTensors } from './match';
import { firstFew, formatShape, quoteName } from './text';

/** The ResNets of torchvision that serve as a body. */
export type ResnetName = 'resnet18' | 'resnet34' | 'resnet50' | 'resnet101' | 'resnet152';

/** What the shapes of a torchvision detector's parameters tell of its architecture. */
export interface ArchitectureFacts {
  /** Where an absent stage leaves a choice (50, 101 and 152 differ in layer3 only), the smallest. */
  backbone: ResnetName;
  /** Present stages, `layer1` as 1: [1, 2, 3, 4], or [1, 2, 3] where layer4 was left out. */
  stages: number[];
  /** Residual blocks and output channels of each present stage. */
  stageBlocks: number[];
  stageChannels: number[];
  fpn: {
    channels: number;
    /** Levels with weights; one more made by max pooling has none and cannot be seen in a file. */
    levels: number;
    /** The stage that feeds each level, finest first. */
    stages: number[];
  };
  rpn: {
    /** 3x3 convolutions before the two predictors. */
    convs: number;
    anchorsPerLocation: number;
  };
  box: {
    /** Width and height of the RoIAlign output that the first layer takes. */
    poolSize: number;
    /** Output widths of fc6 and fc7. */
    hidden: number[];
  };
  /** Null for a Faster R-CNN. */
  mask: {
    /** Output channels of the convolutions. */
    channels: number[];
    /** Output channels of the transposed convolution. */
    upsampleChannels: number;
  } | null;
  /** Background included. */
  classes: number;
}

interface ResnetForm {
  name: ResnetName;
  bottleneck: boolean;
  blocks: number[];
}

// K. He et al., Deep Residual Learning for Image Recognition, table 1.
const resnets: readonly ResnetForm[] = [
  { name: 'resnet18', bottleneck: false, blocks: [2, 2, 2, 2] },
  { name: 'resnet34', bottleneck: false, blocks: [3, 4, 6, 3] },
  { name: 'resnet50', bottleneck: true, blocks: [3, 4, 6, 3] },
  { name: 'resnet101', bottleneck: true, blocks: [3, 4, 23, 3] },
  { name: 'resnet152', bottleneck: true, blocks: [3, 8, 36, 3] },
];

/** Looks shapes up and complains in the name of the file. */
class Shapes {
  private readonly shapes = new Map<string, number[]>();

  constructor(private readonly checkpoint: Checkpoint) {
    for (const [name, tensor] of canonicalTensors(checkpoint)) {
      this.shapes.set(name, tensor.shape);
    }
  }

  has(name: string): boolean {
    return this.shapes.has(name);
  }

  names(): string[] {
    return [...this.shapes.keys()];
  }

  /** The shape of a parameter that must be there, with that many dimensions, none of them empty. */
  get(name: string, dimensions: number): number[] {
    const shape = this.shapes.get(name);
    if (shape === undefined) {
      throw this.wrong(`${name} is missing`);
    }
    if (shape.length !== dimensions || shape.includes(0)) {
      throw this.wrong(`${name} has the shape ${formatShape(shape)}`);
    }
    return shape;
  }

  /** How many of name(0), name(1), … there are before the first gap. */
  run(name: (index: number) => string): number {
    let length = 0;
    while (this.has(name(length))) {
      length += 1;
    }
    return length;
  }

  wrong(what: string): InputError {
    return new InputError(
      `${this.checkpoint.file}: its tensors look like a torchvision Mask R-CNN, but ${what}; give complete weights, or ` +
        `the configuration of this model with --config.`,
    );
  }
}

function describeBody(
  shapes: Shapes,
): Pick<ArchitectureFacts, 'backbone' | 'stages' | 'stageBlocks' | 'stageChannels'> {
  const body = 'backbone.body';
  const bottleneck = shapes.has(`${body}.layer1.0.conv3.weight`);
  const stageCount = shapes.run((i) => `${body}.layer${i + 1}.0.conv1.weight`);
  const stages = Array.from({ length: stageCount }, (_, i) => i + 1);
  const stageBlocks = stages.map((stage) => shapes.run((i) => `${body}.layer${stage}.${i}.conv1.weight`));
  const form = resnets.find((resnet) => {
    return resnet.bottleneck === bottleneck && stageBlocks.every((blocks, i) => blocks === resnet.blocks[i]);
  });
  if (form === undefined || stageCount === 0) {
    const kind = bottleneck ? 'bottleneck' : 'basic';
    throw shapes.wrong(`its body of ${formatShape(stageBlocks)} ${kind} blocks is none of ResNet 18, 34, 50, 101, 152`);
  }
  const last = bottleneck ? 'conv3' : 'conv2';
  const stageChannels = stages.map((stage) => shapes.get(`${body}.layer${stage}.0.${last}.weight`, 4)[0]);
  return { backbone: form.name, stages, stageBlocks, stageChannels };
}

function describeFpn(shapes: Shapes, stages: number[], stageChannels: number[]): ArchitectureFacts['fpn'] {
  const levels = shapes.run((i) => `backbone.fpn.inner_blocks.${i}.0.weight`);
  const inner = Array.from({ length: levels }, (_, i) => shapes.get(`backbone.fpn.inner_blocks.${i}.0.weight`, 4));
  if (levels === 0) {
    throw shapes.wrong('backbone.fpn.inner_blocks.0.0.weight is missing');
  }
  const fed = inner.map((shape, level) => {
    const at = stageChannels.indexOf(shape[1]);
    if (at < 0) {
      throw shapes.wrong(`level ${level} of the FPN takes ${shape[1]} channels, which no stage of the body gives`);
    }
    return stages[at];
  });
  return { channels: inner[0][0], levels, stages: fed };
}

function describeRpn(shapes: Shapes, channels: number): ArchitectureFacts['rpn'] {
  const convs = shapes.run((i) => `rpn.head.conv.${i}.0.weight`);
  if (convs === 0) {
    throw shapes.wrong('rpn.head.conv.0.0.weight is missing');
  }
  const [anchorsPerLocation, input] = shapes.get('rpn.head.cls_logits.weight', 4);
  if (input !== channels || shapes.get('rpn.head.bbox_pred.weight', 4)[0] !== 4 * anchorsPerLocation) {
    throw shapes.wrong('rpn.head.cls_logits, rpn.head.bbox_pred and the FPN do not fit each other');
  }
  return { convs, anchorsPerLocation: anchorsPerLocation };
}

function describeBox(shapes: Shapes, channels: number): ArchitectureFacts['box'] {
  const [fc6, input] = shapes.get('roi_heads.box_head.fc6.weight', 2) as [number, number];
  const [fc7] = shapes.get('roi_heads.box_head.fc7.weight', 2) as [number, number];
  const poolSize = Math.sqrt(input / channels);
  if (!Number.isInteger(poolSize)) {
    throw shapes.wrong(`roi_heads.box_head.fc6 takes ${input} values, which are not ${channels} channels of a square`);
  }
  return { poolSize, hidden: [fc6, fc7] };
}

function describeMask(shapes: Shapes, classes: number): ArchitectureFacts['mask'] {
  if (!shapes.names().some((name) => name.startsWith('roi_heads.mask_'))) {
    return null;
  }
  const convs = shapes.run((i) => `roi_heads.mask_head.${i}.0.weight`);
  const channels = Array.from({ length: convs }, (_, i) => shapes.get(`roi_heads.mask_head.${i}.0.weight`, 4)[0]);
  const logits = shapes.get('roi_heads.mask_predictor.mask_fcn_logits.weight', 4)[0];
  if (logits !== classes) {
    throw shapes.wrong(`the mask head has ${logits} classes and the box head ${classes}`);
  }
  return { channels, upsampleChannels: shapes.get('roi_heads.mask_predictor.conv5_mask.weight', 4)[1] };
}

/**
 * Recognises a torchvision Mask R-CNN (or Faster R-CNN) with a ResNet and FPN by the names and shapes of its
 * parameters, and tells what they say of the architecture. What leaves no trace in the weights (anchor sizes, image
 * sizes, thresholds, RoIAlign's sampling, the pooled extra level) is for the configuration.
 *
 * @throws InputError where the checkpoint is of another model, saying which if it is a known one, or is incomplete
 */
export function describeCheckpoint(checkpoint: Checkpoint): ArchitectureFacts {
  const { file } = checkpoint;
  const other = recogniseOtherModel(checkpoint.tensors.keys());
  if (other !== null) {
    throw new InputError(`${file}: these are ${other}; give weights of a torchvision Mask R-CNN.`);
  }
  const shapes = new Shapes(checkpoint);
  if (!shapes.names().some((name) => name.startsWith('rpn.') || name.startsWith('roi_heads.'))) {
    const names = shapes.names().map((name) => quoteName(name).slice(1, -1));
    const found = names.length > 0 ? `its tensors are ${firstFew(names, 3)}` : 'it holds no tensors';
    throw new InputError(`${file}: the weights are not those of a detector (${found}); give a torchvision Mask R-CNN.`);
  }
  const body = describeBody(shapes);
  const fpn = describeFpn(shapes, body.stages, body.stageChannels);
  const rpn = describeRpn(shapes, fpn.channels);
  const box = describeBox(shapes, fpn.channels);
  const classes = shapes.get('roi_heads.box_predictor.cls_score.weight', 2)[0];
  return { ...body, fpn, rpn, box, mask: describeMask(shapes, classes), classes };
}
