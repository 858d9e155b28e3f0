import { duration, StatusLine } from '../../node/status_line';
import { stepLine, type RunLength } from './lines';
import type { StepRecord } from './records';

/** Shows how far training is: one line kept up to date on a terminal, a line now and then elsewhere (on stderr). */
export class TrainingProgress {
  private readonly status: StatusLine;
  /** Step and time of the first step: that one also compiles pipelines, so it is no measure for the others. */
  private first: { readonly step: number; readonly time: number } | null = null;

  constructor(
    private readonly run: RunLength,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {
    this.status = new StatusLine(stream);
  }

  step(record: StepRecord): void {
    const now = performance.now();
    const isEnd = this.first === null || record.step === this.run.totalSteps;
    this.first ??= { step: record.step, time: now };
    this.status.show(() => stepLine(record, this.run, this.timeLeft(record.step, now)), isEnd);
  }

  /** A line that stays: a validation's figures, a checkpoint. */
  note(text: string): void {
    this.status.end();
    this.stream.write(`${text}\n`);
  }

  /** Ends the terminal's line, so that what follows stands on its own. */
  end(): void {
    this.status.end();
  }

  /** From the time of all steps of this session, validations between them included. */
  private timeLeft(step: number, now: number): string {
    if (this.first === null || step === this.first.step) {
      return '';
    }
    const secondsPerStep = (now - this.first.time) / 1000 / (step - this.first.step);
    return duration(Math.ceil((this.run.totalSteps - step) * secondsPerStep));
  }
}
