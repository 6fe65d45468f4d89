// Starts the pages: follows the address, listens for what is live, draws the frame.
import { render } from "preact";
import { startAddress } from "./address";
import { App } from "./app";
import { live } from "./live/store";
import { loadMe } from "./me";
import { routeOf } from "./routes";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
// What is drawn depends on who it is for.
void loadMe().then(() => {
    startAddress((path) => routeOf(path) !== undefined);
    live.start();
    render(<App />, document.getElementById("app")!);
});
