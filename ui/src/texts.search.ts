//! What the shell says about where words are searched for.

export const searchTexts = {
  title: "Search",
  lead: "Words that you type in the place of an address go to a search site. It sees them, and nothing of what you type before you press Enter.",
  label: "Search words with",
  other: "Another site…",
  address: "Address of a search, with %s for the words",
  example: "https://search.example/?q=%s",
  hint: "Search for anything on the site and copy the address; then put %s where your words stand in it.",
  save: "Use it",
  /** By their addresses. */
  sites: [
    ["DuckDuckGo", "https://duckduckgo.com/?q=%s"],
    ["Startpage", "https://www.startpage.com/do/search?q=%s"],
    ["Qwant", "https://www.qwant.com/?q=%s"],
    ["Ecosia", "https://www.ecosia.org/search?q=%s"],
    ["Brave Search", "https://search.brave.com/search?q=%s"],
    ["Google", "https://www.google.com/search?q=%s"],
    ["Bing", "https://www.bing.com/search?q=%s"],
    ["Wikipedia", "https://en.wikipedia.org/w/index.php?search=%s"],
  ] as const,
};

/** Why words are searched for where they were before. */
export function badSearch(input: string) {
  return {
    title: "Nothing can be searched for there",
    body: input === "" ? "No address was given." : `It was: ${input}`,
    remedy: `Give the address of a search, with %s in the place of the words, as in ${searchTexts.example}.`,
  };
}
