import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { configFromCheckpoint, loadConfig, overrideConfig, type ModelConfig } from '../config/load';
import { readCocoImages, type CocoImage } from '../data/coco';
import { detectImages } from '../data/detect_images';
import { decodeImageOfSize } from '../data/dataset_image';
import type { RgbImage } from '../data/image';
import { listImages } from '../data/list_images';
import { OutputFolder } from '../data/output_folder';
import { drawOverlay } from '../data/overlay';
import { overlayNames } from '../data/overlay_names';
import { quietly } from '../data/quietly';
import { ResultsWriter, type Detection } from '../data/results';
import { InputError } from '../errors';
import type { Category } from '../eval/dataset';
import { GpuDevice, type AdapterChoice } from '../gpu/device';
import { describeCheckpoint } from '../io/describe';
import { loadCheckpoint } from '../io/load';
import { matchParameters } from '../io/match';
import { PRECISIONS, type Precision } from '../kernels/precision';
import { Detector, type ImageDetections, type ImageProfile } from '../models/detector';
import { nodeHost } from '../node/webgpu';
import { adapterOption } from './adapter-option';
import { categoriesOfLabels } from './categories';
import { withDeviceAdvice } from './device-advice';
import { describeProfiles } from './infer-profile';
import { number, wholeNumber } from './number-option';
import { Progress } from './progress';
import { tuneOption, TuningSession, type TuneMode } from './tuning';

interface InferOptions {
  readonly weights: string;
  readonly images?: string[];
  readonly coco?: string;
  readonly imageRoot?: string;
  readonly out: string;
  readonly config?: string;
  readonly scoreThreshold?: number;
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly maxDetections?: number;
  readonly overlay?: boolean;
  readonly profile?: boolean;
  readonly tune?: TuneMode;
  readonly precision: Precision;
  readonly adapter: AdapterChoice;
}

/** `engine infer`: detects objects in images and writes COCO results, and pictures of them if asked. */
export function registerInfer(program: Command): void {
  program
    .command('infer')
    .description('find the objects of images: COCO results (boxes and masks) and, with --overlay, pictures of them')
    .requiredOption('--weights <file>', 'weights: .safetensors or a PyTorch file, by torchvision names')
    .option('--images <path...>', 'image files or folders (PNG, JPEG, TIFF)')
    .option('--coco <file>', 'instead of --images: the images that a COCO annotation file lists')
    .option('--image-root <folder>', 'the folder that holds the images of --coco')
    .requiredOption('--out <folder>', 'where predict.bbox.json, predict.segm.json and overlay/ go')
    .option('--config <name or file>', 'configuration of the model; default: as the weights tell')
    .option(
      '--score-threshold <score>',
      'leave out detections below this score, 0 to 1',
      number('--score-threshold', 0, 1),
    )
    .option('--min-size <pixels>', 'resize the shorter side of images to this', wholeNumber('--min-size', 1, 16384))
    .option('--max-size <pixels>', 'but the longer side to at most this', wholeNumber('--max-size', 1, 16384))
    .option('--max-detections <number>', 'detections per image at most', wholeNumber('--max-detections', 1, 4096))
    .option('--overlay', 'write OUT/overlay/NAME.png: masks, outlines, boxes, scores and classes')
    .option('--profile', 'print time per op, memory, submissions and readbacks')
    .addOption(tuneOption())
    .addOption(
      new Option(
        '--precision <type>',
        'f16: keep the weights as 16-bit floats, half the memory; sums stay f32. The adapter needs shader-f16',
      )
        .choices(PRECISIONS)
        .default('f32' satisfies Precision),
    )
    .addOption(adapterOption())
    .action(infer);
}

/** The size is the one that an annotation file states, else 0. */
type InputImage = CocoImage;

interface Input {
  readonly images: readonly InputImage[];
  readonly dataset: { readonly path: string; readonly categories: readonly Category[] } | null;
}

async function infer(options: InferOptions): Promise<void> {
  const { images, dataset } = await readInput(options);
  const start = performance.now();
  const { config, weights } = await readModel(options);
  const weightsMilliseconds = performance.now() - start;
  const categories = categoriesOfLabels(config.model.classes, config, dataset);
  const gpu = await GpuDevice.open(nodeHost, options.adapter);
  const tuning = await TuningSession.open(gpu, options.tune);
  const detector = new Detector(gpu, config.model, weights, {
    tuner: tuning.tuner,
    precision: options.precision,
  });
  const run = new InferRun(options, images, categories, detector);
  try {
    if (tuning.mode === 'only') {
      await run.prepare();
      console.log(tuning.describe());
      return;
    }
    const profiles = await withDeviceAdvice(
      'use smaller images (--min-size, --max-size), fewer detections (--max-detections) or another adapter (--adapter)',
      () => run.all(dataset === null),
    );
    console.log(run.summary());
    if (options.profile === true) {
      console.log(describeProfiles(profiles, gpu.memory.peak, weightsMilliseconds));
    }
  } finally {
    tuning.report();
    detector.release();
    gpu.close();
  }
}

