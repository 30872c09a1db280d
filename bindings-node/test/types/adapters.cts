// What TypeScript users write against the adapters as CommonJS. It is compiled, not run.
import bearergateExpress = require("bearergate/express");
import bearergateFastify = require("bearergate/fastify");
import bearergateFetch = require("bearergate/fetch");
import bearergateGrpc = require("bearergate/grpc");
import bearergateHono = require("bearergate/hono");
import express = require("express");
import fastify = require("fastify");

const secret = process.env.JWT_SECRET;
express().use(bearergateExpress.createJwtAuthMiddleware({ secret }));
fastify.fastify().register(bearergateFastify.jwtAuthPlugin, { secret });
export const hono = bearergateHono.createJwtAuthMiddleware({ secret });
export const interceptor = bearergateGrpc.createJwtAuthInterceptor({ secret });
export const authenticate = bearergateFetch.createJwtAuthenticator({ secret });
