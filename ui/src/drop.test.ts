import { expect, test } from "vitest";
import { addressOf, takeDrag, textOf } from "./drop";

/** A drag with these data. */
const drag = (data: Record<string, string>): DataTransfer =>
  ({
    types: Object.keys(data),
    getData: (type: string) => data[type] ?? "",
  }) as unknown as DataTransfer;

test("a dragged link is its address, and not what stands on it", () => {
  const link = drag({ "text/uri-list": "https://a.test/x", "text/plain": "Read more" });
  expect(addressOf(link)).toBe("https://a.test/x");
});

test("of a list of addresses the first counts, and a comment is none", () => {
  const list = drag({ "text/uri-list": "# two\r\nhttps://a.test/\r\nhttps://b.test/" });
  expect(addressOf(list)).toBe("https://a.test/");
});

test("a text is an address if it is one word", () => {
  expect(addressOf(drag({ "text/plain": " https://a.test/\n" }))).toBe("https://a.test/");
  expect(addressOf(drag({ "text/plain": "two words" }))).toBeNull();
  expect(textOf(drag({ "text/plain": "two\n  words " }))).toBe("two words");
  expect(addressOf(drag({ "text/plain": "" }))).toBeNull();
  expect(addressOf(null)).toBeNull();
});

test("a drag of files is shown no place", () => {
  const over = (data: Record<string, string>) => {
    const dataTransfer = drag(data);
    let taken = false;
    const event = { dataTransfer, preventDefault: () => (taken = true) };
    takeDrag(event as unknown as DragEvent);
    return [taken, dataTransfer.dropEffect];
  };
  expect(over({ "text/uri-list": "", "text/html": "" })).toEqual([true, "none"]);
  expect(over({ "text/uri-list": "", "text/plain": "" })).toEqual([true, "copy"]);
});
