// A thread that waits for keys until it is ended.
import { parentPort, workerData } from "node:worker_threads";
import { JwtVerifier } from "../../../bindings-node/index.mjs";

const verifier = new JwtVerifier(workerData.options);
verifier.verify(workerData.token).catch(() => {});
parentPort.postMessage("waiting");
parentPort.on("message", () => {});
