/** The grey picture itself. */

/** Opaque grey of each luma value, as the little-endian RGBA that canvases hold. */
const GREY = Uint32Array.from({ length: 256 }, (_, level) => (0xff000000 | (level * 0x010101)) >>> 0);

/** Draws luma on a canvas of the frame's own size; the browser scales it. */
export class Screen {
  private image: ImageData | null = null;
  private pixels = new Uint32Array(0);

  constructor(private readonly canvas: HTMLCanvasElement) {}

  draw(luma: Uint8Array, width: number, height: number): void {
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!context) {
      return;
    }
    if (this.image?.width !== width || this.image.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.image = context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    const { pixels } = this;
    for (let index = 0; index < luma.length; index += 1) {
      pixels[index] = GREY[luma[index] ?? 0] ?? 0;
    }
    context.putImageData(this.image, 0, 0);
  }
}
