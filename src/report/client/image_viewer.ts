import { create } from './dom';

/** A closed line x0, y0, x1, y1, … in pixels of the image; pixel (x, y) covers [x, x + 1] x [y, y + 1]. */
export type Ring = readonly number[];

export interface ViewerObject {
  /** Unique within the viewer. */
  readonly id: number;
  /** Outer lines and holes (even-odd rule). */
  readonly rings: readonly Ring[];
  /** CSS colour. */
  readonly colour: string;
  /** Lengths of dashes and gaps in CSS pixels; absent: a plain line. */
  readonly dash?: readonly number[];
  /** Width of the line in CSS pixels, whatever the zoom. Default 1.5. */
  readonly width?: number;
  /** Opacity of the filling, 0 to 1. Default 0. */
  readonly fill?: number;
  /** Shown while the pointer is over the object; lines by "\n". */
  readonly tip?: string;
}

export interface ViewerImage {
  /** Pixels of the original: what outlines are given in. */
  readonly width: number;
  readonly height: number;
  /** Data URI of the picture, which may be smaller than the original; absent: a plain background. */
  readonly uri?: string;
}

export interface ViewerOptions {
  /** Read out by screen readers. */
  readonly label: string;
  /** The user clicked an object (the smallest that contains the place, else the nearest within a few pixels), or beside all: null. */
  readonly onSelect?: (id: number | null) => void;
  /** Height in pixels at most. Default 640. */
  readonly height?: number;
}

interface Drawable extends ViewerObject {
  readonly path: Path2D;
  readonly box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}

/** CSS pixels per pixel of the image, and the canvas place of the image's corner. */
interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const MAX_PIXEL_SIZE = 40;
const REACH = 8;
const HALO = 'rgb(0 0 0 / 55%)';
const BACKGROUND = '#f7f7f5';

/**
 * An image with outlines over it: zoomed by wheel, buttons or + and -, moved by drag or arrow keys, back to the whole by
 * 0, the button or a double click. Objects show a tip under the pointer and can be clicked; one can be highlighted.
 */
export class ImageViewer {
  readonly element = create('div', { class: 'viewer' });
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly tip = create('div', { class: 'viewer-tip', hidden: '' });
  private readonly linked: ImageViewer[] = [];
  private image: ViewerImage = { width: 1, height: 1 };
  private picture: HTMLImageElement | null = null;
  private objects: readonly Drawable[] = [];
  private highlighted: ReadonlySet<number> = new Set();
  private brightness = 1;
  /** undefined: the whole image, fitted. */
  private view: View | undefined;
  private frame = 0;

  constructor(private readonly options: ViewerOptions) {
    this.canvas = create('canvas', { tabindex: '0', role: 'img', 'aria-label': options.label });
    const context = this.canvas.getContext('2d');
    if (context === null) {
      throw new Error('this browser has no 2D canvas');
    }
    this.context = context;
    this.element.append(this.canvas, this.buttons(), this.tip);
    this.listen();
    new ResizeObserver(() => {
      this.fitHeight();
      this.redraw();
    }).observe(this.element);
  }

  /** Shows another image, whole, without objects. */
  setImage(image: ViewerImage): void {
    this.image = image;
    this.view = undefined;
    this.setObjects([]);
    this.highlighted = new Set();
    this.picture = null;
    if (image.uri !== undefined) {
      const picture = new Image();
      picture.addEventListener('load', () => {
        // another image may have been asked for meanwhile
        if (this.image === image) {
          this.picture = picture;
          this.redraw();
        }
      });
      picture.src = image.uri;
    }
    this.fitHeight();
    this.showView();
  }

  /** The objects over the image; later ones are drawn over earlier ones. */
  setObjects(objects: readonly ViewerObject[]): void {
    this.objects = objects.map((object) => ({ ...object, path: pathOf(object.rings), box: boxOf(object.rings) }));
    this.tip.hidden = true;
    this.redraw();
  }

  /** Draws these objects strongly, and no others so. */
  highlight(ids: Iterable<number>): void {
    this.highlighted = new Set(ids);
    this.redraw();
  }

  /** Moves the view so that the object is in sight, where it is not. */
  reveal(id: number): void {
    const object = this.objects.find((one) => one.id === id);
    if (object === undefined || this.view === undefined) {
      return;
    }
    const { scale, x, y } = this.view;
    const { left, top, right, bottom } = object.box;
    const [cx, cy] = [((left + right) / 2) * scale, ((top + bottom) / 2) * scale];
    const { clientWidth, clientHeight } = this.canvas;
    if (cx + x < 0 || cy + y < 0 || cx + x > clientWidth || cy + y > clientHeight) {
      this.setView({ scale, x: clientWidth / 2 - cx, y: clientHeight / 2 - cy });
    }
  }

  /** Factor on the picture's brightness, for dark images. */
  setBrightness(factor: number): void {
    this.brightness = factor;
    this.redraw();
  }

