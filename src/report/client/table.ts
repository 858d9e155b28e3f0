import { create } from './dom';

export type Value = string | number | null;

export interface Column<Row> {
  readonly title: string;
  /** What the column is sorted and filtered by; null (nothing to show) comes last in both directions. */
  readonly value: (row: Row) => Value;
  readonly kind: 'text' | 'number';
  /** What is shown; default: the value, "–" for null. */
  readonly text?: (row: Row) => string;
  /** What is shown instead of a text, such as a picture. */
  readonly cell?: (row: Row) => Node;
  /** Width in characters; default: as long as the longest of the first rows' texts, 8 to 36. */
  readonly width?: number;
  /** Filter below the header: part of the text, or a range of numbers. Default true. */
  readonly filter?: boolean;
  /** Explains the title. */
  readonly hint?: string;
}

export interface TableOptions<Row> {
  /** Read out by screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Column to sort by at first; default: the order of the rows. */
  readonly sort?: { readonly column: number; readonly descending: boolean };
  /** Height in pixels at most; the rows scroll within. Default 420. */
  readonly height?: number;
  /** Height in pixels of each row. Default 30. */
  readonly rowHeight?: number;
  /** Name of what the rows are, a plural in -s, for "12 of 300 images". */
  readonly unit?: string;
  /** The user chose a row, by click or arrow keys. */
  readonly onSelect?: (row: Row) => void;
  /** Rows or their order changed, by filter, sorting or `setRows`. */
  readonly onChange?: (rows: readonly Row[]) => void;
}

const OVERSCAN = 8;

/**
 * A table that is sorted by a click on a header (a second click turns the order round; ties keep the order of the rows)
 * and filtered below it. Only rows in sight are in the document, so that 100,000 rows scroll smoothly.
 */
export class Table<Row> {
  readonly element = create('div', { class: 'table' });
  private readonly scroller: HTMLElement;
  private readonly body = create('tbody');
  private readonly count = create('p', { class: 'table-count' });
  private readonly table: HTMLTableElement;
  private readonly head = create('thead');
  private readonly headers: HTMLTableCellElement[] = [];
  private readonly filters: ((row: Row) => boolean)[] = [];
  private readonly rowHeight: number;
  private rows: readonly Row[];
  private shown: Row[] = [];
  private drawn = '';
  private selected: Row | null = null;
  private order: { column: number; descending: boolean } | undefined;

