/**
 * The public core, the same in Node and in a browser. What differs between the two, the adapter and files, comes in from
 * outside: a `GpuHost`, the bytes of the weights, the pixels of an image.
 *
 * ```ts
 * const gpu = await GpuDevice.open(browserHost); // in Node: nodeHost
 * const weights = matchParameters(parseSafetensors(bytes, name), Detector.expectedParameters(config));
 * const detector = new Detector(gpu, config, weights);
 * const { objects } = await detector.detect({ width, height, data });
 * ```
 */
export { InputError } from './errors';

// the device
export { describeAdapter, isSoftwareAdapter, type Capabilities } from './gpu/capabilities';
export { GpuDevice, requestAdapter, type AdapterChoice } from './gpu/device';
export { DeviceMemoryError, GpuError } from './gpu/errors';
export type { GpuHost } from './gpu/host';
export type { DispatchTime } from './gpu/profiler';

// tensors and ops
export * as ops from './kernels';
export { ShapeError, type Op } from './kernels/op';
export type { Precision } from './kernels/precision';
export {
  byteLength,
  dense,
  featureMap,
  fromStored,
  storedLength,
  toStored,
  type DType,
  type Layout,
  type TensorSpec,
} from './kernels/tensor';

// graphs
export { CompiledGraph, type CompileOptions, type GraphRun, type PlanStatistics } from './graph/compile';
export { Graph, type Tensor } from './graph/graph';
export type { Variants } from './graph/lower';
export { ParameterStore } from './graph/parameters';
export { Tuner, type TunedChoice, type TunerOptions } from './graph/tuner';
export type { TuningChoices } from './graph/tuning';

// models
export type { MaskRcnnConfig, ResnetName } from './models/config';
export {
  Detector,
  type DetectedObject,
  type DetectorOptions,
  type ImageDetections,
  type ImageProfile,
  type RgbPixels,
} from './models/detector';
export { modelImageSize, type ModelImageSize } from './models/image_size';

// weights
export { checkFinite, type Checkpoint, type CheckpointFormat, type HostTensor } from './io/checkpoint';
export { matchParameters } from './io/match';
export { parseSafetensors, writeSafetensors } from './io/safetensors';

// masks, as COCO has them
export {
  boxIou,
  rleArea,
  rleDecode,
  rleEncode,
  rleFromCoco,
  rleFromPolygon,
  rleFromPolygons,
  rleFromString,
  rleIou,
  rleMerge,
  rleToBbox,
  rleToCoco,
  rleToString,
  type CocoRle,
  type Rle,
  type XywhBox,
} from './eval/rle';

// evaluation
export { precisionCurve, scoreCurve, type CurveChoice } from './eval/coco_eval/curves';
export {
  evaluateCoco,
  evaluateCocoWith,
  type CocoClassFigures,
  type CocoEvaluation,
  type CocoOptions,
  type CocoType,
} from './eval/coco_eval/evaluate';
export { cocoLines, type CocoFigures } from './eval/coco_eval/summarize';
export type { Annotation, Category, Dataset, DatasetImage, Prediction, Segmentation } from './eval/dataset';
export { ConfusionMatrix, scoreLabelMaps, type LabelMap, type LabelScores } from './eval/label_map';
export { maskIouOnCpu, type MaskIou, type MaskIouJob } from './eval/mask_iou';
export { averagePrecision, evaluateVoc, type VocEvaluation, type VocOptions } from './eval/voc_ap';
