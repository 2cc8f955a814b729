// The page of the studio's own server.

import "./css/app.css";
import { mount } from "./mount";
import { Socket } from "./socket";
import { remember } from "./store/persist";

const transport = new Socket();
const studio = mount(document.body, transport, document.documentElement);
await remember(studio);
transport.open();
