import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readJvmArguments } from '../../../../src/sources/jvm/jvm-arguments.ts';
import { booleanFlag } from '../../../../src/sources/jvm/jvm-flags.ts';
import { mainClassOfArguments } from '../../../../src/sources/jvm/main-class.ts';

const PID = 7;

/** A /proc with one process; `root` and `cwd` are folders of its own. */
function proc(
  t: TestContext,
  { cmdline, environ = [] }: { readonly cmdline: readonly string[]; readonly environ?: readonly string[] },
) {
  const root = mkdtempSync(join(tmpdir(), 'memhound-arguments-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const dir = join(root, String(PID));
  mkdirSync(join(dir, 'root/etc'), { recursive: true });
  mkdirSync(join(dir, 'cwd'));
  writeFileSync(join(dir, 'cmdline'), `${cmdline.join('\0')}\0`);
  writeFileSync(join(dir, 'environ'), environ.join('\0'));
  return { root, dir };
}

test('options come from the environment as well, and the last of them wins', (t) => {
  const { root } = proc(t, {
    cmdline: ['java', '-XX:+UsePerfData', '-jar', 'app.jar'],
    environ: ['SECRET=x', 'JAVA_TOOL_OPTIONS=-Xmx1g -Dname="two words"', '_JAVA_OPTIONS=-XX:-UsePerfData'],
  });
  const args = readJvmArguments(root, PID);
  assert.deepEqual(args.slice(0, 4), ['java', '-Xmx1g', '-Dname=two words', '-XX:+UsePerfData']);
  assert.equal(booleanFlag(args, 'UsePerfData'), false);
  assert.equal(booleanFlag(args, 'PerfDisableSharedMem'), null);
});

test('an @file is read where it stands, from the root or the working directory of the process, comments left out', (t) => {
  const { root, dir } = proc(t, {
    cmdline: ['java', '@args', '-XX:VMOptionsFile=/etc/vm', '@missing'],
    environ: ['JDK_JAVA_OPTIONS=-Xss1m'],
  });
  writeFileSync(join(dir, 'cwd/args'), '# all of them\n-Xmx50m # small\n-cp "a b"\nMain');
  writeFileSync(join(dir, 'root/etc/vm'), '-XX:+PerfDisableSharedMem');
  assert.deepEqual(
    readJvmArguments(root, PID).filter((a) => a !== ''),
    ['java', '-Xss1m', '-Xmx50m', '-cp', 'a b', 'Main', '-XX:+PerfDisableSharedMem', '@missing'],
  );
});

/** What Debian 12's launchers exec with -XX:-UsePerfData in JAVA_OPTS (Groovy), in -J (JRuby, Scala) or in JAVA_TOOL_OPTIONS (Clojure). */
const LAUNCHERS = [
  {
    launcher: 'groovy app.groovy',
    cmdline:
      '/usr/lib/jvm/java-17-openjdk-amd64/bin/java -XX:+UseSerialGC -XX:-UsePerfData -classpath /usr/share/groovy/lib/groovy-2.4.21.jar -Dscript.name=/usr/share/groovy/bin/groovy -Dprogram.name=groovy -Dgroovy.home=/usr/share/groovy org.codehaus.groovy.tools.GroovyStarter --main groovy.ui.GroovyMain --conf /usr/share/groovy/conf/groovy-starter.conf --classpath . app.groovy',
    name: 'org.codehaus.groovy.tools.GroovyStarter',
  },
  {
    launcher: 'jruby -J-XX:-UsePerfData app.rb',
    cmdline:
      '/usr/lib/jvm/java-17-openjdk-amd64/bin/java @/etc/jruby.module_opts -XX:+UseSerialGC -Xss2048k -XX:-UsePerfData -Djava.security.egd=file:/dev/urandom --module-path /usr/share/jruby/lib/jruby.jar -classpath : -Djruby.home=/usr/share/jruby -Djruby.script=jruby org.jruby.Main app.rb',
    files: {
      'root/etc/jruby.module_opts':
        '--add-opens java.base/java.io=org.jruby.dist\n--add-opens java.base/java.nio=org.jruby.dist\n',
    },
    name: 'org.jruby.Main',
  },
  {
    launcher: 'scala -J-XX:-UsePerfData app.scala',
    cmdline:
      'java -XX:+UseSerialGC -XX:-UsePerfData -classpath /usr/share/scala-2.11/lib/scala-library.jar -Dscala.home=/usr/share/scala-2.11 -Dscala.usejavacp=true -Denv.emacs= scala.tools.nsc.MainGenericRunner -nc -J-XX:-UsePerfData app.scala',
    name: 'scala.tools.nsc.MainGenericRunner',
  },
  {
    launcher: 'clojure app.clj',
    cmdline: 'java -cp /usr/share/java/clojure-1.11.jar clojure.main app.clj',
    environ: ['JAVA_TOOL_OPTIONS=-XX:-UsePerfData'],
    name: 'clojure.main',
  },
] as const;

for (const { launcher, cmdline, name, ...rest } of LAUNCHERS)
  test(`${launcher}: the flags that the launcher passes on are found, and its own class is the name`, (t) => {
    const { root, dir } = proc(t, { cmdline: cmdline.split(' '), environ: 'environ' in rest ? rest.environ : [] });
    for (const [path, text] of Object.entries('files' in rest ? rest.files : {})) writeFileSync(join(dir, path), text);
    const args = readJvmArguments(root, PID);
    assert.equal(booleanFlag(args, 'UsePerfData'), false);
    assert.equal(mainClassOfArguments(args), name);
  });
