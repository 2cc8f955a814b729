// Models that were dropped in: the page holds their text, the server the network.

import type { ModelInfo } from "../messages";
import { json } from "../transport";
import type { Store } from "./store";

/** Puts a model among those to choose from. */
export function addModel(store: Store, info: ModelInfo): void {
  store.names.set(info.key, info.title);
  const hello = store.hello.value;
  if (hello) store.hello.value = { ...hello, models: [...hello.models.filter((m) => m.key !== info.key), info] };
}

/** Hands models to a server that does not have them; `named` are those of before. */
export async function sendModels(store: Store, models: Iterable<[string, string]>, named: ModelInfo[] = []): Promise<void> {
  for (const [key, text] of models) {
    if (store.hello.value?.models.some((m) => m.key === key)) continue;
    const name = named.find((m) => m.key === key)?.title ?? store.names.get(key) ?? titleOf(text);
    const found = json(await store.transport.request("POST", "model", { name }, text));
    if (found.model) addModel(store, found.model as ModelInfo);
  }
}

function titleOf(text: string): string {
  try {
    const { title, name } = JSON.parse(text) as { title?: string; name?: string };
    return title || name || "model";
  } catch {
    return "model";
  }
}

/** What the model is called, as the name of a file. */
export function modelName(store: Store): string {
  const { model } = store.setup.value;
  const found = store.hello.value?.models.find((m) => m.key === model);
  return found?.uploaded ? found.title.replace(/\.(json|param|nc|h5)$/i, "").replace(/[^\p{L}\d]+/gu, "-") : model;
}
