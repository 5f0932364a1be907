// `npm run dev [NAME...]`: runs test files (without a name those under test/unit), and runs a file again when one of its sources
// has changed. Tests that run dist/ need `npm run build` first.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { NODE_FLAGS, recompileTests, testFiles } from './compile-tests.mjs';

const names = process.argv.slice(2);
const tests = await recompileTests(await testFiles(names.length === 0 ? ['unit'] : names));
const watched = new Set();
let running = null;
let timer = null;

/** Editors write a file in several steps. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(round, 50);
}

async function round() {
  let changed = [];
  try {
    const result = await tests.compile();
    changed = result.changed;
    for (const folder of new Set(result.inputs.map(dirname))) {
      if (watched.has(folder)) continue;
      watched.add(folder);
      watch(folder, soon);
    }
  } catch (error) {
    // esbuild has printed the reason. A file that has never compiled is not watched.
    if (watched.size === 0) throw error;
    console.log('does not compile; waiting for a change');
  }
  if (changed.length === 0) return;
  // A run that has not ended is of the old sources.
  running?.kill();
  running = spawn(process.execPath, [...NODE_FLAGS, '--test', ...changed.map(tests.outputOf)], { stdio: 'inherit' });
  running.once('exit', (code) => {
    if (code !== null) console.log(`${code === 0 ? 'passed' : 'FAILED'}: ${changed.join(' ')}; waiting for a change`);
  });
}

process.on('exit', () => running?.kill());
await round();
