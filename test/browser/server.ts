import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/run.mjs';

const HTML =
  '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/tests/main.js"></script>';

/** Folders that are served, by the beginning of the address. */
const FOLDERS: readonly (readonly [string, string])[] = [
  ['/repository/test/reference/', join(ROOT, 'test', 'reference')],
  ['/shared/', join(ROOT, '..', 'shared')],
];

async function bodyOf(path: string, routes: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array | string | undefined> {
  if (path === '/') {
    return HTML;
  }
  const [prefix, folder] = FOLDERS.find(([start]) => path.startsWith(start)) ?? [];
  return prefix === undefined || folder === undefined
    ? routes.get(path)
    : readFile(join(folder, path.slice(prefix.length))).catch(() => undefined);
}

function contentType(path: string): string {
  return path === '/' ? 'text/html' : path.endsWith('.js') ? 'text/javascript' : 'application/octet-stream';
}

/** Serves a page, `routes` and the reference data to this machine alone. */
export async function startServer(
  routes: ReadonlyMap<string, Uint8Array>,
): Promise<{ readonly origin: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    void bodyOf(path, routes).then((body) => {
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': contentType(path) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
