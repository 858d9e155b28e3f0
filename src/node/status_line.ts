const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

/** One line on how far something is: kept up to date on a terminal, printed now and then elsewhere. */
export class StatusLine {
  private shown = 0;
  private isOpen = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /**
   * Shows the line unless the one before it was shown just now.
   * @param always for the last one: shows it in any case
   */
  show(text: () => string, always = false): void {
    const now = performance.now();
    const interval = this.stream.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (now - this.shown < interval && !always) {
      return;
    }
    this.shown = now;
    if (!this.stream.isTTY) {
      this.stream.write(`${text()}\n`);
      return;
    }
    const width = (this.stream.columns || 80) - 1;
    this.stream.write(`\r${text().slice(0, width).padEnd(width)}`);
    this.isOpen = true;
  }

  /** Ends the terminal's line, so that what follows stands on its own. */
  end(): void {
    if (this.isOpen) {
      this.stream.write('\n');
      this.isOpen = false;
    }
  }
}

/** A time in seconds as people write it: "2 h 5 min", "3 min 20 s", "7 s". */
export function duration(seconds: number): string {
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
