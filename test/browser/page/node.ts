/** As much of Node's modules as the tests of the kernels use, for a worker: files come from the test's server. */
interface SyncRequest {
  responseType: string;
  readonly status: number;
  readonly response: ArrayBuffer;
  open(method: string, url: string, async: boolean): void;
  send(): void;
}

const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest: new () => SyncRequest };

function request(method: string, path: string): SyncRequest {
  const xhr = new XMLHttpRequest();
  xhr.open(method, path, false);
  xhr.responseType = 'arraybuffer';
  xhr.send();
  return xhr;
}

export function existsSync(path: string): boolean {
  return request('HEAD', path).status === 200;
}

export function readFileSync(path: string, encoding?: 'utf8'): Uint8Array | string {
  const { status, response } = request('GET', path);
  if (status !== 200) {
    throw new Error(`${path}: status ${status}`);
  }
  return encoding === undefined ? new Uint8Array(response) : new TextDecoder().decode(response);
}

export function fileURLToPath(url: URL): string {
  return url.pathname;
}

export function resolve(...parts: readonly string[]): string {
  return parts.reduce((path, part) => new URL(part, `file://${path}/`).pathname, '');
}
