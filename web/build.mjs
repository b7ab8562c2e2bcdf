// @ts-check
// Builds the web app into files that the server loads into memory: hashed names, gzip and brotli
// variants beside them, and manifest.json that says what is served where.
// usage: node build.mjs [--out FOLDER] [--dev]

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import zlib from "node:zlib";
import * as esbuild from "esbuild";
import { makePages } from "./pages.mjs";

/**
 * @typedef {object} Entry One address of the web app, as the server reads it.
 * @property {string} path       the address
 * @property {string} file       the file, relative to the manifest; FILE.gz and FILE.br are beside
 *                               it unless it is a template
 * @property {string} type       the content type
 * @property {boolean} immutable the name has the content's hash, so browsers may keep it for good
 * @property {boolean} template  has {{name}} variables for the server to fill when it starts
 * @property {string} etag       with its quotation marks
 * @property {string[]} [routes]   more addresses that get this page; one that ends in * takes all below
 */

const here = path.dirname(fileURLToPath(import.meta.url));
const gzip = promisify(zlib.gzip);
const brotli = promisify(zlib.brotliCompress);

/** @type {Record<string, string>} */
const types = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
};

const { values: options } = parseArgs({
    options: {
        out: { type: "string", default: path.join(here, "..", "build", "web") },
        dev: { type: "boolean", default: false },
    },
});
const out = path.resolve(/** @type {string} */ (options.out));
const part = `${out}.part`;

/** @type {Entry[]} */
const manifest = [];
/** Address of each hashed file, by its name in this room. @type {Map<string, string>} */
const assets = new Map();
/** Addresses of the modules that each entry point imports at once. @type {Map<string, string[]>} */
const imported = new Map();
/** Every file that went into a bundle. @type {Set<string>} */
const inputs = new Set();

/** @param {Uint8Array | string} content */
function hash(content) {
    return createHash("sha256").update(content).digest("hex").slice(0, 16);
}

/** The files of a folder of this room, sorted, or none. @param {string} folder */
function list(folder) {
    const full = path.join(here, folder);
    if (!existsSync(full)) {
        return [];
    }
    return readdirSync(full, { withFileTypes: true })
        .filter((entry) => entry.isFile() && !/^[._]/.test(entry.name))
        .map((entry) => `${folder}/${entry.name}`)
        .sort();
}

/**
 * Write one file with its variants and put it into the manifest.
 *
 * @param {string} address
 * @param {string} file relative to the output folder
 * @param {Uint8Array | string} content
 * @param {{immutable?: boolean, template?: boolean, routes?: string[]}} [kind]
 */
async function emit(address, file, content, { immutable = false, template = false, routes } = {}) {
    const type = types[path.extname(file)];
    if (type === undefined) {
        throw new Error(`${file}: no content type is known for this kind of file`);
    }
    if (manifest.some((entry) => entry.path === address)) {
        throw new Error(`${file}: another file has the address ${address}`);
    }
    const bytes = Buffer.from(content);
    const full = path.join(part, file);
    await mkdir(path.dirname(full), { recursive: true });
    await writeFile(full, bytes);
    if (!template) {
        await writeFile(`${full}.gz`, await gzip(bytes, { level: 9 }));
        await writeFile(
            `${full}.br`,
            await brotli(bytes, {
                params: {
                    [zlib.constants.BROTLI_PARAM_QUALITY]: options.dev ? 4 : 11,
                    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
                },
            }),
        );
    }
    const entry = { path: address, file, type, immutable, template, etag: `"${hash(bytes)}"` };
    manifest.push(routes === undefined ? entry : { ...entry, routes });
}

/**
 * GOV.UK's typeface and crown are for gov.uk alone, and our policy has no fonts: without its font
 * rules the style sheet asks for nothing.
 *
 * @type {esbuild.Plugin}
 */
