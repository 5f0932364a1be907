import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mainClassName, mainClassOfArguments } from '../../../../src/sources/jvm/main-class.ts';

test('a main class or jar is named without its folder, module or version', () => {
  for (const [word, name] of [
    ['com.example.orders.Main', 'com.example.orders.Main'],
    ['/app/orders.jar', 'orders.jar'],
    ['/app/orders-1.4.2-SNAPSHOT.jar', 'orders.jar'],
    ['orders-api.jar', 'orders-api.jar'],
    ['com.example.orders/com.example.orders.Main', 'com.example.orders.Main'],
  ] as const)
    assert.equal(mainClassName(word), name);
});

test('the main class is found among the arguments of a java command, and nothing behind it', () => {
  for (const [line, name] of [
    ['java -Xmx1g -cp /a:/b com.example.Main --password secret', 'com.example.Main'],
    ['java -Dname=a.b.C -jar /app/orders-2.0.jar secret', 'orders.jar'],
    ['java --module-path /mods --add-opens java.base/java.lang=ALL-UNNAMED -m shop/com.example.Shop x', 'com.example.Shop'],
    ['java --add-opens=java.base/java.lang=ALL-UNNAMED com.example.Main', 'com.example.Main'],
    ['java @/app/arguments com.example.Main', null],
    ['java -version', null],
    ['java -jar', null],
    ['java', null],
  ] as const)
    assert.equal(mainClassOfArguments(line.split(' ')), name, line);
  assert.equal(mainClassOfArguments(['']), null, 'of a process that has ended');
});
