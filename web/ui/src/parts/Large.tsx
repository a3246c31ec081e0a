/** What opens large over the picture's stage: the dock, the lights and the advice stay, and the picture goes on behind it. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";

interface Props {
  readonly title: string;
  /** What stands beside the title. */
  readonly tags?: ReactNode;
  readonly name: string;
  readonly onClose: () => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly children: ReactNode;
}

export function Large({ title, tags, name, onClose, onKeyDown, children }: Props) {
  const { say } = useWords();
  const root = useFocusWhileOpen<HTMLElement>();
  const follow = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onClose();
    } else {
      onKeyDown?.(event);
    }
  };
  return (
    <section className="large-view" aria-label={title} data-large={name} ref={root} tabIndex={-1} onKeyDown={follow}>
      <header className="head">
        <h2>{title}</h2>
        {tags}
        <span className="space" />
        <button type="button" className="button small" data-action="close-large" onClick={onClose}>
          {say("close")} <KeyCap>Esc</KeyCap>
        </button>
      </header>
      {children}
    </section>
  );
}

/** It has the focus while it is open, on the part that is marked for it, and gives it back. */
function useFocusWhileOpen<T extends HTMLElement>() {
  const root = useRef<T>(null);
  useEffect(() => {
    const before = document.activeElement;
    (root.current?.querySelector<HTMLElement>("[data-first]") ?? root.current)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  return root;
}

/** The live picture, small: scanning goes on while something else is looked at. */
export function LiveInset({ picture, frame }: { readonly picture: HTMLCanvasElement | null; readonly frame: number }) {
  const { say } = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new frame is drawn on the same canvas.
  useEffect(() => {
    const pen = canvas.current?.getContext("2d", { alpha: false });
    if (canvas.current && pen && picture && picture.width > 0) {
      canvas.current.width = canvas.current.clientWidth * (window.devicePixelRatio || 1);
      canvas.current.height = (canvas.current.width * picture.height) / picture.width;
      pen.drawImage(picture, 0, 0, canvas.current.width, canvas.current.height);
    }
  }, [picture, frame]);
  return (
    <figure className="live-inset">
      <figcaption>{say("live_now")}</figcaption>
      <canvas ref={canvas} />
    </figure>
  );
}
