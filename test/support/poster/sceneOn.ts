import { PosterScene } from "./PosterScene.ts";
import type { L1Kind } from "./TestL1.ts";

/** Within a suite: a deployment for all of its tests, each of which finds it as it was after the launch. */
export function sceneOn(l1: L1Kind): () => PosterScene {
  let scene: PosterScene;

  before(async () => {
    scene = await PosterScene.launch(l1);
  });

  after(async () => {
    await scene.stop();
  });

  beforeEach(async () => {
    await scene.reset();
  });

  return () => scene;
}
