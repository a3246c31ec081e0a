/** Pictures of a track for browsers that give no stream of frames: a hidden video, one bitmap for each frame it shows. */

/** Gives bitmaps until what it returns is called. A frame that is shown while a bitmap is made is passed over. */
export function bitmapsOf(track: MediaStreamTrack, onBitmap: (bitmap: ImageBitmap) => void): () => void {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  let stopped = false;
  const next = (): void => {
    if (!stopped) {
      video.requestVideoFrameCallback(() => void show());
    }
  };
  const show = async (): Promise<void> => {
    // A track that ends in between has no picture, and the next one comes from another.
    const bitmap = await createImageBitmap(video).catch(() => null);
    if (bitmap && !stopped) {
      onBitmap(bitmap);
    } else {
      bitmap?.close();
    }
    next();
  };
  void video.play().catch(() => {});
  next();
  return () => {
    stopped = true;
    video.srcObject = null;
  };
}