const govukWithoutFonts = {
    name: "govuk-without-fonts",
    setup(build) {
        build.onLoad({ filter: /govuk-frontend\.min\.css$/ }, async ({ path: file }) => {
            const css = await readFile(file, "utf8");
            const contents = css
                .replace(/@font-face\{[^}]*\}/g, "")
                // For Internet Explorer, and not CSS.
                .replace(/@media screen\\0[^{]*\{(?:[^{}]*\{[^{}]*\})*\}/g, "")
                .replace(/\/\*# sourceMappingURL=.*?\*\//, "")
                .replaceAll("GDS Transport,arial,sans-serif", "var(--sl-font)")
                .replaceAll("url(/assets/images/govuk-crest.svg)", "none");
            if (contents.includes("GDS Transport") || contents.includes("url(")) {
                throw new Error("govuk-frontend's style sheet has changed: it still asks for files");
            }
            return { contents, loader: "css" };
        });
    },
};

/**
 * libsodium carries its WebAssembly as base64 in its script. Taken out into a file of its own it is
 * a quarter smaller, compresses better, and is not parsed as JavaScript.
 *
 * @type {esbuild.Plugin}
 */
const sodiumWasm = {
    name: "sodium-wasm",
    setup(build) {
        /** @type {Buffer | undefined} */
        let wasm;
        build.onLoad({ filter: /libsodium-sumo\.mjs$/ }, async ({ path: file }) => {
            const script = await readFile(file, "utf8");
            const embedded = /\(A=>\{for\(var [^"]*"="[^"]*"="[^"]*return E\}\)\("(AGFzbQ[A-Za-z0-9+/]*=*)"\)/;
            const found = embedded.exec(script);
            if (found === null) {
                throw new Error("libsodium has changed: its WebAssembly is not where it was");
            }
            wasm = Buffer.from(found[1], "base64");
            const contents =
                'import sodiumWasmUrl from "sodium.wasm";\n' +
                script.replace(
                    embedded,
                    () => "new Uint8Array(await(await fetch(sodiumWasmUrl)).arrayBuffer())",
                );
            return { contents, loader: "js" };
        });
        build.onResolve({ filter: /^sodium\.wasm$/ }, ({ path: name }) => ({
            path: name,
            namespace: "sodium-wasm",
        }));
        build.onLoad({ filter: /.*/, namespace: "sodium-wasm" }, () => ({
            contents: wasm,
            loader: "file",
        }));
    },
};

/**
 * `import url from "worker:./workers/password.js"` gives the address of that module, bundled for a
 * Worker.
 *
 * @type {esbuild.Plugin}
 */
const workers = {
    name: "workers",
    setup(build) {
        build.onResolve({ filter: /^worker:/ }, ({ path: name, resolveDir }) => ({
            path: path.resolve(resolveDir, name.slice("worker:".length)),
            namespace: "worker",
        }));
        build.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path: file }) => {
            const result = await esbuild.build({
                ...settings,
                splitting: false,
                entryPoints: [file],
                plugins: [sodiumWasm],
            });
            note(result.metafile);
            let contents = "";
            for (const output of result.outputFiles) {
                if (output.path.endsWith(".js")) {
                    contents = output.text;
                } else {
                    await emitOutput(output);
                }
            }
            return {
                contents,
                loader: "file",
                watchFiles: Object.keys(result.metafile.inputs),
            };
        });
    },
};

/** @satisfies {esbuild.BuildOptions} */
const settings = {
    absWorkingDir: here,
    bundle: true,
    write: false,
    metafile: true,
    format: /** @type {const} */ ("esm"),
    target: ["chrome90", "firefox90", "safari15"],
    minify: !options.dev,
    sourcemap: options.dev ? /** @type {const} */ ("inline") : false,
    legalComments: /** @type {const} */ ("none"),
    charset: /** @type {const} */ ("utf8"),
    splitting: true,
    outdir: part,
    outbase: here,
    publicPath: "/",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: /** @type {Record<string, esbuild.Loader>} */ ({ ".svg": "file", ".png": "file" }),
    define: { SENDLINE_DEV: JSON.stringify(options.dev) },
    logLevel: /** @type {const} */ ("warning"),
};

/** @param {esbuild.Metafile} metafile */
function note(metafile) {
    for (const input of Object.keys(metafile.inputs)) {
        inputs.add(input);
    }
}

/** A worker's module and the page's may bring the same file. @param {esbuild.OutputFile} output */
async function emitOutput(output) {
    const file = path.relative(part, output.path);
    if (!manifest.some((entry) => entry.file === file)) {
        await emit(`/${file}`, file, output.contents, { immutable: true });
    }
}

async function bundles() {
    const entryPoints = [...list("css").filter((file) => file.endsWith(".css")), "js/main.js", "js/page.js"];
    const result = await esbuild.build({
        ...settings,
        entryPoints,
        plugins: [govukWithoutFonts, sodiumWasm, workers],
    });
    note(result.metafile);
    for (const output of result.outputFiles) {
        await emitOutput(output);
    }
    const { outputs } = result.metafile;
    const address = (/** @type {string} */ file) => `/${path.relative(part, path.resolve(here, file))}`;
    /** @param {string} file @param {Set<string>} found */
    const follow = (file, found) => {
        for (const { path: other, kind } of outputs[file].imports) {
            if (kind === "import-statement" && !found.has(other)) {
                found.add(other);
                follow(other, found);
            }
        }
        return [...found].map(address);
    };
    for (const [file, { entryPoint }] of Object.entries(outputs)) {
        if (entryPoint !== undefined) {
            assets.set(entryPoint, address(file));
            imported.set(entryPoint, follow(file, new Set()));
        }
    }
}

/** Images get hashed names; what must have a fixed address is in public/. */
async function images() {
    for (const file of list("img")) {
        const content = await readFile(path.join(here, file));
        const { name, ext } = path.parse(file);
        const target = `assets/${name}-${hash(content).slice(0, 8).toUpperCase()}${ext}`;
        await emit(`/${target}`, target, content, { immutable: true });
        assets.set(file, `/${target}`);
    }
    for (const file of list("public")) {
        const name = path.basename(file);
        await emit(`/${name}`, name, await readFile(path.join(here, file)));
    }
}

/**
 * `{{asset:css/app.css}}` and `{{preload:js/main.js}}` (what that imports, asked for together with it) are filled
 * here, all other variables by the server.
 */
async function pages() {
    for (const page of makePages()) {
        const html = page.html
            .replace(/\{\{asset:([^}]*)\}\}/g, (_, wanted) => known(assets, wanted))
            .replace(/\{\{preload:([^}]*)\}\}/g, (_, wanted) =>
                known(imported, wanted).map((address) => `<link rel="modulepreload" href="${address}">`).join("\n  "));
        await emit(page.address, `pages/${page.name}.html`, html, { template: true, routes: page.routes });
    }
}

