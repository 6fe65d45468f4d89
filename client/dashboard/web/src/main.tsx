// Starts the pages: follows the address, listens for what is live, draws the frame.
import { render } from "preact";
import { startAddress } from "./address";
import { App } from "./app";
import { live } from "./live/store";
import { routeOf } from "./routes";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
startAddress((path) => routeOf(path) !== undefined);
live.start();
render(<App />, document.getElementById("app")!);
