import { useEffect } from "preact/hooks";
import { CodeDrawer } from "../dialogs/CodeDrawer";
import { Dialogs } from "../dialogs/Dialogs";
import { DropTarget } from "../dialogs/DropTarget";
import { ColumnForm } from "../left/ColumnForm";
import { Data } from "../left/Data";
import { Drives } from "../left/Drives";
import { Csd } from "../panels/Csd";
import { Dipole } from "../panels/Dipole";
import { Lfp } from "../panels/Lfp";
import { Raster } from "../panels/Raster";
import { Strip } from "../panels/Strip";
import { Sweep } from "../panels/Sweep";
import { Column3D } from "../right/Column3D";
import { FitPanel } from "../right/FitPanel";
import { Runs } from "../right/Runs";
import { useStudio } from "../studio";
import { Help } from "./Help";
import { Hints } from "./Hints";
import { listen } from "./keyboard";
import { StatusBar } from "./StatusBar";
import { Tabs } from "./Tabs";
import { TopBar } from "./TopBar";

const NARROW = 1000;
const TINY = 560;

/** The whole screen: three columns, or the wave above tabs where there is no room. */
export function App() {
  const studio = useStudio();
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width } = entry.contentRect;
      studio.narrow.value = width < NARROW;
      studio.root.classList.toggle("narrow", width < NARROW);
      studio.tiny.value = width < TINY;
      studio.root.classList.toggle("tiny", width < TINY);
    });
    observer.observe(studio.root);
    // a studio in a notebook leaves the rest of the page its keys
    const stop = listen(studio, studio.host === studio.root ? studio.root : studio.root.ownerDocument);
    return () => {
      observer.disconnect();
      stop();
    };
  }, []);
  return (
    <>
      <TopBar />
      {studio.narrow.value ? <Narrow /> : <Wide />}
      <StatusBar />
      <CodeDrawer />
      <Dialogs />
      <DropTarget />
      <Hints />
      <Help />
    </>
  );
}

function Wide() {
  return (
    <main class="main">
      <aside class="left scroll" aria-label="Inputs">
        <Data />
        <Drives />
        <ColumnForm />
      </aside>
      <div class="centre">
        <Dipole />
        <Strip />
        <Raster />
        <Lfp />
        <Csd />
        <Sweep />
      </div>
      <aside class="right" aria-label="Column, fit and runs">
        <Column3D />
        <FitPanel />
        <Runs />
      </aside>
    </main>
  );
}

function Narrow() {
  return (
    <main class="main">
      <Dipole />
      <Tabs />
      <Sweep />
    </main>
  );
}
