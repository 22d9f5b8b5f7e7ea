// Runs a WebAssembly module under node's WASI: node --no-warnings run.mjs MODULE ARGUMENT...
// It gets standard streams, its arguments and the current directory as its root, as it does from the host in this directory.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [module, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [module, ...args], env: {}, preopens: { "/": process.cwd() }, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(readFileSync(module), { wasi_snapshot_preview1: wasi.wasiImport });
process.exitCode = wasi.start(instance);
