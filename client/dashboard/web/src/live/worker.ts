// The shared worker: one event stream for all tabs of the browser, passed on to each of them.
import { Connection, type ConnectionMessage } from "./connection";

/** What a tab says: that it is there, that it goes, that it wants the next attempt now. */
export type TabMessage = "here" | "gone" | "retry";

const tabs = new Set<MessagePort>();
let last: ConnectionMessage | null = null;
const connection = new Connection((message) => {
    if (message.kind !== "event") last = message;
    for (const tab of tabs) tab.postMessage(message);
});

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
    const tab = event.ports[0]!;
    tab.onmessage = (message: MessageEvent<TabMessage>) => {
        if (message.data === "gone") {
            tabs.delete(tab);
            if (tabs.size === 0) connection.stop();
        } else if (message.data === "retry") {
            connection.retry();
        } else {
            tabs.add(tab);
            if (last) tab.postMessage(last);
            connection.start();
        }
    };
};
