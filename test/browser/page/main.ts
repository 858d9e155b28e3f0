/** The script of the test's page: what the test calls in it, under `globalThis.page`. */
import { browserHost, decodeImage, Detector, GpuDevice, matchParameters, parseSafetensors } from '../../../src/browser';
import type { DetectedObject, MaskRcnnConfig } from '../../../src/browser';
import type { PageTestResult } from './vitest';

interface PageWorker {
  onmessage: (event: { readonly data: PageTestResult | null }) => void;
  onerror: (event: { readonly message: string }) => void;
  terminate(): void;
}

const { Worker } = globalThis as unknown as { Worker: new (url: string, options: { type: 'module' }) => PageWorker };

export interface AdapterFacts {
  readonly architecture: string;
  readonly software: boolean;
  readonly subgroupSize: number;
}

export interface DetectRequest {
  readonly config: MaskRcnnConfig;
  /** Address of a .safetensors file. */
  readonly weights: string;
  /** Sizes of the images, and addresses of their pixels. */
  readonly images: readonly { readonly width: number; readonly height: number; readonly pixels: string }[];
}

export interface DetectResult {
  readonly objects: readonly DetectedObject[];
  readonly submissions: number;
  readonly readbacks: number;
}

async function fetched(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url}: status ${response.status}`);
  }
  return response;
}

async function bytesOf(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetched(url)).arrayBuffer());
}

const page = {
  async adapter(): Promise<AdapterFacts> {
    const gpu = await GpuDevice.open(browserHost);
    const { software, subgroupSize } = gpu.capabilities;
    const { architecture } = gpu.adapter.info;
    gpu.close();
    return { architecture, software, subgroupSize };
  },

  /** Runs the tests of test/kernels/FILE.test.ts in a worker. */
  runTests(file: string): Promise<PageTestResult[]> {
    return new Promise((done) => {
      const results: PageTestResult[] = [];
      const worker = new Worker(`/tests/worker.js?file=${file}`, { type: 'module' });
      const finish = (): void => {
        worker.terminate();
        done(results);
      };
      worker.onerror = ({ message }): void => {
        results.push({ name: file, error: `the worker failed: ${message}`, milliseconds: 0 });
        finish();
      };
      worker.onmessage = ({ data }): void => {
        if (data === null) {
          finish();
        } else {
          results.push(data);
        }
      };
    });
  },

  async detect({ config, weights, images }: DetectRequest): Promise<DetectResult[]> {
    const gpu = await GpuDevice.open(browserHost);
    try {
      const checkpoint = parseSafetensors(await bytesOf(weights), weights);
      const detector = new Detector(gpu, config, matchParameters(checkpoint, Detector.expectedParameters(config)));
      const results: DetectResult[] = [];
      for (const { width, height, pixels } of images) {
        const { objects, profile } = await detector.detect({ width, height, data: await bytesOf(pixels) });
        results.push({ objects, submissions: profile.submissions, readbacks: profile.readbacks });
      }
      detector.release();
      return results;
    } finally {
      gpu.close();
    }
  },

  async decode(url: string): Promise<{ width: number; height: number; data: number[] }> {
    const { width, height, data } = await decodeImage(await (await fetched(url)).blob(), url);
    return { width, height, data: Array.from(data) };
  },
};

export type Page = typeof page;
Object.assign(globalThis, { page });
