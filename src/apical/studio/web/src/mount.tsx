// Puts a studio into an element of a page, a notebook or a shadow root.

import { render } from "preact";
import { App } from "./layout/App";
import { Studio, StudioContext } from "./studio";
import type { Transport } from "./transport";

/** Shows a studio; what is returned takes it away again. */
export function mount(into: HTMLElement, transport: Transport, host?: HTMLElement): Studio {
  const root = document.createElement("div");
  root.className = "studio";
  into.append(root);
  const studio = new Studio(root, transport, host ?? root);
  render(
    <StudioContext.Provider value={studio}>
      <App />
    </StudioContext.Provider>,
    root,
  );
  return studio;
}
