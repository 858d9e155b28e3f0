import { resnet50 } from './classifier';
import { conv3x3 } from './convolution';
import { maskRcnn320, maskRcnn800, slim } from './detectors';
import type { BenchModel } from './model';
import { trainR50, trainSlim } from './training';

/** The models of `engine bench model`, in the order in which they are timed. */
export const BENCH_MODELS: readonly BenchModel[] = [
  conv3x3,
  resnet50,
  maskRcnn320,
  maskRcnn800,
  slim,
  trainSlim,
  trainR50,
];
