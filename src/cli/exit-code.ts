/** Thrown to end a command with an exit code other than 0 after it has said why. */
export class ExitCode extends Error {
  override readonly name = 'ExitCode';

  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}
