// What the tests and benches need beyond Node: programs, by Debian package. scripts/setup.mjs installs them, test/support/needs.ts skips
// the tests that lack them, scripts/test.mjs lists the tests that did not run.
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A command (`or` alternatives), the packages that contain it (the first one in the archive is installed), and its purpose.
 * @typedef {{ command: string, or: string[], packages: string[], for: string }} Need
 */
/** @type {(command: string, packages: string[], what: string, or?: string[]) => Need} */
const need = (command, packages, what, or = []) => ({ command, or, packages, for: what });

const HAS_AMX = / amx_tile\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

export const TEST_NEEDS = [
  need('javac', ['openjdk-17-jdk-headless', 'default-jdk-headless'], 'a real JVM: the story, heap leak, restarts'),
  need('jstat', ['openjdk-17-jdk-headless', 'default-jdk-headless'], "a JVM's counters, against the JDK's own reader"),
  need('jcmd', ['openjdk-17-jdk-headless', 'default-jdk-headless'], "a JVM's flight recordings, against the JDK's own list"),
  need('fincore', ['util-linux-extra', 'util-linux'], 'page cache by file, against the kernel'),
  need('setpriv', ['util-linux'], 'programs as another user'),
  need('unshare', ['util-linux'], 'a process namespace as in a pod'),
  need('mount', ['mount'], 'a full disk, a read-only disk, overlayfs'),
  need('linux.uml', ['user-mode-linux'], 'cgroup v2 on a kernel of its own (test/uml)'),
  need('mkfs.ext4', ['e2fsprogs'], 'the disk of that kernel (test/uml)'),
  need('ip', ['iproute2'], 'the loopback of that kernel (test/uml)'),
  ...(HAS_AMX
    ? [need('cc', ['tcc', 'gcc'], 'that kernel on a processor with AMX (test/uml/xstate.c)', ['gcc', 'clang', 'tcc'])]
    : []),
  need('podman', ['podman'], 'a real pod from k8s/example.yaml (test/pod)'),
  need('runc', ['runc'], 'its containers (test/pod)'),
  need('catatonit', ['catatonit'], "the pod's pause process (test/pod)"),
  need('nsenter', ['util-linux'], "asking from within a pod's network (test/pod)"),
  need('dpkg', ['dpkg'], "the files of the pod's images (test/pod)"),
  need('prometheus', ['prometheus'], 'memhound fleet on a real Prometheus'),
  need('promtool', ['prometheus'], 'the lint of /metrics, and the tests of the alerting rules'),
  need('openssl', ['openssl'], 'certificates, for memhound fleet on a server that wants one'),
  need('victoria-metrics', ['victoria-metrics'], 'memhound fleet on a real VictoriaMetrics'),
  need('chromium-headless-shell', ['chromium-headless-shell', 'chromium'], 'the page in a real browser', ['chromium']),
];

/** Programs that `npm run bench` compares with memhound. */
export const BENCH_NEEDS = [
  need('chromium', ['chromium'], 'npm run bench:page'),
  need('prometheus', ['prometheus'], 'npm run bench'),
  need('prometheus-node-exporter', ['prometheus-node-exporter'], 'npm run bench'),
  need('prometheus-process-exporter', ['prometheus-process-exporter'], 'npm run bench'),
  need('netdata', ['netdata'], 'npm run bench'),
  need('promtool', ['prometheus'], 'the lint of /metrics, and the tests of the alerting rules'),
  need('victoria-metrics', ['victoria-metrics'], 'npm run bench:fleet'),
];

/** The commands for a word of a test: one program, or several for one purpose; the one that is started comes first. @type {(word: string) => string[]} */
const commandsOf = (word) => {
  if (word === 'guest') return ['linux.uml', 'mkfs.ext4', 'ip', 'cc'];
  if (word === 'pod') return ['podman', 'runc', 'catatonit', 'nsenter', 'dpkg', 'javac'];
  return [word === 'chromium' ? 'chromium-headless-shell' : word];
};

/** The rows for the words of a test, in that order; rights (root, cgroup) have none. @type {(words: Iterable<string>) => Need[]} */
export function needsOf(words) {
  const commands = new Set([...words].flatMap(commandsOf));
  return [...commands].flatMap((name) => TEST_NEEDS.filter(({ command }) => command === name));
}

/** The words that a test file passes to `missingRequirements()`. @type {(source: string) => string[]} */
export const wordsIn = (source) =>
  [...source.matchAll(/\bmissingRequirements\(([^)]*)\)/g)].flatMap(([, list]) =>
    [...list.matchAll(/'([^']+)'/g)].map(([, word]) => word),
  );

// A user's PATH may lack the sbin folders, where mkfs.ext4, ip and runc may live. run.sh and podman search there too.
const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @type {(command: string) => string | null} */
export const pathOf = (command) =>
  path
    .map((dir) => join(dir, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false; // not in this folder
      }
    }) ?? null;

/** The file of a need's command, or of an alternative. @type {(need: Need) => string | null} */
export const programOf = ({ command, or }) => [command, ...or].map(pathOf).find((file) => file !== null) ?? null;

/** @type {(need: Need) => string} */
export const named = ({ command, packages }) => `${command} (Debian package ${packages[0]})`;
