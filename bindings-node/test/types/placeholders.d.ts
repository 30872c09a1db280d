// What examples take from the program around them. An example that declares a name itself means its own.
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type * as connectNode from "@connectrpc/connect-node";
import type * as bearergate from "bearergate";
import type * as testing from "bearergate/testing";

type UnaryService = DescService & {
  method: Record<string, DescService["methods"][number] & { methodKind: "unary" }>;
};

declare global {
  const connectNodeAdapter: typeof connectNode.connectNodeAdapter;
  const routes: (router: ConnectRouter) => void;
  const GreetService: UnaryService;
  const InventoryService: UnaryService;
  const keyData: ArrayBuffer;
  const options: bearergate.JwtAuthOptions;
  const verifier: bearergate.JwtVerifier;
  const jwtAuth: bearergate.JwtAuthInterceptor;
  const exchangeToken: (subject: string) => Promise<string>;
  const keypair: testing.RsaTestKeypair;
  const greet: () => string;
  const fetchServiceToken: () => Promise<string>;
}
