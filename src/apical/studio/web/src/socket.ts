// The web socket, which comes back by itself.

import type { FromBrowser } from "./messages";
import { type Answer, decode, given, type Query, type Received, type Transport } from "./transport";

const KEY = "apical-session";
const WAITS = [250, 500, 1000, 2000];

/** The server's code for a page whose session another one has taken. */
const ELSEWHERE = 4001;

/** A transport over `ws`, relative to the page. */
export class Socket implements Transport {
  onFrame: (frame: Received) => void = () => {};
  onOnline: (online: boolean) => void = () => {};
  #socket: WebSocket | null = null;
  #failed = 0;
  #closed = false;
  #key = sessionKey();

  open(): void {
    const address = this.#address("ws");
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.onOnline(true);
    socket.onmessage = (event) => {
      // a server that is full closes at once what it has opened: only a frame is a success
      this.#failed = 0;
      this.onFrame(decode(event.data as ArrayBuffer));
    };
    socket.onclose = (event) => this.#lost(event.code);
    this.#socket = socket;
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  send(message: FromBrowser): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  async request(method: string, path: string, query: Query = {}, body?: BodyInit): Promise<Answer> {
    const address = this.#address(path, query);
    const response = await fetch(address, { method, body, credentials: "same-origin" });
    return {
      status: response.status,
      media: response.headers.get("content-type") ?? "",
      name: fileName(response.headers.get("content-disposition") ?? ""),
      body: await response.arrayBuffer(),
    };
  }

  #address(path: string, query: Query = {}): URL {
    const address = new URL(path, document.baseURI);
    address.search = new URLSearchParams({ s: this.#key, ...given(query) }).toString();
    address.hash = "";
    return address;
  }

  #lost(code: number): void {
    if (this.#closed) return;
    // a copy of this page, with its key, has taken the session: this one gets its own
    if (code === ELSEWHERE) this.#key = newKey();
    this.onOnline(false);
    const wait = WAITS[Math.min(this.#failed++, WAITS.length - 1)];
    setTimeout(() => this.open(), wait);
  }
}

/** Each page has a session of its own, and finds it again when it is loaded anew. */
function sessionKey(): string {
  return sessionStorage.getItem(KEY) ?? newKey();
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
  sessionStorage.setItem(KEY, key.replaceAll("=", ""));
  return sessionStorage.getItem(KEY)!;
}

function fileName(disposition: string): string {
  const found = /filename\*=UTF-8''([^;]+)/.exec(disposition);
  return found ? decodeURIComponent(found[1]) : "";
}
