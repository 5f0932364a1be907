import { type Browser, chromium } from 'playwright-core';
import { MachineFault } from './machine-fault.ts';
import { program } from './needs.ts';

const WHOLE = '/usr/bin/chromium';

const open = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // Without the network requests that it makes at its start.
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

/** For tests: Chromium's headless shell if it is installed. It shows the same pages in half the time. */
export async function openShell(): Promise<Browser> {
  const file = program('chromium');
  try {
    return await open(file);
  } catch (error) {
    const { message } = error as Error;
    const ownWords = /\[err\] (.*)/.exec(message)?.[1]; // of the browser itself, within Playwright's log of the start
    throw new MachineFault(`Chromium does not start here: ${ownWords ?? ''}\n${message}`);
  }
}
