// What the zoo's pages have in common. A page calls `judge` with its work: what it throws is what
// is wrong.

const asked = new URLSearchParams(location.search);
const NAME = asked.get('as') ?? location.pathname.split('/').pop();
// One run of one case at one place; what it leaves with the server is its own.
const RUN = `${asked.get('run')}/${NAME}`;
let step = 'begin';

function tell(value) {
    // Where a page cannot reach its own site any more, it tells another one.
    const home = asked.get('home') ?? '';
    const mode = home ? 'no-cors' : 'same-origin';
    return fetch(`${home}/told/${RUN}`, { method: 'POST', body: JSON.stringify(value), keepalive: true, mode });
}

async function judge(work) {
    const late = new Promise((_, fail) => {
        setTimeout(() => fail(new Error(`nothing came any more after: ${step}`)), 1000 * (asked.get('limit') ?? 45));
    });
    try {
        await Promise.race([work(), late]);
        await tell({ verdict: 'pass', took: performance.now() });
    } catch (error) {
        await tell({ verdict: 'fail', why: `${error} (after: ${step})` });
    }
}

/** Says that a click anywhere is waited for, and waits for it. */
async function clicked(work) {
    const click = new Promise((done, fail) => {
        document.documentElement.addEventListener('click', () => {
            try { done(work()); } catch (error) { fail(error); }
        }, { once: true });
    });
    await painted();
    await tell({ ready: true });
    return click;
}

/** The text of a frame's page; none where it is out of reach, as what was refused is. */
function textOf(frame) {
    try { return frame.contentDocument?.body?.textContent ?? ''; } catch { return ''; }
}

const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)));

function same(got, wanted, what) {
    const [one, other] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (one !== other) throw new Error(`${what}: ${one} instead of ${other}`);
    step = what;
}

function holds(condition, what) {
    if (!condition) throw new Error(`${what}: it does not hold`);
    step = what;
}

async function fails(promise, what) {
    let got;
    try { got = await promise; } catch { step = what; return; }
    throw new Error(`${what}: it went well, ${got}`);
}

const key = (of) => `${RUN}/${of}`;

/** Another site of the zoo, at the same kind of place. */
const at = (host) => `${location.protocol}//${host}`;

/** The address of an answer made to order. */
function answer({ status, headers = [], body, file, key, host = '', path = '' } = {}) {
    const orders = new URLSearchParams();
    if (status) orders.append('status', status);
    for (const line of headers) orders.append('h', line);
    if (body !== undefined) orders.append('body', body);
    if (file) orders.append('file', file);
    if (key) orders.append('key', key);
    return `${host}/answer${path}?${orders}`;
}

/** The address of an echo. */
function echo({ page, headers = [], key, host = '', path = '' } = {}) {
    const orders = new URLSearchParams();
    if (page) orders.append('page', '1');
    for (const line of headers) orders.append('h', line);
    if (key) orders.append('key', key);
    return `${host}/echo${path}?${orders}`;
}

const json = async (url, options) => (await fetch(url, options)).json();
const seen = (of) => json(`/seen?key=${encodeURIComponent(of)}`);

/** The first message that `wanted` holds for. */
function heard(wanted = () => true) {
    return new Promise((done) => {
        const listen = (event) => {
            if (!wanted(event)) return;
            removeEventListener('message', listen);
            done(event);
        };
        addEventListener('message', listen);
    });
}

/** What an echo in a page has told; `act` makes that page load. */
async function echoed(act) {
    const told = heard((event) => event.data?.echo);
    await act();
    return (await told).data.echo;
}

/** A frame, as soon as it is loaded. */
function framed(url, attributes = {}) {
    return new Promise((done) => {
        const frame = document.createElement('iframe');
        for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
        frame.onload = () => done(frame);
        frame.src = url;
        document.documentElement.append(frame);
    });
}

const header = (echo, name) => echo.headers
    .filter(([it]) => it === name).map(([, value]) => value).join(', ') || null;

/** The letters of a text's bytes, as an echo gives them. */
const letters = (text) => String.fromCharCode(...new TextEncoder().encode(text));

/** The bytes that `/bytes` sends. */
const byteAt = (place) => ((place * 31) ^ Math.floor(place / 65536)) & 0xff;
