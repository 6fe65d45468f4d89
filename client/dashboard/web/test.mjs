// Runs the unit tests: bundles test/*.test.ts into a fresh folder and gives them to node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "waitlist-web-"));
try {
    const names = (await readdir(join(here, "test"))).filter((name) => name.endsWith(".test.ts")).sort();
    await build({
        absWorkingDir: here,
        entryPoints: names.map((name) => `test/${name}`),
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node18",
        jsx: "automatic",
        jsxImportSource: "preact",
        define: { LIVE_WORKER: '""' },
        logLevel: "warning",
    });
    const made = names.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
    const done = spawnSync(process.execPath, ["--test", "--test-reporter=tap", ...made], { stdio: "inherit", cwd: here });
    process.exitCode = done.status ?? 1;
} finally {
    await rm(folder, { recursive: true, force: true });
}
