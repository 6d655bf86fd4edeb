// An authenticator in Chromium, in place of a device with a fingerprint reader.

/** Gives the page one. It lives as long as the page, across what the page loads. */
export async function addAuthenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
  };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    /** The passkeys it holds, with their private keys. */
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    /** Takes a passkey of another authenticator in, as it was there. */
    takeIn: (credential) => cdp.send('WebAuthn.addCredential', { authenticatorId, credential }),
    /** Forgets them all. */
    clear: () => cdp.send('WebAuthn.clearCredentials', { authenticatorId }),
    /** Whether it makes sure who holds it from now on. */
    verifies: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

/** From the next load on the page asks for passkeys with these options in place of the portal's own. */
export function askInstead(page, instead) {
  return page.addInitScript((instead) => {
    const container = Object.getPrototypeOf(navigator.credentials);
    const { get } = container;
    container.get = function ({ publicKey }) {
      return get.call(this, { publicKey: { ...publicKey, ...instead } });
    };
  }, instead);
}
