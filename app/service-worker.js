// Keeps the site on the device, so that it works offline after one visit. `cargo xtask build` puts
// in the version and the lists of files (xtask/src/offline.rs); a new version is another script, which
// the browser notices. Some files are kept only once they were asked for. Requests that are in neither
// list go to the network as if this were not here.

const VERSION = "{version}";
const FILES = {files};
const ON_USE = {on_use};

// Other sites may lie under the same origin: a cache belongs to one scope.
const PREFIX = `mien ${self.registration.scope} `;
const CACHE = PREFIX + VERSION;
const PAGE = new URL("./", self.registration.scope).href;
const KEPT_ON_USE = new Set(ON_USE.map((file) => new URL(file, PAGE).href));

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then(async (cache) => {
      // Files are named by their content; what another version has brought need not come again.
      for (const file of FILES) {
        const url = new URL(file, PAGE).href;
        const isHashed = file !== "./" && file.includes("-");
        const known = isHashed && (await caches.match(url));
        if (known) await cache.put(url, known);
        else await cache.add(new Request(url, { cache: isHashed ? "default" : "no-cache" }));
      }
      for (const file of ON_USE) {
        const url = new URL(file, PAGE).href;
        const known = await caches.match(url);
        if (known) await cache.put(url, known);
      }
    }),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then(async (names) => {
      const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    }),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(PAGE)) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  // The page is asked for with settings, and under several names.
  const page = request.mode === "navigate" && (await cache.match(PAGE));
  if (page) return page;
  const response = await fetch(request);
  if (response.ok && KEPT_ON_USE.has(request.url)) await cache.put(request, response.clone());
  return response;
}

async function forget() {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(names.map((name) => caches.delete(name)));
}

// The page asks for both on the visitor's behalf: to take over from an older version, and to remove
// what is kept.
self.addEventListener("message", (event) => {
  if (event.data === "take-over") self.skipWaiting();
  if (event.data === "forget") event.waitUntil(forget());
});
