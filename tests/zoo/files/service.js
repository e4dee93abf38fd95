// Answers some addresses by itself, one from its cache, and lets the others pass.
self.addEventListener('install', (event) => event.waitUntil((async () => {
    const cache = await caches.open('zoo');
    await cache.put('/file/stored', new Response('stored'));
    await self.skipWaiting();
})()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => event.ports[0].postMessage(`${event.data} from the worker`));
self.addEventListener('fetch', (event) => {
    const path = new URL(event.request.url).pathname;
    if (path === '/file/made-up') event.respondWith(new Response('made up'));
    if (path === '/file/stored') event.respondWith(caches.match('/file/stored'));
    if (path.startsWith('/echo')) event.respondWith(fetch(event.request));
    if (path === '/file/streamed') {
        event.respondWith(new Response(new ReadableStream({
            start(to) {
                for (const part of ['one ', 'two']) to.enqueue(new TextEncoder().encode(part));
                to.close();
            },
        })));
    }
});
