//! What is dragged from a page or another program to the bars.

/** The first address of a drag; a text counts if it is one word. Null for all else. */
export function addressOf(dragged: DataTransfer | null): string | null {
  const list = dragged?.getData("text/uri-list") ?? "";
  // RFC 2483: a line an address, comments begin with "#".
  const address = list.split(/\r?\n/).find((line) => line !== "" && !line.startsWith("#"));
  const text = address ?? textOf(dragged);
  return text === "" || text.includes(" ") ? null : text;
}

/** The text of a drag, as one line. */
export function textOf(dragged: DataTransfer | null): string {
  return (dragged?.getData("text/plain") ?? "").trim().replace(/\s+/g, " ");
}

/**
 * Says over what is a place for addresses whether a drag may be dropped there. What it is comes only
 * with the drop; files have no text, and the engine keeps their paths to itself.
 */
export function takeDrag(event: DragEvent): void {
  if (!event.dataTransfer) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = event.dataTransfer.types.includes("text/plain") ? "copy" : "none";
}
