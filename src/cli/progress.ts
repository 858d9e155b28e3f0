const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

/** Shows how far a long job is: one line kept up to date on a terminal, a line now and then elsewhere (on stderr). */
export class Progress {
  private readonly start = performance.now();
  private shown = 0;
  private done = 0;

  constructor(
    private readonly total: number,
    private readonly unit: string,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** Counts one more item; `note` says something of the latest. */
  step(note: string): void {
    this.done++;
    const now = performance.now();
    const interval = this.stream.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (now - this.shown >= interval || this.done === this.total) {
      this.shown = now;
      this.show(`${this.line(now)}, ${note}`);
    }
  }

  /** Ends the terminal's line, so that what follows stands on its own. */
  end(): void {
    if (this.stream.isTTY && this.shown > 0) {
      this.stream.write('\n');
    }
  }

  private line(now: number): string {
    const seconds = (now - this.start) / 1000;
    const rate = this.done / seconds;
    const left = Math.ceil((this.total - this.done) / rate);
    return `${this.done}/${this.total} ${this.unit}, ${rate.toFixed(rate < 10 ? 2 : 1)} ${this.unit}/s, ${duration(left)} left`;
  }

  private show(text: string): void {
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    const width = (this.stream.columns || 80) - 1;
    this.stream.write(`\r${text.slice(0, width).padEnd(width)}`);
  }
}

function duration(seconds: number): string {
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
