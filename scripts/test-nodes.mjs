// Runs parts of the tests with the newest release of each Node line that is supported: `npm run test:nodes`
//   --line N   one line of scripts/node-lines.mjs (all of them); may be repeated
//   --part P   unit (with golden), start, page or bench (all of them); may be repeated
// What each part prints goes to out/nodes. A line that cannot be fetched is named; with CI it is a failure.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchNode } from './fetch-node.mjs';
import { TESTED_LINES } from './node-lines.mjs';
import { isSet } from './test-machine.mjs';

const OUT = 'out/nodes';
const figuresOf = (line) => join(OUT, `${line}-footprint.json`);

/** A short `npm run bench`: its figures are rough, and only show that it runs. */
const BENCH = '--only memhound --jvms 1 --history 1 --every 1 --warm-up 5 --seconds 10'.split(' ');

/** The summary at the end of a run of scripts/test.mjs; null: it ran no test. */
function tests(_line, log) {
  const count = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(log)?.[1] ?? 0);
  const skipped = count('skipped') > 0 ? `, ${count('skipped')} skipped` : '';
  return count('pass') > 0 ? `${count('pass')} passed${skipped}` : null;
}

/** The first row of the bench's figures; null: it measured nothing. */
function footprint(line) {
  const { rows } = JSON.parse(readFileSync(figuresOf(line), 'utf8'));
  const [row] = rows;
  if (row?.state !== 'measured') return null;
  return `${(row.anonBytes / 2 ** 20).toFixed(1)} MiB, ${((1000 * row.cpuSeconds) / row.seconds).toFixed(0)} ms/s`;
}

/** Each part: the arguments of node, one call after the other, and the result in words, or null if there is none. */
const PARTS = {
  unit: { calls: () => [['scripts/test.mjs', 'unit', 'golden']], result: tests },
  start: { calls: () => [['scripts/test.mjs', 'e2e/start.test.ts']], result: tests },
  page: { calls: () => [['scripts/test.mjs', 'e2e/page.test.ts']], result: tests },
  bench: {
    calls: (line) => [
      ['scripts/build.mjs', '--quiet'],
      ['--import', 'tsx', 'bench/footprint/footprint.ts', ...BENCH, '--json', figuresOf(line)],
    ],
    result: footprint,
  },
};

function chosen(option, known, given) {
  const wrong = given.filter((value) => !known.includes(value));
  if (wrong.length === 0) return given.length > 0 ? given : known;
  console.error(`--${option}: expected ${known.join(', ')}, found ${wrong.join(', ')}`);
  process.exit(2);
}

async function runPart({ line, bin }, part) {
  const file = join(OUT, `${line}-${part}.log`);
  const log = createWriteStream(file);
  // A process that starts `node` by its name gets this version too.
  const env = { ...process.env, PATH: [bin, process.env.PATH].join(delimiter) };
  const began = performance.now();
  let code = 0;
  for (const args of PARTS[part].calls(line)) {
    const child = spawn(join(bin, 'node'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    [code] = await once(child, 'close');
    if (code !== 0) break;
  }
  log.end();
  await once(log, 'close');
  const seconds = `${Math.round((performance.now() - began) / 1000)} s`;
  const text = readFileSync(file, 'utf8');
  const result = code === 0 ? PARTS[part].result(line, text) : null;
  if (result !== null) return { ok: true, cell: `${result}, ${seconds}` };
  console.log(`Node ${line}, ${part}: exit code ${code}; the end of ${file}:\n${text.split('\n').slice(-60).join('\n')}`);
  return { ok: false, cell: `FAILED, ${seconds}` };
}

const { values } = parseArgs({
  options: {
    line: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', multiple: true, default: [] },
  },
});
const lines = chosen('line', TESTED_LINES.map(String), values.line).map(Number);
const parts = chosen('part', Object.keys(PARTS), values.part);

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const table = [['Node', ...parts]];
for (const node of await Promise.all(lines.map(fetchNode))) {
  if (node.state === 'missing') {
    table.push([String(node.line), `could not be fetched: ${node.reason}`]);
    if (isSet(process.env.CI)) process.exitCode = 1;
    continue;
  }
  if (node.note !== null) console.log(`Node ${node.line}: ${node.version} of the cache, perhaps not the newest: ${node.note}`);
  const row = [node.version];
  for (const part of parts) {
    const { ok, cell } = await runPart(node, part);
    if (!ok) process.exitCode = 1;
    console.log(`Node ${node.version}, ${part}: ${cell}`);
    row.push(cell);
  }
  table.push(row);
}
const whole = table.filter((row) => row.length === table[0].length); // a remark does not widen a column
const widths = table[0].map((_, i) => Math.max(...whole.map((row) => row[i].length)));
console.log(
  `\n${table
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}`,
);
