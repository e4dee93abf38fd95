// What the pages about cookies have in common.
const secure = location.protocol === 'https:';
const set = (...lines) => fetch(answer({ path: '/deep', headers: lines.map((line) => `Set-Cookie:${line}`) }));
const sent = async (path = '') => (header(await json(echo({ path })), 'cookie') ?? '').split('; ').filter(Boolean).sort();
const shown = () => document.cookie.split('; ').filter(Boolean).sort();

async function both(wanted, what) {
    same(await sent(), wanted, `${what}, sent`);
    same(shown(), wanted, `${what}, shown`);
}

/** Forgets all that these pages set. */
async function clear() {
    const names = ['plain', 'hidden', 'script', 'later', 'deep', 'echo', 'default', 'own', 'all', 'dot',
        'secure', 'lax', 'strict', 'none', 'value', 'a', 'sp', 'empty', 'large', '__Host-a', '__Host-b',
        '__Host-c', '__Secure-a', '__Secure-b', ...Array.from({ length: 40 }, (_, n) => `n${n}`)];
    for (const domain of ['', '; Domain=zoo.test']) for (const path of ['/', '/echo', '/echo/deep', '/answer']) {
        if (domain && path !== '/') continue;
        const gone = `; Path=${path}; Max-Age=0${domain}`;
        await set(...names.map((name) => `${name}=${gone}${name.startsWith('__') ? '; Secure' : ''}`));
    }
}

const judgeCookies = (work) => judge(async () => { await clear(); await work(); await clear(); });
