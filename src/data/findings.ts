import { Warnings } from './warnings';

/** What a check finds, counted by kind: problems, and notes of what is unusual but may be meant. */
export class Findings {
  private readonly problems = new Warnings();
  private readonly notes = new Warnings();
  problemCount = 0;
  noteCount = 0;

  /** @param kind the same text for each place; see `Warnings.add` */
  problem(kind: string, place: string): void {
    this.problems.add(kind, place);
    this.problemCount++;
  }

  note(kind: string, place: string): void {
    this.notes.add(kind, place);
    this.noteCount++;
  }

  /** One line for each kind of problem, then one for each kind of note. */
  lines(): string[] {
    return [
      ...this.problems.lines().map((line) => `problem: ${line}`),
      ...this.notes.lines().map((line) => `note: ${line}`),
    ];
  }
}
