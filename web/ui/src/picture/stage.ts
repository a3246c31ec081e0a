/** Draws each frame on two canvases, picture below and marks above. React owns the elements, never the frames. */
import type { Picture } from "../api/message";
import type { LiveUpdate } from "../api/wire";
import type { Painter } from "../live/examination";
import type { Words } from "../words/words";
import { drawBrackets, drawRuler } from "./frame";
import { type Fit, fitPicture } from "./geometry";
import { type ChipMemory, drawMarks, freshChip } from "./marks";
import { Screen } from "./screen";
import { readTheme, type Theme } from "./theme";

export interface StageElements {
  readonly picture: HTMLCanvasElement;
  readonly marks: HTMLCanvasElement;
  /** Its style gets `--left`, `--top`, `--width` and `--height` of the picture, for what React lays over it. */
  readonly stage: HTMLElement;
}

export interface StageLook {
  readonly words: Words;
  readonly marks: boolean;
}

export class Stage implements Painter {
  private readonly screen: Screen;
  private size: readonly [number, number] = [0, 0];
  private theme: Theme = readTheme();
  private fit: Fit | null = null;
  private fitted = "";
  private chip: ChipMemory = freshChip();
  private last: LiveUpdate | null = null;

  constructor(
    private readonly elements: StageElements,
    private look: StageLook,
  ) {
    this.screen = new Screen(elements.picture);
  }

  /** Takes new words or a switch of the marks; the caller repaints. */
  setLook(look: StageLook): void {
    this.look = look;
    this.theme = readTheme();
  }

  /** Takes the stage's size in CSS pixels; the caller repaints. */
  resize(width: number, height: number): void {
    this.size = [width, height];
    this.theme = readTheme();
    const density = window.devicePixelRatio || 1;
    this.elements.marks.width = Math.round(width * density);
    this.elements.marks.height = Math.round(height * density);
    this.chip = freshChip();
  }

  draw({ update, luma }: Picture, current: number | null, withMarks: boolean): void {
    const [width, height] = update.size_px;
    this.screen.draw(luma, width, height);
    const fit = this.lay(width, height);
    const pen = this.cleared();
    if (!pen) {
      return;
    }
    this.last = update;
    this.drawMargin(pen, update, fit);
    if (withMarks && this.look.marks) {
      const setting = { fit, theme: this.theme, words: this.look.words, current, now: performance.now() };
      drawMarks(pen, update, setting, this.chip);
    }
  }

  clearMarks(): void {
    const pen = this.cleared();
    if (pen && this.fit && this.last) {
      this.drawMargin(pen, this.last, this.fit);
    }
  }

  private drawMargin(pen: CanvasRenderingContext2D, update: LiveUpdate, fit: Fit): void {
    drawBrackets(pen, fit, this.theme);
    drawRuler(pen, update, fit, this.theme);
  }

  private cleared(): CanvasRenderingContext2D | null {
    const { marks } = this.elements;
    const pen = marks.getContext("2d");
    if (pen) {
      const density = window.devicePixelRatio || 1;
      pen.setTransform(density, 0, 0, density, 0, 0);
      pen.clearRect(0, 0, marks.width, marks.height);
    }
    return pen;
  }

  private lay(width: number, height: number): Fit {
    const fit = fitPicture([this.size[0], this.size[1]], [width, height]);
    this.fit = fit;
    const key = [fit.left, fit.top, fit.width, fit.height].map((value) => value.toFixed(1)).join();
    if (key !== this.fitted) {
      this.fitted = key;
      const { style } = this.elements.stage;
      for (const side of ["left", "top", "width", "height"] as const) {
        style.setProperty(`--${side}`, `${fit[side].toFixed(1)}px`);
      }
    }
    return fit;
  }
}
