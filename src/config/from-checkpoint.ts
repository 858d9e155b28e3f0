import { InputError } from '../errors';
import type { Checkpoint } from '../io/checkpoint';
import type { ArchitectureFacts } from '../io/describe';
import type { MaskRcnnConfig } from '../models/config';
import { loadConfig, parseConfig, shippedConfigs } from './config-file';
import type { ModelConfig } from './schema';

/** The entry of safetensors' `__metadata__` with a configuration in YAML or JSON. */
export const CONFIG_METADATA_KEY = 'engine.config';

/** The configuration for weights of torchvision's maskrcnn_resnet50_fpn, which users have without one. */
const TORCHVISION_CONFIG = 'mask_rcnn_r50_fpn';

/**
 * The configuration for a checkpoint without one given: from its own metadata, or torchvision's where the weights are of
 * that form, with the classes of the weights.
 *
 * @throws InputError where the weights do not say enough: sizes of anchors and images leave no trace in them
 */
export function configFromCheckpoint(
  facts: ArchitectureFacts,
  { file, metadata }: Pick<Checkpoint, 'file' | 'metadata'>,
): ModelConfig {
  if (Object.hasOwn(metadata, CONFIG_METADATA_KEY)) {
    return parseConfig(metadata[CONFIG_METADATA_KEY], `${file} (its metadata ${CONFIG_METADATA_KEY})`);
  }
  if (facts.mask === null) {
    throw new InputError(
      `${file}: these are weights of ${describe(facts)}: a Faster R-CNN, which has no mask head; give weights of a ` +
        'Mask R-CNN.',
    );
  }
  const torchvision = loadConfig(TORCHVISION_CONFIG);
  if (fits(torchvision.model, facts)) {
    return withClasses(torchvision, facts.classes);
  }
  const alike = shippedConfigs().find((name) => fits(loadConfig(name).model, facts));
  throw new InputError(
    `${file}: these are weights of ${describe(facts)}, and the sizes of its anchors and images leave no trace in ` +
      'weights; give its configuration, ' +
      (alike === undefined
        ? 'a YAML file of your own such as configs/mask_rcnn_slim.yaml, with --config.'
        : `such as --config ${alike} if it was trained so.`),
  );
}

/** Whether all that shows in weights, except the number of classes, is as the configuration has it. */
function fits(model: MaskRcnnConfig, facts: ArchitectureFacts): boolean {
  const { backbone, fpn, anchors, rpn, box, mask } = model;
  const lastStage = backbone.stages[backbone.stages.length - 1];
  const pairs: [unknown, unknown][] = [
    [backbone.name, facts.backbone],
    [lastStage, facts.stages.length],
    [backbone.stages, facts.fpn.stages],
    [fpn.channels, facts.fpn.channels],
    [backbone.stages.length, facts.fpn.levels],
    [rpn.convs, facts.rpn.convs],
    [anchors.sizes[0].length * anchors.aspectRatios[0].length, facts.rpn.anchorsPerLocation],
    [box.poolSize, facts.box.poolSize],
    [box.hidden, facts.box.hidden],
    [{ channels: mask.channels, upsampleChannels: mask.upsampleChannels }, facts.mask],
  ];
  return pairs.every(([stated, found]) => JSON.stringify(stated) === JSON.stringify(found));
}

/** Names and ids of classes hold for that number of classes only. */
function withClasses(config: ModelConfig, classes: number): ModelConfig {
  if (classes === config.model.classes) {
    return config;
  }
  return { model: { ...config.model, classes }, classNames: null, categoryIds: null };
}

function describe(facts: ArchitectureFacts): string {
  const { fpn, rpn, box, mask } = facts;
  const parts = [
    `${facts.backbone.replace('resnet', 'ResNet-')} with stages ${facts.stages.join(', ')}`,
    `an FPN of ${fpn.levels} levels and ${fpn.channels} channels`,
    `${rpn.anchorsPerLocation} anchors per location`,
    `box head ${box.hidden.join(' and ')}`,
    ...(mask === null ? [] : [`mask head ${mask.channels.join(', ')}`]),
    `${facts.classes} classes`,
  ];
  return parts.join(', ');
}
