import type { CocoRle, Rle, XywhBox } from './rle';

/** An object's outline as COCO files hold it: polygons (x0, y0, x1, y1, … in pixels, each), or run lengths. */
export type Segmentation = CocoRle | readonly (readonly number[])[];

export interface DatasetImage {
  /** The file's own id, as every output carries it. */
  readonly id: number;
  /** As the file has it, relative to a folder that the user names; "" where it has none. */
  readonly fileName: string;
  /** Pixels; 0 where the file does not say (files of boxes only). */
  readonly width: number;
  readonly height: number;
}

export interface Category {
  readonly id: number;
  readonly name: string;
}

/** One annotated object. */
export interface Annotation {
  readonly id: number;
  readonly imageId: number;
  readonly categoryId: number;
  /** x, y, width, height in pixels of the image, as the file has it; else the tight box of the segmentation. */
  readonly box: XywhBox;
  /** Pixels; as the file has it, else the mask's, else the box's. It sorts objects into small, medium and large. */
  readonly area: number;
  /** A region of many objects that is not scored against. */
  readonly isCrowd: boolean;
  /** PASCAL VOC's flag for objects that are hard to recognise (`difficult` in converted files): VOC's AP ignores them. */
  readonly isDifficult?: boolean;
  /** Absent in files of boxes only. */
  readonly segmentation?: Segmentation;
  /** The segmentation as runs of the image's size, where the reader was asked for masks. */
  readonly mask?: Rle;
}

/** A COCO object: images, categories and their annotations, in the order of the file. Ids are unique in each list. */
export interface Dataset {
  readonly images: readonly DatasetImage[];
  readonly categories: readonly Category[];
  readonly annotations: readonly Annotation[];
}

/** One predicted object. */
export interface Prediction {
  readonly imageId: number;
  readonly categoryId: number;
  /** 1 where the file has none (an object with `annotations`, such as a submission). */
  readonly score: number;
  /** x, y, width, height in pixels of the image, as the file has it; else the tight box of the mask. */
  readonly box: XywhBox;
  /** A region of many objects, where annotations stand for predictions. */
  readonly isCrowd?: true;
  /** Pixels, as pycocotools' `loadRes` has it: the box's where the file's first object has a box, else the mask's. */
  readonly area: number;
  /** Absent in files of boxes only. */
  readonly segmentation?: Segmentation;
  /** The segmentation as runs of the image's size, where the reader was asked for masks. */
  readonly mask?: Rle;
}
