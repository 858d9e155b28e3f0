import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const named = process.env.CHROMIUM ?? '';
const executablePath = named !== '' ? named : PLACES.find((path) => existsSync(path));

/** Why tests in a browser are skipped; undefined where there is one, or where CHROMIUM names one. */
export const chromiumMissing =
  executablePath === undefined
    ? 'skipped: there is no Chromium; install it (on Debian the package chromium), or name it with CHROMIUM=PATH'
    : undefined;

/** Without a window, with WebGPU on SwiftShader whatever the machine has, and with nothing of a user's profile. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? '',
    headless: true,
    args: [
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      // on a busy machine a long dispatch would count as a hanging GPU
      '--disable-gpu-watchdog',
      '--disable-quic',
      '--disable-sync',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
}
