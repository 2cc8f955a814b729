// The column in space, by three.js; loaded only when it is shown.

import {
  AdditiveBlending, BufferAttribute, BufferGeometry, CanvasTexture, Color, LineBasicMaterial,
  LineSegments, PerspectiveCamera, Plane, Points, PointsMaterial, Raycaster, Scene, Vector2, Vector3,
  WebGLRenderer,
} from "three"; // prettier-ignore
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { layerColour } from "../../plot/tones";
import type { Colours } from "../../plot/theme";
import type { Shape } from "../../store/state";
import type { Point } from "../../model/electrodes";
import { layers, type Places, places } from "./places";
import type { Projection } from "./projection";

export type Preset = "front" | "oblique" | "top";

const DIRECTIONS: Record<Preset, [number, number, number]> = {
  front: [0, -1, 0.08],
  oblique: [0.5, -1, 0.3],
  top: [0, -0.02, 1],
};
const ANGLE = 32;
/** Looked at as steeply as this, depth is height. */
const STEEP = 0.8;

/** Where a layer's name is to be written, in px of the picture. */
export interface Label {
  name: string;
  y: number;
}

/** Draws a column into a canvas; every method draws nothing by itself but `render`. */
export class Column {
  readonly #renderer: WebGLRenderer;
  readonly #scene = new Scene();
  readonly #camera = new PerspectiveCamera(ANGLE, 1, 1, 1e5);
  readonly #controls: OrbitControls;
  readonly #dot = disc();
  #lines: LineSegments | null = null;
  #somata: Points | null = null;
  #glow: Points | null = null;
  #places: Places | null = null;
  #layers: { name: string; z: number }[] = [];
  /** whether the camera is still to be placed: that takes the size of the canvas */
  #unseen = true;

