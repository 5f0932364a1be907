import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly options?: object;
  readonly fieldConfig?: { readonly defaults?: { readonly custom?: object } };
}

// Beside dist/cjs/index.cjs
const TYPES = join(dirname(createRequire(import.meta.url).resolve('@grafana/schema')), '../types/raw');

// An enumeration's values are written as plain strings in JSON.
const LITERALS = `type Literals<T> = T extends string ? \`\${T}\` : T extends readonly (infer U)[] ? Literals<U>[]
  : T extends object ? { [K in keyof T]: Literals<T[K]> } : T;\n`;

/** A program that compiles if the dashboard, and the options of each of its panels, are what Grafana's own types say. */
function programOf(text: string): string {
  const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] };
  const lines = [`import type { Dashboard } from '${TYPES}/dashboard/x/types.gen.d.ts';`, LITERALS];
  lines.push(`export const dashboard: Literals<Dashboard> = ${text};`);
  for (const { id, type, options, fieldConfig } of panels.filter((panel) => panel.type !== 'row')) {
    const types = `import('${TYPES}/composable/${type}/panelcfg/x/types.gen.d.ts')`;
    lines.push(`export const options${id}: Literals<Partial<${types}.Options>> = ${JSON.stringify(options ?? {})};`);
    const custom = fieldConfig?.defaults?.custom;
    if (custom !== undefined)
      lines.push(`export const custom${id}: Literals<Partial<${types}.FieldConfig>> = ${JSON.stringify(custom)};`);
  }
  return `${lines.join('\n')}\n`;
}

/** What the compiler says against a dashboard; empty: nothing. */
function complaints(text: string, folder: string): string {
  const file = join(folder, 'dashboard.ts');
  writeFileSync(file, programOf(text));
  const flags =
    '--noEmit --strict --skipLibCheck --ignoreConfig --module esnext --moduleResolution bundler --target es2022'.split(' ');
  return spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', ...flags, file], { encoding: 'utf8' }).stdout;
}

test("the dashboard is what Grafana's own types call a dashboard, and a wrong option of a panel is not", (t) => {
  assert.ok(existsSync(TYPES), 'types of Grafana: npm ci installs them');
  const cache = resolve('node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'dashboard-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const text = readFileSync('k8s/monitoring/dashboard.json', 'utf8');
  assert.equal(complaints(text, folder), '');
  assert.match(complaints(text.replace('"showPoints": "never"', '"showPoints": "nevre"'), folder), /nevre/);
});
