import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { programRoot } from '../../../scripts/debian-programs.mjs';
import { jdk } from '../../../scripts/jdks.mjs';
import { findJvm } from '../../support/found-jvm.ts';
import { compile } from '../../support/java.ts';
import { missingRequirements } from '../../support/needs.ts';

const needs = missingRequirements('root', 'javac', 'cgroup', 'unshare', 'mount');
const HEALTHY = 'java -Xmx64m -XX:+UseSerialGC -cp "$CLASSES" Healthy 8 20';
/** What jsvc calls. */
const DAEMON = `public class Daemon {
  public void init(String[] args) {}
  public void start() { System.out.println("ready"); System.out.flush(); }
  public void stop() {}
  public void destroy() {}
}
`;

/** All run on it but Groovy, which is older than the class files of JDK 21. */
const [LINE, LINE_OF_GROOVY] = [21, 11];

/** A launcher: its packages, the script that uses it, and the name that its JVM has for memhound. */
const LAUNCHERS: readonly (readonly [packages: string, script: string, name: string])[] = [
  [
    'groovy',
    `exec sh /usr/share/groovy/bin/groovy -e 'println "ready"; Thread.sleep(600000)'`,
    'org.codehaus.groovy.tools.GroovyStarter',
  ],
  [
    'scala',
    `exec sh /usr/share/scala/bin/scala -nc -e 'println("ready"); Thread.sleep(600000)'`,
    'scala.tools.nsc.MainGenericRunner',
  ],
  ['clojure', `exec clojure1.12 -e '(println "ready") (Thread/sleep 600000)'`, 'clojure.main'],
  ['jruby', `exec jruby -e 'puts "ready"; $stdout.flush; sleep'`, 'org.jruby.main.Main'],
  [
    'jsvc',
    'javac -d "$FOLDER" "$FOLDER/Daemon.java" && /usr/bin/jsvc -home "$JAVA_HOME" -nodetach -outfile /dev/stdout -pidfile "$FOLDER/pid" -cp "$FOLDER:/usr/share/java/commons-daemon.jar" -Xmx64m -XX:+UseSerialGC Daemon | cat',
    'jsvc',
  ],
  ['tini', `exec tini -s -- ${HEALTHY}`, 'Healthy'],
  ['s6', 'exec s6-svscan "$FOLDER/services"', 'Healthy'],
  ['supervisor', '/usr/bin/python3 /usr/bin/supervisord -n -c "$FOLDER/supervisord.conf" | cat', 'Healthy'],
];

for (const [packages, script, name] of LAUNCHERS) {
  const line = packages === 'groovy' ? LINE_OF_GROOVY : LINE;
  const [home, root] = [jdk(line)?.home ?? null, programRoot(packages)];
  // A download that no test starts, so even with CI its absence is no failure.
  const unfetched = [
    ...(home === null ? [`JDK ${line}, which \`node scripts/jdks.mjs ${line}\` fetches`] : []),
    ...(root === null ? [`${packages}, which \`node scripts/debian-programs.mjs ${packages}\` fetches`] : []),
  ];
  const skip = needs || (unfetched.length > 0 && `needs ${unfetched.join(' and ')}`);
  test(`a JVM that ${packages} starts is found with its counters, as ${name}`, { skip, timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'memhound-launcher-'));
    try {
      const env = {
        FOLDER: folder,
        CLASSES: await compile('scenarios/Healthy.java'),
        JAVA_HOME: home!,
        PATH: `${home}/bin:${process.env.PATH}`,
      };
      prepare(folder);
      // Packages are where their scripts expect them, for this process and its children alone.
      const installed = `for at in usr etc; do [ ! -d ${root}/$at ] || mount -t overlay -o lowerdir=${root}/$at:/$at none /$at; done; ${script}`;
      const { target, reason } = await findJvm((cgroup) => cgroup.join('unshare', ['-m', 'bash', '-c', installed]), 'ready', {
        env,
      });
      assert.deepEqual([target.name, target.jvm?.evidence, reason], [name, 'hsperfdata', null]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** What supervisors and jsvc read. */
function prepare(folder: string): void {
  writeFileSync(join(folder, 'Daemon.java'), DAEMON);
  const service = join(folder, 'services/orders');
  mkdirSync(service, { recursive: true });
  // The program ends when its input does.
  writeFileSync(join(service, 'run'), `#!/bin/bash\nexec ${HEALTHY} < <(exec sleep 600)\n`, { mode: 0o755 });
  writeFileSync(
    join(folder, 'supervisord.conf'),
    `[supervisord]
logfile=/dev/null
logfile_maxbytes=0
pidfile=${folder}/supervisord.pid
[program:orders]
command=bash -c 'exec ${HEALTHY.replaceAll('"', '')} < <(exec sleep 600)'
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
`,
  );
}