/** @template T @param {Map<string, T>} map @param {string} wanted @returns {T} */
function known(map, wanted) {
    const found = map.get(wanted);
    if (found === undefined) {
        throw new Error(`there is no asset ${wanted}`);
    }
    return found;
}

/** The licences of what was bundled ask to be passed on with it. */
async function licences() {
    const packages = new Set();
    for (const input of inputs) {
        const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (found !== null) {
            packages.add(found[1]);
        }
    }
    const texts = [...packages].sort().map((name) => {
        const folder = path.join(here, "node_modules", name);
        const about = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        const text = file === undefined ? "" : readFileSync(path.join(folder, file), "utf8").trim();
        return `${name} ${about.version} (${about.license})\n\n${text}\n`;
    });
    const own = readFileSync(path.join(here, "..", "LICENSE"), "utf8").trim();
    await emit("/licences.txt", "licences.txt", [`Sendline\n\n${own}\n`, ...texts].join("\n\n"));
}

function report() {
    for (const entry of manifest) {
        const file = path.join(part, entry.file);
        const plain = readFileSync(file).length;
        const packed = entry.template ? zlib.gzipSync(readFileSync(file)).length : readFileSync(`${file}.gz`).length;
        console.log(`${String(plain).padStart(8)} ${String(packed).padStart(8)} gzip  ${entry.path}`);
    }
}

await rm(part, { recursive: true, force: true });
await mkdir(part, { recursive: true });
await bundles();
await images();
await pages();
await licences();
manifest.sort((a, b) => (a.path < b.path ? -1 : 1));
await writeFile(path.join(part, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
report();
// A server that starts meanwhile finds the old files or the new ones, never a mixture.
await rm(out, { recursive: true, force: true });
try {
    await rename(part, out);
} catch {
    await cp(part, out, { recursive: true });
    await rm(part, { recursive: true, force: true });
}
