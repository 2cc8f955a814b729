// The studio in a notebook's cell: an anywidget whose comm carries what the socket does.

import { mount } from "./mount";
import { type Answer, decode, given, type Query, type Received, type Transport } from "./transport";
import type { FromBrowser } from "./messages";

/** What anywidget gives of its model. */
interface Model {
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  on(event: "msg:custom", call: (content: Content, buffers: DataView[]) => void): void;
  off(event: "msg:custom", call: (content: Content, buffers: DataView[]) => void): void;
}
interface Content {
  frame?: true;
  answer?: number;
  status: number;
  media: string;
  name: string;
}

/** Waits in ms before a kernel is asked again: it may be busy, and JupyterLab may lose what it is told first. */
const WAITS = [1000, 2000, 4000, 8000, 16000];

class Comm implements Transport {
  onFrame: (frame: Received) => void = () => {};
  onOnline: (online: boolean) => void = () => {};
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #id = 0;
  #asked = 0;
  #asking: ReturnType<typeof setTimeout> | undefined;
  readonly #take = (content: Content, buffers: DataView[]) => this.#taken(content, buffers);

  constructor(private readonly model: Model) {}

  open(): void {
    this.model.on("msg:custom", this.#take);
    this.#ask();
  }

  close(): void {
    clearTimeout(this.#asking);
    this.model.off("msg:custom", this.#take);
  }

  send(message: FromBrowser): boolean {
    this.model.send({ text: JSON.stringify(message) });
    return true;
  }

  async request(method: string, path: string, query: Query = {}, body?: BodyInit): Promise<Answer> {
    const bytes = body === undefined ? [] : [await new Response(body).arrayBuffer()];
    const id = (this.#id += 1);
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.model.send({ id, method, path, query: given(query) }, undefined, bytes);
    return answer;
  }

  #ask(): void {
    this.model.send({ hello: true });
    const wait = WAITS[this.#asked++];
    if (wait) this.#asking = setTimeout(() => this.#ask(), wait);
  }

  #answered(frame: Received): void {
    if (frame.head.type === "hello") {
      clearTimeout(this.#asking);
      this.onOnline(true);
    }
    this.onFrame(frame);
  }

  #taken(content: Content, buffers: DataView[]): void {
    const body = buffers[0] ? copied(buffers[0]) : new ArrayBuffer(0);
    if (content.frame) this.#answered(decode(body));
    if (content.answer === undefined) return;
    const { status, media, name } = content;
    this.#waiting.get(content.answer)?.({ status, media, name, body });
    this.#waiting.delete(content.answer);
  }
}

/** The bytes alone: views of arrays must begin at multiples of 8. */
function copied(view: DataView): ArrayBuffer {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
}

/** Browsers take fonts from the document's own style sheets only, not from those of a shadow root. */
function shareFonts(root: Node): void {
  if (!(root instanceof ShadowRoot) || document.head.querySelector("style[data-apical-fonts]")) return;
  const sheets = [...root.styleSheets, ...root.adoptedStyleSheets].filter((sheet) => sheet.href === null);
  const faces = sheets.flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSFontFaceRule);
  const style = document.createElement("style");
  style.dataset.apicalFonts = "";
  style.textContent = faces.map((face) => face.cssText).join("\n");
  document.head.append(style);
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  shareFonts(el.getRootNode());
  const transport = new Comm(model);
  const studio = mount(el, transport);
  studio.root.classList.add("in-cell");
  // a click gives it the keys, which are not JupyterLab's then: B would insert a cell
  studio.root.tabIndex = -1;
  studio.root.dataset.lmSuppressShortcuts = "true";
  transport.open();
  return () => studio.close();
}

export default { render };
