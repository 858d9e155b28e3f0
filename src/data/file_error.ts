import { InputError } from '../errors';

/** Node's error code (e.g. ENOENT), or null for anything else. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** The text of whatever was thrown, its first line only. */
export function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0].trim();
}

/** The InputError for a file or folder that cannot be read; an error that is not the user's comes back as it is. */
export function readError(error: unknown, what: string, path: string): Error {
  switch (errorCode(error)) {
    case 'ENOENT':
      return new InputError(`${what} ${path} does not exist: check the path`);
    case 'ENOTDIR':
      return new InputError(`${what} ${path} does not exist: a part of its path is a file, not a folder`);
    case 'EISDIR':
      return new InputError(`${what} ${path} is a folder: name a file`);
    case 'EACCES':
    case 'EPERM':
      return new InputError(`${what} ${path} may not be read: check its permissions`);
    case 'ENAMETOOLONG':
      return new InputError(`${what} ${path.slice(0, 60)}… has too long a name: check the path`);
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}

/** The InputError for a file or folder that cannot be written, e.g. below --out. */
export function writeError(error: unknown, path: string): Error {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new InputError(`${path} may not be written: check its permissions or name another output`);
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ENAMETOOLONG':
      return new InputError(
        `${path} cannot be written (${errorCode(error)}): a part of its path is a file or missing; name another output`,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new InputError(`${path} could not be written: the disk is full; make room, or name another output`);
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}
