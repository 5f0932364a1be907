import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codePlaceOf } from '../../../src/culprit/code-place.ts';

/** "com.acme.A.b:7" as a frame. */
const frames = (...lines: readonly string[]) =>
  lines.map((line) => {
    const [method = '', number] = line.split(':');
    return { method, line: number === undefined ? null : Number(number) };
  });

const WRITE = ['java.io.FileOutputStream.write:105', 'java.io.BufferedOutputStream.flush:140'];
const LOGBACK = [
  ...WRITE,
  'ch.qos.logback.core.recovery.ResilientOutputStream.flush:79',
  'ch.qos.logback.core.OutputStreamAppender.writeBytes:199',
  'ch.qos.logback.core.UnsynchronizedAppenderBase.doAppend:85',
];

test('behind a logging library, the line of the program is named, with the level and the appender', () => {
  const stack = [...LOGBACK, 'ch.qos.logback.classic.Logger.callAppenders:270', 'ch.qos.logback.classic.Logger.debug:486'];
  assert.deepEqual(codePlaceOf(frames(...stack, 'com.acme.GeoClient.lookup:41', 'java.lang.Thread.run:840')), {
    line: 'com.acme.GeoClient.lookup:41',
    logger: 'ch.qos.logback.core.OutputStreamAppender',
    level: 'DEBUG',
  });
});

test('a handler of java.util.logging is a logger, too, although it is of the JDK', () => {
  const stack = [...WRITE, 'java.util.logging.StreamHandler.flush0:250', 'java.util.logging.FileHandler.publish:744'];
  assert.deepEqual(codePlaceOf(frames(...stack, 'java.util.logging.Logger.fine:1921', 'com.acme.A.b:7')), {
    line: 'com.acme.A.b:7',
    logger: 'java.util.logging.StreamHandler',
    level: 'FINE',
  });
});

test('in the thread of an asynchronous logger the writer is named, and no line of the program', () => {
  assert.deepEqual(codePlaceOf(frames(...LOGBACK, 'ch.qos.logback.core.AsyncAppenderBase$Worker.run:289')), {
    line: null,
    logger: 'ch.qos.logback.core.OutputStreamAppender',
    level: null,
  });
});

test('a program that writes by itself is named by its own line, without logger and level', () => {
  assert.deepEqual(codePlaceOf(frames(...WRITE, 'com.acme.Export.save:12')), {
    line: 'com.acme.Export.save:12',
    logger: null,
    level: null,
  });
});

test('a method of a logger that is no level gives none', () => {
  const stack = [...LOGBACK, 'org.slf4j.spi.DefaultLoggingEventBuilder.log:100'];
  assert.equal(codePlaceOf(frames(...stack, 'com.acme.A.b:7')).level, null);
});

const SLF4J = 'org.slf4j.spi.DefaultLoggingEventBuilder';
for (const [what, level, stack] of [
  // The builder hands an event to Logback, which has its level within.
  ['the fluent interface of SLF4J with Logback', null, ['ch.qos.logback.classic.Logger.log:800', `${SLF4J}.log:111`]],
  [
    'the fluent interface of SLF4J with a logger that knows no events',
    'DEBUG',
    ['org.slf4j.simple.SimpleLogger.debug:9', `${SLF4J}.logViaPublicSLF4JLoggerAPI:150`, `${SLF4J}.log:111`],
  ],
  [
    'the fluent interface of Log4j',
    null,
    [
      'org.apache.logging.log4j.spi.AbstractLogger.logMessage:2822',
      'org.apache.logging.log4j.internal.DefaultLogBuilder.log:250',
    ],
  ],
  ['a level that is an argument', null, ['org.apache.logging.log4j.spi.AbstractLogger.log:2000']],
  ['a format of JBoss', 'DEBUG', ['org.jboss.logging.Logger.doLogf:9', 'org.jboss.logging.Logger.debugf:700']],
  ['the first Tinylog', 'INFO', ['org.pmw.tinylog.Logger.output:9', 'org.pmw.tinylog.Logger.info:99']],
  ['Flogger', null, ['com.google.common.flogger.LogContext.logImpl:9', 'com.google.common.flogger.LogContext.log:10']],
] as const)
  test(`the level is ${level ?? 'not known'} with ${what}, and the line is the program's`, () => {
    const place = codePlaceOf(frames(...WRITE, ...stack, 'com.acme.GeoClient.lookup:41'));
    assert.deepEqual([place.line, place.level], ['com.acme.GeoClient.lookup:41', level]);
  });

test('without any frame nothing is known', () => {
  assert.deepEqual(codePlaceOf([]), { line: null, logger: null, level: null });
});
