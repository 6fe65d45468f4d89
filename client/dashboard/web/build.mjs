// Builds the pages into a folder: `node build.mjs DIRECTORY`. The same sources give the same bytes, whatever the folder.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { compileAsync, Logger } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2] ? resolve(process.argv[2]) : null;
if (!output) {
    console.error("usage: node build.mjs DIRECTORY");
    process.exit(2);
}
const assets = join(output, "assets");

const common = {
    absWorkingDir: here,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["chrome109", "firefox115", "safari16"],
    outdir: assets,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"' },
};

/** The file that an entry became, under /assets/. */
function addressOf(result, entry) {
    const [file] = Object.entries(result.metafile.outputs).find(([, made]) => made.entryPoint === entry) ?? [];
    if (!file) throw new Error(`nothing was made of ${entry}`);
    return `/assets/${file.split("/").pop()}`;
}

async function writeHashed(name, extension, content) {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
    await writeFile(join(assets, `${name}-${hash}${extension}`), content);
    return `/assets/${name}-${hash}${extension}`;
}

async function buildScripts() {
    const worker = await build({ ...common, entryPoints: { live: "src/live/worker.ts" }, format: "iife" });
    const script = await build({
        ...common,
        entryPoints: { main: "src/main.tsx" },
        splitting: true,
        define: { ...common.define, LIVE_WORKER: JSON.stringify(addressOf(worker, "src/live/worker.ts")) },
    });
    return { worker: addressOf(worker, "src/live/worker.ts"), script: addressOf(script, "src/main.tsx"), outputs: script.metafile.outputs };
}

async function buildStyle() {
    const { css } = await compileAsync(join(here, "src/styles/main.scss"), {
        loadPaths: [here, join(here, "node_modules")],
        style: "compressed",
        // What the component libraries say to themselves.
        quietDeps: true,
        logger: process.env.SASS_WARNINGS ? undefined : Logger.silent,
    });
    return writeHashed("style", ".css", css);
}

/** The files that must come before `file` can run: itself and what it imports at once. */
function closure(outputs, address) {
    const key = Object.keys(outputs).find((name) => name.endsWith(address.split("/").pop()));
    const seen = new Set();
    const visit = (name) => {
        if (seen.has(name)) return;
        seen.add(name);
        for (const each of outputs[name].imports) if (each.kind === "import-statement") visit(each.path);
    };
    visit(key);
    return [...seen].map((name) => `/assets/${name.split("/").pop()}`);
}

const COMPRESSED = new Set([".js", ".css", ".svg", ".html"]);

async function compress(folder) {
    const sizes = {};
    for (const name of (await readdir(folder)).sort()) {
        if (!COMPRESSED.has(extname(name))) continue;
        const content = await readFile(join(folder, name));
        const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
        await writeFile(join(folder, `${name}.br`), brotli);
        // Without the time that gzip would write into its header.
        await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
        sizes[name] = { bytes: content.length, br: brotli.length };
    }
    return sizes;
}

const FIRST_LOAD_LIMIT = 200_000;

function report(sizes, first, pages) {
    const wire = (addresses) => addresses.reduce((sum, address) => sum + sizes[address.split("/").pop()].br, 0);
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
    const before = wire(first);
    console.log(`first load, compressed: ${kilobytes(before)} of ${kilobytes(FIRST_LOAD_LIMIT)}`);
    const had = new Set(first);
    for (const [page, files] of pages) console.log(`  ${page}: ${kilobytes(wire(files.filter((file) => !had.has(file))))} more`);
    if (before > FIRST_LOAD_LIMIT) {
        console.error("the first load is larger than it may be");
        process.exitCode = 1;
    }
}

await rm(output, { recursive: true, force: true });
await mkdir(assets, { recursive: true });
const [scripts, style, icon] = await Promise.all([
    buildScripts(),
    buildStyle(),
    readFile(join(here, "src/icon.svg")).then((content) => writeHashed("icon", ".svg", content)),
]);
const needed = closure(scripts.outputs, scripts.script);
const page = (await readFile(join(here, "src/index.html"), "utf8"))
    .replace("{{icon}}", icon)
    .replace("{{style}}", style)
    .replace("{{script}}", scripts.script)
    .replace("        {{preload}}\n", needed.slice(1).map((file) => `        <link rel="modulepreload" href="${file}">\n`).join(""));
await writeFile(join(output, "index.html"), page);
const sizes = { ...(await compress(assets)), ...(await compress(output)) };

const lazy = Object.entries(scripts.outputs)
    .filter(([, made]) => made.entryPoint && made.entryPoint !== "src/main.tsx")
    .map(([file, made]) => [made.entryPoint.split("/").pop(), closure(scripts.outputs, `/assets/${file.split("/").pop()}`)]);
const overview = lazy.find(([name]) => name === "overview.tsx")?.[1] ?? [];
const picker = lazy.find(([name]) => name === "date-picker.mjs")?.[1] ?? [];
// The first page with all that it fetches by itself: what somebody waits for who opens the address for the first time.
const first = [...new Set(["/index.html", style, icon, scripts.worker, ...needed, ...overview, ...picker])];
await writeFile(join(output, "manifest.json"), `${JSON.stringify({ script: scripts.script, style, icon, worker: scripts.worker, first, sizes }, null, 1)}\n`);
report(sizes, first, lazy);
