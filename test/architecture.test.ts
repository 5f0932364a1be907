import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** The house of docs/architecture.md, left to right. A room may import itself and what stands left of it; `fields`, `format`, `memory-facts`, `ranges` and `version` are open to all. */
const ROOMS = ['sources', 'sample', 'history', 'inputs', 'trends', 'diagnosis', 'outlets', 'daemon', 'cli'];
const OPEN = new Set(['fields', 'format', 'memory-facts', 'ranges', 'version']);
/** Pure modules whose code the page runs too. */
const FOR_THE_PAGE = new Set([
  'src/fields.ts',
  'src/format.ts',
  'src/memory-facts.ts',
  'src/ranges.ts',
  'src/diagnosis/file-name.ts',
  'src/diagnosis/ledger/part-table.ts',
  'src/diagnosis/state-line.ts',
  'src/sources/jvm/collectors.ts',
  'src/trends/heap/live-set.ts',
]);
const PURE = /^src\/(trends|diagnosis|history(?!\/store\b)|(?:fields|memory-facts)\.ts$)/;

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

const roomOf = (file: string): string => {
  if (/^src\/main\.ts$/.test(file)) return 'cli';
  return /^src\/([^/.]+)/.exec(file)?.[1] ?? file;
};

function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  for (const m of text.matchAll(statement)) {
    const raw = m[2] ?? m[3] ?? '';
    found.push({ file, from: raw.startsWith('.') ? normalize(join(dirname(file), raw)) : raw, typeOnly: m[1] !== undefined });
  }
  return found;
}

/** What is wrong with one import, or null. */
function against({ file, from, typeOnly }: Import): string | null {
  if (PURE.test(file) && !from.startsWith('src/')) return `${file} is pure and imports ${from}`;
  if (!from.startsWith('src/')) return null;
  if (file.startsWith('web/'))
    return typeOnly || FOR_THE_PAGE.has(from) ? null : `${file} takes only types from src, but imports ${from}`;
  const [mine, theirs] = [roomOf(file), roomOf(from)];
  if (mine === theirs || OPEN.has(theirs)) return null;
  const [here, there] = [ROOMS.indexOf(mine), ROOMS.indexOf(theirs)];
  if (mine === 'cli') return null;
  return here > there && there >= 0 ? null : `${file} (${mine}) imports ${from} (${theirs}), which does not stand left of it`;
}

const sources = ['src', 'web'].flatMap((top) => {
  let names: string[] = [];
  try {
    names = readdirSync(top, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT'); // a folder that is not there has no imports
  }
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(top, name));
});
const texts = new Map(sources.map((file) => [file, readFileSync(file, 'utf8')]));
const imports = [...texts].flatMap(([file, text]) => importsOf(file, text));

test('imports go leftward only, and pure rooms import no package and no node module', () => {
  assert.ok(imports.length > 3);
  assert.deepEqual(imports.map(against).filter(Boolean), []);
});

test('the check itself sees a wrong import', () => {
  const wrong = (file: string, line: string) => importsOf(file, line).map(against)[0];
  assert.match(wrong('src/sources/a.ts', "import { b } from '../trends/b.ts';") ?? '', /does not stand left/);
  assert.match(wrong('src/trends/a.ts', "import {\n  readFileSync,\n} from 'node:fs';") ?? '', /is pure/);
  assert.match(wrong('src/manifest/a.ts', "export type { B } from '../sample/b.ts';") ?? '', /does not stand left/);
  assert.match(wrong('web/a.ts', "import { b } from '../src/outlets/b.ts';") ?? '', /only types/);
  assert.equal(wrong('src/history/store/store.ts', "import { JSONFile } from 'lowdb/node';"), null);
  assert.equal(wrong('src/cli/watch.ts', "const x = await import('../outlets/http.ts');"), null);
});

test('pure rooms ask no clock, no environment and no chance', () => {
  const impure =
    /\b(Date\.now|performance\.now|Math\.random|process\.(env|hrtime|argv|cwd)|setTimeout|setInterval)\b|new Date\(\)/;
  const asking = [...texts].flatMap(([file, text]) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    return PURE.test(file) && impure.test(code) ? [`${file}: ${impure.exec(code)?.[0]}`] : [];
  });
  assert.deepEqual(asking, []);
});

/** Top-level variables, and collections that their type lets anyone change: what one call leaves there, the next one finds. */
function moduleState(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const state =
    /^(?:export )?(?:let|var) (\w+)|^(?:export )?const (\w+)(?:: (?!Readonly|readonly )[^=]*)? = (?:new \w|\[\];|\{\};)|^ +static (?!readonly )(#?\w+)(?: =|:|;)/gm;
  return [...code.matchAll(state)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

test('pure rooms keep no state in modules: what is kept belongs to an object that its user creates and drops', () => {
  const kept = [...texts].flatMap(([file, text]) => (PURE.test(file) ? moduleState(text).map((name) => `${file}: ${name}`) : []));
  assert.deepEqual(kept, []);
});

test('the check itself sees state, and lets constants be', () => {
  const state = [
    'let newest: Frame | null = null;',
    'export const past = new Map<string, number>();',
    'const scratch: Float64Array = new Float64Array(8);',
    'const seen: string[] = [];',
    'class A {\n  static #one: A | null = null;\n}',
  ];
  assert.deepEqual(state.flatMap(moduleState), ['newest', 'past', 'scratch', 'seen', '#one']);
  const constants = [
    'const A: ReadonlySet<string> = new Set([]);',
    'const B = [1, 2];',
    "const C: readonly string[] = ['c'];",
    'function f() {\n  let x = 1;\n  const y = new Map();\n}',
  ];
  assert.deepEqual(constants.flatMap(moduleState), []);
});

test('each runtime dependency is imported by one file', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const users = Object.keys(dependencies).map((name) => {
    const uses = imports.filter((i) => !i.typeOnly && (i.from === name || i.from.startsWith(`${name}/`))).map((i) => i.file);
    return { name, files: [...new Set(uses)].sort() };
  });
  assert.deepEqual(
    users.filter((user) => user.files.length > 1),
    [],
  );
});

/** Files of src/diagnosis/rules that hold no rule. */
const NOT_RULES = new Set(['registry', 'limits']);

test('each rule has a file that is named by its id, is registered, and has a test', async () => {
  const { RULES } = await import('../src/diagnosis/rules/registry.ts');
  const stems = (folder: string, suffix: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .filter((stem) => !NOT_RULES.has(stem))
      .sort();
  const files = stems('src/diagnosis/rules', '.ts');
  assert.deepEqual(RULES.map(({ id }) => id).sort(), files, 'expected one rule a file, registered in registry.ts');
  assert.deepEqual(
    stems('test/unit/diagnosis/rules', '.test.ts'),
    files,
    'expected test/unit/diagnosis/rules/ID.test.ts for each rule',
  );
});
