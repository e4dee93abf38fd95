//! The remote cursor's image, drawn by the desktop itself so that it never lags.

/** Larger images than this are not taken as a CSS cursor by engines. */
const CSS_LIMIT = 128;

export interface CursorImage {
  width: number;
  height: number;
  hotX: number;
  hotY: number;
  png: Uint8Array<ArrayBuffer>;
}

/** The CSS `cursor` of an image; null if it is too large or empty. */
export function cssCursor(image: CursorImage, scale: number): string | null {
  const { width, height, png } = image;
  if (width === 0 || height === 0 || png.length === 0) return "none";
  if (width / scale > CSS_LIMIT || height / scale > CSS_LIMIT) return null;
  const url = dataUrl(png);
  const hotX = Math.min(width - 1, image.hotX);
  const hotY = Math.min(height - 1, image.hotY);
  const at = `${Math.round(hotX / scale)} ${Math.round(hotY / scale)}`;
  const picture = scale === 1 ? `url("${url}")` : `image-set(url("${url}") ${scale}x)`;
  return `${picture} ${at}, default`;
}

export function dataUrl(png: Uint8Array<ArrayBuffer>): string {
  let text = "";
  for (const byte of png) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}
