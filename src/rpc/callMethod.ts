import type { ZodError } from "zod";
import type { Logger } from "../roles/Logger.ts";
import { accountMethods } from "./accountMethods.ts";
import { cancelMethods } from "./cancelMethods.ts";
import type { Call } from "./Dispatcher.ts";
import { METHODS, type Method } from "./methods.ts";
import { publicMethods } from "./publicMethods.ts";
import type { Handlers, RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";
import { sessionMethods } from "./sessionMethods.ts";
import { tradingMethods } from "./tradingMethods.ts";

/** All methods over one context: parameters are checked, then the method runs. */
export function methodCaller(context: RpcContext, logger: Logger): Call {
  const handlers: Handlers = {
    ...publicMethods(context),
    ...sessionMethods(context, logger),
    ...tradingMethods(context),
    ...cancelMethods(context),
    ...accountMethods(context),
  };
  return (method, params, session) => {
    if (!isMethod(method)) throw new RpcError("METHOD_NOT_FOUND", "there is no such method", { method });
    // SAFETY: before anything else, so that a stranger learns nothing of what private methods would say.
    if (method.startsWith("private/")) context.logins.requireAny(session);
    const parsed = METHODS[method].safeParse(params);
    if (!parsed.success) throw invalidParams(parsed.error);
    // INVARIANT: the schema is that of the handler, of the same name.
    return (handlers[method] as (params: unknown, session: unknown) => unknown)(parsed.data, session);
  };
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name);
}

/** The first thing that is wrong; what the client has sent is not repeated. */
function invalidParams(error: ZodError): RpcError {
  const { path, message } = error.issues[0]!;
  return new RpcError("INVALID_PARAMS", "the parameters are not those of the method", {
    param: path.join("."),
    reason: message,
  });
}
