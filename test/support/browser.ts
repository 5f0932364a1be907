import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const WHOLE = '/usr/bin/chromium';
/** Chromium's engine without its windows: the same pages in half the time. */
const SHELL = '/usr/bin/chromium-headless-shell';

const open = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // Without the look-ups it makes by itself at a start.
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Debian's Chromium, as viewers have it: what is measured is measured in this. */
export const openBrowser = (): Promise<Browser> => open(WHOLE);

/** For tests: the shell where it is installed. */
export const openShell = (): Promise<Browser> => open(existsSync(SHELL) ? SHELL : WHOLE);
