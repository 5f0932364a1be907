import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** The rooms of docs/architecture.md, left to right. A room may import itself and the rooms to its left; `clock`, `fields`, `format`, `memory-facts`, `plausible`, `ranges`, `units` and `version` are open to all. */
const ROOMS = [
  'sources',
  'jfr',
  'culprit',
  'sample',
  'history',
  'inputs',
  'trends',
  'diagnosis',
  'fleet',
  'outlets',
  'daemon',
  'config',
  'cli',
];
const OPEN = new Set(['clock', 'fields', 'format', 'memory-facts', 'plausible', 'ranges', 'units', 'version']);
/** Pure modules whose code the page runs too. */
const FOR_THE_PAGE = new Set([
  'src/fields.ts',
  'src/format.ts',
  'src/memory-facts.ts',
  'src/ranges.ts',
  'src/units.ts',
  'src/diagnosis/file-name.ts',
  'src/diagnosis/ledger/part-table.ts',
  'src/diagnosis/state-line.ts',
  'src/sources/jvm/collectors.ts',
  'src/trends/heap/live-set.ts',
]);
const PURE = /^src\/(trends|jfr|diagnosis|history(?!\/store\b)|(?:fields|memory-facts|units)\.ts$)/;

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

/**
 * Folders within a room, and from which others of it each may import. Files of the room itself are open to its folders; `.` is what they
 * may import in turn, unless that is everything.
 */
const FOLDERS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'src/sources': {
    process: [],
    cgroup: ['process'],
    jvm: ['process'],
    mappings: ['process'],
    files: ['process', 'mappings'],
    target: ['process', 'cgroup', 'jvm'],
    '.': ['jvm'],
  },
  'src/history': { packing: [], store: ['packing'], '.': ['packing'] },
  'src/inputs': { prometheus: [] },
  'src/trends': { model: [], field: ['model'], heap: ['field'], runs: ['model', 'field'], together: ['field'] },
  'src/diagnosis': { ledger: [], growth: ['ledger'], rules: ['ledger', 'growth'] },
  'src/fleet': { http: [], read: ['http'], report: [] },
  web: { data: [], charts: ['data'], panels: ['data', 'charts'], style: [] },
};

const folderOf = (room: string, file: string): string => {
  const [folder, ...rest] = file.slice(room.length + 1).split('/');
  return rest.length === 0 ? '.' : folder!;
};

/** What is wrong with an import within one room, or null. */
function againstFolders({ file, from }: Import): string | null {
  const room = Object.keys(FOLDERS).find((name) => file.startsWith(`${name}/`) && from.startsWith(`${name}/`));
  if (room === undefined) return null;
  const [mine, theirs] = [folderOf(room, file), folderOf(room, from)];
  if (mine === theirs || (theirs === '.' && mine !== '.')) return null;
  const allowed = FOLDERS[room]![mine] ?? (mine === '.' ? [theirs] : []);
  return allowed.includes(theirs)
    ? null
    : `${file} imports ${from}: ${mine} of ${room} may import ${allowed.join(', ') || 'none'}`;
}

/** Files that import each other round in a circle, types included; each circle once. */
function circles(all: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { file, from } of all) next.set(file, [...(next.get(file) ?? []), from]);
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
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

test('folders of a room import only those that come before them', () => {
  assert.deepEqual(imports.map(againstFolders).filter(Boolean), []);
  const known = new Set(Object.entries(FOLDERS).flatMap(([room, folders]) => Object.keys(folders).map((f) => `${room}/${f}`)));
  const folders = [...texts.keys()].flatMap((file) => {
    const room = Object.keys(FOLDERS).find((name) => file.startsWith(`${name}/`));
    return room === undefined ? [] : [`${room}/${folderOf(room, file)}`];
  });
  assert.deepEqual([...new Set(folders)].filter((folder) => !known.has(folder) && !folder.endsWith('/.')).sort(), []);
});

test('of the room of diagnosis itself only the verdict knows the rules: what several of them need lies below them', () => {
  const above = imports.filter(
    ({ file, from }) =>
      folderOf('src/diagnosis', file) === '.' && file.startsWith('src/diagnosis/') && from.startsWith('src/diagnosis/rules/'),
  );
  assert.deepEqual([...new Set(above.map(({ file }) => file))], ['src/diagnosis/verdict.ts']);
});

test('no files import each other round in a circle, not even types', () => {
  assert.deepEqual(circles(imports), []);
});

test('the checks of folders and circles see what is wrong', () => {
  const wrong = (file: string, line: string) => importsOf(file, line).map(againstFolders)[0];
  assert.match(
    wrong('src/sources/cgroup/a.ts', "import { b } from '../jvm/b.ts';") ?? '',
    /cgroup of src\/sources may import process/,
  );
  assert.match(
    wrong('src/trends/heap/a.ts', "import type { B } from '../runs/b.ts';") ?? '',
    /heap of src\/trends may import field/,
  );
  assert.match(wrong('src/history/a.ts', "import { b } from './store/b.ts';") ?? '', /\. of src\/history may import packing/);
  assert.match(wrong('web/charts/a.ts', "import { b } from '../panels/b.ts';") ?? '', /may import data/);
  assert.equal(wrong('web/panels/a.ts', "import { b } from '../dom.ts';"), null);
  assert.deepEqual(
    circles([
      ...importsOf('src/a.ts', "import type { B } from './b.ts';\nimport { d } from './d.ts';"),
      ...importsOf('src/b.ts', "export { c } from './c.ts';"),
      ...importsOf('src/c.ts', "const a = await import('./a.ts');"),
      ...importsOf('src/d.ts', "import { e } from './e.ts';"),
    ]),
    [['src/a.ts', 'src/b.ts', 'src/c.ts']],
  );
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
  const packages = imports.flatMap(({ file, from }) =>
    file.startsWith('src/') && !/^(?:node:|src\/|\.)/.test(from) ? [/^(?:@[^/]+\/)?[^/]+/.exec(from)![0]] : [],
  );
  const users = [...new Set(packages)].map((name) => {
    const uses = imports.filter((i) => !i.typeOnly && (i.from === name || i.from.startsWith(`${name}/`))).map((i) => i.file);
    return { name, files: [...new Set(uses)].sort() };
  });
  assert.deepEqual(
    users.filter((user) => user.files.length > 1),
    [],
  );
});

test('each rule has a file that is named by its id, is registered, and has a test that applies it, which wants advice', async () => {
  const { RULES } = await import('../src/diagnosis/rules/registry.ts');
  const stems = (folder: string, suffix: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .filter((stem) => stem !== 'registry')
      .sort();
  const files = stems('src/diagnosis/rules', '.ts');
  assert.deepEqual(RULES.map(({ id }) => id).sort(), files, 'expected one rule a file, registered in registry.ts');
  assert.deepEqual(
    stems('test/unit/diagnosis/rules', '.test.ts'),
    files,
    'expected test/unit/diagnosis/rules/ID.test.ts for each rule',
  );
  const applied = files.filter((id) => readFileSync(`test/unit/diagnosis/rules/${id}.test.ts`, 'utf8').includes('applyRule('));
  assert.deepEqual(applied, files, 'expected each test to apply its rule by applyRule, which fails for a finding without advice');
});