  /** The whole image again. */
  reset(): void {
    this.setView(undefined);
  }

  /** Zoom and place follow from one to the other, both ways. Both show images of one size. */
  link(other: ImageViewer): void {
    this.linked.push(other);
    other.linked.push(this);
  }

  private setView(view: View | undefined): void {
    for (const viewer of [this, ...this.linked]) {
      viewer.view = view === undefined ? undefined : viewer.limited(view);
      viewer.showView();
    }
  }

  private showView(): void {
    this.canvas.classList.toggle('zoomed', this.view !== undefined);
    this.redraw();
  }

  /** The view with the image's edges not further in than the canvas's, the whole where it is smaller. */
  private limited({ scale, x, y }: View): View | undefined {
    const whole = this.whole();
    if (scale <= whole.scale * 1.001) {
      return undefined;
    }
    const within = (place: number, room: number, size: number): number =>
      size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, place));
    const { clientWidth, clientHeight } = this.canvas;
    return {
      scale,
      x: within(x, clientWidth, this.image.width * scale),
      y: within(y, clientHeight, this.image.height * scale),
    };
  }

  private whole(): View {
    const { clientWidth, clientHeight } = this.canvas;
    const { width, height } = this.image;
    const scale = Math.min(clientWidth / width, clientHeight / height);
    return { scale, x: (clientWidth - width * scale) / 2, y: (clientHeight - height * scale) / 2 };
  }

  /** As high as the image at full width. */
  private fitHeight(): void {
    const { width, height } = this.image;
    const limit = this.options.height ?? 640;
    this.element.style.height = `${Math.round(Math.min(limit, (this.element.clientWidth * height) / width))}px`;
  }

  private zoom(factor: number, atX = this.canvas.clientWidth / 2, atY = this.canvas.clientHeight / 2): void {
    const { scale, x, y } = this.view ?? this.whole();
    const wanted = Math.min(MAX_PIXEL_SIZE, scale * factor);
    const actual = wanted / scale;
    this.setView({ scale: wanted, x: atX - (atX - x) * actual, y: atY - (atY - y) * actual });
  }

  private pan(dx: number, dy: number): void {
    if (this.view !== undefined) {
      this.setView({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
    }
  }

  private buttons(): HTMLElement {
    const button = (text: string, label: string, act: () => void): HTMLElement => {
      const element = create('button', { type: 'button', text, title: label, 'aria-label': label });
      element.addEventListener('click', act);
      return element;
    };
    return create(
      'div',
      { class: 'viewer-buttons' },
      button('+', 'Zoom in', () => {
        this.zoom(1.5);
      }),
      button('−', 'Zoom out', () => {
        this.zoom(1 / 1.5);
      }),
      button('Whole', 'Show the whole image', () => {
        this.reset();
      }),
    );
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0015 : 0.05)), event.offsetX, event.offsetY);
      },
      { passive: false },
    );
    let start: { x: number; y: number; moved: boolean } | null = null;
    canvas.addEventListener('pointerdown', ({ button, pointerId, offsetX, offsetY }) => {
      if (button === 0) {
        canvas.setPointerCapture(pointerId);
        start = { x: offsetX, y: offsetY, moved: false };
      }
    });
    canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
      if (start === null) {
        this.showTip(offsetX, offsetY);
        return;
      }
      const [dx, dy] = [offsetX - start.x, offsetY - start.y];
      if (start.moved || Math.hypot(dx, dy) > 3) {
        start = { x: offsetX, y: offsetY, moved: true };
        canvas.classList.toggle('panning', this.view !== undefined);
        this.pan(dx, dy);
      }
    });
    canvas.addEventListener('pointerup', ({ offsetX, offsetY }) => {
      if (start?.moved === false) {
        this.options.onSelect?.(this.objectAt(offsetX, offsetY)?.id ?? null);
      }
      start = null;
      canvas.classList.remove('panning');
    });
    canvas.addEventListener('pointercancel', () => {
      start = null;
      canvas.classList.remove('panning');
    });
    canvas.addEventListener('pointerleave', () => {
      this.tip.hidden = true;
    });
    canvas.addEventListener('dblclick', () => {
      this.reset();
    });
    canvas.addEventListener('keydown', (event) => {
      if (this.onKey(event.key)) {
        event.preventDefault();
      }
    });
  }

  /** Whether the key meant something. */
  private onKey(key: string): boolean {
    const step = 60;
    const moves: Readonly<Record<string, readonly [number, number] | undefined>> = {
      ArrowLeft: [step, 0],
      ArrowRight: [-step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[key];
    if (key === '+' || key === '=') {
      this.zoom(1.5);
    } else if (key === '-') {
      this.zoom(1 / 1.5);
    } else if (key === '0') {
      this.reset();
    } else if (move !== undefined && this.view !== undefined) {
      this.pan(...move);
    } else {
      return false;
    }
    return true;
  }

  private objectAt(canvasX: number, canvasY: number): Drawable | undefined {
    const { scale, x, y } = this.view ?? this.whole();
    const [px, py] = [(canvasX - x) / scale, (canvasY - y) / scale];
    const reach = REACH / scale;
    let found: { object: Drawable; distance: number } | undefined;
    for (const object of this.objects) {
      const { left, top, right, bottom } = object.box;
      if (px < left - reach || py < top - reach || px > right + reach || py > bottom + reach) {
        continue;
      }
      const distance = isInside(object.rings, px, py) ? 0 : distanceTo(object.rings, px, py);
      const isBetter =
        found === undefined ||
        distance < found.distance ||
        (distance === found.distance && isSmaller(object, found.object));
      if (distance <= reach && isBetter) {
        found = { object, distance };
      }
    }
    return found?.object;
  }

  private showTip(canvasX: number, canvasY: number): void {
    const { tip, element } = this;
    const text = this.objectAt(canvasX, canvasY)?.tip;
    tip.hidden = text === undefined;
    if (text !== undefined) {
      tip.textContent = text;
      const left = canvasX + 14 + tip.offsetWidth > element.clientWidth ? canvasX - tip.offsetWidth - 10 : canvasX + 14;
      const top =
        canvasY + 16 + tip.offsetHeight > element.clientHeight ? canvasY - tip.offsetHeight - 8 : canvasY + 16;
      tip.style.left = `${Math.max(0, left)}px`;
      tip.style.top = `${Math.max(0, top)}px`;
    }
  }

  /** Draws once before the next frame, however often it is asked for. */
  private redraw(): void {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  private draw(): void {
    const { canvas, context, image } = this;
    const ratio = window.devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const view = this.view ?? this.whole();
    context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
    if (image.uri === undefined) {
      context.fillStyle = BACKGROUND;
      context.fillRect(0, 0, image.width, image.height);
    } else if (this.picture !== null) {
      context.imageSmoothingEnabled = (view.scale * image.width) / this.picture.naturalWidth < 3;
      context.filter = this.brightness === 1 ? 'none' : `brightness(${this.brightness})`;
      context.drawImage(this.picture, 0, 0, image.width, image.height);
      context.filter = 'none';
    }
    context.lineJoin = 'round';
    const isStrong = ({ id }: Drawable): boolean => this.highlighted.has(id);
    for (const object of [...this.objects.filter((one) => !isStrong(one)), ...this.objects.filter(isStrong)]) {
      this.drawObject(object, view.scale, isStrong(object));
    }
  }

  private drawObject(object: Drawable, scale: number, strong: boolean): void {
    const { context } = this;
    const { path, colour, dash = [], width = 1.5, fill = 0 } = object;
    const line = (strong ? width + 1.5 : width) / scale;
    const filling = strong ? Math.max(fill, 0.35) : fill;
    if (filling > 0) {
      context.globalAlpha = filling;
      context.fillStyle = colour;
      context.fill(path, 'evenodd');
      context.globalAlpha = 1;
    }
    // a dark line below, so that every colour shows on every image
    context.setLineDash([]);
    context.lineWidth = line + 1.4 / scale;
    context.strokeStyle = strong ? '#ffffff' : HALO;
    context.stroke(path);
    context.setLineDash(dash.map((length) => length / scale));
    context.lineWidth = line;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

function pathOf(rings: readonly Ring[]): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i += 2) {
      if (i === 0) {
        path.moveTo(ring[0], ring[1]);
      } else {
        path.lineTo(ring[i], ring[i + 1]);
      }
    }
    path.closePath();
  }
  return path;
}

function boxOf(rings: readonly Ring[]): Drawable['box'] {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i += 2) {
      box.left = Math.min(box.left, ring[i]);
      box.right = Math.max(box.right, ring[i]);
      box.top = Math.min(box.top, ring[i + 1]);
      box.bottom = Math.max(box.bottom, ring[i + 1]);
    }
  }
  return box;
}

function isSmaller({ box: a }: Drawable, { box: b }: Drawable): boolean {
  return (a.right - a.left) * (a.bottom - a.top) < (b.right - b.left) * (b.bottom - b.top);
}

/** Each side of the rings, as (ax, ay, bx, by). */
function* sides(rings: readonly Ring[]): Generator<readonly [number, number, number, number]> {
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i + 1 < ring.length; j = i, i += 2) {
      yield [ring[j], ring[j + 1], ring[i], ring[i + 1]];
    }
  }
}

function isInside(rings: readonly Ring[], x: number, y: number): boolean {
  let inside = false;
  for (const [ax, ay, bx, by] of sides(rings)) {
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) {
      inside = !inside;
    }
  }
  return inside;
}

function distanceTo(rings: readonly Ring[], x: number, y: number): number {
  let least = Infinity;
  for (const [ax, ay, bx, by] of sides(rings)) {
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
    least = Math.min(least, Math.hypot(x - ax - along * dx, y - ay - along * dy));
  }
  return least;
}
