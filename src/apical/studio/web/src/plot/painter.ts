// Draws all that has changed in one animation frame, then says that the frame is on the screen.

/** What waits for the next animation frame. */
export class Painter {
  #waiting = new Set<() => void>();
  #after: (() => void)[] = [];
  #asked = false;

  /** Draws in the next frame, once however often it is asked. */
  paint(draw: () => void): void {
    this.#waiting.add(draw);
    this.#ask();
  }

  forget(draw: () => void): void {
    this.#waiting.delete(draw);
  }

  /** Calls back when all that was asked for before is drawn. */
  afterwards(call: () => void): void {
    this.#after.push(call);
    this.#ask();
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    // a hidden page has no animation frames, but the server still waits for an answer
    if (document.hidden) setTimeout(() => this.#run(), 200);
    else requestAnimationFrame(() => this.#run());
  }

  #run(): void {
    this.#asked = false;
    const draws = [...this.#waiting];
    const calls = this.#after;
    this.#waiting.clear();
    this.#after = [];
    for (const draw of draws) draw();
    for (const call of calls) call();
  }
}
