// Chromium, and pages that note everything which must not happen on any page.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Widths in CSS pixels and the heights that go with them. */
export const SIZES = { 1440: 900, 390: 844, 320: 640 };

/** `remembering`: it keeps left pages in memory for the button "Back", as it does for people but not for Playwright. */
export function launch({ remembering = false } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: FLAGS,
    ignoreDefaultArgs: remembering ? ['--disable-back-forward-cache'] : [],
  });
}

/**
 * A browser of its own: cookies, size, colours. `scripts: false` turns scripts off as a visitor would;
 * `trusting`: any certificate will do. `scripts: 'empty'` serves the portal's script as an empty file, for checkers that need scripts themselves.
 */
export async function newContext(browser, { width = 1440, scripts = true, colours = 'light', trusting = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: SIZES[width] },
    javaScriptEnabled: scripts !== false,
    colorScheme: colours,
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ignoreHTTPSErrors: trusting,
  });
  // Enough for a debug build on two busy cores; what is never there fails all the same.
  context.setDefaultTimeout(30_000);
  if (scripts === 'empty') {
    await context.route(/\/assets\/enhance[^/]*\.js$/, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: '' }),
    );
  }
  return context;
}

/**
 * Notes what no page may do: script errors, requests to other hosts, answers without the header set.
 * `problems()` gives them and forgets them.
 */
export function watch(context, portal) {
  let found = new Set();
  let expected = [];
  const note = (text) => {
    if (!expected.some((pattern) => pattern.test(text))) found.add(text);
  };
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      note(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  context.on('weberror', (error) => note(`script: ${error.error().stack}`));
  context.on('request', (request) => {
    if (!request.url().startsWith(`${portal.url}/`)) note(`request to another host: ${request.url()}`);
  });
  context.on('response', (response) => {
    for (const problem of missingHeaders(response.headers())) note(`${problem} at ${response.url()}`);
    if (response.status() >= 500) note(`status ${response.status()} at ${response.url()}`);
  });
  return {
    /** From now on this is no problem. */
    expect: (...patterns) => (expected = patterns),
    problems: () => {
      const all = [...found];
      found = new Set();
      return all;
    },
    assertNone(where) {
      assert.deepEqual(this.problems(), [], where);
    },
  };
}

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What is wrong with the headers that every answer has. */
export function missingHeaders(headers) {
  const wrong = [];
  const same = (name, value) => {
    if (headers[name] !== value) wrong.push(`${name}: ${headers[name]}`);
  };
  same('content-security-policy', CSP);
  same('x-content-type-options', 'nosniff');
  same('cross-origin-opener-policy', 'same-origin');
  same('cross-origin-resource-policy', 'same-origin');
  if (!['same-origin', 'no-referrer'].includes(headers['referrer-policy'])) {
    wrong.push(`referrer-policy: ${headers['referrer-policy']}`);
  }
  const own = /publickey-credentials-(create|get)=\(self\)/g;
  const off = (headers['permissions-policy'] ?? '').replace(own, '');
  if (!off.includes('camera=()') || /=(?!\(\))/.test(off)) wrong.push(`permissions-policy: ${off}`);
  return wrong;
}
