/** Where the web service stands on its listener. */
export const IMAGE_ROOT = "/image/v2";

/** The data route of an image, as users and computes reach it. */
export function dataUrl(publicEndpoint: string, imageId: string): string {
  return `${publicEndpoint.replace(/\/+$/, "")}${IMAGE_ROOT}/images/${imageId}/file`;
}
