import { duration, StatusLine } from '../node/status_line';

/** Shows how far a long job is: one line kept up to date on a terminal, a line now and then elsewhere (on stderr). */
export class Progress {
  private readonly start = performance.now();
  private readonly status: StatusLine;
  private done = 0;

  constructor(
    private readonly total: number,
    private readonly unit: string,
    stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.status = new StatusLine(stream);
  }

  /** Counts one more item; `note` says something of the latest. */
  step(note: string): void {
    this.done++;
    this.status.show(() => `${this.line()}, ${note}`, this.done === this.total);
  }

  /** Ends the terminal's line, so that what follows stands on its own. */
  end(): void {
    this.status.end();
  }

  private line(): string {
    const seconds = (performance.now() - this.start) / 1000;
    const rate = this.done / seconds;
    const left = Math.ceil((this.total - this.done) / rate);
    return `${this.done}/${this.total} ${this.unit}, ${rate.toFixed(rate < 10 ? 2 : 1)} ${this.unit}/s, ${duration(left)} left`;
  }
}
