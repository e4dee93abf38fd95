//! Sizes and places between the view and the remote screen. Pure.

export interface Size {
  width: number;
  height: number;
}

/**
 * The size at which a picture is shown, in device pixels: one to one. Only a stream that the
 * server scaled (the screen's shape, another size) is stretched to the screen's size.
 */
export function shownSize(picture: Size, screen: Size | null): Size {
  if (!screen || screen.width === 0 || screen.height === 0 || picture.width === 0) return picture;
  const x = screen.width / picture.width;
  const y = screen.height / picture.height;
  // Encoders round sizes to even numbers or to blocks of 16: that is no scaling.
  const rounded =
    Math.abs(screen.width - picture.width) < 16 && Math.abs(screen.height - picture.height) < 16;
  return !rounded && Math.abs(x / y - 1) < 0.02 ? screen : picture;
}

/** A place of the page as a pixel of the remote screen, kept inside of it. */
export function remotePoint(
  client: { x: number; y: number },
  shown: { left: number; top: number; width: number; height: number },
  screen: Size,
): { x: number; y: number } {
  const along = (at: number, from: number, length: number, count: number): number => {
    if (length <= 0 || count <= 0) return 0;
    return Math.min(count - 1, Math.max(0, Math.floor(((at - from) / length) * count)));
  };
  return {
    x: along(client.x, shown.left, shown.width, screen.width),
    y: along(client.y, shown.top, shown.height, screen.height),
  };
}

/** A rectangle's size in whole device pixels, as the edges fall on the device's grid. */
export function devicePixels(
  rect: { left: number; top: number; width: number; height: number },
  scale: number,
): Size {
  const along = (from: number, length: number): number =>
    Math.max(0, Math.round((from + length) * scale) - Math.round(from * scale));
  return { width: along(rect.left, rect.width), height: along(rect.top, rect.height) };
}
