import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANALYZE } from '../../../src/config/commands/analyze.ts';
import { FLEET } from '../../../src/config/commands/fleet.ts';
import { parseOptions } from '../../../src/config/option-table.ts';
import { parseConfig } from '../../../src/config/watch-config.ts';

const bad = (argv: string[], env: NodeJS.ProcessEnv = {}): readonly string[] => {
  const parsed = parseConfig(argv, env);
  assert.equal(parsed.state, 'bad');
  return parsed.state === 'bad' ? parsed.problems : [];
};
const good = (argv: string[], env: NodeJS.ProcessEnv = {}) => {
  const parsed = parseConfig(argv, env);
  assert.equal(parsed.state, 'ok', JSON.stringify(parsed));
  return parsed.state === 'ok' ? parsed.config : assert.fail();
};

test('without options the documented defaults apply', () => {
  const c = good([]);
  assert.deepEqual(
    [c.every, c.port, c.opsPort, c.host, c.opsHost, c.minHistory, c.maxDisk, c.log],
    [10, 8800, 8801, '127.0.0.1', '0.0.0.0', 900, 64 * 2 ** 20, 'json'],
  );
  assert.ok(Object.isFrozen(c));
});

test('a flag wins over the environment, and the environment over the default', () => {
  assert.equal(good(['--port', '9000'], { MEMHOUND_PORT: '7000' }).port, 9000);
  assert.equal(good([], { MEMHOUND_OPS_PORT: '7001' }).opsPort, 7001);
  assert.deepEqual(good([], { MEMHOUND_ALLOW_HOST: 'a.example,b.example' }).allowHosts, ['a.example', 'b.example']);
});

test('an interval that cron cannot keep evenly names the nearest two', () => {
  assert.match(bad(['--every', '7s'])[0]!, /nearest are 6s and 10s/);
  assert.match(bad(['--every', '7m'])[0]!, /nearest are 6m and 10m/);
  assert.match(bad(['--every', '2h'])[0]!, /nearest is 1h/);
  for (const every of ['1s', '30s', '1m', '20m', '1h']) good(['--every', every]);
});

test('all mistakes are reported together, each with what was expected and found', () => {
  const problems = bad(['--port', '99999', '--prot', '1', '--log', 'xml', '--max-disk', '-4', '--pid', 'abc']);
  assert.equal(problems.length, 5);
  assert.ok(
    problems.some((p) => p.includes('did you mean --port?')),
    problems.join('\n'),
  );
  assert.ok(problems.some((p) => p.includes('"99999"') && p.includes('from 0 to 65535')));
});

test('an API that other hosts can reach needs a token', () => {
  assert.match(bad(['--host', '0.0.0.0'])[0]!, /--token-file/);
  good(['--host', '0.0.0.0', '--token-file', '/run/token']);
});

test('an option given twice, two ways to choose a target, and a stray word are mistakes', () => {
  assert.match(bad(['--port', '1', '--port', '2'])[0]!, /given 2 times/);
  assert.match(bad(['--pid', '1', '--own'])[0]!, /exclude one another/);
  assert.match(bad(['nonsense'])[0]!, /options only/);
});

test('help lists every option of the command with its default', () => {
  const help = parseOptions(ANALYZE, ['--help'], {});
  assert.equal(help.state, 'help');
  assert.match(help.state === 'help' ? help.text : '', /--min-history TIME.*15m/);
});

test('without --min-history a trend needs 15 minutes, or ten samples if that is longer', () => {
  assert.equal(good(['--every', '1m']).minHistory, 900);
  assert.equal(good(['--every', '1h']).minHistory, 36_000);
  assert.match(bad(['--every', '1h', '--min-history', '1h'])[0]!, /3600s: expected at least twice --every, 7200s/);
});

test('a variable that Kubernetes sets for a Service named memhound is not an option', () => {
  assert.equal(good([], { MEMHOUND_PORT: 'tcp://10.96.0.7:8800', MEMHOUND_SERVICE_HOST: '10.96.0.7' }).port, 8800);
});

test('a URL with a password is refused, and the sentence does not repeat the password', () => {
  const answer = parseOptions(FLEET, ['--prometheus', 'http://reader:s3cret@metrics:9090'], {});
  assert.ok(answer.state === 'bad');
  assert.match(
    answer.problems.join(),
    /"http:\/\/\*\*\*@metrics:9090": expected a URL without user and password, which go into a file/,
  );
  assert.doesNotMatch(answer.problems.join(), /s3cret/);
});

test('--attach alone lets a person ask a JVM, --attach=auto an alarm too, and another value is refused', () => {
  assert.equal(good([]).attach, 'off');
  assert.equal(good(['--attach']).attach, 'on-request');
  assert.equal(good(['--attach=auto']).attach, 'auto');
  assert.equal(good([], { MEMHOUND_ATTACH: 'true' }).attach, 'on-request');
  assert.equal(good([], { MEMHOUND_ATTACH: 'auto' }).attach, 'auto');
  assert.equal(good([], { MEMHOUND_ATTACH: 'no' }).attach, 'off');
  assert.match(bad(['--attach=always'])[0]!, /--attach takes no value or auto, found "always"/);
  assert.match(bad([], { MEMHOUND_ATTACH: 'always' })[0]!, /expected auto, true or nothing/);
});
