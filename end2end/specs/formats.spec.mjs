// The texts to copy, exactly as they stand on the page, in the hands of the clients they are written for: each in a
// folder that holds nothing but ca.crt. With another ca.crt each must fail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { CLIENTS } from '../support/clients.mjs';
import { folderFor } from '../support/files.mjs';
import { startPortal } from '../support/portal.mjs';
import { forgeCa, whoIs } from '../support/psql.mjs';
import * as visitor from '../support/visitor.mjs';

let portal;
let browser;
let name;
let texts;
let authority;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch()]);
  const page = await (await newContext(browser)).newPage();
  name = await visitor.openCredentials(page, portal, 'jane@acme.example', 'Acme Robotics');
  texts = await visitor.formats(page);
  authority = await (await fetch(`${portal.url}/ca.crt`)).text();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

test('the page has a text for each client, and the other roles', () => {
  assert.equal(Object.keys(CLIENTS).length, 10);
  assert.deepEqual(Object.keys(texts).sort(), [...Object.keys(CLIENTS), 'owner', 'readonly'].sort());
});

for (const [format, connect] of Object.entries(CLIENTS)) {
  test(`${format} connects as the application role, over TLS`, async (t) => {
    const folder = folderFor(t);
    fs.writeFileSync(path.join(folder, 'ca.crt'), authority);
    assert.equal(await connect(folder, texts[format]), `${name}_app|t`);
  });
  test(`${format} refuses a server that another CA vouches for`, async (t) => {
    await refusesForged(t, (folder) => connect(folder, texts[format]));
  });
}

for (const role of ['owner', 'readonly']) {
  test(`the URI of ${role} connects, and refuses another CA`, async (t) => {
    const folder = folderFor(t);
    fs.writeFileSync(path.join(folder, 'ca.crt'), authority);
    assert.equal(await whoIs(folder, texts[role]), `${name}_${role}|t`);
    await refusesForged(t, (folder) => whoIs(folder, texts[role]));
  });
}

/** With a CA of the same name in its place, and a key of its own, the client must end with a word on certificates. */
async function refusesForged(t, connect) {
  const [real, folder] = [folderFor(t), folderFor(t)];
  fs.writeFileSync(path.join(real, 'ca.crt'), authority);
  forgeCa(path.join(real, 'ca.crt'), folder);
  await assert.rejects(connect(folder), (error) => {
    const said = error.stderr;
    assert.match(said, /certificate|unable to verify|self-signed|invalid peer/i, said);
    return true;
  });
}