  constructor(private readonly options: TableOptions<Row>) {
    const { columns, rows, label, height = 420 } = options;
    this.rowHeight = options.rowHeight ?? 30;
    this.rows = rows;
    this.order = options.sort;
    this.table = create('table', { 'aria-label': label });
    this.scroller = create(
      'div',
      { class: 'table-scroll', tabindex: '0', role: 'group', 'aria-label': label, style: `max-height:${height}px` },
      this.table,
    );
    this.scroller.style.setProperty('--row-height', `${this.rowHeight}px`);
    const widths = columns.map((column) => widthOf(column, rows));
    this.table.style.minWidth = `${widths.reduce((sum, width) => sum + width, 0)}ch`;
    this.table.append(
      create('colgroup', {}, ...widths.map((width) => create('col', { style: `width:${width}ch` }))),
      this.head,
      this.body,
    );
    this.head.append(create('tr', {}, ...columns.map((column, index) => this.header(column, index))));
    if (columns.some(({ filter }) => filter !== false)) {
      const cells = columns.map((column, index) => this.filterCell(column, index));
      this.head.append(create('tr', { class: 'table-filters' }, ...cells));
    }
    this.element.append(this.scroller, this.count);
    this.scroller.addEventListener('scroll', () => {
      this.draw();
    });
    this.scroller.addEventListener('keydown', (event) => {
      this.onKey(event);
    });
    this.body.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('tr[data-index]') : null;
      if (row !== null) {
        this.choose(this.shown[Number(row.dataset.index)]);
      }
    });
    new ResizeObserver(() => {
      this.draw();
    }).observe(this.scroller);
    this.update();
  }

  /** The rows that pass the filters, in the order shown. */
  get visibleRows(): readonly Row[] {
    return this.shown;
  }

  get selectedRow(): Row | null {
    return this.selected;
  }

  /** Shows other rows, or the same ones with new values. Filters, order and selection (by identity) stay. */
  setRows(rows: readonly Row[]): void {
    this.rows = rows;
    this.update();
  }

  /** Marks a row and scrolls to it, without calling `onSelect`. */
  select(row: Row | null): void {
    this.selected = row;
    const index = row === null ? -1 : this.shown.indexOf(row);
    if (index >= 0) {
      const top = index * this.rowHeight;
      const room = this.scroller.clientHeight - this.head.offsetHeight;
      if (top < this.scroller.scrollTop) {
        this.scroller.scrollTop = top;
      } else if (top + this.rowHeight > this.scroller.scrollTop + room) {
        this.scroller.scrollTop = top + this.rowHeight - room;
      }
    }
    this.draw(true);
  }

  private choose(row: Row | undefined): void {
    if (row !== undefined && this.options.onSelect !== undefined) {
      this.select(row);
      this.options.onSelect(row);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key] as number | undefined;
    if (step === undefined || event.target instanceof HTMLInputElement || this.options.onSelect === undefined) {
      return;
    }
    event.preventDefault();
    const index = this.selected === null ? -1 : this.shown.indexOf(this.selected);
    this.choose(this.shown[Math.min(this.shown.length - 1, Math.max(0, index + step))]);
  }

  private header(column: Column<Row>, index: number): HTMLElement {
    const button = create('button', { type: 'button', text: column.title, title: column.hint ?? column.title });
    const header = create('th', { scope: 'col', class: column.kind, 'aria-sort': 'none' }, button);
    button.addEventListener('click', () => {
      // numbers are mostly wanted from the largest down
      const first = column.kind === 'number';
      this.order = { column: index, descending: this.order?.column === index ? !this.order.descending : first };
      this.update();
    });
    this.headers.push(header);
    return header;
  }

  private filterCell(column: Column<Row>, index: number): HTMLElement {
    this.filters[index] = () => true;
    const cell = create('th', { class: column.kind });
    if (column.filter === false) {
      return cell;
    }
    const inputs = (column.kind === 'text' ? ['contains'] : ['from', 'to']).map((label) =>
      create('input', {
        type: 'text',
        'aria-label': `${column.title} ${label}`,
        placeholder: label === 'contains' ? 'filter' : label,
        inputmode: column.kind === 'number' ? 'decimal' : undefined,
      }),
    );
    cell.append(create('span', { class: 'range' }, ...inputs));
    cell.addEventListener('input', () => {
      this.filters[index] =
        column.kind === 'text'
          ? containing(column, inputs[0].value)
          : within(column, limit(inputs[0]), limit(inputs[1]));
      this.update();
    });
    return cell;
  }

  private update(): void {
    const { columns, onChange } = this.options;
    this.headers.forEach((header, index) => {
      const direction = this.order?.descending === true ? 'descending' : 'ascending';
      header.setAttribute('aria-sort', this.order?.column === index ? direction : 'none');
    });
    this.shown = this.rows.filter((row) => this.filters.every((passes) => passes(row)));
    if (this.order !== undefined) {
      this.shown = sorted(this.shown, columns[this.order.column], this.order.descending);
    }
    const { unit = 'rows' } = this.options;
    const [shown, all] = [this.shown.length.toLocaleString('en'), this.rows.length.toLocaleString('en')];
    this.count.textContent =
      shown === all ? `${all} ${all === '1' ? unit.replace(/s$/, '') : unit}` : `${shown} of ${all} ${unit}`;
    this.table.setAttribute('aria-rowcount', String(this.shown.length + this.head.rows.length));
    this.draw(true);
    onChange?.(this.shown);
  }

  /** Puts the rows in sight into the document, a few more above and below. */
  private draw(anew = false): void {
    const { scroller, rowHeight, shown } = this;
    const inSight = Math.ceil(scroller.clientHeight / rowHeight);
    const top = Math.min(Math.floor(scroller.scrollTop / rowHeight), Math.max(0, shown.length - inSight));
    // an even first row, so that few scroll events change it
    const first = Math.max(0, top - OVERSCAN) & ~1;
    const end = Math.min(shown.length, top + inSight + 2 * OVERSCAN);
    const range = `${first}-${end}`;
    if (!anew && range === this.drawn) {
      return;
    }
    this.drawn = range;
    this.body.replaceChildren(
      ...this.spacer(first),
      ...shown.slice(first, end).map((row, i) => this.row(row, first + i)),
      ...this.spacer(shown.length - end),
    );
  }

  private spacer(rows: number): HTMLElement[] {
    const height = `height:${rows * this.rowHeight}px`;
    return rows === 0
      ? []
      : [create('tr', { class: 'spacer', 'aria-hidden': 'true' }, create('td', { style: height }))];
  }

  private row(row: Row, index: number): HTMLElement {
    const cells = this.options.columns.map((column) => {
      const text = column.cell === undefined ? textOf(column, row) : undefined;
      const cell = create('td', { class: column.kind, text, title: text });
      if (column.cell !== undefined) {
        cell.append(column.cell(row));
      }
      return cell;
    });
    const isChoice = this.options.onSelect !== undefined;
    return create(
      'tr',
      {
        'data-index': String(index),
        'aria-rowindex': String(index + 1 + this.head.rows.length),
        'aria-selected': isChoice ? String(row === this.selected) : undefined,
      },
      ...cells,
    );
  }
}

function textOf<Row>({ text, value }: Column<Row>, row: Row): string {
  return text === undefined ? String(value(row) ?? '–') : text(row);
}

function widthOf<Row>(column: Column<Row>, rows: readonly Row[]): number {
  const texts = column.cell === undefined ? rows.slice(0, 500).map((row) => textOf(column, row).length) : [];
  const longest = Math.max(8, column.title.length + 2, ...texts);
  return column.width ?? Math.min(36, longest) + 3;
}

function sorted<Row>(rows: readonly Row[], { value }: Column<Row>, descending: boolean): Row[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: value(row) }))
    .sort((a, b) => {
      if (a.key === null || b.key === null) {
        return Number(a.key === null) - Number(b.key === null);
      }
      return sign * compare(a.key, b.key);
    })
    .map(({ row }) => row);
}

const collator = new Intl.Collator('en', { numeric: true });

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
}

function containing<Row>(column: Column<Row>, text: string): (row: Row) => boolean {
  const wanted = text.trim().toLowerCase();
  return (row) => textOf(column, row).toLowerCase().includes(wanted);
}

function within<Row>({ value }: Column<Row>, min: number | null, max: number | null): (row: Row) => boolean {
  return (row) => {
    const number = value(row);
    if (typeof number !== 'number') {
      return min === null && max === null;
    }
    return number >= (min ?? -Infinity) && number <= (max ?? Infinity);
  };
}

/** null where nothing, or no number, is typed; a comma may be the decimal point. */
function limit({ value }: HTMLInputElement): number | null {
  const text = value.trim().replace(',', '.');
  return text === '' || Number.isNaN(Number(text)) ? null : Number(text);
}
