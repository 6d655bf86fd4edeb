// Every page in every state, light and dark, wide and narrow: axe finds nothing, nothing moves sideways, no script
// fails, nobody else is asked for anything, and nothing is heavier than it may be. Each state is checked in a covering
// array of colour schemes and widths, with `script/test --all` in every pair of them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { SIZES, launch, missingHeaders, newContext, watch } from '../support/browser.mjs';
import { get } from '../support/http.mjs';
import { ALL, COLOURS, WIDTHS, covering, inWords } from '../support/looks.mjs';
import { startForWalk, walk } from '../support/walk.mjs';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const OPTIONS = {
  runOnly: { type: 'tag', values: TAGS },
  rules: { 'target-size': { enabled: true } },
  resultTypes: ['violations'],
};
const EVERY_PAIR = Boolean(process.env.INNKEEPER_TEST_ALL);
const KILOBYTE = 1024;
const MOST = { html: 20 * KILOBYTE, css: 8 * KILOBYTE, js: 3 * KILOBYTE };

let portal;
let browser;
before(async () => {
  [portal, browser] = await Promise.all([startForWalk(), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

/** What axe finds, in a line each. It is put into a page once after each load, since it is far heavier than any page. */
async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (options) => {
    const { violations } = await window.axe.run(document, options);
    return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target} ${node.html}`));
  }, OPTIONS);
}

/** Whether the page can be moved sideways. */
const movesSideways = (page) =>
  page.evaluate(() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth);

/** What is wrong with the page as it stands there, in these looks. */
async function faults(page, looks) {
  const found = [];
  for (const look of looks) {
    await page.setViewportSize({ width: look.width, height: SIZES[look.width] });
    await page.emulateMedia({ colorScheme: look.colours });
    const here = inWords(look);
    found.push(...(await violations(page)).map((what) => `${here}: ${what}`));
    if (await movesSideways(page)) found.push(`${here}: moves sideways`);
  }
  await page.setViewportSize({ width: 1440, height: SIZES[1440] });
  return found;
}

/** Breaks of the portal's own rules for every page. */
async function oddities(page) {
  const found = [];
  const title = await page.title();
  const mistaken = (await page.locator('.error-summary').count()) > 0;
  if (!title.endsWith(' – Innkeeper') || title.startsWith('Error: ') !== mistaken) found.push(`title: ${title}`);
  for (const [what, least, most] of [['h1', 1, 1], ['main .btn-primary', 0, 1]]) {
    const count = await page.locator(what).count();
    if (count < least || count > most) found.push(`${count} times ${what}`);
  }
  // The checker looks into no frame.
  if (page.frames().length > 1) found.push(`${page.frames().length - 1} frames`);
  const weight = gzipSync(await page.content()).length;
  if (weight > MOST.html) found.push(`${weight} bytes of HTML`);
  return found;
}

/** The paths of `app/src/shell/routes.rs`, as patterns. */
function routes() {
  const source = fs.readFileSync(new URL('../../app/src/shell/routes.rs', import.meta.url), 'utf8');
  const paths = [...source.matchAll(/path!\("([^"]+)"\)/g)].map(([, path]) => path);
  assert.ok(paths.length > 10, 'the list of routes was found');
  return paths;
}

/** Paths that show nothing of their own: they lead to where a page is now. */
const FORMER = ['/t/:name/settings/identity'];

const matches = (route, path) => new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`).test(path);

test('every page of the router, in every state', { timeout: 1_800_000 }, async (t) => {
  const met = new Set();
  const checked = [];
  await walk({
    portal,
    browser,
    show: (name, page, problems) => {
      const looks = EVERY_PAIR ? ALL : covering(checked.length);
      checked.push({ name, looks });
      return t.test(name, async () => {
        met.add(new URL(page.url()).pathname);
        assert.deepEqual([...(await faults(page, looks)), ...(await oddities(page)), ...problems()], []);
      });
    },
  });
  await t.test('none is left out', () => {
    const missing = routes().filter((route) => !FORMER.includes(route) && ![...met].some((path) => matches(route, path)));
    assert.deepEqual(missing, [], 'add them to support/walk.mjs');
  });
  await t.test('each in each colour scheme and in each width, and every pair of them is met', () => {
    const distinct = (looks, of) => new Set(looks.map(of)).size;
    for (const { name, looks } of checked) {
      assert.equal(distinct(looks, ({ colours }) => colours), COLOURS.length, name);
      assert.equal(distinct(looks, ({ width }) => width), WIDTHS.length, name);
    }
    const looks = checked.flatMap(({ looks }) => looks);
    assert.equal(distinct(looks, inWords), ALL.length);
    const left = checked.length * ALL.length - looks.length;
    if (left > 0) {
      console.log(
        `only in script/test --all: accessibility, ${left} of ${checked.length * ALL.length} looks: ` +
          `each of ${checked.length} pages also in the other pairs of colour scheme and width`,
      );
    }
  });
});

/** Faults, what the checker calls them, and the looks in which they are to be seen. */
const PLANTED = [
  { html: '<button></button>', called: 'button-name', looks: /./ },
  { html: '<input type="text">', called: 'label', looks: /./ },
  { html: '<p>pale</p>', style: ['color', 'color-mix(in srgb, currentColor 30%, transparent)'], called: 'color-contrast', looks: /./ },
  { html: '<p>pale in the dark</p>', style: ['color', 'light-dark(black, #333)'], called: 'color-contrast', looks: /dark/ },
  { html: '<p>wide</p>', style: ['width', '2000px'], called: 'moves sideways', looks: /./ },
  { html: '<p>wide for a phone</p>', style: ['width', '400px'], called: 'moves sideways', looks: /320/ },
];

test('the checker finds what is planted', async (t) => {
  const context = await newContext(browser);
  t.after(() => context.close());
  const seen = watch(context, portal);
  const page = await context.newPage();
  await page.goto(`${portal.url}/sign-up`);
  assert.deepEqual(await faults(page, ALL), []);
  seen.assertNone('before');
  for (const { html, style, called, looks } of PLANTED) {
    await page.evaluate(([html, style]) => {
      document.querySelector('main').insertAdjacentHTML('beforeend', html);
      if (style) document.querySelector('main').lastElementChild.style.setProperty(...style);
    }, [html, style]);
    const found = (await faults(page, ALL)).map((fault) => fault.split(':').slice(0, 2).join(':'));
    assert.deepEqual(found, ALL.map(inWords).filter((here) => looks.test(here)).map((here) => `${here}: ${called}`), html);
    await page.evaluate(() => document.querySelector('main').lastElementChild.remove());
  }
  await page.evaluate(() => {
    console.error('planted');
    return fetch('http://other.example/').catch(() => {});
  });
  const problems = seen.problems().join('\n');
  for (const expected of ['planted', 'Content Security Policy']) {
    assert.ok(problems.includes(expected), `${expected} in ${problems}`);
  }
  assert.equal(missingHeaders({}).length, 6);
});

test('HTML, CSS and script are as light as promised', async (t) => {
  const html = (await get(`${portal.url}/`)).body.toString();
  const first = (pattern) => pattern.exec(html)?.[1] ?? assert.fail(`${pattern} in ${html}`);
  const files = {
    html: '/',
    css: first(/<link[^>]+href="([^"]+\.css)"/),
    js: first(/<script[^>]+src="([^"]+\.js)"/),
  };
  for (const [kind, path] of Object.entries(files)) {
    const answer = await get(`${portal.url}${path}`, { 'accept-encoding': 'gzip' });
    assert.equal(answer.headers['content-encoding'], 'gzip', path);
    assert.ok(answer.body.length <= MOST[kind], `${kind}: ${answer.body.length} bytes`);
    t.diagnostic(`${kind}: ${answer.body.length} bytes, gzip`);
    if (kind !== 'html') assert.match(answer.headers['cache-control'], /max-age=31536000.*immutable/);
  }
});

test('a first visit is small, and asks nobody else', async (t) => {
  const context = await newContext(browser);
  t.after(() => context.close());
  const seen = watch(context, portal);
  const page = await context.newPage();
  const requests = [];
  page.on('requestfinished', (request) => requests.push(request));
  await page.goto(`${portal.url}/`, { waitUntil: 'networkidle' });
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  const total = sizes.reduce((sum, size) => sum + size.responseBodySize, 0);
  t.diagnostic(`${requests.length} requests, ${total} bytes`);
  assert.ok(requests.length <= 8, `${requests.length} requests`);
  assert.ok(total <= 130 * KILOBYTE, `${total} bytes`);
  seen.assertNone('first visit');
});

test('every answer has the header set, whatever it is', async () => {
  const paths = ['/', '/help', '/no/such/page', '/t', '/t/nobody_aaaaaa/handoff', '/verify?token=x', '/do/check', '/health', '/favicon.ico', '/ca.crt', '/assets/none'];
  for (const path of paths) {
    const { status, headers } = await get(`${portal.url}${path}`);
    assert.deepEqual(missingHeaders(headers), [], `${status} ${path}`);
  }
  for (const path of ['/verify?token=x', '/t/nobody_aaaaaa/handoff']) {
    assert.equal((await get(`${portal.url}${path}`)).headers['referrer-policy'], 'no-referrer', path);
  }
  for (const path of ['/sign-up', '/verify', '/t', '/t/nobody_aaaaaa/handoff']) {
    assert.match((await get(`${portal.url}${path}`)).headers['cache-control'], /no-store/, path);
  }
});
