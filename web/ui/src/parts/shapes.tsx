/** The page's few drawings: the mark, the status shapes, the icons of the dock. */
import type { ReactNode } from "react";

export type Status = "ok" | "warn" | "stop" | "off" | "info";

const SHAPES: Readonly<Record<Status, ReactNode>> = {
  ok: (
    <>
      <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="2" />
      <path
        d="M8 12.3l2.8 2.8L16 9.5"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  warn: (
    <>
      <path d="M12 2.5L22.5 21h-21z" fill="currentColor" />
      <path d="M12 9v5.5M12 17.2v.6" stroke="var(--bg-1)" strokeWidth="2.4" strokeLinecap="round" />
    </>
  ),
  stop: (
    <>
      <path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" fill="currentColor" />
      <path d="M7 12h10" stroke="var(--bg-1)" strokeWidth="3" strokeLinecap="round" />
    </>
  ),
  off: <circle cx="12" cy="12" r="9" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3.5 3.5" />,
  info: (
    <>
      <rect x="3" y="3" width="18" height="18" rx="3" fill="none" stroke="currentColor" strokeWidth="2" />
      <path d="M12 11v6M12 7v.6" stroke="currentColor" strokeWidth="2.4" strokeLinecap="round" />
    </>
  ),
};

export function Shape({ status }: { readonly status: Status }) {
  return (
    <svg className={`shape ${status}`} viewBox="0 0 24 24" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}

const ICONS = {
  calibrate: "M4 8v8M20 8v8M4 12h16M7 9l-3 3 3 3M17 9l3 3-3 3",
  marks: "M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  keep: "M6 3h12v18l-6-4.5L6 21z",
  side: "M12 3v18M9 7L4 12l5 5M15 7l5 5-5 5",
  next: "M5 12h14M13 6l6 6-6 6",
  dismiss: "M6 6l12 12M18 6L6 18",
  undo: "M4 9h10a6 6 0 0 1 0 12H9M8 4L4 9l4 5",
  big: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  faults:
    "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  pause: "M8.5 5v14M15.5 5v14",
  resume: "M7 4.5l12 7.5-12 7.5z",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  sweep: "M20 12a8 8 0 1 1-2.4-5.7M20 3v5h-5",
  place:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v4M12 17v4M3 12h4M17 12h4M12 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  depth: "M5 3h14M5 21h14M12 6v12M9 9l3-3 3 3M9 15l3 3 3-3",
  capture: "M3 7h12v10H3zM15 11l6-3v8l-6-3",
  finish: "M5 12h14M13 6l6 6-6 6",
  back: "M19 12H5M11 6l-6 6 6 6",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-5 3.5-8 8-8s8 3 8 8",
  sheet: "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3",
  history: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l-4 3",
  pen: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.5 16.5L21 21",
  tick: "M5 12.5l4.5 4.5L19 7.5",
  add: "M12 16V4M7 9l5-5 5 5M4 20h16",
} as const;

export type IconName = keyof typeof ICONS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

const PETALS = [0, 72, 144, 216, 288] as const;

export function PeonyMark() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      {PETALS.map((angle) => (
        <ellipse
          key={angle}
          cx="12"
          cy="6.7"
          rx="4"
          ry="5.2"
          transform={`rotate(${angle} 12 12)`}
          fill="var(--accent)"
          fillOpacity="0.55"
        />
      ))}
      <circle cx="12" cy="12" r="2.6" fill="var(--accent-ink)" />
      <circle cx="12" cy="12" r="1.3" fill="var(--accent-hi)" />
    </svg>
  );
}
