/** Bad input from the user. Its message is one sentence that names the file, the field and the way out. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
