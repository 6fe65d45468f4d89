// The packages that drive and check the pages; they are installed with those of the pages, in the build tree that WAITLIST_WEB_WORK names.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.WAITLIST_WEB_WORK}/`);

export const { chromium } = require("playwright-core");
export const AXE = require.resolve("axe-core/axe.min.js");
