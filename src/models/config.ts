/** The form of a Mask R-CNN: everything that torchvision's constructor takes, as a configuration file states it. */
export interface MaskRcnnConfig {
  /** With the background, as torchvision's `num_classes`. */
  readonly classes: number;
  readonly backbone: {
    readonly name: ResnetName;
    /** Stages that feed the FPN, finest first: 1 is layer1 (C2). The body ends with the last of them. */
    readonly stages: readonly number[];
    /** eps of the frozen BatchNorms: 1e-5, and 0 for torchvision's COCO weights. */
    readonly normEps: number;
  };
  readonly fpn: {
    readonly channels: number;
    /** Levels above the coarsest, each by max pooling with stride 2. */
    readonly extraLevels: number;
  };
  readonly anchors: {
    /** For each level, in pixels: square roots of the areas. */
    readonly sizes: readonly (readonly number[])[];
    /** For each level: height over width. */
    readonly aspectRatios: readonly (readonly number[])[];
  };
  readonly rpn: {
    readonly convs: number;
    readonly preNmsTopN: number;
    readonly postNmsTopN: number;
    readonly nmsThreshold: number;
    /** In pixels of the resized image. */
    readonly minSize: number;
  };
  readonly box: {
    readonly poolSize: number;
    readonly samplingRatio: number;
    readonly hidden: readonly number[];
    readonly coderWeights: readonly [number, number, number, number];
    readonly scoreThreshold: number;
    readonly nmsThreshold: number;
    readonly minSize: number;
    readonly detectionsPerImage: number;
  };
  readonly mask: {
    readonly poolSize: number;
    readonly samplingRatio: number;
    readonly channels: readonly number[];
    readonly upsampleChannels: number;
    readonly threshold: number;
  };
  readonly image: {
    readonly mean: readonly [number, number, number];
    readonly std: readonly [number, number, number];
    /** The shorter side is resized to minSize, the longer to at most maxSize. */
    readonly minSize: number;
    readonly maxSize: number;
    /** The padded size is a multiple of this. */
    readonly sizeDivisor: number;
  };
}

export type ResnetName = 'resnet18' | 'resnet34' | 'resnet50' | 'resnet101';
