// Has the person asked by the window, and not by Chromium, before a page gets what it needs a
// permission for, or prints. Runs in the page's own world before any script of the page, and keeps what it
// uses: a page that changes its world changes nothing here. What it could gain by that is to be
// asked about once more. Where nobody listens, Chromium asks as ever.
((name) => {
  "use strict";
  const { apply, defineProperty, getOwnPropertyDescriptor } = Reflect;
  const { dispatchEvent, addEventListener } = EventTarget.prototype;
  const { preventDefault } = Event.prototype;
  const query = globalThis.Permissions?.prototype.query;
  const enumerate = globalThis.MediaDevices?.prototype.enumerateDevices;
  const [Custom, Map, Promise, Proxy] = [CustomEvent, globalThis.Map, globalThis.Promise, globalThis.Proxy];
  const detail = getOwnPropertyDescriptor(CustomEvent.prototype, "detail").get;
  const prevented = getOwnPropertyDescriptor(Event.prototype, "defaultPrevented").get;
  const { get: mapGet, set: mapSet, delete: mapDelete, forEach } = Map.prototype;
  const { navigator } = globalThis;

  const on = (where, what, act) => apply(addEventListener, where, [what, act]);
  // Whether somebody has heard it.
  const say = (where, what, words) => {
    const event = new Custom(what, { detail: words, cancelable: true });
    apply(dispatchEvent, where, [event]);
    return apply(prevented, event, []);
  };

  // From an earlier connection; it goes on.
  if (say(document, `${name}-there`, "")) return;
  on(document, `${name}-there`, (event) => apply(preventDefault, event, []));

  const waiting = new Map();
  const tag = Math.random().toString(36).slice(2);
  let last = 0;
  let known = null;
  const go = (id) => {
    const asked = apply(mapGet, waiting, [id]);
    apply(mapDelete, waiting, [id]);
    asked?.done();
  };

  // The document that asks in the name of all frames of its origin. To those of others Chromium
  // answers itself.
  const stage = () => {
    try {
      const whole = top.location.origin === location.origin && top.document;
      if (whole && known !== whole) {
        on(whole, `${name}-answer`, (event) => go(apply(detail, event, [])));
        // Whoever listened before does not any more.
        on(whole, `${name}-again`, () => {
          apply(forEach, waiting, [({ words }, id) => say(whole, name, words) || go(id)]);
        });
        known = whole;
      }
      return whole || null;
    } catch {
      return null;
    }
  };

  const state = async (wish) => {
    try {
      return (await apply(query, navigator.permissions, [{ name: wish }])).state;
    } catch {
      return "unknown";
    }
  };

  // Comes when it is decided, one way or the other, what the page may.
  const decided = async (wishes) => {
    // Of what is not secure Chromium asks nobody.
    if (!isSecureContext) return;
    let open = "";
    for (let at = 0; at < wishes.length; at += 1) {
      const wish = wishes[at];
      const mine = wish === "notifications" || document.featurePolicy?.allowsFeature(wish) !== false;
      if (mine && (await state(wish)) === "prompt") open += ` ${wish}`;
    }
    const whole = open === "" ? null : stage();
    if (!whole) return;
    last += 1;
    const id = `${tag}-${last}`;
    const words = id + open;
    const answered = new Promise((done) => apply(mapSet, waiting, [id, { words, done }]));
    if (!say(whole, name, words)) go(id);
    await answered;
  };

  const wrap = (owner, key, call) => {
    const property = owner && getOwnPropertyDescriptor(owner, key);
    if (typeof property?.value !== "function") return;
    const value = new Proxy(property.value, {
      apply: (native, self, given) => call(native, self, given),
    });
    defineProperty(owner, key, { ...property, value });
  };

  const promised = (wishes) => async (native, self, given) => {
    await decided(await wishes(given));
    return apply(native, self, given);
  };
  const always = (wish) => promised(() => [wish]);

  // What there is none of is not asked about: the page is told so.
  const media = async (given) => {
    const wanted = given[0];
    let camera = false;
    let microphone = false;
    const devices = await apply(enumerate, navigator.mediaDevices, []);
    for (let at = 0; at < devices.length; at += 1) {
      camera ||= devices[at].kind === "videoinput";
      microphone ||= devices[at].kind === "audioinput";
    }
    camera &&= Boolean(wanted?.video);
    microphone &&= Boolean(wanted?.audio);
    if (camera && microphone) return ["camera", "microphone"];
    if (camera) return ["camera"];
    return microphone ? ["microphone"] : [];
  };

  wrap(globalThis.Notification, "requestPermission", always("notifications"));
  wrap(globalThis.PushManager?.prototype, "subscribe", always("notifications"));
  wrap(globalThis.MediaDevices?.prototype, "getUserMedia", promised(media));
  wrap(globalThis.Clipboard?.prototype, "read", always("clipboard-read"));
  wrap(globalThis.Clipboard?.prototype, "readText", always("clipboard-read"));

  // Paper is where the person is, and Chromium's own dialog would show the printers of its machine.
  // Nobody listens to a page that was not touched just now.
  wrap(globalThis, "print", (native, self, given) => {
    const heard = top === globalThis && say(document, `${name}-print`, "");
    return heard ? undefined : apply(native, self, given);
  });

  const place = globalThis.Geolocation?.prototype;
  wrap(place, "getCurrentPosition", (native, self, given) => {
    if (typeof given[0] !== "function") return apply(native, self, given);
    void decided(["geolocation"]).then(() => apply(native, self, given));
  });
  // A watch has its number at once, and may be given up before it has begun.
  const watches = new Map();
  let watch = 1_000_000;
  wrap(place, "watchPosition", (native, self, given) => {
    if (typeof given[0] !== "function") return apply(native, self, given);
    watch += 1;
    const id = watch;
    apply(mapSet, watches, [id, null]);
    void decided(["geolocation"]).then(() => {
      if (apply(mapGet, watches, [id]) === null) {
        apply(mapSet, watches, [id, apply(native, self, given)]);
      }
    });
    return id;
  });
  wrap(place, "clearWatch", (native, self, given) => {
    const begun = apply(mapGet, watches, [given[0]]);
    apply(mapDelete, watches, [given[0]]);
    return apply(native, self, begun === undefined || begun === null ? given : [begun]);
  });
})(NAME)
