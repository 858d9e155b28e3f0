import { loadConfig } from '../config/load';
import type { GpuDevice } from '../gpu/device';
import { CompiledGraph } from '../graph/compile';
import { ParameterStore } from '../graph/parameters';
import { featureMap, fromStored, toStored } from '../kernels/tensor';
import type { MaskRcnnConfig } from '../models/config';
import { Detector } from '../models/detector';
import { resnetClassifierGraph } from '../models/resnet_classifier';
import { deviceName } from './device_name';
import { compareDetections, compareLogits } from './compare';
import { formula } from './formula';
import { formulaImage, formulaWeights } from './formula_weights';
import type { Contestant, ModelResult } from './measure';

/** A model of `engine bench model`, with weights and input by formula. */
export interface BenchModel {
  /** As bench/export_onnx.py calls it. */
  readonly id: string;
  readonly title: string;
  /** Ours, loaded on a device. */
  load(gpu: GpuDevice): Contestant | Promise<Contestant>;
  /** The same input for a peer: the tensor `image` in NCHW order. */
  peerInput(): { readonly shape: number[]; readonly data: Float32Array };
  /** The outputs of a peer that are compared with ours. */
  readonly peerOutputs: readonly string[];
  compare(ours: ModelResult, theirs: ModelResult): string;
}

const OURS = 'mask-engine';
/** torchvision's for models that do not come from its COCO weights. */
const NORM_EPS = 1e-5;
const IMAGE_SEED = 1;

const CLASSIFIER_SIDE = 224;

/** Takes a normalised image, as its peer does. */
const resnet50: BenchModel = {
  id: 'resnet50',
  title: 'ResNet-50 classifier, 224 x 224, batch 1',
  peerOutputs: ['logits'],
  compare: compareLogits,
  peerInput: () => ({ shape: [1, 3, CLASSIFIER_SIDE, CLASSIFIER_SIDE], data: planes(CLASSIFIER_SIDE) }),
  async load(gpu) {
    const side = CLASSIFIER_SIDE;
    const graph = resnetClassifierGraph({ name: 'resnet50', classes: 1000, normEps: NORM_EPS }, [1, side, side]);
    const shapes = new Map([...graph.parameters].map(([name, { spec }]) => [name, spec.shape]));
    const store = new ParameterStore(gpu, formulaWeights(shapes));
    const [logits] = [...graph.outputs.values()];
    const compiled = await CompiledGraph.create(graph, store, { label: 'ResNet-50' });
    const image = toStored(featureMap([1, side, side, 3]), interleaved(planes(side)));
    return {
      name: OURS,
      adapter: deviceName(gpu.adapter.info),
      async run() {
        const start = performance.now();
        const { outputs } = await compiled.run({ image });
        const milliseconds = performance.now() - start;
        return { milliseconds, result: { logits: fromStored(logits.spec, outputs.get('logits') as ArrayBuffer) } };
      },
      async release() {
        compiled.release();
        store.release();
      },
    };
  },
};

/** [3, side, side] in -1 to 1. */
function planes(side: number): Float32Array {
  return formula(3 * side * side, IMAGE_SEED);
}

/** [3, P] to [P, 3]. */
function interleaved(values: Float32Array): Float32Array<ArrayBuffer> {
  const pixels = values.length / 3;
  return Float32Array.from(values, (_, i) => values[(i % 3) * pixels + Math.floor(i / 3)]);
}

const DETECTOR_SIDE = 320;

/** torchvision's maskrcnn_resnet50_fpn with its defaults, but for the size of the image. */
function detectorConfig(): MaskRcnnConfig {
  const { model } = loadConfig('mask_rcnn_r50_fpn');
  return {
    ...model,
    backbone: { ...model.backbone, normEps: NORM_EPS },
    image: { ...model.image, minSize: DETECTOR_SIDE, maxSize: DETECTOR_SIDE },
  };
}

/** From 8-bit pixels to RLE strings. Its peer starts from floats and ends with masks of the image's size. */
const maskRcnn: BenchModel = {
  id: 'mask_rcnn',
  title: 'Mask R-CNN R50-FPN, 320 x 320, from 8-bit image to RLE',
  peerOutputs: ['boxes', 'labels', 'scores'],
  compare: compareDetections,
  peerInput() {
    const { data } = formulaImage(DETECTOR_SIDE, DETECTOR_SIDE, IMAGE_SEED);
    const pixels = data.length / 3;
    const floats = Float32Array.from(data, (_, i) => data[(i % pixels) * 3 + Math.floor(i / pixels)] / 255);
    return { shape: [3, DETECTOR_SIDE, DETECTOR_SIDE], data: floats };
  },
  load(gpu) {
    const config = detectorConfig();
    const detector = new Detector(gpu, config, formulaWeights(Detector.expectedParameters(config)));
    const image = formulaImage(DETECTOR_SIDE, DETECTOR_SIDE, IMAGE_SEED);
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
      async release() {
        detector.release();
      },
    };
  },
};

export const BENCH_MODELS: readonly BenchModel[] = [resnet50, maskRcnn];
