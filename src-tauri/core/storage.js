// Puts back what a site kept in the tab before its page went to sleep, unless the page that comes has
// some already. GIVEN is an address of the site and what it kept. Runs at the start of a page.
(([url, pairs]) => {
  if (location.origin !== new URL(url).origin) return;
  try {
    if (sessionStorage.length > 0) return;
    for (const [key, value] of JSON.parse(pairs)) sessionStorage.setItem(key, value);
  } catch {
    // A page that may keep nothing.
  }
})(GIVEN);
