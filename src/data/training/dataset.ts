import type { Warnings } from '../warnings';
import type { SampleObjects } from './sample';

/** The keys of a configuration's section `data` that decide what takes part. */
export interface TrainingDataOptions {
  /** Names of the categories to learn, in the order of their labels; null for all, in the order of their ids. */
  readonly categories: readonly string[] | null;
  /** Whether images without an object to learn take part. */
  readonly keepEmptyImages: boolean;
  /** Smaller objects are left out: pixels of the mask. */
  readonly minObjectArea: number;
  /** Smaller objects are left out: pixels of the shorter side of the mask's box. */
  readonly minObjectSide: number;
}

/** An image that takes part, with its objects, their masks still as runs. */
export interface TrainingEntry extends SampleObjects {
  /** As the annotation file has it. */
  readonly id: number;
  readonly fileName: string;
  /** Of the image file: the image folder and `fileName`. */
  readonly path: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** u32 words of the masks' bits; 0 without masks. */
  readonly words: number;
  /** COCO's run lengths (`Rle.counts`) of all masks, one after the other. */
  readonly runs: Uint32Array<ArrayBuffer>;
  /** [n]: where each object's runs end in `runs`; as the one before for an object without a mask. */
  readonly runEnds: Uint32Array<ArrayBuffer>;
}

/** What training learns from. */
export interface TrainingDataset {
  /** Those that take part, in the order of the file. */
  readonly images: readonly TrainingEntry[];
  /** The class of label i + 1. */
  readonly classNames: readonly string[];
  /** The annotation file's id of the category of label i + 1. */
  readonly categoryIds: readonly number[];
  /** The most objects (crowd regions included) of an image. */
  readonly maxObjects: number;
  /** The most mask words of an image, at least 1. */
  readonly maxWords: number;
}

export type ReadTrainingDataset = (
  annotations: string,
  imageFolder: string,
  options: TrainingDataOptions,
  warnings: Warnings,
) => Promise<TrainingDataset>;