async function readInput({ images, coco, imageRoot }: InferOptions): Promise<Input> {
  if ((images === undefined) === (coco === undefined)) {
    throw new InputError('give either --images PATH… or --coco ANN.json with --image-root DIR');
  }
  if (coco === undefined) {
    if (imageRoot !== undefined) {
      throw new InputError('--image-root goes with --coco: leave it out beside --images');
    }
    const listed = await listImages(images ?? []);
    return { images: listed.map((image) => ({ ...image, width: 0, height: 0 })), dataset: null };
  }
  if (imageRoot === undefined) {
    throw new InputError(`--coco ${coco} needs --image-root, the folder that holds its images`);
  }
  const listed = await readCocoImages(coco, imageRoot);
  return { images: listed.images, dataset: { path: coco, categories: listed.categories } };
}

async function readModel(
  options: InferOptions,
): Promise<{ config: ModelConfig; weights: ReadonlyMap<string, Float32Array> }> {
  const named = options.config === undefined ? undefined : loadConfig(options.config);
  const checkpoint = await loadCheckpoint(options.weights);
  const facts = describeCheckpoint(checkpoint);
  const config = overrideConfig(named ?? configFromCheckpoint(facts, checkpoint), options);
  return { config, weights: matchParameters(checkpoint, Detector.expectedParameters(config.model)) };
}

/** The images of one command, with the drawing of the last one beside the GPU's work on the next ones. */
class InferRun {
  private detections = 0;
  private readonly saturated: string[] = [];

  constructor(
    private readonly options: InferOptions,
    private readonly images: readonly InputImage[],
    private readonly categories: readonly Category[],
    private readonly detector: Detector,
  ) {}

  /** Makes what images of these sizes need, and detects nothing. */
  async prepare(): Promise<void> {
    const sizes = new Set<string>();
    for (const image of this.images) {
      const { width, height } = await decodeImageOfSize(image.path, image);
      if (!sizes.has(`${width}x${height}`)) {
        sizes.add(`${width}x${height}`);
        await this.detector.prepare({ width, height });
      }
    }
  }

  async all(listImages: boolean): Promise<ImageProfile[]> {
    const { images, options } = this;
    const profiles: ImageProfile[] = [];
    const progress = new Progress(images.length, 'images');
    const results = await ResultsWriter.create(options.out, { listImages });
    const overlays =
      options.overlay === true
        ? await OutputFolder.create(join(options.out, 'overlay'), { mayHoldFiles: true })
        : undefined;
    const names = overlayNames(images);
    let output = Promise.resolve();
    try {
      for await (const { image, pixels, found } of detectImages(this.detector, images, options.profile)) {
        await output;
        profiles.push(found.profile);
        output = quietly(this.write(image, pixels, found, results, overlays, names.get(image.id) ?? ''));
        progress.step(`${found.objects.length} objects in ${image.fileName}`);
      }
      await output;
      await overlays?.commit();
      await results.finish();
    } catch (error) {
      await output.catch(() => undefined);
      await Promise.all([results.abort(), overlays?.abort()]);
      throw error;
    } finally {
      progress.end();
    }
    return profiles;
  }

  summary(): string {
    const { images, options, saturated } = this;
    const { classes, rpn, box } = this.detector.config;
    const most = (classes - 1) * rpn.postNmsTopN;
    const lines = [
      `${this.detections} objects in ${images.length} ${images.length === 1 ? 'image' : 'images'}: ` +
        `${options.out}/predict.bbox.json, ${options.out}/predict.segm.json`,
    ];
    if (options.overlay === true) {
      lines.push(`pictures in ${options.out}/overlay`);
    }
    if (saturated.length > 0) {
      lines.push(
        `warning: ${saturated.length} ${saturated.length === 1 ? 'image has' : 'images have'} more than ` +
          `${box.detectionsPerImage} detections, the rest was left out (first: ${saturated.slice(0, 3).join(', ')}); ` +
          'raise --max-detections',
      );
    }
    if (options.maxDetections !== undefined && options.maxDetections > most) {
      lines.push(
        `warning: the configuration proposes ${rpn.postNmsTopN} boxes an image, so that no more than ${most} objects ` +
          `can be found, whatever --max-detections; raise model.rpn.post_nms_top_n in a file for --config`,
      );
    }
    return lines.join('\n');
  }

  private async write(
    { id, fileName }: InputImage,
    pixels: RgbImage,
    found: ImageDetections,
    results: ResultsWriter,
    overlays: OutputFolder | undefined,
    overlayName: string,
  ): Promise<void> {
    const { width, height } = pixels;
    const detections = found.objects.map(({ box, score, label, mask }): Detection => {
      return { imageId: id, categoryId: this.categories[label - 1].id, box, score, rle: mask };
    });
    this.detections += detections.length;
    if (found.available > detections.length) {
      this.saturated.push(fileName);
    }
    await results.add({ id, fileName, width, height }, detections);
    if (overlays !== undefined) {
      // drawing takes this thread: let it begin after the next image's submission
      await setImmediate();
      const classNames = new Map(this.categories.map((category) => [category.id, category.name]));
      await overlays.add(overlayName, await drawOverlay(pixels, detections, classNames, { title: fileName }));
    }
  }
}
