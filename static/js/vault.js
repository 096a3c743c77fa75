// What could not be sent yet, sealed on this device: AES-GCM with a key that the server
// gives to this person here again, and to nobody else. Gone once it is saved, at sign-out,
// and after a week. On a device that others use there is no key, and nothing is kept.

const WEEK = 7 * 24 * 3_600_000;
const STORE = "sealed";

const done = (request) =>
  new Promise((yes, no) => {
    request.onsuccess = () => yes(request.result);
    request.onerror = request.onblocked = () => no(request.error);
  });

function open() {
  const request = indexedDB.open("cairn", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return done(request);
}

async function store(mode, act) {
  const database = await open();
  try {
    return await done(act(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

let key = null;

function lock(base64) {
  const raw = base64 ? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) : null;
  key = raw && globalThis.crypto?.subtle ? crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]) : null;
}

lock(document.querySelector("[data-draft-key]")?.dataset.draftKey);
addEventListener("cairn:back", ({ detail }) => detail.draftKey && lock(detail.draftKey));

const bound = (name) => new TextEncoder().encode(name);

export async function keep(name, kept) {
  if (!key) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(kept));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bound(name) }, await key, plain);
  await store("readwrite", (rows) => rows.put({ iv, sealed, at: Date.now() }, name));
}

// What was kept under this name by the same person, or nothing.
export async function kept(name) {
  if (!key) return null;
  const row = await store("readonly", (rows) => rows.get(name));
  if (!row) return null;
  if (Date.now() - row.at > WEEK) return void (await drop(name));
  try {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv, additionalData: bound(name) }, await key, row.sealed);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null; // somebody else's: it stays sealed
  }
}

// The names under which something is sealed for this form: each page has its own, so that
// two tabs do not write over each other.
export async function names(form) {
  if (!key) return [];
  const own = IDBKeyRange.bound(`${form}#`, `${form}#\uffff`);
  return store("readonly", (rows) => rows.getAllKeys(own));
}

export async function drop(name) {
  if (key) await store("readwrite", (rows) => rows.delete(name));
}

// Whoever signs out or leaves takes everything along.
addEventListener(
  "submit",
  ({ target }) => {
    if (target.matches("form[action$='/sign-out/'], form[data-leave]")) indexedDB.deleteDatabase("cairn");
  },
  { capture: true },
);
addEventListener("cairn:leaving", () => indexedDB.deleteDatabase("cairn"));
