import * as connect from "@connectrpc/connect";
import * as bearergate from "bearergate";
import checks from "./checks.cjs";

checks({ bearergate, connect });
