//! Pages to choose from, in the lists of an empty tab.

/** A page to go to. */
export interface Page {
  url: string;
  address: string;
  title: string;
  favicon?: string | null;
  /** When the person was there. */
  when?: string;
}

export const nameOf = (page: Page): string => page.title || page.address;

/** Whether it has all of these words, in any order, without regard to case. */
export const has = ({ title, address }: Page, words: string): boolean => {
  const text = `${title} ${address}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** The rows of all lists in a view, from top to bottom. */
export const rowsIn = (view: Element | null | undefined): HTMLElement[] => [
  ...(view?.querySelectorAll<HTMLElement>("[data-row]") ?? []),
];
