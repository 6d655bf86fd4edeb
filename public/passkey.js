// Only on the two pages that ask for a passkey; runs under CSP script-src 'self'.
// <input data-passkey="get" data-options="{…}"> in a form: before it is sent the browser asks for a passkey ("create" makes
// one), and the answer goes along. What hinders that is said in the form's [data-says].
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const hindered = {
  NotAllowedError: "Nothing was sent: it was cancelled or took too long. Try again, or use another sign-in method.",
  InvalidStateError: "This device or password manager already has a passkey for your account.",
};
const asked = document.querySelector("[data-passkey]");
asked?.form.addEventListener("submit", async (event) => {
  const { form } = asked;
  const says = form.querySelector("[data-says]");
  event.preventDefault();
  if (form.ariaBusy) return;
  form.ariaBusy = "true";
  says.textContent = "";
  try {
    const options = JSON.parse(asked.dataset.options);
    const { user, allowCredentials = [], excludeCredentials = [] } = options;
    for (const known of [user ?? {}, ...allowCredentials, ...excludeCredentials]) known.id &&= bytes(known.id);
    options.challenge = bytes(options.challenge);
    const { id, rawId, type, response } = await navigator.credentials[asked.dataset.passkey]({ publicKey: options });
    const answer = { id, rawId: text(rawId), type, response: {} };
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[part]) answer.response[part] = text(response[part]);
    }
    asked.value = JSON.stringify(answer);
    form.submit();
  } catch (error) {
    form.ariaBusy = null;
    says.textContent = hindered[error.name] ?? "This browser or device does not support this. Use another sign-in method.";
  }
});
if (asked?.dataset.passkey === "get") asked.form.requestSubmit();
// Once answered, a question is over: a page that comes back from the browser's memory must not ask it again.
addEventListener("pageshow", (event) => event.persisted && location.reload());
