/** What a training step says of itself. Steps are counted from 1: the step of this number is done. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  /** By name (src/models/mask_rcnn_training.ts), the sum that is minimised as "loss". */
  readonly losses: Readonly<Record<string, number>>;
  /** Of all gradients, before they are clipped. */
  readonly gradientNorm?: number;
  readonly imagesPerSecond: number;
  /** Of the step, for images that were not decoded yet. */
  readonly secondsWaiting: number;
  /** The most that the device's buffers took at one time until now. */
  readonly peakBytes?: number;
}

/** Figures of a validation after a step. */
export interface ValidationRecord {
  readonly step: number;
  readonly epoch: number;
  /** COCO's figures by type and name: "segm_AP", "bbox_AP50" …; NaN where there is nothing to score. */
  readonly figures: Readonly<Record<string, number>>;
  /** Whether the figure that the best checkpoint goes by is the best until now. */
  readonly best: boolean;
}

export type LogRecord = ({ readonly kind: 'step' } & StepRecord) | ({ readonly kind: 'validation' } & ValidationRecord);
