import { pictureId, unpackRing, type PictureData, type SetData } from '../particles_data';
import { create, readData } from './dom';
import { ImageViewer, type ViewerObject } from './image_viewer';

export interface SetViewerOptions {
  readonly set: number;
  readonly data: SetData;
  /** Name above the picture; absent for a single set. */
  readonly heading?: string;
  /** Of a particle by its index in the set. */
  readonly colour: (index: number) => string;
  readonly tip: (index: number) => string;
  /** Whether a particle passes the table's filters: others are drawn thin and grey. */
  readonly passes: (index: number) => boolean;
  readonly onSelect: (index: number | null) => void;
  /** The user chose another image. */
  readonly onImage: (name: string) => void;
  readonly height: number;
}

const PASSED_OVER = '#9aa3ab';

/** The images of one set, one at a time, with the outlines of their particles. */
export class SetViewer {
  readonly element: HTMLElement;
  private readonly viewer: ImageViewer;
  private readonly choice = create('select', { 'aria-label': 'Image' });
  private readonly message = create('p', { class: 'muted small viewer-message', role: 'status' });
  private readonly pictures = new Map<number, PictureData>();
  /** Indices of the particles of each image. */
  private readonly members: number[][];
  private image = -1;

  constructor(private readonly options: SetViewerOptions) {
    const { data, heading } = options;
    this.members = data.images.map(() => []);
    data.image.forEach((image, index) => {
      this.members[image].push(index);
    });
    this.viewer = new ImageViewer({
      label: `Particles${heading === undefined ? '' : ` of ${heading}`} over their image`,
      height: options.height,
      onSelect: options.onSelect,
    });
    data.images.forEach(({ name, isShown }, image) => {
      if (isShown) {
        this.choice.append(create('option', { value: String(image), text: `${name} (${this.members[image].length})` }));
      }
    });
    this.choice.addEventListener('change', () => {
      this.choose(Number(this.choice.value));
    });
    this.element = create(
      'section',
      { class: 'set-viewer' },
      ...(heading === undefined ? [] : [create('h3', { text: heading })]),
      create(
        'div',
        { class: 'image-choice' },
        this.stepButton('‹', 'Image before', -1),
        this.choice,
        this.stepButton('›', 'Next image', 1),
      ),
      this.viewer.element,
      this.message,
    );
    const first = data.images.findIndex(({ isShown }, image) => isShown && this.members[image].length > 0);
    this.show(first >= 0 ? first : data.images.findIndex(({ isShown }) => isShown));
  }

  /** Index of the image in sight, -1 where none is. */
  get current(): number {
    return this.image;
  }

  setBrightness(factor: number): void {
    this.viewer.setBrightness(factor);
  }

  /** Colours or filters have changed. */
  update(): void {
    const { data, colour, tip, passes } = this.options;
    const picture = this.picture(this.image);
    if (picture === undefined) {
      return;
    }
    const members = this.members[this.image];
    const object = (index: number, order: number): ViewerObject => ({
      id: index,
      rings: picture.outlines[order].map(unpackRing),
      tip: tip(index),
      ...(passes(index) ? { colour: colour(index), fill: 0.14 } : { colour: PASSED_OVER, width: 0.75 }),
    });
    const objects = members.map((index, order) => ({ object: object(index, order), passes: passes(index) }));
    // those that pass come last: they are drawn over the others
    this.viewer.setObjects(
      [...objects.filter((one) => !one.passes), ...objects.filter((one) => one.passes)].map((one) => one.object),
    );
    const count = objects.filter((one) => one.passes).length;
    const { name } = data.images[this.image];
    const all = `${members.length} ${members.length === 1 ? 'particle' : 'particles'}`;
    this.message.textContent = `${name}: ${count === members.length ? all : `${count} of ${all} pass the filters`}`;
  }

  /** Highlights a particle, in its image; null none. */
  highlight(index: number | null): void {
    if (index === null) {
      this.viewer.highlight([]);
      return;
    }
    const image = this.options.data.image[index];
    if (!this.options.data.images[image].isShown) {
      this.viewer.highlight([]);
      this.message.textContent = `The outlines of ${this.options.data.images[image].name} are not in this page (--report-images).`;
      return;
    }
    if (image !== this.image) {
      this.show(image);
    }
    this.viewer.highlight([index]);
    this.viewer.reveal(index);
  }

  /** Shows the image of this name, where there is one. */
  showNamed(name: string): void {
    const image = this.options.data.images.findIndex((one) => one.isShown && one.name === name);
    if (image >= 0 && image !== this.image) {
      this.show(image);
    }
  }

  private choose(image: number): void {
    this.show(image);
    this.options.onImage(this.options.data.images[image].name);
  }

  private show(image: number): void {
    if (image < 0) {
      this.message.textContent = 'No image of this set is in this page.';
      this.element.classList.add('empty');
      return;
    }
    const { width, height } = this.options.data.images[image];
    const uri = this.picture(image)?.uri;
    this.image = image;
    this.choice.value = String(image);
    this.viewer.setImage({ width, height, ...(uri === undefined ? {} : { uri }) });
    this.update();
  }

  private picture(image: number): PictureData | undefined {
    if (image < 0) {
      return undefined;
    }
    const known = this.pictures.get(image) ?? readData<PictureData>(pictureId(this.options.set, image));
    this.pictures.set(image, known);
    return known;
  }

  private stepButton(text: string, label: string, step: number): HTMLElement {
    const button = create('button', { type: 'button', text, title: label, 'aria-label': label });
    button.addEventListener('click', () => {
      const { options, selectedIndex } = this.choice;
      const next = selectedIndex + step;
      if (next >= 0 && next < options.length) {
        this.choose(Number(options[next].value));
      }
    });
    return button;
  }
}