  /** Throws where there is no WebGL. */
  constructor(canvas: HTMLCanvasElement, moved: () => void) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#camera.up.set(0, 0, 1);
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.enablePan = false;
    this.#controls.addEventListener("change", moved);
  }

  /** Shows the cells of a network. */
  show(shape: Shape, colours: Colours, dark: boolean): void {
    const first = this.#places === null;
    const before = this.#places?.height;
    this.#clear();
    this.#places = places(shape);
    this.#layers = layers(shape, this.#places.somata);
    const inks = shape.populations.map((p) => new Color(layerColour(colours, p.layer)));
    const ground = new Color(colours.panel);
    const cellInk = (cell: number) => inks[shape.population[cell]] ?? ground;
    const pale = inks.map((ink) => ink.clone().lerp(ground, dark ? 0.55 : 0.25));
    const lines = colourOf(shape.segmentCell.length * 2, (i) => pale[shape.population[shape.segmentCell[i >> 1]]] ?? ground);
    this.#lines = new LineSegments(
      geometry(this.#places.segments, lines),
      new LineBasicMaterial({ vertexColors: true, transparent: true, opacity: dark ? 0.22 : 0.3, depthWrite: false }),
    );
    const size = this.#places.height / 34;
    const material = { size, map: this.#dot, vertexColors: true, transparent: true, depthWrite: false };
    const n = shape.population.length;
    this.#somata = new Points(
      geometry(this.#places.somata, colourOf(n, cellInk)),
      new PointsMaterial({ ...material, opacity: 0.85 }),
    );
    // added light is seen on a dark ground only; on a light one flashes are dark
    this.#glow = new Points(
      geometry(this.#places.somata, colourOf(n, () => ground)),
      new PointsMaterial({
        ...material, size: size * 2.6, ...(dark ? { blending: AdditiveBlending } : {}),
      }),
    ); // prettier-ignore
    this.#glow.visible = false;
    this.#scene.add(this.#lines, this.#somata, this.#glow);
    this.#unseen ||= first || before !== this.#places.height;
  }

  /** Lets cells flash; brightness from 0 to 1 for each. */
  flash(bright: Float32Array, colours: Colours, dark: boolean): void {
    if (!this.#glow) return;
    const ink = dark ? new Color("#ffffff") : new Color(colours.ink);
    const cells = [...bright.keys()].filter((cell) => bright[cell] > 0);
    const points = new Float32Array(cells.flatMap((c) => [...this.#places!.somata.subarray(3 * c, 3 * c + 3)]));
    const ground = dark ? new Color(0) : new Color(colours.panel);
    const shades = colourOf(cells.length, (i) => ground.clone().lerp(ink, bright[cells[i]]));
    this.#glow.geometry.dispose();
    this.#glow.geometry = geometry(points, shades);
    this.#glow.visible = cells.length > 0;
  }

  /** Looks at the column from one of three places. */
  look(from: Preset): void {
    if (!this.#places) return;
    const [x, y, z] = this.#places.middle;
    const seen = Math.max(this.#places.height, this.#places.width / Math.max(this.#camera.aspect, 0.2));
    const distance = (seen * 1.08) / (2 * Math.tan((ANGLE * Math.PI) / 360));
    const direction = new Vector3(...DIRECTIONS[from]).normalize().multiplyScalar(distance);
    this.#camera.position.set(x, y, z).add(direction);
    this.#controls.target.set(x, y, z);
    this.#controls.update();
  }

  /** The cell at a point of the canvas, both from -1 to 1; null if there is none. */
  cellAt(x: number, y: number): number | null {
    if (!this.#somata || !this.#places) return null;
    const ray = new Raycaster();
    ray.params.Points.threshold = this.#places.height / 70;
    ray.setFromCamera(new Vector2(x, y), this.#camera);
    const hits = ray.intersectObject(this.#somata);
    const nearest = hits.sort((a, b) => (a.distanceToRay ?? 0) - (b.distanceToRay ?? 0))[0];
    return nearest?.index ?? null;
  }

  /** Draws, and says where the names of the layers go. */
  render(width: number, height: number): Label[] {
    if (!this.#places || !width || !height) return [];
    this.#renderer.setPixelRatio(Math.min(devicePixelRatio || 1, 2));
    this.#renderer.setSize(width, height, false);
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
    if (this.#unseen) {
      this.#unseen = false;
      this.look("oblique");
    }
    this.#renderer.render(this.#scene, this.#camera);
    const [x, y] = this.#places.middle;
    return this.#layers.map(({ name, z }) => {
      const seen = new Vector3(x, y, z).project(this.#camera);
      return { name, y: ((1 - seen.y) / 2) * height };
    });
  }

  /** How it was last drawn. */
  projection(width: number, height: number): Projection {
    const camera = this.#camera;
    return {
      toPicture: (point) => {
        const seen = new Vector3(...point).project(camera);
        return { x: ((1 + seen.x) / 2) * width, y: ((1 - seen.y) / 2) * height };
      },
      toSpace: (x, y, depth) => {
        const ray = new Raycaster();
        ray.setFromCamera(new Vector2((x / width) * 2 - 1, 1 - (y / height) * 2), camera);
        const away = camera.getWorldDirection(new Vector3());
        // upright planes keep a shank in its place while it goes up and down
        const normal = Math.abs(away.z) > STEEP ? new Vector3(0, 0, 1) : away.setZ(0).normalize();
        const plane = new Plane().setFromNormalAndCoplanarPoint(normal, new Vector3(...depth));
        return (ray.ray.intersectPlane(plane, new Vector3())?.toArray() as Point | undefined) ?? depth;
      },
    };
  }

  close(): void {
    this.#clear();
    this.#dot.dispose();
    this.#controls.dispose();
    this.#renderer.dispose();
  }

  #clear(): void {
    for (const thing of [this.#lines, this.#somata, this.#glow]) {
      thing?.geometry.dispose();
      thing?.removeFromParent();
      const material = thing?.material;
      if (material && !Array.isArray(material)) material.dispose();
    }
  }
}

function geometry(points: Float32Array, colours: Float32Array): BufferGeometry {
  const made = new BufferGeometry();
  made.setAttribute("position", new BufferAttribute(points, 3));
  made.setAttribute("color", new BufferAttribute(colours, 3));
  return made;
}

function colourOf(n: number, of: (i: number) => Color): Float32Array {
  const out = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) of(i).toArray(out, 3 * i);
  return out;
}

/** A soft round mark. */
function disc(): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const ctx = canvas.getContext("2d")!;
  const shade = ctx.createRadialGradient(32, 32, 0, 32, 32, 31);
  shade.addColorStop(0, "rgb(255 255 255)");
  shade.addColorStop(0.6, "rgb(255 255 255)");
  shade.addColorStop(1, "rgb(255 255 255 / 0%)");
  ctx.fillStyle = shade;
  ctx.fillRect(0, 0, 64, 64);
  return new CanvasTexture(canvas);
}
