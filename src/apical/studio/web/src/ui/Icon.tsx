const PATHS: Record<string, string> = {
  undo: "M9 5 4 10l5 5M4 10h10a6 6 0 0 1 6 6v3",
  redo: "m15 5 5 5-5 5M20 10H10a6 6 0 0 0-6 6v3",
  menu: "M5 12h.01M12 12h.01M19 12h.01",
  down: "m6 9 6 6 6-6",
  close: "M6 6l12 12M18 6 6 18",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  plus: "M12 5v14M5 12h14",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  "eye-off": "M3 3l18 18M10 5.3A9 9 0 0 1 12 5c6 0 10 7 10 7a17 17 0 0 1-3 3.7M6.5 6.6A17 17 0 0 0 2 12s4 7 10 7a9 9 0 0 0 4-1",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 6.8-1.2",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  edit: "m4 20 4-1L19 8l-3-3L5 16z",
  play: "M7 5v14l12-7z",
  pause: "M8 5v14M16 5v14",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10Z",
  code: "m8 7-5 5 5 5M16 7l5 5-5 5",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18h.01",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  reset: "M4 4v6h6M5 10a8 8 0 1 1-1 5",
  probe: "M12 2v20M9 6h.01M9 11h.01M9 16h.01M15 6h.01M15 11h.01M15 16h.01",
  check: "m5 12 5 5 9-10",
  wave: "M2 12c2 0 2-6 4-6s3 13 5 13 3-15 5-15 2 8 6 8",
};

/** A small drawing in the colour of the text; it says nothing, its button does. */
export function Icon({ name, size = 16 }: { name: keyof typeof PATHS | string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name] ?? ""} />
    </svg>
  );
}
