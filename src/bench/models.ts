import { resnet50 } from './classifier';
import { maskRcnn320, maskRcnn800, slim } from './detectors';
import type { BenchModel } from './model';
import { trainR50, trainSlim } from './training';

/** The models of `engine bench model`, in the order in which they are timed. */
export const BENCH_MODELS: readonly BenchModel[] = [resnet50, maskRcnn320, maskRcnn800, slim, trainSlim, trainR50];
