import { CHART_HEIGHT, CHART_WIDTH } from '../chart_frame';
import type { CurvesChart } from '../curves_data';
import { drawCurves, valuesNear, type CurvesView, type DrawnChart } from './curves_chart';
import type { CurvesChoice } from './curves_state';
import { create } from './dom';

/** A drag over less than this, in pixels, is a click. */
const SHORTEST_DRAG = 6;

/** One chart: drag to zoom in, double-click to zoom out, values under the pointer. */
export class CurvesPanel {
  readonly element = create('section', { class: 'card' });
  private readonly chartElement = create('div', { class: 'curve' });
  private readonly cursor = create('div', { class: 'curve-cursor', hidden: '' });
  private readonly selection = create('div', { class: 'curve-selection', hidden: '' });
  private readonly tip = create('div', { class: 'curve-tip', hidden: '' });
  private readonly picture = create('div');
  private view: CurvesView | undefined;
  private drawn: DrawnChart | undefined;
  /** Where a drag began, in pixels from the left of the chart. */
  private dragStart: number | undefined;

  /** @param onChoice is told of a zoom, which is to hold for all charts */
  constructor(
    private readonly chart: CurvesChart,
    private readonly onChoice: (changed: Partial<CurvesChoice>) => void,
  ) {
    this.chartElement.append(this.picture, this.selection, this.cursor, this.tip);
    this.element.append(this.chartElement);
    this.chartElement.addEventListener('pointerdown', (event) => {
      this.dragStart = this.placeOf(event);
      this.chartElement.setPointerCapture(event.pointerId);
    });
    this.chartElement.addEventListener('pointermove', (event) => {
      this.move(this.placeOf(event));
    });
    this.chartElement.addEventListener('pointerup', (event) => {
      this.endDrag(this.placeOf(event));
    });
    this.chartElement.addEventListener('pointercancel', () => {
      this.leave();
    });
    this.chartElement.addEventListener('pointerleave', () => {
      if (this.dragStart === undefined) {
        this.leave();
      }
    });
    this.chartElement.addEventListener('dblclick', () => {
      this.onChoice({ range: null });
    });
  }

  show(view: CurvesView): void {
    this.view = view;
    this.drawn = drawCurves(this.chart, view);
    this.picture.innerHTML = this.drawn.svg;
  }

  private placeOf(event: PointerEvent): number {
    return event.clientX - this.chartElement.getBoundingClientRect().left;
  }

  /** Pixels on the screen of one of the chart. */
  private scale(): number {
    return this.chartElement.clientWidth / CHART_WIDTH;
  }

  /** The step at so many pixels from the left, within the view. */
  private stepAt(place: number): number {
    const { drawn, view } = this;
    if (drawn === undefined || view === undefined) {
      return 0;
    }
    const share = (place / this.scale() - drawn.area.left) / (drawn.area.right - drawn.area.left);
    return view.from + Math.min(1, Math.max(0, share)) * (view.to - view.from);
  }

  private leftOf(step: number): number {
    const { drawn, view } = this;
    if (drawn === undefined || view === undefined) {
      return 0;
    }
    const share = (step - view.from) / (view.to - view.from);
    return (drawn.area.left + share * (drawn.area.right - drawn.area.left)) * this.scale();
  }

  private move(place: number): void {
    const { dragStart, view } = this;
    if (view === undefined) {
      return;
    }
    this.selection.hidden = dragStart === undefined || Math.abs(place - dragStart) < SHORTEST_DRAG;
    if (dragStart !== undefined) {
      const [left, right] = [dragStart, place]
        .map((one) => this.leftOf(this.stepAt(one)))
        .sort((first, second) => first - second);
      this.put(this.selection, left);
      this.selection.style.width = `${right - left}px`;
    }
    const found = valuesNear(this.chart, this.stepAt(place), view).filter(
      ({ step }) => step >= view.from && step <= view.to,
    );
    this.cursor.hidden = this.tip.hidden = found.length === 0;
    if (found.length === 0) {
      return;
    }
    const left = this.leftOf(found[0].step);
    this.put(this.cursor, left);
    const isSmooth = this.chart.isNoisy && view.smoothing > 0;
    this.tip.textContent = [
      `step ${found[0].step}`,
      ...found.map(({ name, value, smoothed }) => {
        return isSmooth ? `${name}: ${shown(smoothed)} (${shown(value)})` : `${name}: ${shown(value)}`;
      }),
    ].join('\n');
    // on the side with more room
    const isRight = left > this.chartElement.clientWidth / 2;
    this.tip.style.left = isRight ? '' : `${left + 10}px`;
    this.tip.style.right = isRight ? `${this.chartElement.clientWidth - left + 10}px` : '';
  }

  private put(element: HTMLElement, left: number): void {
    const { drawn } = this;
    if (drawn !== undefined) {
      element.style.left = `${left}px`;
      element.style.top = `${drawn.area.top * this.scale()}px`;
      element.style.height = `${(Math.min(drawn.area.bottom, CHART_HEIGHT) - drawn.area.top) * this.scale()}px`;
    }
  }

  private endDrag(place: number): void {
    const { dragStart } = this;
    this.leave();
    if (dragStart === undefined || Math.abs(place - dragStart) < SHORTEST_DRAG) {
      return;
    }
    const [from, to] = [dragStart, place].map((one) => Math.round(this.stepAt(one))).sort((a, b) => a - b);
    if (to > from) {
      this.onChoice({ range: { from, to } });
    }
  }

  private leave(): void {
    this.dragStart = undefined;
    this.selection.hidden = this.cursor.hidden = this.tip.hidden = true;
  }
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
