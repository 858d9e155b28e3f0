import { loadConfig } from '../config/load';
import type { MaskRcnnConfig } from '../models/config';
import { Detector, type RgbPixels } from '../models/detector';
import { compareDetections } from './compare';
import { deviceName } from './device_name';
import { formulaImage } from './formula_weights';
import { OURS, type BenchModel } from './model';
import { floatPlanes, scene } from './scenes';
import { slimWeightsFile, weightsFor, weightsTitle } from './weights';
import { workOf } from './work';

/** torchvision's for models that do not come from its COCO weights. */
const NORM_EPS = 1e-5;
const IMAGE_SEED = 1;

/** torchvision's maskrcnn_resnet50_fpn with its defaults, but for the size of the image. */
function r50Config(minSize: number, maxSize: number): MaskRcnnConfig {
  const { model } = loadConfig('mask_rcnn_r50_fpn');
  return {
    ...model,
    backbone: { ...model.backbone, normEps: NORM_EPS },
    image: { ...model.image, minSize, maxSize },
  };
}

interface DetectorForm {
  readonly id: string;
  readonly title: string;
  readonly weights: string | null;
  readonly config: () => MaskRcnnConfig;
  readonly image: () => RgbPixels;
}

/**
 * A run goes from 8-bit pixels to boxes, scores, labels and RLE strings. Peers have less to do: they start from floats and
 * end with masks of the image's size in floats.
 */
function detectorModel({ config: configOf, image: imageOf, ...form }: DetectorForm): BenchModel {
  return {
    ...form,
    task: 'inference',
    peerOutputs: ['boxes', 'labels', 'scores'],
    compare: compareDetections,
    peerInputs: () => new Map([['image', floatPlanes(imageOf())]]),
    async load(gpu, tuner) {
      const config = configOf();
      const weights = await weightsFor(form.weights, Detector.expectedParameters(config));
      const detector = new Detector(gpu, config, weights, { tuner });
      const image = imageOf();
      return {
        name: OURS,
        adapter: deviceName(gpu.adapter.info),
        async run() {
          const start = performance.now();
          const { objects } = await detector.detect(image);
          const milliseconds = performance.now() - start;
          const result = {
            boxes: objects.flatMap(({ box }) => [...box]),
            scores: objects.map(({ score }) => score),
            labels: objects.map(({ label }) => label),
          };
          return { milliseconds, result };
        },
        async profile() {
          const start = performance.now();
          const { profile } = await detector.detect(image, true);
          return workOf(performance.now() - start, profile.plan.dispatches, profile.times);
        },
        async release() {
          detector.release();
        },
      };
    },
  };
}

export const maskRcnn320 = detectorModel({
  id: 'mask_rcnn',
  title: 'Mask R-CNN R50-FPN, 320 x 320, from 8-bit image to RLE',
  weights: null,
  config: () => r50Config(320, 320),
  image: () => formulaImage(320, 320, IMAGE_SEED),
});

export const maskRcnn800 = detectorModel({
  id: 'mask_rcnn_800',
  title: 'Mask R-CNN R50-FPN, 1066 x 800 padded to 1088 x 800, from 8-bit image to RLE',
  weights: null,
  config: () => r50Config(800, 1333),
  image: () => formulaImage(800, 1066, IMAGE_SEED),
});

const slimWeights = slimWeightsFile();
const SLIM_PARTICLES = 180;

export const slim = detectorModel({
  id: 'slim',
  title: `slim Mask R-CNN (mask_rcnn_slim_nuclei, ${weightsTitle(slimWeights)}), image of 696 x 520, from 8-bit image to RLE`,
  weights: slimWeights,
  config: () => loadConfig('mask_rcnn_slim_nuclei').model,
  image: () => scene(696, 520, SLIM_PARTICLES).image,
});
