/**
 * node --import tsx bench/trend/trend-memory.ts [NODE...]: CPU of a verdict and RssAnon if two weeks of 15 fields are evaluated each minute for
 * hours, as `watch` does: the compiled kernel and plain TypeScript, under several V8 flags, by this and other Nodes (paths). One process a row;
 * rows take turns, so that a busy machine affects all equally. Figures are medians of the later half of the evaluations; the minimum of the rounds.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inputColumns } from './trend-input.ts';
import type { MemoryCost } from './trend-memory-child.ts';

const ROUNDS = 2;
const EVALUATIONS = 100;
const SMALL = ['--optimize-for-size', '--semi-space-growth-factor=1'];
const NOW = [...SMALL, '--no-opt', '--no-wasm-tier-up'];
const VARIANTS: readonly {
  readonly arithmetic: 'compiled' | 'plain';
  readonly name: string;
  readonly flags: readonly string[];
}[] = [
  { arithmetic: 'compiled', name: 'as now', flags: NOW },
  { arithmetic: 'plain', name: 'as now', flags: NOW },
  { arithmetic: 'compiled', name: '--no-maglev too', flags: [...NOW, '--no-maglev'] },
  { arithmetic: 'plain', name: '--no-maglev too', flags: [...NOW, '--no-maglev'] },
  { arithmetic: 'compiled', name: 'without --no-opt', flags: SMALL },
  { arithmetic: 'plain', name: 'without --no-opt', flags: SMALL },
  { arithmetic: 'plain', name: '--max-optimized-bytecode-size=1000', flags: [...SMALL, '--max-optimized-bytecode-size=1000'] },
  { arithmetic: 'plain', name: 'only --semi-space-growth-factor=1', flags: ['--semi-space-growth-factor=1'] },
];

// Next to node_modules, where the child finds koffi.
const folder = join(process.cwd(), 'out', `trend-memory-${process.pid}`);
mkdirSync(folder, { recursive: true });
const columns = [...inputColumns(14).values()];
const rows = columns[0]!.length;
const data = join(folder, 'columns');
writeFileSync(data, Buffer.concat(columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength))));
const child = join(folder, 'child.mjs');
await build({
  entryPoints: ['bench/trend/trend-memory-child.ts'],
  outfile: child,
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['koffi'],
});
const table = [process.execPath, ...process.argv.slice(2)].flatMap((node) =>
  VARIANTS.map((variant) => ({ node, ...variant, costs: [] as MemoryCost[] })),
);
for (let round = 0; round < ROUNDS; round++)
  for (const { node, arithmetic, flags, costs } of table) {
    const args = [child, data, `${rows}`, `${EVALUATIONS}`, arithmetic, ...flags];
    const { stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' });
    if (stdout === '') throw new Error(`${node} ${args.join(' ')} printed nothing: ${stderr}`);
    costs.push(JSON.parse(stdout) as MemoryCost);
  }
for (const { node, arithmetic, name, costs } of table) {
  const version = spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim();
  const least = (of: (cost: MemoryCost) => number): string => Math.min(...costs.map(of)).toFixed(1);
  const figures = [least((c) => c.verdictMs), least((c) => c.firstMs), least((c) => c.anonMiB)];
  console.log(`| ${version} | ${arithmetic} | ${name} | ${figures.join(' | ')} |`);
}
rmSync(folder, { recursive: true });
