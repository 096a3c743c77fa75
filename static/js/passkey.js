// Passkeys: bytes to base64url and back, and the forms that make or use one.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

export const here = Boolean(globalThis.PublicKeyCredential && navigator.credentials);

// What the server asked for, in bytes; what the browser answered, in text.
export async function make({ publicKey }) {
  const options = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    user: { ...publicKey.user, id: bytes(publicKey.user.id) },
    excludeCredentials: known(publicKey.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey: options });
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    clientExtensionResults: made.getClientExtensionResults(),
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

export async function use({ publicKey }) {
  const options = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    allowCredentials: known(publicKey.allowCredentials),
  };
  const used = await navigator.credentials.get({ publicKey: options });
  const said = used.response;
  return {
    id: used.id,
    rawId: text(used.rawId),
    type: used.type,
    clientExtensionResults: used.getClientExtensionResults(),
    response: {
      clientDataJSON: text(said.clientDataJSON),
      authenticatorData: text(said.authenticatorData),
      signature: text(said.signature),
      userHandle: said.userHandle ? text(said.userHandle) : null,
    },
  };
}

async function options(form) {
  const given = form.querySelector("#passkey-options");
  if (given) return JSON.parse(given.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" }, redirect: "error" });
  return (await answer.json()).request_options;
}

async function fill(form) {
  const wanted = await options(form);
  const answer = form.dataset.passkey === "make" ? await make(wanted) : await use(wanted);
  form.elements.credential.value = JSON.stringify(answer);
  form.submit();
}

if (here) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const part = form.closest("[data-passkey-part]");
    if (part) part.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      fill(form).catch((error) => {
        delete form.dataset.sent;
        const says = form.querySelector("[data-passkey-says]");
        const again = error?.name === "InvalidStateError" && says.dataset.passkeyAgain;
        says.textContent = again || says.dataset.passkeySays;
      });
    });
  }
}
